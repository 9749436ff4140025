"""Where a call reads from: prepared statements by themselves, and one session opened when something else is asked."""

from __future__ import annotations

from contextlib import AsyncExitStack

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database


class Source:
    """The database as one call or one batch of live events reads it. Use as an async context manager, or `close` it."""

    __slots__ = ("_session", "_stack", "db")

    def __init__(self, db: Database) -> None:
        self.db = db
        self._stack: AsyncExitStack | None = None
        self._session: AsyncSession | None = None

    async def session(self) -> AsyncSession:
        """The session for reading; the same one until `close`."""
        if self._session is None:
            self._stack = AsyncExitStack()
            self._session = await self._stack.enter_async_context(self.db.read())
        return self._session

    async def close(self) -> None:
        """Give the session back; the next one sees what was written since."""
        stack, self._stack, self._session = self._stack, None, None
        if stack is not None:
            await stack.aclose()

    async def __aenter__(self) -> Source:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
