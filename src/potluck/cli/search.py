"""`potluck search`: the index that posts are found by."""

from __future__ import annotations

import asyncio

import click

from potluck.settings import current


@click.group()
def search() -> None:
    """The index that posts are found by."""


@search.command()
def status() -> None:
    """Say how many posts are in the index, and what is still to be written."""
    from sqlalchemy import func, select

    from potluck.db.engine import Database
    from potluck.social.model import PostIndex
    from potluck.social.post_index_fill import waiting

    async def run() -> None:
        database = Database(current(), pool_size=1)
        try:
            async with database.read() as session:
                rows = await session.scalar(select(func.count()).select_from(PostIndex))
                left = await waiting(session)
        finally:
            await database.close()
        click.echo(f"{rows} posts are in the index.")
        for item in left:
            whose = f"of author {item.actor_id}" if item.actor_id else "of everyone"
            click.echo(f"Being written: posts {whose}, {item.done} of {item.total or '?'} looked at.")

    asyncio.run(run())


@search.command()
def rebuild() -> None:
    """Write the whole index anew, here and now (the server may go on running)."""
    from potluck import kinds
    from potluck.db.engine import Database
    from potluck.social.post_index_fill import PostIndexFiller, Progress, ask_for_all

    def tell(progress: Progress) -> None:
        if progress.finished or progress.done % 5000 < 250:
            click.echo(f"{progress.done} of {progress.total}")

    async def run() -> None:
        kinds.install()
        database = Database(current(), pool_size=2)
        try:
            async with database.write() as session:
                await ask_for_all(session)
            await PostIndexFiller(database).drain(tell, pause=0)
        finally:
            await database.close()

    asyncio.run(run())
    click.echo("The index is complete.")
