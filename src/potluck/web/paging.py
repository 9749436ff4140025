"""Pages of lists: which part a request asks for, and the link to the next."""

from __future__ import annotations

from urllib.parse import urlencode

from potluck.social.paging import Page
from potluck.web.forms import query_whole
from potluck.web.types import AnyRequest

PAGE_SIZE = 20


def page_of(request: AnyRequest, limit: int = PAGE_SIZE) -> Page:
    """The part that `max_id` or `min_id` of the address name, else the newest."""
    return Page(max_id=query_whole(request, "max_id"), min_id=query_whole(request, "min_id"), limit=limit)


def next_url(request: AnyRequest, found: int, last: int | None, limit: int = PAGE_SIZE) -> str:
    """Address of the part after this one, '' if this one is not full.

    Args:
        found: how many entries this part has.
        last: cursor of its last entry.
        limit: how many a full part has.
    """
    if last is None or found < limit:
        return ""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in {"max_id", "min_id"}]
    return f"{request.scope['path']}?{urlencode([*kept, ('max_id', last)])}"
