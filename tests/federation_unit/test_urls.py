"""The one normaliser: spellings of one host are one, and nothing ambiguous passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.federation.errors import InvalidUri
from potluck.federation.urls import (
    check_uri,
    host_of,
    is_uri,
    join,
    normalise_authority,
    normalise_host,
    origin_of,
    request_url,
    same_host,
    same_origin,
    split,
    without_fragment,
)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("example.org", "example.org"),
        ("EXAMPLE.Org", "example.org"),
        ("example.org.", "example.org"),
        (" example.org ", "example.org"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("MÜNCHEN.de", "xn--mnchen-3ya.de"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("日本。com", "xn--wgv71a.com"),
        ("\uff45xample.com", "example.com"),
        ("1.2.3.4", "1.2.3.4"),
        ("[2001:DB8::0:1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("a_b.example", "a_b.example"),
        ("localhost", "localhost"),
    ],
)
def test_spellings_of_a_host(host: str, expected: str) -> None:
    """Case, trailing dot, Unicode and address spelling make no difference (CVE-2023-42451)."""
    assert normalise_host(host) == expected
    assert normalise_host(normalise_host(host)) == expected


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "..",
        "a..b",
        "a b",
        "-a.example",
        "a-.example",
        "a" * 64 + ".example",
        ".".join(["a" * 60] * 5),
        "example.org..",
        "127.1",
        "0x7f.0.0.1",
        "2130706433",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "example.0x1",
        "1.2.3",
        "fe80::1%eth0",
        "[::1",
        "::1]",
        "a/b",
        "a@b",
        "a:b",
        "a\x00b",
        "a\nb",
        "exa\u200dmple.org",
        "\u2024.example",
        "ex\u00adample..org",
        "*.example.org",
    ],
)
def test_what_is_no_host(host: str) -> None:
    """Malformed names, and addresses in a notation others read differently, are refused."""
    with pytest.raises(InvalidUri):
        normalise_host(host)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("HTTPS://EXAMPLE.org./A?B#C", "https://example.org/A?B#C"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("https://example.org", "https://example.org"),
        ("https://münchen.de/ä", "https://xn--mnchen-3ya.de/ä"),
        ("https://example.org:/a", "https://example.org/a"),
        ("https://example.org?a=b", "https://example.org?a=b"),
        ("https://example.org/a|b{c}", "https://example.org/a|b{c}"),
        ("https://example.org/%41/../b", "https://example.org/%41/../b"),
        ("https://example.org/a@b:c", "https://example.org/a@b:c"),
    ],
)
def test_uris_in_one_spelling(uri: str, expected: str) -> None:
    """Scheme and host are normalised, the rest stays as its owner wrote it."""
    assert check_uri(uri) == expected
    assert check_uri(expected) == expected


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "example.org",
        "//example.org",
        "http://example.org/",
        "ftp://example.org/",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "https:///a",
        "https://user@example.org/",
        "https://user:p@example.org/",
        "https://example.org@evil.example/",
        "https://example.org:8443/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:abc/",
        "https://exam ple.org/",
        "https://example.org/a b",
        "https://example.org/\n",
        "https://example.org/\x00",
        "https://example.org/\t",
        "https://example.org\\@evil.example/",
        "https://example.org/\\x",
        "https://example.org/\u202e",
        "https://example.org/\u2028",
        "https://example.org/\ud800",
        "https://example.org/<x>",
        'https://example.org/"',
        "https://[::1",
        "https://0x7f.1/",
        "https://example.org/" + "a" * 2048,
        "https:example.org",
        "https:/example.org",
        " https://example.org/",
        "bear:?u=https://x",
    ],
)
def test_uris_that_are_refused(uri: str) -> None:
    """Other schemes, user information, ports, controls, backslashes and excess length are refused (protocol §18)."""
    with pytest.raises(InvalidUri):
        check_uri(uri)
    assert not is_uri(uri)


@pytest.mark.parametrize("value", [None, 5, [], {}, b"https://example.org/"])
def test_only_text_is_a_uri(value: object) -> None:
    """A value of another type is refused, not crashed on."""
    assert not is_uri(value)


def test_private_networks_may_use_http() -> None:
    """With private networks allowed, plain http and ports are taken."""
    assert check_uri("HTTP://127.0.0.1:80/a", True) == "http://127.0.0.1/a"
    assert check_uri("http://localhost:8000/a", True) == "http://localhost:8000/a"
    assert check_uri("https://[::1]:8443/", True) == "https://[::1]:8443/"
    with pytest.raises(InvalidUri):
        check_uri("ftp://localhost/", True)


def test_origins_and_hosts() -> None:
    """Origin is scheme, host and port; host carries a port unless it is the default."""
    assert origin_of("https://Example.org:443/a") == "https://example.org"
    assert origin_of("http://example.org:8000/a") == "http://example.org:8000"
    assert host_of("https://Example.org/a") == "example.org"
    assert host_of("https://example.org:8443/a") == "example.org:8443"
    assert host_of("https://[2001:DB8::1]:8443/a") == "[2001:db8::1]:8443"
    assert same_origin("https://example.org/a", "HTTPS://EXAMPLE.ORG.:443/b")
    assert not same_origin("https://example.org/", "http://example.org/")
    assert not same_origin("https://example.org/", "https://example.org.evil.example/")
    assert not same_origin("https://example.org/", "https://example.org:8443/")
    assert not same_origin("x", "x")
    assert same_host("http://example.org/", "https://example.org/")
    assert not same_host("https://a.example/", "https://b.example/")


@pytest.mark.parametrize(
    ("authority", "expected"),
    [
        ("Example.org", "example.org"),
        ("example.org:443", "example.org"),
        ("example.org:8443", "example.org:8443"),
        ("[::1]:8000", "[::1]:8000"),
        ("[::1]", "[::1]"),
        ("münchen.de:8443", "xn--mnchen-3ya.de:8443"),
    ],
)
def test_authorities(authority: str, expected: str) -> None:
    """Domains as in handles are normalised with their port."""
    assert normalise_authority(authority) == expected


@pytest.mark.parametrize(
    "authority", ["", ":443", "user@example.org", "example.org:70000", "::1", "a:b:c", "example.org:x"]
)
def test_malformed_authorities(authority: str) -> None:
    """What is no host with an optional port is refused."""
    with pytest.raises(InvalidUri):
        normalise_authority(authority)


def test_what_goes_over_the_wire() -> None:
    """A request has a path, no fragment, and ASCII only; what is encoded is not encoded again."""
    assert request_url("https://example.org") == "https://example.org/"
    assert request_url("https://example.org?a") == "https://example.org/?a"
    assert request_url("https://example.org/a#b") == "https://example.org/a"
    assert (
        request_url("https://example.org/@名前/%41?q=é|")
        == "https://example.org/@%E5%90%8D%E5%89%8D/%41?q=%C3%A9%7C"
    )
    assert without_fragment("https://example.org/a#b#c") == "https://example.org/a"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("/b", "https://example.org/b"),
        ("b", "https://example.org/x/b"),
        ("//other.example/c", "https://other.example/c"),
        (" https://other.example/ ", "https://other.example/"),
        ("?q", "https://example.org/x/a?q"),
    ],
)
def test_references_are_joined(reference: str, expected: str) -> None:
    """A reference is resolved against where it was found."""
    assert join("https://example.org/x/a", reference) == expected


@pytest.mark.parametrize(
    "reference", ["javascript:alert(1)", "file:///etc/passwd", "https://u@x/", "http://[::1", "mailto:a@b"]
)
def test_references_that_lead_elsewhere(reference: str) -> None:
    """A reference to another scheme is refused."""
    with pytest.raises(InvalidUri):
        join("https://example.org/x/a", reference)


@given(st.text(max_size=60) | st.text(alphabet="htps:/.[]@%#?\\01xa-é。", max_size=60))
def test_no_text_crashes(text: str) -> None:
    """Any text is normalised, once and for all, or refused with InvalidUri; the rest of the rules then hold."""
    for prefix in ("", "https://"):
        try:
            checked = check_uri(prefix + text, True)
        except InvalidUri:
            continue
        assert check_uri(checked, True) == checked
        assert request_url(checked).isascii()
        assert split(checked).authority == host_of(prefix + text)
        assert "@" not in split(checked).authority
    try:
        assert normalise_host(normalise_host(text)) == normalise_host(text)
    except InvalidUri:
        return


@given(st.text(max_size=60), st.text(max_size=60))
def test_joining_never_crashes(path: str, reference: str) -> None:
    """Any reference is joined to an http(s) uri or refused."""
    try:
        assert split(join(f"https://example.org/{path}", reference)).scheme in {"http", "https"}
    except InvalidUri:
        return
