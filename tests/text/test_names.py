"""Which names local accounts may bear, and how addresses are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.text.names import (
    Handle,
    NameError_,
    check_local_name,
    normalise_host,
    parse_handle,
    with_parents,
)


@pytest.mark.parametrize(
    "name", ["alice", "a_b", "bob42", "4ever", "a" * 30, "music", "books", "photos", "events"]
)
def test_name_is_free(name: str) -> None:
    """Ordinary names, and what communities like to be called, may be taken."""
    check_local_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ab", "length"), ("", "length"), ("a" * 31, "length"),
        ("Alice", "characters"), ("a-b", "characters"), ("a.b", "characters"), ("älice", "characters"),
        ("alice\n", "characters"), ("a b", "characters"), ("alicе", "characters"), ("٣٣٣", "characters"),  # noqa: RUF001
        ("123", "digits"), ("0" * 30, "digits"),
        ("admin", "reserved"), ("settings", "reserved"), ("about", "reserved"), ("api", "reserved"),
        ("oauth", "reserved"), ("auth", "reserved"), ("_admin_", "reserved"), ("postmaster", "reserved"),
        ("search", "reserved"), ("lookup", "reserved"), ("relationships", "reserved"), ("timelines", "reserved"),
        ("verify_credentials", "reserved"), ("update_credentials", "reserved"), ("familiar_followers", "reserved"),
    ],
)  # fmt: skip
def test_name_is_refused_with_a_reason(name: str, reason: str) -> None:
    """A refusal says which rule was broken."""
    with pytest.raises(NameError_) as refused:
        check_local_name(name)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("@u@host.example", Handle("u", "host.example")),
        (" u@HOST.example ", Handle("u", "host.example")),
        ("acct:u@host.example", Handle("u", "host.example")),
        ("ACCT:@u@host.example", Handle("u", "host.example")),
        ("@u", Handle("u")),
        ("u", Handle("u")),
        ("u@host.example:3000", Handle("u", "host.example:3000")),
        ("u@127.0.0.1:8001", Handle("u", "127.0.0.1:8001")),
        ("u@localhost", Handle("u", "localhost")),
        ("u@bücher.example", Handle("u", "xn--bcher-kva.example")),
        ("u@faß.example", Handle("u", "xn--fa-hia.example")),
        ("first.last-x@host.example", Handle("first.last-x", "host.example")),
        ("name.bsky.social@bsky.brid.gy", Handle("name.bsky.social", "bsky.brid.gy")),
    ],
)
def test_handle_is_read(text: str, handle: Handle) -> None:
    """All usual spellings of an address are read."""
    assert parse_handle(text) == handle


@pytest.mark.parametrize(
    "text",
    ["", "@", "@@", "@u@", "@@host", "u@a@b", "u v@host", "u@host..x", "u@-x.example", "u@x-.example", "u@[::1]",
     "u@host/path", "u@host:99999", "u@host:", "u@ho st", "<u>@host", "u\n@host", "a" * 3000, "u@" + "a" * 300,
     "u@" + "a." * 200 + "b", "u@" + "a" * 64 + ".example", "https://host.example/@u", ".u@host"],
)  # fmt: skip
def test_what_is_no_handle(text: str) -> None:
    """Anything else is refused rather than guessed at."""
    assert parse_handle(text) is None


@given(st.text())
def test_parsing_never_raises(text: str) -> None:
    """Any text gives a handle or None, and a handle's text is read as the same handle."""
    handle = parse_handle(text)
    if handle is not None:
        assert parse_handle(str(handle)) == handle


@given(st.text(alphabet=st.sampled_from("aé。.:-1ß日\u0301\u200dxn"), max_size=30))
def test_host_is_ascii_and_stable(host: str) -> None:
    """A normalised host is ASCII, and normalising it again changes nothing."""
    normal = normalise_host(host)
    if normal is not None:
        assert normal.isascii()
        assert normalise_host(normal) == normal


def test_handles_compare_by_key() -> None:
    """Names are written in any case and mean the same account."""
    assert Handle("Bob", "x.example").key == Handle("bob", "x.example").key == "bob@x.example"
    assert str(Handle("Bob")) == "Bob"


def test_a_domain_with_those_above_it() -> None:
    """The nearest first, the domain itself before all."""
    assert with_parents("a.b.test") == ["a.b.test", "b.test", "test"]
    assert with_parents("test") == ["test"]
