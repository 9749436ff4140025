"""`potluck serve`, `potluck web`, `potluck engine`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from potluck.settings import current

if TYPE_CHECKING:
    from potluck.processes.supervisor import Process

_LONGEST_PAUSE = 30
_YOUNG_OBJECTS = 10_000
"""So many new ones make the collector look; at Python's 700 it takes a twentieth of the CPU under load."""


@contextlib.contextmanager
def _no_certificates() -> Iterator[None]:
    """Hide the trusted certificates of the system, which OpenSSL looks for where these say."""
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, os.devnull))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _lean() -> Iterator[None]:
    """Load what a process lives on, quickly and without what it never uses.

    structlog loads rich and pygments where they are installed, for pretty tracebacks that we switch off: 8 MiB in
    each process. aiohttp reads all trusted certificates for a context of its own, which is never used here (2 MiB and
    30 ms); it finds none. The collector would walk the modules again and again while they are loaded, to find nothing;
    later it need not look at them at all. Nor once before the fork: the two thousand objects it finds leave holes in
    pages that are shared, and what each process puts there copies them (5 MiB).
    """
    gc.disable()
    sys.modules["rich"] = None  # type: ignore[assignment]  # Python's way to say: cannot be imported
    try:
        with _no_certificates():
            import aiohttp  # noqa: F401
        yield
    finally:
        del sys.modules["rich"]
        gc.freeze()
        gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])
        gc.enable()


@click.command()
def serve() -> None:
    """Run everything: web and engine processes, kept running, stopped together."""
    from potluck.processes import supervisor

    names = supervisor.names(current())
    forked = _forked(names) if current().preload and current().web_workers == 1 else {}
    if isinstance(forked, str):
        _work(forked)
    else:
        supervisor.become(names, forked)


def _forked(names: Sequence[str]) -> str | dict[str, int]:
    """In a forked process its name, in the parent the process ids by name; none where forks are not possible."""
    from potluck.processes import preloading

    with _lean():
        from potluck.db import migrate  # noqa: F401 - all that the upgrade needs, which goes on beside what follows

        if not preloading.can_fork():
            return {}
        upgrade = preloading.apart("upgrade", _upgrade)
        from potluck import assembly
        from potluck.processes import engine, web  # noqa: F401 - so that the processes share it

        web.application(current())
        _wait_for(upgrade)
        assembly.prepare(current())
    return preloading.fork(names) if preloading.can_fork() else {}


def _upgrade() -> int:
    """Bring the database up to date; Alembic, 17 MiB, ends with this process."""
    from potluck.db.migrate import SchemaTooNew, Unreachable, upgrade_alone
    from potluck.logs import configure

    configure(current())
    try:
        asyncio.run(upgrade_alone(current()))
    except (SchemaTooNew, Unreachable) as error:
        click.echo(f"potluck: {error}", err=True)
        return os.EX_CONFIG if isinstance(error, SchemaTooNew) else os.EX_TEMPFAIL
    return os.EX_OK


def _wait_for(upgrade: Process) -> None:
    """Wait until the database is up to date, also for one that is not there yet. Other faults each process tells."""
    from potluck.processes import preloading

    pause = 1
    while (code := upgrade.wait()) == os.EX_TEMPFAIL:
        pause = min(2 * pause, _LONGEST_PAUSE)
        click.echo(f"potluck: it is tried again in {pause} seconds", err=True)
        time.sleep(pause)
        upgrade = preloading.apart("upgrade", _upgrade)
    if code == os.EX_CONFIG:
        sys.exit(code)


def _work(name: str) -> None:
    from potluck.logs import configure

    configure(current())
    if name == "web":
        from potluck.processes import web as web_process

        web_process.run(current())
    else:
        from potluck.processes import engine as engine_process

        engine_process.run(current())


@click.command()
def web() -> None:
    """Run the web process only."""
    with _lean():
        from potluck import server  # noqa: F401 - the process needs it a moment later
        from potluck.processes import web as process  # noqa: F401
    _work("web")


@click.command()
def engine() -> None:
    """Run an engine process only: inbox, deliveries, fetches, housekeeping."""
    with _lean():
        from potluck.processes import engine as process  # noqa: F401
    _work("engine")
