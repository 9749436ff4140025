"""People, communities and servers that the asker does not want to see."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import render
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing, refused
from potluck.apis.lemmy.words import LOCAL_INSTANCE
from potluck.social import blocks
from potluck.social.model import Actor, Server


async def _actor(session: AsyncSession, actor_id: int, *, group: bool) -> Actor:
    found = await session.get(Actor, actor_id)
    if found is None or found.deleted_at is not None or (found.type == "Group") != group:
        raise missing("community" if group else "person")
    return found


async def _set(session: AsyncSession, call: Call, target: Actor) -> bool:
    wanted = call.flag("block")
    me = await call.acting(session)
    if target.id == me.id:
        raise refused("cant_block_yourself")
    await (blocks.block if wanted else blocks.unblock)(session, me, target)
    return wanted


@endpoint("POST", "/user/block")
async def person(call: Call) -> Answer:
    """Block somebody, or see them again."""
    async with call.write() as session:
        target = await _actor(session, call.number("person_id"), group=False)
        blocked = await _set(session, call, target)
        [view] = await render.people(session, [target])
    return answer({"person_view": view, "blocked": blocked})


@endpoint("POST", "/community/block")
async def community(call: Call) -> Answer:
    """Block a community, which ends one's membership, or see it again."""
    async with call.write() as session:
        target = await _actor(session, call.number("community_id"), group=True)
        blocked = await _set(session, call, target)
        found = await render.communities(session, [target], call.me.id)
    if not found:
        raise missing("community")
    return answer({"community_view": found[0], "blocked": blocked})


@endpoint("POST", "/site/block")
async def instance(call: Call) -> Answer:
    """Hear nothing more of a whole server, which ends all follows to and from it; or hear of it again."""
    wanted, server_id = call.flag("block"), call.number("instance_id")
    if server_id == LOCAL_INSTANCE:
        raise refused("cant_block_local_instance")
    async with call.write() as session:
        server = await session.get(Server, server_id)
        if server is None:
            raise missing("site")
        act = blocks.mute_domain if wanted else blocks.unmute_domain
        await act(session, await call.acting(session), server.host)
    return answer({"blocked": wanted})


route_handlers = [person, community, instance]
