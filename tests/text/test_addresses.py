"""Addresses that are none."""

from potluck.text.addresses import parts_of


def test_parts_of_what_is_no_address() -> None:
    """It has none, instead of failing."""
    assert parts_of("https://a.example/b?c").netloc == "a.example"
    for text in ("http://[::1", "https://[", "//[x]y", ""):
        assert parts_of(text).netloc in {"", "[x]y"}
