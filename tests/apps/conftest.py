"""Two servers for all tests of this folder; apps reach the first through a recorder that notices every gap."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from apps.recorder import Recorder
from apps.visitor import Visitor
from support.servers import Person, Server, server

from potluck.demo.cast import PASSWORD

T = TypeVar("T")


class Backdrop:
    """The servers, and the event loop on which they and the recorder run.

    Attributes:
        here: with the demonstration's cast: alice, bob, eve (locked), dave, mia, mona.
        there: another server with Carol on it.
    """

    here: Server
    there: Server
    carol: Person

    def __init__(self) -> None:
        self.recorder = Recorder()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._stack = AsyncExitStack()

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 90) -> T:
        """Do something on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    @property
    def url(self) -> str:
        """Public base URL of the first server."""
        return self.recorder.url

    def authorize(self, url: str, name: str) -> str:
        """Let an app in as someone; returns the code that is shown."""
        async def work() -> str:
            async with Visitor() as visitor:
                return await visitor.code_shown(await visitor.asked_for_consent(url, name, PASSWORD))

        return self.run(work())

    async def _open(self) -> None:
        await self.recorder.start()
        self.here = await self._stack.enter_async_context(server(url=self.recorder.url))
        self.recorder.target, self.here.url = self.here.url, self.recorder.url
        await self.here.command("demo")
        self.there = await self._stack.enter_async_context(server())
        self.carol = await self.there.person("carol")

    async def _close(self) -> None:
        await self._stack.aclose()
        await self.recorder.stop()

    def __enter__(self) -> Backdrop:
        self._thread.start()
        self.run(self._open())
        return self

    def __exit__(self, *error: object) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="session")
def backdrop() -> Iterator[Backdrop]:
    """The two servers, started once."""
    with Backdrop() as made:
        yield made


@pytest.fixture(autouse=True)
def recorder(backdrop: Backdrop) -> Iterator[Recorder]:
    """Fails a test in which an app was told 400, 404, 422 or worse, unless the test said so."""
    backdrop.recorder.fresh()
    before = len(backdrop.here.log())
    yield backdrop.recorder
    troubles, unmet = backdrop.recorder.troubles(), backdrop.recorder.unmet()
    assert not troubles, "answers that look like gaps:\n" + "\n".join(
        [*map(str, troubles), backdrop.here.log()[before:][-6000:]])
    assert not unmet, f"expected, but did not happen: {unmet}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home folder for a program."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def environ(home: Path) -> dict[str, str]:
    """An environment that knows nothing of whoever runs the tests."""
    kept = {key: value for key, value in os.environ.items() if key in {"PATH", "LANG", "TMPDIR"}}
    return {**kept, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "PYTHONWARNINGS": "ignore",
            "PYTHONDONTWRITEBYTECODE": "1"}
