"""Delete: an object, an account or a permission is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import outgoing
from potluck.federation.dispatch import moderation
from potluck.federation.dispatch.create import has_portable_signature
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import ActorRef, Dropped, Inbound, Known, ObjectRef, Unauthorised
from potluck.federation.outgoing import Audience
from potluck.federation.urls import same_host
from potluck.federation.vocabulary import get
from potluck.social import events, leaving, objects
from potluck.social.communities import withdrawing
from potluck.social.model import Actor, Object, Server
from potluck.social.quoting import set_state
from potluck.social.storing import remember_deleted
from potluck.social.visibility import OPEN

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

_OBJECT: Any = Object.__table__
_CAN_UNDO = frozenset({"lemmy", "piefed", "mbin", "potluck"})


def needs_fetch(inbound: Inbound, known: Known) -> bool:
    """Whether its own host must be asked: a Delete passed on by somebody else, without proof (protocol §6)."""
    return (not inbound.prepared and not inbound.trusted and inbound.object_uri in known.objects
            and not moderation.is_removal(inbound, known))


async def prepare(federation: Federation, inbound: Inbound) -> None:
    """Without proof by its actor ask the object's host; 404, 410 or a Tombstone confirm the deletion."""
    inbound.trusted = inbound.trusted or await federation.is_gone(inbound.require_object(), inbound.budget)


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Delete what may be deleted; of what is not here keep the id, so that a late Create does not bring it."""
    uri = inbound.require_object()
    if moderation.is_removal(inbound, known) and not _is_of_same_host(inbound, known):
        await moderation.remove(session, inbound, known)
        return
    if not inbound.trusted:
        raise Unauthorised(f"a Delete of {uri} that nobody vouches for")
    if uri == inbound.actor_uri:
        await _account(session, known.actors.get(uri))
        return
    present = known.objects.get(uri)
    if present is not None:
        await _object(session, inbound, known, present)
    elif not await _stamp(session, inbound, known, uri):
        if not same_host(uri, inbound.actor_uri):
            raise Unauthorised(f"{uri} is not on the host of {inbound.actor_uri}")
        if uri not in known.tombstones:
            await remember_deleted(session, uri, None, local=False)


async def _account(session: AsyncSession, ref: ActorRef | None) -> None:
    """Somebody leaves, or the server that suspended them deletes what was theirs."""
    actor = await session.get(Actor, ref.id) if ref is not None and not ref.deleted else None
    if actor is None:
        raise Dropped("the account is unknown or gone already")
    await leaving.delete_remote(session, actor)


def _is_of_same_host(inbound: Inbound, known: Known) -> bool:
    """Whether a server deletes what its own people said, in a community of another server."""
    present = known.object(inbound.object_uri)
    owner = known.by_id.get(present.author_id) if present is not None else None
    return (inbound.trusted and owner is not None and same_host(owner.uri, inbound.actor_uri)
            and get(inbound.activity, "summary") is None)


async def _object(session: AsyncSession, inbound: Inbound, known: Known, present: ObjectRef) -> None:
    if present.deleted:
        return
    owner = known.by_id[present.author_id]
    if present.local or not (owner.uri == inbound.actor_uri or same_host(owner.uri, inbound.actor_uri)):
        raise Unauthorised(f"{inbound.actor_uri} may not delete {present.uri}")
    by = await acting(session, inbound, known)
    await _forward(session, inbound, present)
    row = await session.get_one(Object, present.id)
    author = await session.get_one(Actor, present.author_id)
    if await _may_come_back(session, row, author):
        await withdrawing.withdraw(session, author, row.id)
    elif row.state != withdrawing.WITHDRAWN:
        await objects.delete(session, present.id, by)


async def _may_come_back(session: AsyncSession, row: Object, author: Actor) -> bool:
    """Whether the author's own server knows how to undo the deletion of something in a community."""
    if not withdrawing.can_be_put_back(row) or author.server_id is None:
        return False
    software = await session.scalar(select(Server.software).where(Server.id == author.server_id))
    return (software or "").lower() in _CAN_UNDO


async def _forward(session: AsyncSession, inbound: Inbound, present: ObjectRef) -> None:
    """The followers of the local author it answered got it through us, so they hear of its end through us."""
    if present.in_reply_to_id is None or present.visibility not in OPEN or not has_portable_signature(inbound):
        return
    parent = await session.get(Object, present.in_reply_to_id)
    owner = await session.get(Actor, parent.author_id) if parent is not None and parent.local else None
    if owner is not None:
        await outgoing.forward(session, owner, inbound.activity,
                               Audience(followers_of=[owner.id], without_host=inbound.host), body=inbound.body)


async def _stamp(session: AsyncSession, inbound: Inbound, known: Known, uri: str) -> bool:
    """The withdrawal of a permission to quote, by the quoted author (FEP-044f)."""
    rows = (await session.execute(select(_OBJECT.c.id, _OBJECT.c.quote_id).where(
        _OBJECT.c.quote_authorization_uri == uri).limit(10))).all()
    if not rows:
        return False
    author = known.actor(inbound.actor_uri)
    for row in rows:
        quoted = await session.get(Object, row.quote_id) if row.quote_id else None
        if author is None or quoted is None or quoted.author_id != author.id:
            raise Unauthorised(f"{inbound.actor_uri} did not give the permission {uri}")
        quoting = await set_state(session, row.id, "revoked")
        if quoting.local:  # those who have the quote learn of it by an Update without the stamp
            quoter = await session.get_one(Actor, quoting.author_id)
            await events.emit(session, events.ObjectEdited(quoting, quoter, silent=True))
    return True


HANDLER = Handler(apply, needs_fetch=needs_fetch, prepare=prepare)
