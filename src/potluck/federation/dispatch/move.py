"""Move: somebody moved to another account; their followers here follow it there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Known, References, Unauthorised
from potluck.social import actors, follows
from potluck.social.errors import SocialError
from potluck.social.model import Actor, Follow

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

COOLDOWN = timedelta(days=7)
"""Time between two moves of one account that take followers along (as Mastodon)."""


def references(inbound: Inbound, wanted: References) -> None:
    """The new account."""
    wanted.add(actors=[inbound.target_uri])


def needs_fetch(inbound: Inbound, _known: Known) -> bool:
    """Always: both accounts must be read afresh, as their documents are the proof."""
    return not inbound.prepared


async def prepare(federation: Federation, inbound: Inbound) -> None:
    """Fetch both accounts afresh."""
    if inbound.object_uri != inbound.actor_uri:
        raise Unauthorised("a Move of somebody else's account")
    if inbound.target_uri is None:
        raise Dropped("a Move without target")
    await federation.actor_by_uri(inbound.actor_uri, refresh=True, budget=inbound.budget)
    await federation.actor_by_uri(inbound.target_uri, refresh=True, budget=inbound.budget)


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Check both ends (protocol §13), note it, and let followers here follow."""
    mover = await acting(session, inbound, known)
    target_ref = known.actor(inbound.target_uri)
    target = await session.get(Actor, target_ref.id) if target_ref else None
    if inbound.object_uri != mover.uri or target is None or target.id == mover.id:
        raise Dropped("a Move whose ends are not known")
    if mover.uri not in target.also_known_as:
        raise Unauthorised(f"{target.uri} does not say that it is also {mover.uri}")
    if mover.moved_to_uri != target.uri:
        raise Unauthorised(f"{mover.uri} does not say that it moved to {target.uri}")
    if mover.moved_at is not None and now() - mover.moved_at < COOLDOWN:
        raise Dropped(f"{mover.uri} moved less than a week ago")
    await actors.mark_moved(session, mover, target)
    await take_followers_along(session, mover, target)


async def take_followers_along(session: AsyncSession, mover: Actor, target: Actor) -> None:
    """Local followers of the old account follow the new one."""
    followers = (await session.scalars(
        select(Actor).join(Follow, Follow.follower_id == Actor.id).where(
            Follow.followed_id == mover.id, Actor.host == "", Actor.id != target.id))).all()
    for follower in followers:
        try:
            await follows.follow(session, follower, target)
        except SocialError:
            continue  # blocked there: this follower stays behind
        await follows.unfollow(session, follower, mover)


HANDLER = Handler(apply, references, needs_fetch, prepare)
