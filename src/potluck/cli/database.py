"""`potluck db`: the schema by hand."""

from __future__ import annotations

import asyncio

import click

from potluck.settings import current


@click.group()
def db() -> None:
    """The database."""


@db.command()
def upgrade() -> None:
    """Bring the schema to this version (the server does so itself when it starts)."""
    from potluck.db.migrate import SchemaTooNew, Unreachable, upgrade_alone

    try:
        changed = asyncio.run(upgrade_alone(current()))
    except (SchemaTooNew, Unreachable) as error:
        raise click.ClickException(str(error)) from error
    click.echo("The schema was upgraded." if changed else "The schema is up to date.")
