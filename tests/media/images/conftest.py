"""One sandbox for all tests of pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from potluck.media import images
from potluck.media.sandbox.client import Sandbox
from potluck.settings import Settings

Make = Callable[..., AbstractAsyncContextManager[images.Made]]


@pytest.fixture(scope="session")
def picture_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("work"))
    yield sandbox
    sandbox.close()


@pytest.fixture
def make(picture_sandbox: Sandbox) -> Make:
    """Makes the files of a picture as an upload of some purpose would."""

    @asynccontextmanager
    async def run(data: bytes | Path, purpose: str = "attachment", focus: tuple[float, float] | None = None,
                  settings: Settings | None = None) -> AsyncIterator[images.Made]:
        settings = settings or Settings()
        async with picture_sandbox.run(images.TASK, inputs={images.INPUT: data}, limits=images.limits(settings),
                                       params=images.params(settings, purpose, focus)) as outcome:
            yield images.read(outcome.result, outcome.folder)

    return run
