"""Draws pictures of other servers anew, in the sandbox: what is shown of them are pixels, in sizes that fit our pages.

A fetched picture may be built to break whatever opens it. No browser of our readers, and no process that knows
anything, ever opens it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from potluck.media import images, sandbox
from potluck.media.addresses import FULL, SMALL, STILL
from potluck.media.remote_source import RemoteFailure
from potluck.media.sandbox import Crashed, SandboxError
from potluck.media.tasks.wanted import Wanted
from potluck.settings import Settings

_AT_ONCE = 2
_WANTED = (Wanted(FULL, 2560, 2560, "webp"), Wanted(SMALL, 640, 640, "webp"),
           Wanted(STILL, 640, 640, "webp", still=True))


class Drawn(dict[str, tuple[Path, str]]):
    """The variants of a picture: name -> file and media type.

    Attributes:
        blurhash: what is shown until one of them is there.
    """

    blurhash: str = ""


class Pictures:
    """Prepares pictures for the cache, a few at once."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._slots = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def prepare(self, path: Path) -> AsyncIterator[Drawn]:
        """The variants of a fetched picture, as files that are gone when the block ends.

        Raises:
            RemoteFailure: the bytes are no good, or it could not be done just now.
        """
        settings = self._settings()
        params = {**images.params(settings), "wanted": [asdict(one) for one in _WANTED]}
        async with self._slots:
            running = sandbox.run(images.TASK, inputs={images.INPUT: path}, params=params,
                                  limits=images.limits(settings))
            try:
                outcome = await running.__aenter__()
            except SandboxError as error:
                raise RemoteFailure(f"it cannot be drawn: {type(error).__name__}: {error}",
                                    permanent=error.permanent) from error
            try:
                yield await _files(outcome.result, outcome.folder)
            finally:
                await running.__aexit__(None, None, None)


async def _files(result: object, folder: Path) -> Drawn:
    try:
        made = await asyncio.to_thread(images.read, result, folder)
    except Crashed as error:
        raise RemoteFailure(f"it cannot be drawn: {error}", permanent=True) from error
    drawn = Drawn({name: (file.path, file.media_type) for name, file in made.files.items()})
    drawn.blurhash = made.blurhash
    return drawn
