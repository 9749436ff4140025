"""Which scope covers which."""

from __future__ import annotations

import pytest

from potluck.apis.mastodon import scopes


@pytest.mark.parametrize(("granted", "wanted", "expected"), [
    ("read", "read:statuses", True), ("read:statuses", "read", False), ("read:statuses", "read:statuses", True),
    ("write", "read:statuses", False), ("follow", "read:mutes", True), ("follow", "write:blocks", True),
    ("follow", "read:statuses", False), ("admin:read", "admin:read:accounts", True), ("read", "admin:read", False),
    ("profile", "read:accounts", False)])
def test_a_parent_covers_its_children(granted: str, wanted: str, expected: bool) -> None:
    """`read` covers `read:x`, `follow` the relations, and nothing covers more than itself."""
    assert scopes.covers(granted.split(), wanted) is expected


def test_unknown_scopes_are_named() -> None:
    """Words that are no scopes are told from those that are."""
    assert scopes.unknown(scopes.parse("read write:media push bake")) == ["bake"]
