"""Backups: one file with a consistent copy of the database, the secret and the media, checked after it is made.

SQLite is copied with its online backup, PostgreSQL with `pg_dump` on an exported snapshot, so the server may go on
running. The manifest holds the row count of every table at that moment; restoring compares them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from sqlalchemy import text

from potluck import __version__
from potluck.db.base import now
from potluck.db.engine import SQLITE_FILE, Database, sqlite_path
from potluck.settings import SITE_FILE, Settings

MANIFEST = "manifest.json"
_DATABASE = "database"
_MEDIA = "media"
_SECRET = "secret"  # noqa: S105 - a file name

Progress = Callable[[str], None]


class BackupError(RuntimeError):
    """A backup could not be made, read or restored; the text says why and what to do."""


class Manifest(msgspec.Struct):
    """What a backup holds."""

    potluck: str  # version that made it
    url: str  # public base URL of the server
    made_at: str
    database: str  # sqlite or postgresql
    revision: str  # schema
    rows: dict[str, int]  # table -> rows
    checksum: str  # SHA-256 of the database part
    media: bool = True  # whether the folder of files is in it


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back."""

    manifest: Manifest
    rows: int


async def make_backup(settings: Settings, target: Path, progress: Progress = lambda _: None, *,
                      media: bool = True) -> Manifest:
    """Write a backup to `target` (a .tar.gz file) and check it by reading it back.

    Args:
        media: with the folder of files. Files of other servers, which are fetched again when wanted, and unfinished
            uploads are left out in any case.

    Raises:
        BackupError: a tool is missing, or the copy does not check out.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        copy = Path(folder) / _DATABASE
        progress("Copying the database")
        manifest = await (_copy_sqlite(settings, copy) if settings.is_sqlite else _copy_postgresql(settings, copy))
        manifest.media = media
        cached = await _only_cached(settings) if media else frozenset()
        progress("Packing")
        unfinished = Path(folder) / "unfinished.tar.gz"
        await asyncio.to_thread(_pack, settings, copy, manifest, unfinished, cached)
        progress("Checking")
        await asyncio.to_thread(_check, unfinished)
        unfinished.chmod(0o600)
        unfinished.replace(target)
    return manifest


async def _copy_sqlite(settings: Settings, copy: Path) -> Manifest:
    if not sqlite_path(settings).exists():
        raise BackupError(f"there is no database at {sqlite_path(settings)}")
    await asyncio.to_thread(copy_sqlite_file, sqlite_path(settings), copy)
    rows, revision = await asyncio.to_thread(_inspect_sqlite, copy)
    return _manifest(settings, "sqlite", revision, rows, copy)


def copy_sqlite_file(source: Path, target: Path) -> None:
    """An online, consistent copy of a SQLite database."""
    with contextlib.closing(sqlite3.connect(source)) as reading, contextlib.closing(sqlite3.connect(target)) as writing:
        reading.backup(writing, pages=4096)


def _inspect_sqlite(path: Path) -> tuple[dict[str, int], str]:
    """Row counts and schema revision of a SQLite file whose integrity holds."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise BackupError(f"the copy of the database is damaged: {verdict}")
        names = [row[0] for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE '%\\_fts\\_%' ESCAPE '\\'")]
        rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - names of our own tables
                for name in sorted(names)}
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return rows, revision[0] if revision else ""


async def _copy_postgresql(settings: Settings, copy: Path) -> Manifest:
    db = Database(settings, pool_size=1)
    try:
        async with db.engine.connect() as connection:
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            snapshot = await connection.scalar(text("SELECT pg_export_snapshot()"))
            rows = await _count_postgresql(connection)
            revision = await connection.scalar(text("SELECT version_num FROM alembic_version")) or ""
            await _run_tool("pg_dump", settings, "--format=custom", f"--snapshot={snapshot}", "--no-owner",
                            "--no-privileges", f"--file={copy}")
    finally:
        await db.close()
    return _manifest(settings, "postgresql", str(revision), rows, copy)


