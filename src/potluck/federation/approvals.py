"""Approvals of replies and boosts, as GoToSocial gives them (protocol §14).

What needs approval goes to the author of its target alone; when an approval is there, and fits both ends, it is sent
to everybody, with `approvedBy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.inbound import Budget, Dropped
from potluck.federation.urls import same_host
from potluck.federation.vocabulary import Document, first_id, get, type_of
from potluck.social import events, objects
from potluck.social.model import Actor, Announce, Object

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

TYPES = frozenset({
    "ReplyApproval", "LikeApproval", "AnnounceApproval", "ReplyAuthorization", "LikeAuthorization",
    "AnnounceAuthorization",
})


async def take(federation: Federation, uri: str, stamp: str) -> None:
    """Look at an approval of our reply or boost `uri`; if it holds, tell everybody.

    Raises:
        FederationError: it cannot be had, or does not fit.
    """
    document = await federation.fetch_document(stamp, Budget())
    async with federation.db.write() as session:
        reply = await objects.by_uri(session, uri)
        boost = await session.scalar(select(Announce).where(Announce.uri == uri)) if reply is None else None
        target_id = reply.in_reply_to_id if reply is not None else boost.object_id if boost is not None else None
        target = await session.get(Object, target_id) if target_id else None
        author = await session.get(Actor, target.author_id) if target is not None else None
        if target is None or author is None or not fits(document, stamp, uri, target, author):
            raise Dropped(f"the approval {stamp} does not fit {uri}")
        if reply is not None and reply.local and reply.deleted_at is None:
            await _reply(session, reply, stamp)
        elif boost is not None:
            booster = await session.get_one(Actor, boost.actor_id)
            await events.emit(session, events.BoostApproved(boost, booster, target, author, stamp))


async def _reply(session: AsyncSession, reply: Object, stamp: str) -> None:
    if reply.approved_by_uri == stamp:
        return
    reply.approved_by_uri = stamp
    reply.version += 1
    await session.flush()
    await events.emit(session, events.ReplyApproved(reply))


def fits(document: Document, stamp: str, uri: str, target: Object, author: Actor) -> bool:
    """Whether an approval is by the author of the target, for just this act."""
    return (same_host(stamp, author.uri) and type_of(document) in TYPES and document.get("id") == stamp
            and first_id(get(document, "attributedTo")) == author.uri
            and first_id(get(document, "interactingObject")) == uri
            and first_id(get(document, "interactionTarget")) == target.uri)
