"""Host names to addresses, each checked before anything connects to it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from potluck.federation.addresses import AddressPolicy

Lookup = Callable[[str], list[str]]
"""A blocking function: host -> addresses as text. Raises OSError."""

_FLAGS = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class AddressRefused(Exception):
    """The host has no address that may be reached.

    Not an OSError, which the connector would take for a failed try.
    """


def system_lookup(host: str) -> list[str]:
    """The addresses of a host by the system's resolver, in its order of preference."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [str(address[0]) for *_, address in found]


class CheckedResolver(AbstractResolver):
    """Resolves in threads of its own and keeps checked answers for a short time.

    Args:
        policy: judges every address; refused ones are left out.
        lookup: how to resolve.
        timeout: seconds a caller waits for an answer.
        ttl: seconds an answer is kept; the system resolver does not tell the record's own.
        negative_ttl: seconds a failure is kept.
        capacity: most hosts kept.
        threads: lookups at once; dead name servers hold a thread for long.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        lookup: Lookup = system_lookup,
        *,
        timeout: float = 5.0,
        ttl: float = 60.0,
        negative_ttl: float = 15.0,
        capacity: int = 4096,
        threads: int = 24,
    ) -> None:
        self._policy = policy
        self._lookup = lookup
        self._timeout = timeout
        self._ttl = ttl
        self._negative_ttl = negative_ttl
        self._capacity = capacity
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="resolver")
        self._known: OrderedDict[str, tuple[float, list[str] | Exception]] = OrderedDict()
        self._running: dict[str, asyncio.Future[list[str]]] = {}

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - the interface names it
    ) -> list[ResolveResult]:
        """The permitted addresses of a host, for the connector.

        Raises:
            AddressRefused: it has addresses, but none that may be reached.
            OSError: it does not resolve, or not in time.
        """
        return [_result(host, address, port) for address in await self.addresses(host)]

    async def addresses(self, host: str) -> list[str]:
        """The permitted addresses of a host as text; raises as `resolve`."""
        known = self._known.get(host)
        if known is not None and known[0] > time.monotonic():
            self._known.move_to_end(host)
            if isinstance(known[1], Exception):
                raise known[1]
            return known[1]
        try:
            async with asyncio.timeout(self._timeout):
                # Shielded: others may be waiting for the same lookup.
                return await asyncio.shield(self._start(host))
        except TimeoutError as error:
            raise OSError(f"{host} did not resolve within {self._timeout:g} s") from error

    def _start(self, host: str) -> asyncio.Future[list[str]]:
        running = self._running.get(host)
        if running is None:
            running = asyncio.ensure_future(self._look_up(host))
            running.add_done_callback(lambda done: self._finished(host, done))
            self._running[host] = running
        return running

    async def _look_up(self, host: str) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._pool, self._lookup, host)
        permitted = [address for address in dict.fromkeys(found) if self._policy.permits(address)]
        if not permitted:
            raise AddressRefused(f"{host} has no address that may be reached")
        return permitted

    def _finished(self, host: str, done: asyncio.Future[list[str]]) -> None:
        self._running.pop(host, None)
        if done.cancelled():
            return
        error = done.exception()
        if error is not None and not isinstance(error, (OSError, UnicodeError, AddressRefused)):
            return
        ttl = self._ttl if error is None else self._negative_ttl
        answer: list[str] | Exception = done.result() if error is None else error
        self._known[host] = (time.monotonic() + ttl, answer)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)

    async def close(self) -> None:
        """Let running lookups end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=_FLAGS)


def checked_socket(policy: AddressPolicy) -> Callable[[AddrInfoType], socket.socket]:
    """A socket factory that looks at the very address about to be connected: the wall behind the others."""

    def make(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not policy.permits(str(address[0])):
            raise AddressRefused(f"{address[0]} may not be reached")
        return socket.socket(family, kind, protocol)

    return make
