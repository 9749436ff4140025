"""`potluck backup` and `potluck restore`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from potluck.operation.backup import BackupError, make_backup, restore_backup
from potluck.settings import current


@click.command()
@click.argument("target", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--media/--no-media", default=True, help="With the folder of files, or without where it is copied"
              " by other means.")
def backup(target: Path | None, media: bool) -> None:
    """Write a checked backup to TARGET (data/backups/potluck-TIME.tar.gz by default). The server may go on running."""
    settings = current()
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = target or settings.data / "backups" / f"potluck-{stamp}.tar.gz"
    with Console(stderr=True).status("Starting") as status:
        try:
            manifest = asyncio.run(make_backup(settings, path, status.update, media=media))
        except BackupError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{path}: {sum(manifest.rows.values())} rows of {len(manifest.rows)} tables, checked")
    if settings.s3_bucket:
        click.echo("Files in the bucket are not in it: copy the bucket too.")


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace the database that is there. Stop the server first.")
def restore(source: Path, force: bool) -> None:
    """Bring the backup SOURCE back into the configured database and data folder."""
    with Console(stderr=True).status("Starting") as status:
        try:
            restored = asyncio.run(restore_backup(current(), source, force=force, progress=status.update))
        except BackupError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"Restored {restored.rows} rows as of {restored.manifest.made_at} ({restored.manifest.url})")
