"""Accept: of our Follow, of our subscription to a relay, or of a request to quote, answer or boost."""

from __future__ import annotations

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import fetch_jobs
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Known, References, Unauthorised, Unsupported
from potluck.federation.model import Relay
from potluck.federation.urls import same_host
from potluck.federation.vocabulary import first_id, get, type_of
from potluck.social import follows
from potluck.social.model import Actor, Announce, Follow

_REQUESTS = frozenset({"QuoteRequest", "ReplyRequest", "LikeRequest", "AnnounceRequest"})


def references(inbound: Inbound, wanted: References) -> None:
    """Who asked, whom; and for requests both ends."""
    inner = get(inbound.activity, "object")
    if isinstance(inner, dict):
        wanted.add(actors=[first_id(get(inner, "actor")), first_id(get(inner, "object"))],
                   objects=[first_id(get(inner, "object")), first_id(get(inner, "instrument"))])
    wanted.add(objects=[inbound.object_uri])


async def find_follow(session: AsyncSession, inbound: Inbound, known: Known, followed: Actor) -> Follow | None:
    """The Follow an Accept or Reject is about: by its id, else by both ends. It must be of `followed`."""
    inner = get(inbound.activity, "object")
    uri = first_id(inner)
    follower = known.actor(first_id(get(inner, "actor"))) if isinstance(inner, dict) else None
    own_id = int(tail) if uri and (tail := uri.rsplit("/", 1)[-1]).isdecimal() and len(tail) < 19 else None
    conditions = [Follow.uri == uri] if uri else []
    if own_id is not None:
        conditions.append(Follow.id == own_id)
    if follower is not None:
        conditions.append(Follow.follower_id == follower.id)
    if not conditions:
        return None
    found: Follow | None = await session.scalar(
        select(Follow).where(Follow.followed_id == followed.id, or_(*conditions)).order_by(Follow.id.desc()))
    return found


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Find what was accepted, and note it."""
    actor = await acting(session, inbound, known)
    inner = get(inbound.activity, "object")
    if type_of(inner) in _REQUESTS or get(inbound.activity, "result"):
        await _approved(session, inbound, known)
        return
    if await _relay(session, inbound):
        return
    if isinstance(inner, dict) and type_of(inner) not in ("Follow", None):
        raise Unsupported(f"Accept of {type_of(inner)}")
    row = await find_follow(session, inbound, known, actor)
    if row is None:
        raise Dropped(f"Accept of a Follow that nobody here sent: {inbound.object_uri}")
    follower = await session.get_one(Actor, row.follower_id)
    await follows.accept(session, actor, follower)


async def _relay(session: AsyncSession, inbound: Inbound) -> bool:
    found = await session.scalar(select(Relay).where(Relay.follow_uri == (inbound.object_uri or "")))
    if found is None:
        return False
    if not same_host(found.inbox, inbound.actor_uri):
        raise Unauthorised(f"{inbound.actor_uri} is not the relay at {found.inbox}")
    await session.execute(update(Relay).where(Relay.id == found.id).values(
        state="accepted", actor_uri=inbound.actor_uri))
    return True


async def _approved(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """An approval came: it is fetched and both ends are checked in the background before it counts."""
    inner, result = get(inbound.activity, "object"), first_id(get(inbound.activity, "result"))
    if result is None or not same_host(result, inbound.actor_uri):
        raise Dropped("Accept of a request without a usable result")
    instrument = first_id(get(inner, "instrument")) if type_of(inner) in _REQUESTS else first_id(inner)
    ours = known.object(instrument)
    if instrument is None or not (ours.local if ours is not None else await _is_our_boost(session, instrument)):
        raise Dropped(f"{instrument} is nothing of ours")
    purpose = "quote" if type_of(inner) == "QuoteRequest" else "approval"
    await fetch_jobs.add(session, purpose, instrument, {"stamp": result})


async def _is_our_boost(session: AsyncSession, uri: str) -> bool:
    found = await session.scalar(select(Announce.id).join(Actor, Actor.id == Announce.actor_id).where(
        Announce.uri == uri, Actor.host == ""))
    return found is not None


HANDLER = Handler(apply, references, once=False)
