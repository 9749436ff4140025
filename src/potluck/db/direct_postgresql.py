"""Asks PostgreSQL through asyncpg itself, for short reads: one round trip each, without SQLAlchemy's way round.

A prepared SELECT by itself needs no transaction, no session and no result object, which cost several times what the
driver does. The connections are made by SQLAlchemy, so that the same settings hold, and are kept for these reads alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine


class DirectPostgreSQL:
    """A few connections that run one statement at a time.

    Args:
        url: SQLAlchemy's.
        size: most connections; who comes when all are busy waits in line.
    """

    def __init__(self, url: str, size: int) -> None:
        self._engine = create_async_engine(url, poolclass=NullPool)
        self._places = asyncio.Semaphore(size)
        self._idle: list[Any] = []  # asyncpg's connections

    async def fetch(self, text: str, values: Sequence[Any]) -> Sequence[Any]:
        """All rows of a SELECT. asyncpg keeps each text prepared.

        A connection that is found dead (the server was started again) is replaced once: a SELECT may be repeated.
        asyncpg calls it an internal error when the server's farewell is being read as the statement is sent.
        """
        import asyncpg  # loaded where the database is PostgreSQL

        try:
            return await self._fetch(text, values)
        except (asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError,
                asyncpg.OperatorInterventionError, OSError):
            self._drop_idle()
            return await self._fetch(text, values)

    async def _fetch(self, text: str, values: Sequence[Any]) -> Sequence[Any]:
        async with self._connection() as driver:
            rows: Sequence[Any] = await driver.fetch(text, *values)
            return rows

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        async with self._places:
            driver = self._idle.pop() if self._idle else await self._connect()
            try:
                yield driver
            except BaseException:
                # Cancelled or broken in the middle: nobody knows what it would answer next.
                driver.terminate()
                raise
            self._idle.append(driver)

    async def _connect(self) -> Any:
        connection = await self._engine.raw_connection()
        driver = connection.driver_connection
        connection.detach()  # SQLAlchemy has no more to do with it
        return driver

    def _drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for driver in idle:
            driver.terminate()

    async def close(self) -> None:
        """Close every connection."""
        idle, self._idle = self._idle, []
        for driver in idle:
            with contextlib.suppress(OSError):
                await driver.close()
        await self._engine.dispose()
