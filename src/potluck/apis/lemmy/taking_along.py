"""Settings as a file that Lemmy's servers take: profile, communities followed, saved things, blocks."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import local_user
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import refused
from potluck.apis.lemmy.settings import SUCCESS, keep, plain
from potluck.apis.lemmy.words import Json, there
from potluck.social import act_limits, blocks, follows, profiles, reactions
from potluck.social.communities import belonging
from potluck.social.errors import SocialError
from potluck.social.model import Actor, Bookmark, Object

MOST = 1000
"""Entries of each list that are taken; those of things that are not known here are passed over."""

_LISTS = ("followed_communities", "saved_posts", "saved_comments", "blocked_communities", "blocked_users")


async def _saved(session: AsyncSession, actor_id: int, *, comments: bool) -> list[str]:
    return list((await session.scalars(select(Object.uri).join(Bookmark, Bookmark.object_id == Object.id).where(
        Bookmark.actor_id == actor_id, Object.group_id.is_not(None), Object.deleted_at.is_(None),
        Object.in_reply_to_uri.is_not(None) if comments else Object.in_reply_to_uri.is_(None),
    ).order_by(Bookmark.id.desc()).limit(MOST))).all())


@endpoint("GET", "/user/export_settings")
async def export(call: Call) -> Answer:
    """One's settings."""
    session = await call.reader()
    me = await session.get_one(Actor, call.me.id)
    people, groups = await belonging.blocked(session, me.id)
    mine = local_user.of(call.user)
    return answer(there({
        "display_name": me.display_name or None, "bio": me.summary_source or None, "avatar": me.avatar_url,
        "banner": me.header_url, "bot_account": me.type == "Service", "settings": mine,
        "followed_communities": [group.uri for group in await belonging.followed(session, me.id)],
        "saved_posts": await _saved(session, me.id, comments=False),
        "saved_comments": await _saved(session, me.id, comments=True),
        "blocked_communities": [group.uri for group in groups], "blocked_users": [actor.uri for actor in people],
        "blocked_instances": [found.host for found in await blocks.muted_domains(session, me.id)]}))


def _given(call: Call) -> dict[str, list[str]]:
    """The lists of addresses in what was sent.

    Raises:
        ApiError: one is too long or no list of addresses.
    """
    found = {}
    for name in (*_LISTS, "blocked_instances"):
        rows = call.params.items(name)
        if len(rows) > MOST or not all(isinstance(row, str) and len(row) <= 2000 for row in rows):
            raise refused("invalid_body_field", message=f"{name} holds at most {MOST} addresses")
        found[name] = [row.replace("\x00", "") for row in rows]
    return found


async def _actors(session: AsyncSession, uris: Sequence[str]) -> Sequence[Actor]:
    return (await session.scalars(select(Actor).where(Actor.uri.in_(uris), Actor.deleted_at.is_(None)))).all()


@endpoint("POST", "/user/import_settings", act="import_user_settings")
async def take(call: Call) -> Answer:
    """Take settings that were exported, here or elsewhere; what is unknown here is passed over."""
    lists = _given(call)
    values = call.params.nested("settings").values
    chosen: Json = {name: plain(value) for name, value in values.items() if local_user.fits(name, value)}
    async with call.write() as session:
        me = await call.acting(session)
        texts = {ours: call.params.text(theirs) for theirs, ours in (("display_name", "display_name"), ("bio", "note"))
                 if call.params.text(theirs)}
        if texts:
            await profiles.update_profile(session, me, **texts)
        await keep(session, call.user, chosen)
        await _relate(session, me, lists)
    return SUCCESS


async def _relate(session: AsyncSession, me: Actor, lists: dict[str, list[str]]) -> None:
    """Follow, save and block what the lists name; what is not allowed stays undone."""
    for group in await _actors(session, lists["followed_communities"]):
        if group.type == "Group":
            await _try(session, _follow(session, me, group))
    saved = (await session.scalars(select(Object.id).where(
        Object.uri.in_([*lists["saved_posts"], *lists["saved_comments"]])))).all()
    for object_id in saved:
        await _try(session, reactions.bookmark(session, me, object_id))
    for actor in await _actors(session, [*lists["blocked_communities"], *lists["blocked_users"]]):
        await _try(session, blocks.block(session, me, actor))
    for host in lists["blocked_instances"]:
        await _try(session, blocks.mute_domain(session, me, host))


async def _follow(session: AsyncSession, me: Actor, group: Actor) -> None:
    await act_limits.take(session, me, "follows")
    await follows.follow(session, me, group)


async def _try(session: AsyncSession, act: Awaitable[object]) -> None:
    try:
        async with session.begin_nested():
            await act
    except SocialError:
        return


route_handlers = [export, take]
