"""Forms that bring files may be large: only people with an account may send them, and not without saying how large."""

from __future__ import annotations

from typing import Any

from potluck.handlers import Handler
from potluck.kinds.authoring import MAX_MEDIA
from potluck.media import quotas
from potluck.social.errors import Invalid
from potluck.web import auth
from potluck.web.types import AnyRequest

OPTION = "files"
WITH_FILES: dict[str, Any] = {"max_body": None, "opt": (OPTION,)}
"""Arguments of a route whose form may bring files."""

_FIELDS = 4 << 20


async def guard(request: AnyRequest, handler: Handler) -> None:
    """Guard before the form is read.

    Raises:
        SignInRequired: nobody is signed in.
        Invalid: the form is larger than the files that may be sent, or does not say.
    """
    if OPTION not in handler.opt or request.method != "POST":
        return
    if await auth.viewer_of(request) is None:
        raise auth.SignInRequired
    most, length = quotas.largest(), request.headers.get("content-length", "")
    if not length.isdigit():
        raise Invalid("files", "Your browser does not say how large this form is")
    if most and int(length) > most * MAX_MEDIA + _FIELDS:
        raise quotas.TooLarge("This is more than can be sent at once")
