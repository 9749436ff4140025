"""Pages for passers-by, kept for a moment: who is not signed in sees what the last one saw, with a token of their own.

Making a profile page takes some thirty milliseconds, and a post that is passed around brings many readers at once.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from litestar import Response

from potluck.social.fading import FadingCache
from potluck.web import auth, cookies, csrf, i18n, pages
from potluck.web.types import AnyRequest

_SECONDS = 10.0
_MOST = 50  # pages of some 100 KiB

_kept: FadingCache[Hashable, Sequence[str]] = FadingCache(_MOST, _SECONDS)


def key(request: AnyRequest, *versions: Hashable) -> Hashable | None:
    """What the page depends on; None if it is not one for everybody (signed in, something to be told, a later page).

    Args:
        versions: changes whenever the page must be made anew at once, not some seconds later.
    """
    if auth.known_viewer(request) or request.scope["query_string"] or cookies.read(request, cookies.FLASH):
        return None
    return (pages.path_of(request), i18n.current().tag, request.cookies.get("theme", ""), *versions)


def find(request: AnyRequest, page: Hashable | None) -> Response[str] | None:
    """The kept page, for this reader."""
    pieces = _kept.get(page) if page is not None else None
    if pieces is None:
        return None
    return pages.answer(request, csrf.token(request).join(pieces))


def keep(request: AnyRequest, page: Hashable | None, made: Response[Any]) -> None:
    """Keep a page that was just made, cut where the token of its reader stood."""
    if page is not None:
        _kept.put(page, made.content.split(csrf.token(request)))
