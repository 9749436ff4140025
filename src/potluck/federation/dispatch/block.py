"""Block: somebody elsewhere wants nothing to do with somebody here."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.dispatch import moderation
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Known, References
from potluck.social import blocks
from potluck.social.model import Actor


def references(inbound: Inbound, wanted: References) -> None:
    """The blocked one, and the community they are banned from."""
    moderation.references(inbound, wanted)


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Record it. With a `target` it is a ban from a community or server, as Lemmy sends it (protocol §13)."""
    if inbound.target_uri is not None:
        await moderation.ban(session, inbound, known)
        return
    target = known.actor(inbound.object_uri)
    if target is None or not target.is_local:
        raise Dropped(f"{inbound.object_uri} is nobody here")
    blocker = await acting(session, inbound, known)
    await blocks.block(session, blocker, await session.get_one(Actor, target.id), uri=inbound.uri)


HANDLER = Handler(apply, references, once=False)
