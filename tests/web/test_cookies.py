"""Signed cookie values."""

import base64

import pytest

from potluck import settings
from potluck.settings import Settings
from potluck.web import cookies


@pytest.fixture(autouse=True)
def _settings() -> None:
    settings.use(Settings(url="https://potluck.test", secret="s"))


def test_what_was_signed_comes_back() -> None:
    """A signed payload is read for the same purpose."""
    assert cookies.verify("flash", cookies.sign("flash", b"hello")) == b"hello"


def test_another_purpose_is_refused() -> None:
    """A cookie of one kind cannot pass as another."""
    assert cookies.verify("pending", cookies.sign("flash", b"hello")) is None


@pytest.mark.parametrize("text", ["", "x", "!!!!", "é", base64.urlsafe_b64encode(b"0" * 40).decode()])
def test_forged_values_are_refused(text: str) -> None:
    """Anything we did not sign gives None, never an error."""
    assert cookies.verify("flash", text) is None


def test_a_changed_payload_is_refused() -> None:
    """One changed byte breaks the mark."""
    raw = bytearray(base64.urlsafe_b64decode(cookies.sign("flash", b"hello")))
    raw[-1] ^= 1
    assert cookies.verify("flash", base64.urlsafe_b64encode(bytes(raw)).decode()) is None


def test_host_prefix_on_https_only() -> None:
    """`__Host-` needs Secure, so plain-http development has bare names."""
    assert cookies.full_name("a") == "__Host-a"
    settings.use(Settings(url="http://127.0.0.1:8000"))
    assert cookies.full_name("a") == "a"
