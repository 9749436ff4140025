"""Which community, person, post or comment a call means; and whether it is there for who asks."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import render
from potluck.apis.lemmy.endpoint import Call
from potluck.apis.lemmy.errors import ApiError, missing, refused
from potluck.apis.lemmy.words import What
from potluck.social import actors, objects
from potluck.social.communities import facets, roles, withdrawing
from potluck.social.errors import SocialError
from potluck.social.model import Actor, Object
from potluck.social.views import ObjectView, load_objects


async def community(call: Call, *, number: str = "id", name: str = "name") -> Actor:
    """The community a call names by number, or as `name` or `name@host`; one with a token has it fetched if need be.

    Raises:
        ApiError: there is none, or it is not for the asker to know of.
    """
    ident = call.params.ident(number)
    word = call.params.text(name).lstrip("!")
    if ident is None and not word:
        raise refused("invalid_body_field", message="Which community?")
    return await known_community(call, await _actor(call, ident, word))


async def known_community(call: Call, found: Actor | None) -> Actor:
    """A community that is there for the asker.

    Raises:
        ApiError: it is not.
    """
    if found is None or found.type != "Group" or found.deleted_at is not None or found.suspended_at is not None:
        raise missing("community")
    session = await call.reader()
    known = await facets.gather(session, call.viewer_id, community_ids=[found.id])
    if not render.knows_of(found, known):
        raise missing("community")
    removed = known.communities[found.id].removed_at is not None
    if removed and not (call.viewer_id is not None and await _looks_after(session, call.me, found)):
        raise missing("community")
    return found


async def _looks_after(session: AsyncSession, actor: Actor, group: Actor) -> bool:
    return await roles.is_moderator(session, group.id, actor.id) or await roles.is_staff(session, actor)


async def optional_community(call: Call) -> Actor | None:
    """The community that a listing is narrowed to by `community_id` or `community_name`, if it is."""
    if call.params.ident("community_id") is None and not call.params.text("community_name"):
        return None
    return await community(call, number="community_id", name="community_name")


async def person(call: Call, *, number: str = "person_id", name: str = "username") -> Actor:
    """The person a call names by number, or as `name` or `name@host`.

    Raises:
        ApiError: there is none.
    """
    ident = call.params.ident(number)
    word = call.params.text(name).lstrip("@")
    if ident is None and not word:
        raise refused("no_id_given")
    found = await _actor(call, ident, word)
    if found is None or found.type == "Group" or found.deleted_at is not None or found.suspended_at is not None:
        raise missing("person")
    return found


async def _actor(call: Call, ident: int | None, handle: str) -> Actor | None:
    session = await call.reader()
    if ident is not None:
        return await session.get(Actor, ident)
    found = await actors.by_handle(session, handle)
    if found is None and "@" in handle and call.viewer_id is not None:
        await call.stop_reading()
        try:
            found = await call.request.app.state.federation.actor_by_handle(handle)
        except SocialError:
            return None
    return found


async def actor(session: AsyncSession, ident: int, what: str) -> Actor:
    """An actor that an act is about.

    Raises:
        ApiError: there is none.
    """
    found = await session.get(Actor, ident)
    if found is None or found.deleted_at is not None or (found.type == "Group") != (what == "community"):
        raise missing(what)
    return found


def is_a(row: Object, what: What) -> bool:
    """Whether this stands in a community as a post, or as a comment."""
    return row.group_id is not None and (row.in_reply_to_uri is None) == (what == "post")


async def entry(session: AsyncSession, object_id: int, viewer_id: int | None, what: What) -> ObjectView:
    """A post or comment of a community.

    Raises:
        ApiError: it is not there for the viewer.
    """
    view = (await load_objects(session, [object_id], viewer_id)).get(object_id)
    if view is None or view.group is None or not is_a(view.object, what):
        raise missing(what)
    return view


async def own(session: AsyncSession, object_id: int, author_id: int, what: What) -> Object:
    """What somebody wrote in a community, as a row that may be changed.

    Raises:
        ApiError: it is not there, or somebody else's.
    """
    row = await session.scalar(select(Object).where(
        Object.id == object_id, Object.author_id == author_id, Object.group_id.is_not(None),
        Object.in_reply_to_uri.is_(None) if what == "post" else Object.in_reply_to_uri.is_not(None)))
    if row is None:
        raise _not_mine(await session.get(Object, object_id), what)
    return row


async def take_away(session: AsyncSession, author: Actor, row: Object) -> None:
    """Delete something of one's own: so that it can be put back for a while, where that is possible."""
    if withdrawing.can_be_put_back(row):
        await withdrawing.withdraw(session, author, row.id)
    else:
        await objects.delete(session, row.id, author)


def _not_mine(found: Object | None, what: What) -> ApiError:
    open_to_all = found is not None and found.visibility in ("public", "unlisted") and found.deleted_at is None
    return refused(f"no_{what}_edit_allowed") if open_to_all else missing(what)
