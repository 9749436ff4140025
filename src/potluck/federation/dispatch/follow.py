"""Follow: somebody elsewhere wants to follow somebody here.

Lotide sends a Join of a community beside its Follow, and a Leave beside its Undo; they say nothing more and are passed
over.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import activities, groups
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Known, References
from potluck.federation.outgoing import Audience, send
from potluck.social import follows
from potluck.social.errors import NotAllowed, SocialError
from potluck.social.model import Actor


def references(inbound: Inbound, wanted: References) -> None:
    """The one to be followed."""
    wanted.add(actors=[inbound.object_uri])


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Record the follow; one that was accepted before is accepted again (protocol §13)."""
    target = known.actor(inbound.object_uri)
    if target is None or not target.is_local:
        raise Dropped(f"{inbound.object_uri} is nobody here")
    follower = await acting(session, inbound, known)
    followed = await session.get_one(Actor, target.id)
    try:
        if groups.is_local_only(followed):
            raise NotAllowed("This community is only for people of its own server")
        await follows.follow(session, follower, followed, uri=inbound.uri)
    except SocialError:
        refused = {"id": inbound.uri, "type": "Follow", "actor": follower.uri, "object": followed.uri}
        await send(session, followed, activities.reject(refused, followed, follower),
                   Audience(actors={follower.id}, personal=True))


HANDLER = Handler(apply, references, once=False)
