"""Parameters in every form that apps send."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.testing import TestClient, create_test_client

from potluck.apis.mastodon.errors import ApiError
from potluck.apis.params import LARGEST_ID, Params, Upload, of_query, read


def _echo(collected: list[Params]) -> HTTPRouteHandler:
    async def echo(request: Request) -> ASGIResponse:
        try:
            collected.append(await read(request))
        except ApiError as error:
            return ASGIResponse(status_code=error.status)
        return ASGIResponse()

    return HTTPRouteHandler("/x", http_method=["GET", "POST", "PUT", "DELETE", "PATCH"], status_code=200)(echo)


@pytest.fixture
def seen() -> list[Params]:
    return []


@pytest.fixture
def client(seen):
    with create_test_client([_echo(seen)], openapi_config=None) as made:
        yield made


_PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n'
_END = b"\r\n--x--\r\n"
FORMS = [
    "id[]=1&id[]=2", "id%5B%5D=1&id%5B%5D=2", "id=1&id=2", "id[0]=1&id[1]=2",
]


@pytest.mark.parametrize("query", FORMS)
def test_a_list_may_be_spelled_in_any_way(query: str) -> None:
    """`id[]=`, percent-encoded, repeated, and indexed all mean the same list."""
    assert of_query(query.encode()).idents("id") == [1, 2]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET"])
def test_json_is_read_on_every_method(client: TestClient, seen: list[Params], method: str) -> None:
    """A JSON body counts with every method, also GET and DELETE."""
    client.request(method, "/x", json={"account_ids": ["1", 2]})
    assert seen[0].idents("account_ids") == [1, 2]


@pytest.mark.parametrize("send", [
    lambda client: client.post("/x", data={"poll[options][]": ["a", "b"], "poll[multiple]": "1"}),
    lambda client: client.post("/x", json={"poll": {"options": ["a", "b"], "multiple": True}}),
    lambda client: client.post("/x?poll[options][]=a&poll[options][]=b&poll[multiple]=on"),
    lambda client: client.post("/x", files=[("poll[options][]", (None, "a")), ("poll[options][]", (None, "b")),
                                            ("poll[multiple]", (None, "true"))]),
])
def test_nested_values_in_every_encoding(client: TestClient, seen: list[Params], send) -> None:
    """A nested list arrives the same as form, JSON, query and multipart."""
    send(client)
    poll = seen[0].nested("poll")
    assert poll.texts("options") == ["a", "b"]
    assert poll.flag("multiple") is True


def test_index_maps_and_record_lists_are_the_same() -> None:
    """`fields_attributes[0][name]` and `fields_attributes[][name]` both make records."""
    for query in (b"f[0][name]=a&f[0][value]=b&f[1][name]=c&f[1][value]=d",
                  b"f[][name]=a&f[][value]=b&f[][name]=c&f[][value]=d"):
        records = of_query(query).records("f")
        assert [(item.text("name"), item.text("value")) for item in records] == [("a", "b"), ("c", "d")]


def test_records_of_a_multipart_body_stay_together(client: TestClient, seen: list[Params]) -> None:
    """Fields count in the order in which they were sent, whatever their names are."""
    client.post("/x", files=[("f[][name]", (None, "a")), ("f[][value]", (None, "b")), ("f[][name]", (None, "c")),
                             ("f[][value]", (None, "d"))])
    assert [(item.text("name"), item.text("value")) for item in seen[0].records("f")] == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(("word", "expected"), [
    ("true", True), ("1", True), ("True", True), ("on", True), ("t", True), ("false", False), ("0", False),
    ("False", False), ("off", False), ("f", False)])
def test_truth_in_every_spelling(word: str, expected: bool) -> None:
    """Every spelling of true and false that apps use is understood."""
    assert Params({"x": word}).flag("x") is expected


def test_an_absent_flag_is_not_false() -> None:
    """A PATCH can tell `false` from nothing said."""
    assert Params({}).optional_flag("locked") is None
    assert Params({"locked": False}).optional_flag("locked") is False


def test_a_file_is_an_upload_not_a_text(client: TestClient, seen: list[Params]) -> None:
    """A part with a file name is no text; a call that takes no files has none of it."""
    client.post("/x", files={"avatar": ("a.png", b"\x89PNG\r\n\x1a\n", "image/png")})
    assert seen[0].upload("avatar") is None
    assert seen[0].text("avatar") == ""
    taken = Params({"avatar": Upload("a.png", Path("arrived"))})
    assert taken.upload("avatar") == (Path("arrived"), "a.png")
    assert taken.text("avatar") == ""


@pytest.mark.parametrize(("body", "kind", "status"), [
    (b"{", "application/json", 400), (b"[1]", "application/json", 400), (b"\xff=1", "application/x-www-form-urlencoded",
                                                                        400),
    (b"x" * (1024 * 1024 + 1), "application/json", 413), (b"junk", "multipart/form-data", 400),
    (b"junk", "multipart/form-data; boundary=x", 400), (_PART + b"\r\nhalf", "multipart/form-data; boundary=x", 400),
    (_PART + b"\r\n" + b"x" * (1024 * 1024 + 1) + _END, "multipart/form-data; boundary=x", 413),
    ((_PART + b"\r\nx\r\n") * 1001 + _END, "multipart/form-data; boundary=x", 400),
    (_PART + b"\r\n\xff" + _END, "multipart/form-data; boundary=x", 200),
    (_PART + b"Content-Type: text/plain; charset=klingon\r\n\r\nx" + _END, "multipart/form-data; boundary=x", 200),
    (b"hello", "text/plain", 200)])
def test_bad_bodies_are_refused_clearly(client: TestClient, body: bytes, kind: str, status: int) -> None:
    """What is not of its content type is 400, what is too large 413, never 500."""
    assert client.post("/x", content=body, headers={"content-type": kind}).status_code == status


def test_a_huge_id_is_no_error() -> None:
    """An id beyond what the database holds is only one that nothing has."""
    assert Params({"max_id": "9" * 20}).ident("max_id") == LARGEST_ID
    assert Params({"max_id": "abc"}).ident("max_id") == 0
    assert Params({"max_id": "None"}).ident("max_id") is None


@given(st.binary(max_size=200))
def test_any_query_string_is_read(query: bytes) -> None:
    """No query string breaks the reader."""
    found = of_query(query)
    for name in list(found.values):
        found.items(name)
        found.idents(name)
        found.records(name)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner,
                                                                                max_size=3), max_leaves=10))
def test_any_json_value_is_read_or_refused(value: object) -> None:
    """A value of a wrong type is the caller's mistake, never a fault."""
    params = Params({"x": value})
    for method in (params.text, params.flag, params.whole, params.ident, params.idents, params.texts, params.nested,
                   params.records, params.moment):
        with contextlib.suppress(ApiError):
            method("x")


def test_numbers_no_database_keeps_are_none() -> None:
    """However they are written in JSON."""
    assert Params({"a": 3.0}).whole("a") == 3
    for value in (1e300, -1e19, "9" * 19):
        with pytest.raises(ApiError):
            Params({"a": value}).whole("a")
