"""`potluck serve`, `potluck web`, `potluck engine`."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator

import click

from potluck.settings import current


@contextlib.contextmanager
def _lean() -> Iterator[None]:
    """Load what a process lives on, quickly and without what it never uses.

    structlog loads rich and pygments where they are installed, for pretty tracebacks that we switch off: 8 MiB in
    each process. The collector would walk the modules again and again while they are loaded, to find nothing; later
    it need not look at them at all.
    """
    gc.disable()
    sys.modules["rich"] = None  # type: ignore[assignment]  # Python's way to say: cannot be imported
    try:
        yield
    finally:
        del sys.modules["rich"]
        gc.collect()
        gc.freeze()
        gc.enable()


@click.command()
def serve() -> None:
    """Run everything: web and engine processes, kept running, stopped together."""
    from potluck.processes import supervisor

    sys.exit(supervisor.run(current()))


@click.command()
def web() -> None:
    """Run the web process only."""
    with _lean():
        from potluck import server  # noqa: F401 - the process needs it a moment later
        from potluck.logs import configure
        from potluck.processes import web as process

    configure(current())
    process.run(current())


@click.command()
def engine() -> None:
    """Run an engine process only: inbox, deliveries, fetches, housekeeping."""
    with _lean():
        from potluck.logs import configure
        from potluck.processes import engine as process

    configure(current())
    process.run(current())
