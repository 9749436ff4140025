"""Three servers that live as long as a module's tests: the second one on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count

import pytest_asyncio
from support import postgres
from support.servers import Person, Server, server

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Servers:
    """Three servers that know nothing of each other at first."""

    one: Server
    two: Server
    three: Server

    async def cast(self) -> tuple[Person, Person, Person]:
        """Alice on one, Bob on two, Carol on three: new people, so that tests do not meet each other's."""
        number = next(_numbers)
        return (await self.one.person(f"alice{number}"), await self.two.person(f"bob{number}"),
                await self.three.person(f"carol{number}"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(postgres_server: postgres.Server) -> AsyncIterator[Servers]:
    """The three servers."""
    name = postgres_server.create()
    async with AsyncExitStack() as stack:
        yield Servers(await stack.enter_async_context(server()),
                      await stack.enter_async_context(server(postgres_server.url(name))),
                      await stack.enter_async_context(server()))
    postgres_server.drop(name)
