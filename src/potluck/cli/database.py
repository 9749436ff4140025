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
    from potluck.db.engine import Database
    from potluck.db.migrate import SchemaTooNew, upgrade

    async def run() -> bool:
        database = Database(current(), pool_size=1)
        try:
            return await upgrade(database)
        finally:
            await database.close()

    try:
        changed = asyncio.run(run())
    except SchemaTooNew as error:
        raise click.ClickException(str(error)) from error
    click.echo("The schema was upgraded." if changed else "The schema is up to date.")
