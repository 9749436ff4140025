"""Where to go after an act: only ever to a page of this site, whatever the request says."""

from __future__ import annotations

import re

from litestar import Response

from potluck.web.types import AnyRequest

_LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")


def safe_path(target: str | None, default: str = "/home") -> str:
    r"""`target` if it is a path on this site (`/…`, never `//host` or `/\host`), else `default`.

    Backslashes, spaces and control characters are refused: browsers read some of them as slashes or drop them.
    """
    return target if target and _LOCAL_PATH.fullmatch(target) else default


def see_other(target: str) -> Response[None]:
    """Answer a form with 303, so that reloading the next page does not send the form again."""
    return Response(None, status_code=303, headers={"Location": target})


def is_htmx(request: AnyRequest) -> bool:
    """Whether a script asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"
