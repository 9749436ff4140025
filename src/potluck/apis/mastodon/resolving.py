"""Finds what an address or handle means, here or on its own server."""

from __future__ import annotations

from potluck.apis.mastodon.endpoint import Call
from potluck.social.errors import SocialError
from potluck.social.model import Actor, Object


def looks_like_address(text: str) -> bool:
    """Whether a search text is a URL or a handle with a host."""
    if text.startswith(("https://", "http://")):
        return " " not in text
    name, _, host = text.lstrip("@!").partition("@")
    return bool(name) and ("." in host or ":" in host) and " " not in text


async def resolve(call: Call, text: str) -> Actor | Object | None:
    """The account or status an address means, fetched if need be; None if it is no address or nothing is there."""
    if not looks_like_address(text):
        return None
    await call.stop_reading()
    try:
        found: Actor | Object | None = await call.request.app.state.federation.resolve(text, viewer=call.me)
    except SocialError:
        return None
    return found
