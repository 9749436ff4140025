"""Where forms may lead."""

import pytest

from potluck.web.redirects import safe_path


@pytest.mark.parametrize("path", ["/home", "/@alice/17#post-17", "/search?q=a%20b", "/tags/brot"])
def test_own_pages_are_kept(path: str) -> None:
    """A path on this site is where the form came from, and is kept."""
    assert safe_path(path) == path


@pytest.mark.parametrize("target", [
    "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
    "/\tevil", "/a b", "/%0d\r\nSet-Cookie: a=b", "", None, "home", "/" + "a" * 3000, "/a\\b",
])
def test_other_targets_are_refused(target: str | None) -> None:
    """Nothing that a browser could read as another site gets through."""
    assert safe_path(target, "/home") == "/home"
