"""The cookies of the site: their names and safe attributes, and texts signed with the server's secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any

from litestar import Response
from litestar.datastructures import Cookie

from potluck.settings import current
from potluck.web.types import AnyRequest

SESSION = "potluck_session"
CSRF = "potluck_csrf"
FLASH = "potluck_flash"
PENDING = "potluck_pending"  # sign-in that waits for the second factor, passkey ceremonies


def full_name(name: str) -> str:
    """Name as the browser knows it: with `__Host-` on https, which no subdomain and no plain http can set."""
    return f"__Host-{name}" if current().secure_cookies else name


def read(request: AnyRequest, name: str) -> str:
    """Value of a cookie, '' if it is absent."""
    return request.cookies.get(full_name(name), "")


def put(response: Response[Any], name: str, value: str, *, max_age: int | None = None) -> None:
    """Set a cookie; without `max_age` (seconds) it ends with the browser session."""
    response.set_cookie(Cookie(key=full_name(name), value=value, max_age=max_age, path="/", httponly=True,
                               secure=current().secure_cookies, samesite="lax"))


def drop(response: Response[Any], name: str) -> None:
    """Remove a cookie."""
    put(response, name, "", max_age=0)


def secret_key() -> bytes:
    """The key behind `sign`; the assembled server always has one."""
    return hashlib.sha256(b"potluck cookies " + current().secret.encode()).digest()


def sign(purpose: str, payload: bytes) -> str:
    """`payload` with a keyed hash, as text fit for a cookie; `purpose` keeps one use from passing as another."""
    mark = hmac.new(secret_key(), purpose.encode() + b"\0" + payload, hashlib.sha256).digest()[:20]
    return base64.urlsafe_b64encode(mark + payload).decode()


def verify(purpose: str, text: str) -> bytes | None:
    """The payload of what `sign` made for the same purpose, None for anything else."""
    try:
        raw = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    mark, payload = raw[:20], raw[20:]
    expected = hmac.new(secret_key(), purpose.encode() + b"\0" + payload, hashlib.sha256).digest()[:20]
    return payload if hmac.compare_digest(mark, expected) else None
