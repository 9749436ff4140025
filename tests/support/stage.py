"""Servers for tests that are not coroutines themselves: an event loop in a thread of its own, and what runs on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from support.servers import Server, server

T = TypeVar("T")

_SECONDS = 120


class Stage:
    """A loop, and servers that end with it. Use it as a context."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.stack = AsyncExitStack()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)

    def server(self, *, demo: bool = False, port: int = 0, migrated: bool = True, **settings: str) -> Server:
        """Start a server, with the demonstration's cast and posts if wanted.

        Args:
            demo: whether to fill it.
            port: where it listens; a free one if 0.
            migrated: whether its database has its tables already.
            settings: as for `support.servers.server`; `url` becomes the server's own address.
        """
        made = self.run(self.stack.enter_async_context(server(port=port, migrated=migrated, **settings)))
        made.url = settings.get("url", made.url)
        if demo:
            self.run(made.command("demo"))
        return made

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.run(self.stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
