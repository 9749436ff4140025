"""`potluck serve`, `potluck web`, `potluck engine`."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator, Sequence

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

    names = supervisor.names(current())
    if current().preload and current().web_workers == 1:
        name = _forked(names)
        if name is not None:
            _work(name)
            return
    sys.exit(supervisor.run(names))


def _forked(names: Sequence[str]) -> str | None:
    """In a forked process its name. The parent becomes the supervisor; None where forks are not possible."""
    from potluck.processes import preloading

    with _lean():
        from potluck.processes import engine, web  # noqa: F401 - so that the processes share it

        web.application(current())
    if not preloading.can_fork():
        return None
    found = preloading.fork(names)
    if isinstance(found, str):
        return found
    preloading.become_supervisor(found)
    return None


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
