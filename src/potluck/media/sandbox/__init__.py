"""Walls round everything that decodes untrusted bytes: each job runs in a process of its own that can do nothing else.

    async with sandbox.run("images.describe", inputs={"image": path}) as outcome:
        outcome.result, outcome.folder

How it works, wall by wall, is told in docs/contributors/sandbox.md. This module is imported by the workers too:
what only the server needs (asyncio, settings) is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from potluck.media.sandbox.errors import Crashed, Exhausted, Refused, SandboxError, Unavailable
from potluck.media.sandbox.limits import MIB, Limits

if TYPE_CHECKING:
    from potluck.media.sandbox.client import Outcome, Sandbox

__all__ = ["MIB", "Crashed", "Exhausted", "Limits", "Refused", "SandboxError", "Unavailable", "of_process", "run"]

_sandboxes: dict[tuple[Path, int], Sandbox] = {}


def of_process() -> Sandbox:
    """The sandbox of this process, in the data folder of the settings in force."""
    from potluck.media.sandbox.client import PACKAGES, Sandbox
    from potluck.media.sandbox.forking import ForkServer
    from potluck.settings import current

    settings = current()
    key = (settings.data / "work", settings.memfd_noexec)
    if key not in _sandboxes:
        server = next((known.server for known in _sandboxes.values()), None) or ForkServer(PACKAGES)
        _sandboxes[key] = Sandbox(key[0], policy=key[1], server=server)
        _sandboxes[key].sweep()
    return _sandboxes[key]


def run(task: str, *, inputs: Mapping[str, Path | bytes], params: Mapping[str, Any] | None = None,
        limits: Limits | None = None, on_progress: Callable[[float], None] | None = None,
        ) -> AbstractAsyncContextManager[Outcome]:
    """Do one job in the sandbox of this process; see `Sandbox.run`."""
    return of_process().run(task, inputs=inputs, params=params, limits=limits, on_progress=on_progress)
