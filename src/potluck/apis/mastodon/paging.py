"""Pages of lists, and the Link header by which apps go on."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, quote, urlencode

from potluck.apis.mastodon.endpoint import Call
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.params import Params, parse_id
from potluck.social.paging import Page

_CURSORS = frozenset({"max_id", "since_id", "min_id"})
_HIDDEN = frozenset({"access_token", *_CURSORS})


def limit_of(params: Params, default: int, most: int) -> int:
    """The `limit` parameter: above the maximum it is clamped, zero or nonsense is the default."""
    wanted = params.whole("limit")
    return min(wanted, most) if wanted is not None and wanted > 0 else default


def page_of(params: Params, default: int, most: int) -> Page:
    """The page an app asks for."""
    cursors = {name: _cursor(params, name) for name in _CURSORS}
    return Page(cursors["max_id"], cursors["since_id"], cursors["min_id"], limit_of(params, default, most))


def _cursor(params: Params, name: str) -> int | None:
    word = params.text(name)
    if word in ("", "null", "None", "undefined"):
        return None
    found = parse_id(word)
    if found is None:
        raise ApiError(400, f"Bad paging: {name} is not an id")
    return found


def offset_of(params: Params) -> int:
    """The `offset` parameter of lists that are paged by number."""
    return max(0, min(params.whole("offset") or 0, 10_000))


def links(call: Call, cursors: Sequence[int], *, more: bool) -> list[tuple[str, str]]:
    """The Link header for a page whose rows have these cursors, newest first.

    Args:
        call: the call; its other parameters are repeated, on the path the app asked.
        cursors: of every row of the page, also of rows that were not shown.
        more: whether there may be older rows.
    """
    if not cursors:
        return []
    found = [f'<{_address(call, "min_id", max(cursors))}>; rel="prev"']
    if more:
        found.insert(0, f'<{_address(call, "max_id", min(cursors))}>; rel="next"')
    return [("link", ", ".join(found))]


def _address(call: Call, name: str, cursor: int) -> str:
    query = call.request.scope["query_string"].decode("latin-1")
    kept = [(key, value) for key, value in parse_qsl(query, keep_blank_values=True) if key not in _HIDDEN]
    path = quote(call.request.scope["path"])
    return f"{call.base_url}{path}?{urlencode([*kept, (name, str(cursor))])}"
