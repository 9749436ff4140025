"""Relays this server subscribes to (FEP-ae0c): Mastodon style by an inbox, LitePub style by an actor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.federation import activities, outgoing, servers
from potluck.federation.errors import InvalidUri
from potluck.federation.model import Relay
from potluck.federation.urls import check_uri, host_of
from potluck.settings import current
from potluck.social import actors
from potluck.social.addresses import activity_uri
from potluck.social.errors import Conflict, Invalid, NotFound
from potluck.social.model import Actor

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation


async def subscribe(federation: Federation, address: str) -> Relay:
    """Subscribe to a relay by its inbox (`…/inbox`) or its actor.

    Raises:
        Invalid: not an address of a relay. Conflict: subscribed to already.
        FederationError: its actor cannot be had.
    """
    try:
        uri = check_uri(address.strip(), allow_http=bool(current().allow_private))
    except InvalidUri as error:
        raise Invalid("address", "This is not the address of a relay") from error
    actor = None if uri.endswith("/inbox") else await federation.actor_by_uri(uri)
    inbox = actor.inbox if actor is not None else uri
    if inbox is None:
        raise Invalid("address", "This is not the address of a relay")
    async with federation.db.write() as session:
        return await _subscribe(session, inbox, actor)


async def _subscribe(session: AsyncSession, inbox: str, actor: Actor | None) -> Relay:
    if await session.scalar(select(Relay.id).where(Relay.inbox == inbox)) is not None:
        raise Conflict("This relay is subscribed to already")
    host = host_of(inbox)
    known, _ = await servers.ensure(session, [host])
    server_id = known[host]
    relay_id = ids.new()
    relay = Relay(id=relay_id, server_id=server_id, inbox=inbox, actor_uri=actor.uri if actor else None,
                  follow_uri=activity_uri(relay_id), state="pending", created_at=now())
    session.add(relay)
    await session.flush()
    instance = await actors.instance_actor(session)
    follow = activities.relay_follow(relay.follow_uri, instance, relay.actor_uri)
    await outgoing.send_to(session, instance, follow, [(host, inbox)])
    return relay


async def unsubscribe(session: AsyncSession, relay_id: int) -> None:
    """End a subscription.

    Raises:
        NotFound: there is none.
    """
    relay = await session.get(Relay, relay_id)
    if relay is None:
        raise NotFound
    instance = await actors.instance_actor(session)
    follow = activities.relay_follow(relay.follow_uri, instance, relay.actor_uri)
    await outgoing.send_to(session, instance, activities.undo(follow, instance), [(host_of(relay.inbox), relay.inbox)])
    await session.execute(delete(Relay).where(Relay.id == relay_id))


async def listed(session: AsyncSession) -> list[Relay]:
    """All relays, oldest first."""
    return list((await session.scalars(select(Relay).order_by(Relay.id))).all())

