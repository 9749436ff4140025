"""`potluck serve`, `potluck web`, `potluck engine`."""

from __future__ import annotations

import sys

import click

from potluck.settings import current


@click.command()
def serve() -> None:
    """Run everything: web and engine processes, kept running, stopped together."""
    from potluck.processes import supervisor

    sys.exit(supervisor.run(current()))


@click.command()
def web() -> None:
    """Run the web process only."""
    from potluck.logs import configure
    from potluck.processes import web as process

    configure(current())
    process.run(current())


@click.command()
def engine() -> None:
    """Run an engine process only: inbox, deliveries, fetches, housekeeping."""
    from potluck.logs import configure
    from potluck.processes import engine as process

    configure(current())
    process.run(current())
