"""`potluck demo`: fill an empty server to try it out."""

from __future__ import annotations

import asyncio

import click

from potluck.settings import current


@click.command()
def demo() -> None:
    """Fill an empty server with a small cast and what they say. Nothing is sent anywhere."""
    from potluck.db.engine import Database
    from potluck.db.migrate import upgrade
    from potluck.db.nodes import NodeLease
    from potluck.demo.cast import LOCALS, PASSWORD
    from potluck.demo.filling import fill
    from potluck.social.errors import SocialError

    async def run() -> None:
        db = Database(current(), pool_size=1)
        try:
            await upgrade(db)
            async with NodeLease(db, "command"):
                await fill(db)
        finally:
            await db.close()

    try:
        asyncio.run(run())
    except SocialError as error:
        raise click.ClickException(error.text) from error
    names = ", ".join(person.name for person in LOCALS)
    click.echo(f"Sign in at {current().url}/signin as one of {names}; the password of each is: {PASSWORD}")
