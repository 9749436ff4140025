"""What the site needs from rooms it may not import: the assembled server plugs them in as `app.state.web_ports`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.model import Actor, Object
from potluck.web.types import AnyRequest


class Resolver(Protocol):
    """The part of `potluck.federation.resolver.Federation` that pages use."""

    async def resolve(self, text: str, viewer: Actor | None = None) -> Actor | Object | None:
        """What an address (`@name@host`) or URL stands for, fetched if it is not known yet."""

    async def actor_by_uri(self, uri: str, *, refresh: bool = False) -> Actor | None:
        """The actor with this id, fetched if need be, or with `refresh` in any case."""

    async def actor_by_handle(self, handle: str) -> Actor | None:
        """The actor with this `name@host`, fetched if need be."""


class ParkedItem(Protocol):
    """An inbox item that could not be processed."""

    id: Any
    host: Any
    signer_uri: Any
    error: Any
    attempts: Any
    received_at: Any


class HostBacklog(Protocol):
    """What waits for one host: deliveries to come, those given up, and the last error."""

    @property
    def host(self) -> str:
        """Its name."""
    @property
    def waiting(self) -> int:
        """Deliveries to come."""
    @property
    def failed(self) -> int:
        """Deliveries given up."""
    @property
    def next_at(self) -> datetime | None:
        """When one is tried next."""
    @property
    def error(self) -> str:
        """What went wrong last."""


class QueueState(Protocol):
    """How the queues stand."""

    @property
    def inbox_waiting(self) -> int:
        """Items to be processed."""
    @property
    def inbox_parked(self) -> int:
        """Items that failed."""
    @property
    def inbox_oldest(self) -> datetime | None:
        """When the oldest waiting item came."""
    @property
    def deliveries_waiting(self) -> int:
        """Deliveries to come."""
    @property
    def deliveries_failed(self) -> int:
        """Deliveries given up."""
    @property
    def fetches_waiting(self) -> int:
        """Things to be fetched."""


class Queues(Protocol):
    """The engine's queues as the administrator sees them (`potluck.federation.queues`)."""

    async def state(self, session: AsyncSession) -> QueueState:
        """All counts."""

    async def parked(self, session: AsyncSession, limit: int = 40) -> Sequence[ParkedItem]:
        """Inbox items that failed, newest first."""

    async def backlog(self, session: AsyncSession, limit: int = 100) -> Sequence[HostBacklog]:
        """Hosts with deliveries that failed or were tried in vain, most first."""

    async def retry_item(self, session: AsyncSession, item_id: int | None) -> None:
        """Process a parked item again; all of them for None."""

    async def drop_item(self, session: AsyncSession, item_id: int) -> None:
        """Forget a parked item."""

    async def retry_host(self, session: AsyncSession, host: str) -> None:
        """Try everything for a host again now, whatever its circuit breaker says."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the server plugs in.

    Attributes:
        wants_activity: whether a request asks for ActivityPub rather than for a page.
        queues: the engine's queues.
        write_actor: the ActivityPub document of a local actor, for the export of one's data.
        unreachable: what the resolver raises when another server cannot be asked.
    """

    wants_activity: Callable[[AnyRequest], bool]
    queues: Queues
    write_actor: Callable[[Actor], dict[str, Any]]
    unreachable: type[Exception]


def ports(request: AnyRequest) -> Ports:
    """The ports of the running server."""
    found: Ports = request.app.state.web_ports
    return found


def resolver(request: AnyRequest) -> Resolver:
    """The federation of the running server."""
    found: Resolver = request.app.state.federation
    return found