async def _count_postgresql(connection: Any) -> dict[str, int]:
    names = await connection.scalars(text(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"))
    # The names come from the database's own catalogue.
    counted = [f"SELECT '{name}' AS name, count(*) AS n FROM \"{name}\"" for name in names.all()]  # noqa: S608
    found = await connection.execute(text(" UNION ALL ".join(counted)))
    return dict(found.all())


def _tool_environment(settings: Settings) -> tuple[dict[str, str], list[str]]:
    """Environment (with the password, which must not stand on a command line) and connection options."""
    parts = urlsplit(settings.database_url)
    environ = dict(os.environ)
    if parts.password:
        environ["PGPASSWORD"] = unquote(parts.password)
    options = ["--dbname", parts.path.lstrip("/")]
    if parts.hostname:
        options += ["--host", parts.hostname]
    if parts.port:
        options += ["--port", str(parts.port)]
    if parts.username:
        options += ["--username", unquote(parts.username)]
    return environ, options


async def _run_tool(tool: str, settings: Settings, *arguments: str) -> None:
    if shutil.which(tool) is None:
        raise BackupError(f"{tool} is not installed; install the PostgreSQL client programs")
    environ, options = _tool_environment(settings)
    process = await asyncio.create_subprocess_exec(tool, *options, *arguments, env=environ, stderr=subprocess.PIPE)
    _, errors = await process.communicate()
    if process.returncode:
        raise BackupError(f"{tool} failed: {errors.decode(errors='replace').strip()}")


def _manifest(settings: Settings, database: str, revision: str, rows: dict[str, int], copy: Path) -> Manifest:
    return Manifest(__version__, settings.url, now().isoformat(timespec="seconds"), database, revision, rows,
                    _checksum(copy))


def _checksum(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


async def _only_cached(settings: Settings) -> frozenset[str]:
    """Names of files that only the cache of remote files refers to."""
    db = Database(settings, pool_size=1)
    try:
        async with db.read() as session:
            found = await session.execute(text(
                "SELECT key FROM stored_file f WHERE EXISTS (SELECT 1 FROM remote_file r WHERE r.file_id = f.id)"
                " AND NOT EXISTS (SELECT 1 FROM media_variant v WHERE v.file_id = f.id)"))
            return frozenset(found.scalars())
    finally:
        await db.close()


def _pack(settings: Settings, copy: Path, manifest: Manifest, target: Path, cached: frozenset[str]) -> None:
    listing = copy.with_name(MANIFEST)
    listing.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    with tarfile.open(target, "w:gz", compresslevel=5) as archive:
        archive.add(listing, MANIFEST)
        archive.add(copy, _DATABASE)
        for name in (_SECRET, SITE_FILE):
            if (settings.data / name).exists():
                archive.add(settings.data / name, name)
        if manifest.media:
            _pack_media(settings.data / _MEDIA, archive, cached)


def _pack_media(folder: Path, archive: tarfile.TarFile, cached: frozenset[str]) -> None:
    """Stored files, which may go while they are packed; what is being written begins with a dot and is left out."""
    for path in folder.glob("[!.]*/*"):
        key = f"{path.parent.name}/{path.name}"
        if key not in cached:
            with contextlib.suppress(FileNotFoundError):
                archive.add(path, f"{_MEDIA}/{key}")


def _check(path: Path) -> Manifest:
    """Unpack the database part of a backup and hold it against the manifest."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        manifest = _unpack(path, Path(folder))
        if manifest.database == "sqlite":
            rows, _ = _inspect_sqlite(Path(folder) / _DATABASE)
            if rows != manifest.rows:
                raise BackupError("the row counts of the copy differ from the manifest")
    return manifest


def read_manifest(path: Path) -> Manifest:
    """What a backup file says it holds.

    Raises:
        BackupError: it is no backup of Potluck.
    """
    try:
        with tarfile.open(path) as archive:
            member = archive.extractfile(MANIFEST)
            return msgspec.json.decode(member.read() if member else b"", type=Manifest)
    except (OSError, KeyError, tarfile.TarError, msgspec.MsgspecError) as error:
        raise BackupError(f"{path} is not a backup of Potluck: {error}") from error


def _unpack(path: Path, folder: Path) -> Manifest:
    manifest = read_manifest(path)
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
    if _checksum(folder / _DATABASE) != manifest.checksum:
        raise BackupError(f"{path} is damaged: the checksum of the database does not fit")
    return manifest


async def restore_backup(settings: Settings, source: Path, *, force: bool = False,
                         progress: Progress = lambda _: None) -> Restored:
    """Bring a backup back into the configured database and data folder, and compare every row count.

    Args:
        force: replace what is there. Without it an existing database is an error.

    Raises:
        BackupError: the file is damaged, of the other kind of database, or something is there already.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data, prefix=".restore-") as folder:
        progress("Unpacking")
        manifest = await asyncio.to_thread(_unpack, source, Path(folder))
        wanted = "sqlite" if settings.is_sqlite else "postgresql"
        if manifest.database != wanted:
            raise BackupError(f"the backup is of {manifest.database}, but {wanted} is configured")
        progress("Restoring the database")
        restore = _restore_sqlite if settings.is_sqlite else _restore_postgresql
        rows = await restore(settings, Path(folder), force)
        if rows != manifest.rows:
            changed = sorted(name for name in rows.keys() | manifest.rows.keys()
                             if rows.get(name) != manifest.rows.get(name))
            raise BackupError(f"row counts differ from the backup in: {', '.join(changed)}")
        progress("Restoring files")
        await asyncio.to_thread(_restore_files, settings, Path(folder))
    return Restored(manifest, sum(rows.values()))


async def _restore_sqlite(settings: Settings, folder: Path, force: bool) -> dict[str, int]:
    target = sqlite_path(settings)
    if target.exists() and not force:
        raise BackupError(f"{target} exists; stop the server and use --force to replace it")
    for leftover in (SQLITE_FILE + "-wal", SQLITE_FILE + "-shm"):
        (settings.data / leftover).unlink(missing_ok=True)
    (folder / _DATABASE).replace(target)
    rows, _ = await asyncio.to_thread(_inspect_sqlite, target)
    return rows


async def _restore_postgresql(settings: Settings, folder: Path, force: bool) -> dict[str, int]:
    db = Database(settings, pool_size=1)
    try:
        async with db.engine.connect() as connection:
            there = await _count_tables(connection)
        if there and not force:
            raise BackupError("the database is not empty; stop the server and use --force to replace what is there")
        if there:
            async with db.engine.begin() as connection:
                await connection.execute(text("DROP SCHEMA public CASCADE"))
                await connection.execute(text("CREATE SCHEMA public"))
        await _run_tool("pg_restore", settings, "--no-owner", "--no-privileges", "--exit-on-error",
                        "--single-transaction", str(folder / _DATABASE))
        async with db.engine.connect() as connection:
            return await _count_postgresql(connection)
    finally:
        await db.close()


async def _count_tables(connection: Any) -> int:
    return int(await connection.scalar(text(
        "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")) or 0)


def _restore_files(settings: Settings, folder: Path) -> None:
    if (folder / _SECRET).exists():
        (folder / _SECRET).replace(settings.data / _SECRET)
        (settings.data / _SECRET).chmod(0o600)
    if (folder / SITE_FILE).exists():
        (folder / SITE_FILE).replace(settings.data / SITE_FILE)
    if (folder / _MEDIA).exists():
        shutil.copytree(folder / _MEDIA, settings.data / _MEDIA, dirs_exist_ok=True)
