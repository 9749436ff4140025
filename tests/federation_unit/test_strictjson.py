"""Strict JSON: one object, bounded, without what parsers disagree about."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.federation.errors import InvalidJson
from potluck.federation.strictjson import dump, parse


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"null",
        b"1",
        b'"x"',
        b"[]",
        b"[{}]",
        b"{",
        b"{}{}",
        b"{} x",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 01}',
        b'{"a": 1,}',
        b'{"a"}',
        b"\xff",
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": "\x00"}',
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"a": ["x\\u0000"]}',
        b"\xef\xbb\xbf{}",
        b'{"a": "\n"}',
        b"// comment\n{}",
        '{"a": "\ud800"}',
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_refused(data: bytes | str) -> None:
    """Everything but one proper object is InvalidJson."""
    with pytest.raises(InvalidJson):
        parse(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"{}", {}),
        ('{"a": "é"}', {"a": "é"}),
        (b' {"a": [1, 2.5, true, null]} ', {"a": [1, 2.5, True, None]}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": "\\\\u0000"}', {"a": "\\u0000"}),
    ],
)
def test_what_is_taken(data: bytes | str, expected: object) -> None:
    """Objects are read as any JSON parser reads them."""
    assert parse(data) == expected


def test_size_is_bounded() -> None:
    """One byte more than allowed is too much."""
    data = b'{"a": "' + b"x" * 992 + b'"}'
    assert parse(data, max_bytes=len(data))
    with pytest.raises(InvalidJson):
        parse(data, max_bytes=len(data) - 1)


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_depth_is_bounded(brackets: str) -> None:
    """64 levels are taken, 65 not; brackets inside of strings do not count."""

    def nested(depth: int) -> str:
        value = "1"
        for _ in range(depth - 1):
            value = f"[{value}]" if brackets == "[]" else f'{{"a": {value}}}'
        return f'{{"x": {value}}}'

    assert parse(nested(64))
    with pytest.raises(InvalidJson):
        parse(nested(65))
    quoted = "[" * 100 + '\\"' + "{" * 100 + "\\\\"
    assert parse(f'{{"a": "{quoted}", "b": [[1]]}}')
    assert parse(json.dumps({"a": [[] for _ in range(1000)]}))


def test_endless_nesting_ends_soon() -> None:
    """A megabyte of brackets costs milliseconds, not a crash."""
    started = time.process_time()
    for data in (b"[" * 1_000_000, b'{"a":' * 190_000, b"{" + b'"[' * 400_000):
        with pytest.raises(InvalidJson):
            parse(data)
    assert time.process_time() - started < 2


def test_repeated_keys_are_refused_on_request() -> None:
    """Two parsers may take different ones of two equal keys, at any depth."""
    for data in (b'{"a": 1, "a": 2}', b'{"x": [{"a": 1, "\\u0061": 2}]}'):
        assert parse(data)
        with pytest.raises(InvalidJson):
            parse(data, unique_keys=True)
    assert parse(b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}', unique_keys=True)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_crash(data: bytes) -> None:
    """Any bytes are an object or InvalidJson."""
    try:
        assert isinstance(parse(data, unique_keys=True), dict)
    except InvalidJson:
        return


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from("abc"), json_values))
def test_what_is_written_is_read(document: dict[str, object]) -> None:
    """Any document survives writing and reading."""
    assert parse(dump(document), unique_keys=True) == document
    assert parse(json.dumps(document)) == document
