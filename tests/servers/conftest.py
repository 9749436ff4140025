"""Three servers that live as long as a module's tests: the second one on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio

from support import postgres
from support.servers import Person, Server, server


@dataclass(frozen=True, slots=True)
class Servers:
    """Three servers that know nothing of each other at first."""

    one: Server
    two: Server
    three: Server
    people: Iterator[tuple[Person, Person, Person]]

    async def cast(self) -> tuple[Person, Person, Person]:
        """Alice on one, Bob on two, Carol on three: new people, so that tests do not meet each other's."""
        return next(self.people)


@asynccontextmanager
async def three_servers(postgres_server: postgres.Server, casts: int) -> AsyncIterator[Servers]:
    """Three servers with so many casts of people."""
    name = postgres_server.create()
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(server(url)) for url in ("", postgres_server.url(name), "")]
        people = await asyncio.gather(*(place.people(*(f"{who}{number}" for number in range(1, casts + 1)))
                                        for place, who in zip(started, ("alice", "bob", "carol"), strict=True)))
        yield Servers(*started, zip(*people, strict=True))
    postgres_server.drop(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(request: pytest.FixtureRequest, postgres_server: postgres.Server) -> AsyncIterator[Servers]:
    """The three servers, with a cast for each of the module's tests."""
    casts = sum(isinstance(test, pytest.Function) and test.module is request.module and "servers" in test.fixturenames
                for test in request.session.items)
    async with three_servers(postgres_server, casts) as made:
        yield made
