"""The site as pages of consent see it, in tests: who is signed in, which pages were shown, where forms may end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from litestar import Request, Response

from potluck.apis.ports import Ports
from potluck.social.model import Actor, User


@dataclass
class Visitor:
    """Who is signed in to the site in the browser."""

    user: User
    actor: Actor


class Consenting(Protocol):
    """What a test looks at and sets."""

    visitor: Visitor | None
    pages: list[tuple[str, dict[str, Any]]]
    form_targets: list[str]


def ports_of(server: Consenting) -> Ports:
    """Ports that note what happens; `right` protects forms."""
    async def current_user(_: Request[Any, Any, Any]) -> Visitor | None:
        return server.visitor

    async def page(_: Request[Any, Any, Any], template: str, context: dict[str, Any]) -> Response[Any]:
        server.pages.append((template, context))
        return Response(f"<p>{template}</p>", media_type="text/html")

    async def check_csrf(request: Request[Any, Any, Any]) -> None:
        assert (await request.form()).get("_csrf") == "right"

    return Ports(current_user, page, lambda _: "/signin?next=here", check_csrf,
                 lambda _, target: server.form_targets.append(target), lambda _: "127.0.0.1")
