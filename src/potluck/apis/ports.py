"""What the APIs need from the site, handed in by who assembles the server: APIs do not know the site's modules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from litestar import Request, Response

from potluck.social.model import Actor, User

AnyRequest = Request[Any, Any, Any]


class SignedIn(Protocol):
    """Someone who is signed in to the site with this browser."""

    @property
    def user(self) -> User:
        """Their login."""

    @property
    def actor(self) -> Actor:
        """Their main actor."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The site's services, found at `app.state.api_ports`.

    Attributes:
        current_user: who is signed in with this browser, or None.
        render: a page out of a template of the site: request, template name, context.
        sign_in_path: path of the sign-in page that leads back to this request.
        check_csrf: refuses a form without the right token (raises).
        allow_form_target: lets the forms of the page lead to an app's address, redirects included (its CSP).
        client_address: the browser's or app's IP address, behind trusted proxies too.
    """

    current_user: Callable[[AnyRequest], Awaitable[SignedIn | None]]
    render: Callable[[AnyRequest, str, dict[str, Any]], Awaitable[Response[Any]]]
    sign_in_path: Callable[[AnyRequest], str]
    check_csrf: Callable[[AnyRequest], Awaitable[None]]
    allow_form_target: Callable[[AnyRequest, str], None]
    client_address: Callable[[AnyRequest], str]


def ports(request: AnyRequest) -> Ports:
    """The site's services for this request."""
    found: Ports = request.app.state.api_ports
    return found
