"""Makes pages: the template environment, what every page knows, and `render`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import Response
from markupsafe import Markup

from potluck.handlers import Handler
from potluck.media.addresses import SMALL, shown
from potluck.settings import current
from potluck.social import notifications
from potluck.social.addresses import blank_avatar
from potluck.text.addresses import parts_of
from potluck.web import auth, cookies, csrf, flashes, i18n, trusted
from potluck.web.icons import icon
from potluck.web.presenters.people import full_handle, profile_path
from potluck.web.redirects import safe_path
from potluck.web.types import AnyRequest

STATIC = Path(str(files("potluck.web").joinpath("static")))
_TEMPLATES = Path(str(files("potluck.web").joinpath("templates")))
_KINDS = Path(str(files("potluck"))) / "kinds"


@cache
def environment() -> Environment:
    """The template environment: the site's templates, then those of the kinds (named `KIND/NAME.html`)."""
    made = Environment(loader=_loader(), autoescape=True, undefined=StrictUndefined, trim_blocks=False,
                       extensions=["jinja2.ext.i18n"])
    made.install_gettext_callables(  # type: ignore[attr-defined]
        i18n.gettext, i18n.ngettext, newstyle=True)
    made.globals.update(asset=asset, icon=icon, csrf_token=_csrf_token, csrf_field=_csrf_field)
    made.filters["trusted_html"] = trusted.trusted_html
    return made


def _loader() -> BaseLoader:
    kinds = [folder for folder in sorted(_KINDS.glob("*/templates")) if folder.is_dir()]
    return ChoiceLoader([FileSystemLoader(_TEMPLATES), *(FileSystemLoader(folder) for folder in kinds)])


@cache
def _manifest() -> Mapping[str, str]:
    path = STATIC / "manifest.json"
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.is_file() else {}


def asset(name: str) -> str:
    """Address of a file of the bundle, with its content hash when the bundle has been built."""
    return f"/static/{_manifest().get(name, name)}"


@pass_context
def _csrf_token(context: Context) -> str:
    return csrf.token(context["request"])


@pass_context
def _csrf_field(context: Context) -> Markup:
    return csrf.field(context["request"])


def path_of(request: AnyRequest) -> str:
    """Path and query of this request, as links and the return field of forms use it."""
    query = request.scope["query_string"].decode("latin-1")
    return f"{request.scope['path']}?{query}" if query else str(request.scope["path"])


def choose_language(request: AnyRequest, viewer: auth.Viewer | None) -> i18n.Language:
    """Use the reader's language from here on."""
    preferred = viewer.user.locale if viewer else None
    return i18n.use(i18n.choose(preferred, request.headers.get("accept-language", ""), current().language))


async def guard(request: AnyRequest, _: Handler) -> None:
    """Guard of every page: `before_page`."""
    await before_page(request)


async def before_page(request: AnyRequest) -> None:
    """Before every page: find out who is looking, and use their language from here on."""
    choose_language(request, await auth.viewer_of(request))
    await auth.check_network(request)


def _shared(request: AnyRequest, viewer: auth.Viewer | None, unread: int) -> dict[str, Any]:
    settings = current()
    language = i18n.current()
    theme = request.cookies.get("theme", "")
    return {
        "request": request, "path": path_of(request), "lang": language.tag, "dir": language.direction,
        "site": {"title": settings.title, "url": settings.url, "description": settings.description,
                 "source_url": settings.source_url},
        "viewer": _shown_viewer(viewer, unread) if viewer else None,
        "theme": theme if theme in {"light", "dark"} else "",
        "sign_up_open": settings.sign_up in {"open", "approval"}, "flashes": flashes.take(request),
    }


def _shown_viewer(viewer: auth.Viewer, unread: int) -> dict[str, Any]:
    actor = viewer.actor
    return {
        "name": actor.display_name or actor.name, "handle": full_handle(actor), "url": profile_path(actor),
        "avatar_url": shown(actor.avatar_url, SMALL) or blank_avatar(actor.name), "is_admin": viewer.is_staff,
        "unread_notifications": unread,
    }


async def render(
    request: AnyRequest,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """A page.

    Args:
        request: the request it answers.
        template: name below `templates/`.
        status: HTTP status.
        headers: further headers.
        context: what the template shows beside what every page knows (see `layout.html`).
    """
    viewer = await auth.viewer_of(request)
    unread = 0
    if viewer:
        async with request.app.state.db.read() as session:
            unread = await notifications.unread_count(session, viewer.actor.id)
    return page(request, template, status=status, headers=headers, unread=unread, **context)


def page(
    request: AnyRequest,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    unread: int = 0,
    **context: Any,
) -> Response[str]:
    """As `render`, without looking anything up: for error pages, which must not fail again."""
    viewer = auth.known_viewer(request)
    shared = _shared(request, viewer, unread)
    text = environment().get_template(template).render({**shared, "status": status, **context})
    response = answer(request, text, status=status, headers=headers)
    if shared["flashes"]:
        cookies.drop(response, cookies.FLASH)
    return response


def answer(request: AnyRequest, text: str, *, status: int = 200, headers: Mapping[str, str] | None = None,
           ) -> Response[str]:
    """The answer that carries a page's text, with the cookie its forms need."""
    viewer = auth.known_viewer(request)
    response = Response(text, status_code=status, media_type="text/html", headers={
        "Cache-Control": "private, no-store" if viewer else "private, no-cache", "Vary": "Accept, Cookie",
        **(headers or {})})
    csrf.keep(request, response)
    return response


async def fragment(request: AnyRequest, template: str, **context: Any) -> Response[str]:
    """A part of a page, for scripts. Its forms lead back to the page that asked (htmx names it)."""
    viewer = await auth.viewer_of(request)
    shared = {**_shared(request, viewer, 0), "path": _asking_page(request)}
    text = environment().get_template(template).render({**shared, **context})
    return Response(text, status_code=200, media_type="text/html",
                    headers={"Cache-Control": "private, no-store"})


def _asking_page(request: AnyRequest) -> str:
    parts = parts_of(request.headers.get("HX-Current-URL", ""))
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return safe_path(path, "/home")


def part(request: AnyRequest, template: str, **context: Any) -> str:
    """The text of a part of a page, for live events."""
    shared = {**_shared(request, auth.known_viewer(request), 0), "path": "/home"}
    return environment().get_template(template).render({**shared, **context})
