"""What the pages of consent share: what apps ask in, and the ways off the page (to the app, to sign in, to a reason).

OAuth for registered apps (`mastodon`) and IndieAuth differ in whom they let in, not in these.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from litestar import Response

from potluck.apis.ports import AnyRequest, ports
from potluck.settings import current

CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""A code challenge by S256 (RFC 7636, section 4.2)."""

FIELDS: Final = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method")
"""What an app asks in; the form of consent brings it along."""

_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")


def issuer() -> str:
    """Who gives the codes: `iss` of answers, and `issuer` of the metadata (RFC 9207, 8414)."""
    return f"{current().url}/"


def to_sign_in(request: AnyRequest) -> Response[bytes]:
    """Lead to the sign-in page, and from there back here."""
    return Response(b"", status_code=302, headers={"location": ports(request).sign_in_path(request)})


def to_app(request: AnyRequest, redirect_uri: str, answer: dict[str, str], state: str | None, *,
           with_issuer: bool, fragment: bool = False) -> Response[bytes]:
    """Lead the browser back to the app.

    Args:
        answer: a code, or an error.
        state: what the app sent along; given back untouched.
        with_issuer: say who answers (RFC 9207).
        fragment: put it behind `#`, where servers do not see it.
    """
    query = {**answer, **({"state": state} if state is not None else {}), **({"iss": issuer()} if with_issuer else {})}
    if fragment:
        target = f"{redirect_uri}#{urlencode(query)}"
    else:
        both = [*parse_qsl(urlsplit(redirect_uri).query, keep_blank_values=True), *query.items()]
        target = f"{redirect_uri.partition('?')[0]}?{urlencode(both)}"
    allow_form(request, redirect_uri)
    return Response(b"", status_code=302, headers={"location": target, "cache-control": "no-store"})


def allow_form(request: AnyRequest, redirect_uri: str) -> None:
    """Let the form of consent end at the app: the page's policy allows its origin or scheme."""
    parts = urlsplit(redirect_uri)
    if parts.scheme not in ("http", "https"):
        target = f"{parts.scheme}:"
    else:  # the policy is a header with a grammar of its own: nothing but a plain host gets into it
        target = f"{parts.scheme}://{parts.netloc}" if _HOST.fullmatch(parts.netloc) else "'none'"
    ports(request).allow_form_target(request, target)


async def problem(request: AnyRequest, status: int, detail: str) -> Response[str]:
    """Tell the person why nobody is led anywhere."""
    page: Response[str] = await ports(request).render(request, "oauth/error.html", {"detail": detail})
    page.status_code = status
    return page
