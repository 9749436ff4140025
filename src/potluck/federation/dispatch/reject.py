"""Reject: our Follow is refused or ended, or our request to quote is."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.dispatch.accept import find_follow, references
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Known, Unauthorised, Unsupported
from potluck.federation.vocabulary import first_id, get, type_of
from potluck.social import follows
from potluck.social.model import Actor, Object
from potluck.social.quoting import set_state


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Find what was refused, and note it. NodeBB refuses activities of any type: that means nothing to us."""
    actor = await acting(session, inbound, known)
    inner = get(inbound.activity, "object")
    if type_of(inner) == "QuoteRequest":
        await _quote(session, inbound, known, actor)
        return
    if isinstance(inner, dict) and type_of(inner) not in ("Follow", None):
        raise Unsupported(f"Reject of {type_of(inner)}")
    row = await find_follow(session, inbound, known, actor)
    if row is None:
        raise Dropped(f"Reject of a Follow that nobody here sent: {inbound.object_uri}")
    await follows.reject(session, actor, await session.get_one(Actor, row.follower_id))


async def _quote(session: AsyncSession, inbound: Inbound, known: Known, actor: Actor) -> None:
    inner = get(inbound.activity, "object")
    quoting, quoted = known.object(first_id(get(inner, "instrument"))), known.object(first_id(get(inner, "object")))
    if quoting is None or quoted is None or not quoting.local:
        raise Dropped("Reject of a quote that nobody here made")
    if quoted.author_id != actor.id:
        raise Unauthorised(f"{actor.uri} did not write {quoted.uri}")
    row = await session.get_one(Object, quoting.id)
    if row.quote_id == quoted.id:
        await set_state(session, row.id, "rejected")


HANDLER = Handler(apply, references, once=False)
