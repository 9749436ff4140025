"""What people do with accounts: follow, block, mute, note, endorse, remove from followers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon import relationship
from potluck.apis.mastodon.accounts import actor_of
from potluck.apis.mastodon.endpoint import Answer, Call, endpoint
from potluck.social import account_notes, act_limits, blocks, endorsements, follows
from potluck.social.model import Actor
from potluck.switchboard import Endpoint

Act = Callable[[AsyncSession, Actor, Actor, Call], Awaitable[object]]


def _act(name: str, scope: str, act: Act, doc: str) -> Endpoint:
    """An endpoint that does one thing with an account and answers the relationship."""

    async def run(call: Call) -> Answer:
        async with call.write() as session:
            target = await actor_of(session, call.ident())
            await act(session, await call.acting(session), target, call)
        return await relationship.show(call, call.ident())

    run.__name__, run.__doc__ = name, doc
    return endpoint("POST", f"/api/v1/accounts/{{id:str}}/{name}", scope=scope)(run)


async def _follow(session: AsyncSession, me: Actor, target: Actor, call: Call) -> None:
    await act_limits.take(session, me, "follows")
    languages = [word for word in call.params.texts("languages") if word] if "languages" in call.params else None
    await follows.follow(session, me, target, show_boosts=call.params.optional_flag("reblogs"),
                         notify=call.params.optional_flag("notify"), languages=languages)


async def _mute(session: AsyncSession, me: Actor, target: Actor, call: Call) -> None:
    await blocks.mute(session, me, target, notifications=call.params.flag("notifications", True),
                      duration=max(0, call.params.whole("duration") or 0))


async def _note(session: AsyncSession, me: Actor, target: Actor, call: Call) -> None:
    await account_notes.set_note(session, me, target, call.params.text("comment"))


async def _unfollow(session: AsyncSession, me: Actor, target: Actor, _: Call) -> None:
    await follows.unfollow(session, me, target)


async def _remove_follower(session: AsyncSession, me: Actor, target: Actor, _: Call) -> None:
    await follows.reject(session, me, target)


async def _block(session: AsyncSession, me: Actor, target: Actor, _: Call) -> None:
    await blocks.block(session, me, target)


async def _unblock(session: AsyncSession, me: Actor, target: Actor, _: Call) -> None:
    await blocks.unblock(session, me, target)


async def _unmute(session: AsyncSession, me: Actor, target: Actor, _: Call) -> None:
    await blocks.unmute(session, me, target)


async def _endorse(session: AsyncSession, me: Actor, target: Actor, _: Call) -> None:
    await endorsements.endorse(session, me, target)


async def _unendorse(session: AsyncSession, me: Actor, target: Actor, _: Call) -> None:
    await endorsements.unendorse(session, me, target)


route_handlers = [
    _act("follow", "write:follows", _follow, "Follow, or change how one follows."),
    _act("unfollow", "write:follows", _unfollow, "Follow no longer, or take a request back."),
    _act("remove_from_followers", "write:follows", _remove_follower, "Have someone follow one no longer."),
    _act("block", "write:blocks", _block, "Block."),
    _act("unblock", "write:blocks", _unblock, "Lift a block."),
    _act("mute", "write:mutes", _mute, "Mute, perhaps for a time (seconds; 0 is for ever)."),
    _act("unmute", "write:mutes", _unmute, "Mute no longer."),
    _act("note", "write:accounts", _note, "Keep a private note; an empty one is removed."),
    _act("pin", "write:accounts", _endorse, "Show someone on one's profile (the older name)."),
    _act("unpin", "write:accounts", _unendorse, "Show someone no longer (the older name)."),
    _act("endorse", "write:accounts", _endorse, "Show someone on one's profile."),
    _act("unendorse", "write:accounts", _unendorse, "Show someone on one's profile no longer."),
]
