"""Where apps sign in with a profile or blog, and write to it: links that its page and the answer's headers carry."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.settings import current
from potluck.social.model import Actor

Links = tuple[tuple[str, str], ...]


def of(actor: Actor) -> Links:
    """Relations and addresses; none for people of other servers, and for communities."""
    if not actor.is_local or actor.owner_id is None or actor.type == "Group":
        return ()
    base = current().url
    return (
        ("indieauth-metadata", f"{base}/.well-known/oauth-authorization-server"),
        ("authorization_endpoint", f"{base}/oauth/authorize"), ("token_endpoint", f"{base}/oauth/token"),
        ("micropub", f"{base}/micropub"))


def announced(page: Response[Any], actor: Actor) -> Response[Any]:
    """The page of an actor, with the links in its headers as well."""
    links = of(actor)
    if links:
        page.headers["Link"] = ", ".join(f'<{href}>; rel="{rel}"' for rel, href in links)
    return page
