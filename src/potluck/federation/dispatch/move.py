"""Move: somebody moved to another account; their followers here follow it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Known, References, Unauthorised
from potluck.social import moving
from potluck.social.model import Actor

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

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
    await moving.mark_moved(session, mover, target)


HANDLER = Handler(apply, references, needs_fetch, prepare)
