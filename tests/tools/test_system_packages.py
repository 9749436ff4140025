"""What the set-up says when it may not install what is missing."""

import os

import pytest

import system_packages
from places import SetupError


def test_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who is not root is told the command, and the set-up fails instead of going on without."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError, match=r"sudo apt-get install --no-install-recommends chromium postgresql"):
        system_packages.install(["chromium", "postgresql"], why="the tests need them")


def test_missing_browser_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing browser is never passed over in silence."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setitem(system_packages._NEEDED, "chromium", lambda: None)
    with pytest.raises(SetupError, match="chromium"):
        system_packages.ensure()
