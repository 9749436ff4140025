"""`potluck web`: the web process, Granian serving the application inside our own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
from functools import cache
from typing import Any

import structlog
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from granian.server.mp import MPServer
from litestar.types import ASGIApp

from potluck import stopping
from potluck.settings import Settings
from potluck.setup_link import announce_address

log = structlog.get_logger(__name__)

_BACKLOG = 2048
_KILL_SECONDS = 10
"""What several workers still answer may take so long."""


class _Workers(MPServer):
    """Several workers, told that they are to stop before Granian tells them: then they only wait."""

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """As the server's own."""
        for worker in multiprocessing.active_children():
            if worker.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, stopping.SIGNAL)
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]


@cache
def application(settings: Settings) -> ASGIApp:
    """The application, made once; before the fork where there is one, so that making it touches no page anew."""
    from potluck.server import create_app

    return create_app(settings)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    host, _, port = settings.bind.rpartition(":")
    if settings.web_workers > 1:
        _run_workers(settings, host, int(port))
        return
    import uvloop

    uvloop.run(_serve(settings, host, int(port)))


def _run_workers(settings: Settings, host: str, port: int) -> None:
    """Several worker processes behind one socket; each builds its own application."""
    server = _Workers("potluck.server:application", address=host, port=port, interface=Interfaces.ASGI,
                      factory=True, workers=settings.web_workers, backlog=_BACKLOG, log_level=LogLevels.warn,
                      respawn_failed_workers=True, workers_kill_timeout=_KILL_SECONDS)
    server.serve()


async def _serve(settings: Settings, host: str, port: int) -> None:
    server = Server(application(settings), address=host, port=port, interface=Interfaces.ASGI, backlog=_BACKLOG,
                    log_enabled=False)
    loop = asyncio.get_running_loop()
    with stopping.doing(server.stop):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.begin)
        serving = asyncio.create_task(server.serve())
        telling = asyncio.create_task(announce_address(settings, sys.stdout))
        await serving
        telling.cancel()
    log.info("web_stopped")
