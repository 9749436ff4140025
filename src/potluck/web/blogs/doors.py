"""Who may come into a blog: closed ones let in their authors, their followers, and whoever knows the password.

Whoever is let in reads as the blog itself does; what they do, they do as themselves.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import post
from potluck.social import views
from potluck.social.accounts import passwords
from potluck.social.accounts.rate_limits import Limiter, address_key
from potluck.social.blogs import authors, making
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Blog
from potluck.social.views import ObjectView
from potluck.social.visibility import FOLLOWERS, OPEN
from potluck.web import cookies, flashes, redirects
from potluck.web.actor_pages import find_actor
from potluck.web.asking import PathWord, SentForm
from potluck.web.auth import Viewer, client_address
from potluck.web.i18n import _
from potluck.web.presenters.people import profile_path
from potluck.web.types import AnyRequest

_PURPOSE = "blog password"
_SECONDS = 30 * 86400
_tries = Limiter(burst=10, seconds_each=60)  # passwords, from one address for one blog


@dataclass(frozen=True, slots=True)
class Door:
    """How somebody stands to a blog.

    Attributes:
        reader_id: as whom they read (an actor's id), None as anybody.
        role: what they are to the blog, None for nothing.
        guest: they know the password, and are nothing else.
    """

    reader_id: int | None
    role: str | None = None
    guest: bool = False


def is_closed(author: Actor) -> bool:
    """Whether an actor is a blog that not everybody may read."""
    return (author.extra.get("blog") or {}).get("visibility") in making.CLOSED


async def door(request: AnyRequest, session: AsyncSession, author: Actor, viewer: Viewer | None) -> Door:
    """How the viewer stands to whoever wrote something."""
    own = viewer.actor.id if viewer else None
    if not making.is_blog(author):
        return Door(own)
    role = await authors.role_of(session, author.id, own) if own else None
    if not is_closed(author):
        return Door(own, role)
    if role is not None:
        return Door(author.id, role)
    if _knows(request, await making.settings_of(session, author)):
        return Door(author.id, guest=True)
    return Door(own)


async def without_letters(session: AsyncSession, found: dict[int, ObjectView], way: Door, viewer: Viewer | None,
                          ) -> dict[int, ObjectView]:
    """What is said below an article, for those whom a blog lets in: what was said to the blog alone is not for them."""
    own = viewer.actor.id if viewer else None
    if way.reader_id == own:
        return found
    private = [key for key, view in found.items() if view.object.visibility not in (*OPEN, FOLLOWERS)]
    theirs = await views.load_objects(session, private, own) if private else {}
    return {key: view for key, view in found.items() if key not in private or key in theirs}


def _name(blog_id: int) -> str:
    return f"potluck_blog_{blog_id}"


def _mark(blog: Blog) -> bytes:
    """Changes with the password, so that a new one shuts out whoever knew the old."""
    return hashlib.sha256(f"{blog.actor_id} {blog.password_hash}".encode()).digest()[:16]


def _knows(request: AnyRequest, blog: Blog) -> bool:
    if blog.visibility != "password" or not blog.password_hash:
        return False
    kept = cookies.read(request, _name(blog.actor_id))
    return bool(kept) and cookies.verify(_PURPOSE, kept) == _mark(blog)


@post("/{handle:str}/unlock", status_code=303)
async def unlock(request: AnyRequest, form: SentForm, handle: PathWord) -> Response[Any]:
    """Somebody types a blog's password."""
    async with request.app.state.db.read() as session:
        actor = await find_actor(session, handle)
        blog = await making.settings_of(session, actor)
    if blog.visibility != "password" or not blog.password_hash:
        raise NotFound
    _tries.take(f"{actor.id} {address_key(client_address(request))}")
    answer = redirects.see_other(profile_path(actor))
    if not await passwords.verify(form.text("password", limit=passwords.MAX_LENGTH), blog.password_hash):
        return flashes.with_flash(answer, "bad", _("That is not the password."))
    cookies.put(answer, _name(actor.id), cookies.sign(_PURPOSE, _mark(blog)), max_age=_SECONDS)
    return answer


route_handlers = [unlock]
