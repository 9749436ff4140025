"""Tells browsers what our pages may do: nothing inline, nothing from elsewhere but pictures, sound and video."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from potluck.settings import current

FORM_ACTION = "csp_form_action"
"""Key in the request's state: other targets a page's forms may lead to (a sign-in that returns to an app)."""

_FIXED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
}


def content_security_policy(form_action: str = "'self'") -> str:
    """The policy of a page. `form_action`: where its forms may lead, redirects included; '' for anywhere."""
    remote = _elsewhere()
    rules = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'",
        f"connect-src 'self' {_files()}".rstrip(),
        f"img-src 'self' data: blob: {remote}", f"media-src 'self' blob: {remote}", "manifest-src 'self'",
        "base-uri 'none'", "frame-ancestors 'none'",
    ]
    if form_action:
        rules.append(f"form-action {form_action}")
    return "; ".join(rules)


def _elsewhere() -> str:
    """Where pictures, sound and video may come from beside this server."""
    settings = current()
    if settings.remote_media == "link":
        return "https:" if settings.secure_cookies else "https: http:"
    return _files()


def _files() -> str:
    """Where our own files are served from, if not from here: players fetch playlists and waveforms there."""
    parts = urlsplit(current().media_url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def headers(form_action: str = "'self'") -> dict[str, str]:
    """All security headers of a page."""
    found = {**_FIXED, "content-security-policy": content_security_policy(form_action)}
    if current().secure_cookies:
        found["strict-transport-security"] = "max-age=31536000"
    return found


def middleware(app: ASGIApp) -> ASGIApp:
    """Add the headers to every answer of the site that does not bring its own."""

    async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                state: dict[str, Any] = scope.get("state", {})
                present = {name.lower() for name, _ in message["headers"]}
                wanted = headers(state.get(FORM_ACTION, "'self'"))
                message["headers"] = [*message["headers"], *(
                    (name.encode(), value.encode()) for name, value in wanted.items()
                    if name.encode() not in present)]
            await send(message)

        await app(scope, receive, send_with_headers)

    return with_headers
