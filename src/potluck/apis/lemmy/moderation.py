"""What moderators do with posts, comments, communities and people in them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import communities, finding, moderated, render
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing, refused
from potluck.apis.lemmy.posts import moderators
from potluck.apis.lemmy.words import Json, What, one_of
from potluck.social.communities import mod_log, moderating, roles
from potluck.social.model import Actor, Object
from potluck.social.visibility import GROUP

_FEATURED = {"Local": "Local", "Community": "Community"}


async def thing(session: AsyncSession, call: Call, what: What) -> Object:
    """The post or comment a moderator means, removed ones included.

    Raises:
        ApiError: there is none in a community, or none for the asker to know of.
    """
    row = await session.get(Object, call.number(f"{what}_id"))
    if row is None or row.deleted_at is not None or not finding.is_a(row, what):
        raise missing(what)
    group = await session.get_one(Actor, row.group_id)
    looks_after = await roles.is_moderator(session, group.id, call.me.id)
    if row.visibility == GROUP and not (looks_after or await roles.is_member(session, group.id, call.me.id)):
        raise missing(what)  # staff sees what members say among themselves only when it was reported
    await roles.check_moderates(session, call.me, group)
    return row


def _reason(call: Call) -> str:
    return call.params.text("reason")[:mod_log.MAX_REASON]


async def _shown(session: AsyncSession, call: Call, object_id: int, what: What) -> Answer:
    await session.flush()
    session.expire_all()
    view = (await moderated.views(session, [object_id], call.me.id)).get(object_id)
    if view is None:
        raise missing(what)
    return _as_view(view, what)


def _as_view(view: Json, what: What) -> Answer:
    return answer({f"{what}_view": view} | ({"recipient_ids": []} if what == "comment" else {}))


async def _remove(call: Call, what: What) -> Answer:
    async with call.write() as session:
        row = await thing(session, call, what)
        # What the community merely lists leaves it: it is shown as it was there.
        listed = (await moderated.views(session, [row.id], call.me.id)).get(row.id) if row.group_claimed else None
        act = moderating.remove if call.flag("removed") else moderating.restore
        await act(session, await call.acting(session), row.id, _reason(call))
        if listed is not None and row.group_id is None:
            return _as_view(listed | {what: listed[what] | {"removed": True}}, what)
        return await _shown(session, call, row.id, what)


@endpoint("POST", "/post/remove")
async def remove_post(call: Call) -> Answer:
    """Take a post down, or put it back."""
    return await _remove(call, "post")


@endpoint("POST", "/comment/remove")
async def remove_comment(call: Call) -> Answer:
    """Take a comment down, or put it back."""
    return await _remove(call, "comment")


@endpoint("POST", "/post/lock")
async def lock(call: Call) -> Answer:
    """Close a post for comments, or open it again."""
    async with call.write() as session:
        row = await thing(session, call, "post")
        await moderating.lock(session, await call.acting(session), row.id, locked=call.flag("locked"),
                              reason=_reason(call))
        return await _shown(session, call, row.id, "post")


@endpoint("POST", "/post/feature")
async def feature(call: Call) -> Answer:
    """Put a post on top of its community, or of this server's listings."""
    kind, wanted = one_of(call.params, "feature_type", _FEATURED, "Community"), call.flag("featured")
    async with call.write() as session:
        row = await thing(session, call, "post")
        act = moderating.pin if kind == "Community" else moderating.pin_to_site
        await act(session, await call.acting(session), row.id, pinned=wanted)
        return await _shown(session, call, row.id, "post")


@endpoint("POST", "/comment/distinguish")
async def distinguish(call: Call) -> Answer:
    """Speak as a moderator in one's own comment."""
    async with call.write() as session:
        row = await thing(session, call, "comment")
        await moderating.distinguish(session, await call.acting(session), row.id, marked=call.flag("distinguished"))
        return await _shown(session, call, row.id, "comment")


async def _about(session: AsyncSession, call: Call) -> tuple[Actor, Actor]:
    """The community and the person a call is about."""
    return (await finding.actor(session, call.number("community_id"), "community"),
            await finding.actor(session, call.number("person_id"), "person"))


@endpoint("POST", "/community/remove")
async def remove_community(call: Call) -> Answer:
    """Take a community down on this server, or put it back; for staff."""
    async with call.write() as session:
        found = await finding.actor(session, call.number("community_id"), "community")
        await moderating.remove_community(session, await call.acting(session), found, reason=_reason(call),
                                          removed=call.flag("removed"))
    return await communities.answered(call, found.id)


@endpoint("POST", "/community/transfer")
async def transfer(call: Call) -> Answer:
    """Hand a community over to another of its moderators."""
    async with call.write() as session:
        found, heir = await _about(session, call)
        await moderating.transfer(session, await call.acting(session), found, heir)
    return answer({**await communities.response(call, found.id), "moderators": await moderators(call, found.id)})


@endpoint("POST", "/community/mod")
async def appoint(call: Call) -> Answer:
    """Make somebody a moderator, or no longer one."""
    async with call.write() as session:
        found, target = await _about(session, call)
        act = moderating.appoint if call.flag("added") else moderating.dismiss
        await act(session, await call.acting(session), found, target)
    return answer({"moderators": await moderators(call, found.id)})


def expiry(call: Call) -> datetime | None:
    """When a ban ends, in seconds since 1970; None for never.

    Raises:
        ApiError: that is no time.
    """
    seconds = call.params.whole("expires")
    if seconds is None:
        return None
    if not 0 < seconds < 1 << 33:
        raise refused("invalid_unix_time")
    return datetime.fromtimestamp(seconds, UTC)


@endpoint("POST", "/community/ban_user")
async def ban(call: Call) -> Answer:
    """Keep somebody out of a community, or let them in again."""
    wanted, until = call.flag("ban"), expiry(call)
    async with call.write() as session:
        found, target = await _about(session, call)
        me = await call.acting(session)
        if wanted:
            await moderating.ban(session, me, found, target, reason=_reason(call), expires_at=until,
                                 with_content=call.params.flag("remove_data"))
        else:
            await moderating.unban(session, me, found, target, reason=_reason(call))
        [view] = await render.people(session, [target])
    return answer({"person_view": view, "banned": wanted})


@endpoint("PUT", "/community/hide")
async def hide(call: Call) -> Answer:
    """Potluck lists a community or takes it down; it knows nothing between."""
    async with call.write() as session:
        await finding.actor(session, call.number("community_id"), "community")
    raise refused("not_supported", message="This server cannot hide communities, only take them down")


route_handlers = [remove_post, remove_comment, lock, feature, distinguish, remove_community, transfer, appoint, ban,
                  hide]
