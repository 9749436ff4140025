"""What an activity type's module offers the engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.inbound import Dropped, Inbound, Known, References, Unauthorised
from potluck.federation.urls import same_host
from potluck.social.model import Actor

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation


def _names_object(inbound: Inbound, wanted: References) -> None:
    wanted.add(objects=[inbound.object_uri])


def _never(_inbound: Inbound, _known: Known) -> bool:
    return False


async def _nothing(_federation: Federation, _inbound: Inbound) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Handler:
    """How one type of activity is dealt with.

    Attributes:
        apply: does it, within a transaction (raises `Dropped` or `SocialError` before it writes anything).
        references: adds the uris it must know of.
        needs_fetch: whether something must be fetched before; then it goes through `prepare` first, outside of
            any transaction, and is looked up again.
        prepare: fetches.
        once: an activity with the same id is passed over. Not for those that may recur under one id
            (protocol §6: Follow, Undo, Accept).
    """

    apply: Callable[[AsyncSession, Inbound, Known], Awaitable[None]]
    references: Callable[[Inbound, References], None] = _names_object
    needs_fetch: Callable[[Inbound, Known], bool] = _never
    prepare: Callable[[Federation, Inbound], Awaitable[None]] = _nothing
    once: bool = True


async def acting(session: AsyncSession, inbound: Inbound, known: Known) -> Actor:
    """The row of who acts.

    Raises:
        Dropped: not known, suspended or gone.
    """
    ref = known.actor(inbound.actor_uri)
    row = await session.get(Actor, ref.id) if ref else None
    if row is None:
        raise Dropped(f"{inbound.actor_uri} is unknown, suspended or gone")
    return row


def check_origin(inbound: Inbound) -> None:
    """An activity's id must be on its actor's host (protocol §7).

    Raises:
        Unauthorised: it is not.
    """
    uri = inbound.uri
    if uri is not None and uri.startswith("http") and not same_host(uri, inbound.actor_uri):
        raise Unauthorised(f"activity {uri} is not on the host of {inbound.actor_uri}")
