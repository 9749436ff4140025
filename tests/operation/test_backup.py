"""Backups: whole, checked, private, and restored to the last row."""

import asyncio
import os
import stat
import tarfile
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

import system_packages
from potluck.db.engine import Database, sqlite_path
from potluck.media.model import RemoteFile, StoredFile
from potluck.operation import backup
from potluck.operation.backup import BackupError, make_backup, read_manifest, restore_backup
from potluck.settings import SITE_FILE, Settings
from potluck.social.model import Object
from support.cast import Cast


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's programs are on the path, as on a server that has them."""
    programs = system_packages.postgres_programs()
    assert programs is not None
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
async def filled(cast: Cast) -> Settings:
    """A server with posts, a secret, the wizard's answers and media."""
    for number in range(3):
        await cast.say(cast.alice, str(number), hashtags=["soup"])
    data = cast.database.settings.data
    (data / "secret").write_text("key")
    (data / SITE_FILE).write_text('title = "Kitchen"\n')
    (data / "media" / "a").mkdir(parents=True)
    (data / "media" / "a" / "1.png").write_bytes(b"picture")
    return cast.database.settings


async def _contents(settings: Settings) -> list[str]:
    database = Database(settings)
    async with database.read() as session:
        found = (await session.scalars(select(Object.content).order_by(Object.id))).all()
    await database.close()
    return list(found)


def _elsewhere(filled: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings of a new machine with the same kind of database, empty."""
    url = "" if filled.is_sqlite else request.getfixturevalue("empty_postgres_url")
    return Settings(url=filled.url, data=tmp_path / "new", database_url=url)


async def test_everything_comes_back(filled: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A backup restored on a new machine has every row, the secret, the wizard's answers and the media."""
    said: list[str] = []
    target = tmp_path / "b" / "backup.tar.gz"
    manifest = await make_backup(filled, target, said.append)
    assert manifest.rows["object"] == 3
    assert manifest.revision
    assert said == ["Copying the database", "Packing", "Checking"]
    assert read_manifest(target) == manifest
    fresh = _elsewhere(filled, tmp_path, request)
    restored = await restore_backup(fresh, target)
    assert restored.rows == sum(manifest.rows.values())
    assert await _contents(fresh) == ["0", "1", "2"]
    assert (fresh.data / "secret").read_text() == "key"
    assert stat.S_IMODE((fresh.data / "secret").stat().st_mode) == 0o600
    assert (fresh.data / SITE_FILE).exists()
    assert (fresh.data / "media" / "a" / "1.png").read_bytes() == b"picture"


async def test_a_backup_is_for_its_owner_only(filled: Settings, tmp_path: Path) -> None:
    """The file can be read by nobody else, and nothing unfinished is left beside it."""
    target = tmp_path / "b" / "backup.tar.gz"
    await make_backup(filled, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(target.parent.iterdir()) == [target]


async def test_a_running_server_may_go_on(cast: Cast, tmp_path: Path) -> None:
    """A backup made while people write is one consistent state."""
    async def write() -> None:
        for number in range(10):
            await cast.say(cast.alice, str(number))

    writing = asyncio.create_task(write())
    manifest = await make_backup(cast.database.settings, tmp_path / "backup.tar.gz")
    await writing
    assert manifest.rows["object"] <= 10


async def test_restoring_over_something(filled: Settings, tmp_path: Path) -> None:
    """What is there is replaced only when that is said."""
    target = tmp_path / "backup.tar.gz"
    await make_backup(filled, target)
    with pytest.raises(BackupError, match="--force"):
        await restore_backup(filled, target)
    database = Database(filled)
    async with database.write() as session:
        await session.execute(Object.__table__.update().values(content="changed"))
    await database.close()
    await restore_backup(filled, target, force=True)
    assert await _contents(filled) == ["0", "1", "2"]


async def test_a_damaged_backup(filled: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A backup whose database was changed, or that is none, is refused before anything is touched."""
    target = tmp_path / "backup.tar.gz"
    await make_backup(filled, target)
    with tarfile.open(target) as archive:
        archive.extractall(tmp_path / "parts", filter="data")
    with (tmp_path / "parts" / "database").open("r+b") as handle:
        handle.seek(200)
        handle.write(b"\xff\xff\xff")
    with tarfile.open(target, "w:gz") as archive:
        for path in (tmp_path / "parts").iterdir():
            archive.add(path, path.name)
    fresh = _elsewhere(filled, tmp_path, request)
    with pytest.raises(BackupError, match="checksum"):
        await restore_backup(fresh, target)
    assert not sqlite_path(fresh).exists()
    for content in (b"", b"no archive at all"):
        target.write_bytes(content)
        with pytest.raises(BackupError, match="not a backup"):
            await restore_backup(fresh, target)


async def test_rows_that_are_missing(filled: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """If a table has not the rows that the backup promises, the restore says which."""
    target = tmp_path / "backup.tar.gz"
    manifest = await make_backup(filled, target)
    with tarfile.open(target) as archive:
        archive.extractall(tmp_path / "parts", filter="data")
    wrong = msgspec.structs.replace(manifest, rows={**manifest.rows, "object": 4})
    (tmp_path / "parts" / backup.MANIFEST).write_bytes(msgspec.json.encode(wrong))
    with tarfile.open(target, "w:gz") as archive:
        for path in (tmp_path / "parts").iterdir():
            archive.add(path, path.name)
    with pytest.raises(BackupError, match="differ from the backup in: object"):
        await restore_backup(_elsewhere(filled, tmp_path, request), target)


async def test_the_other_kind_of_database(filled: Settings, tmp_path: Path) -> None:
    """A backup of SQLite is not restored into PostgreSQL, nor the other way round."""
    target = tmp_path / "backup.tar.gz"
    await make_backup(filled, target)
    other = Settings(data=tmp_path / "x", database_url="postgresql://nowhere.invalid/x" if filled.is_sqlite else "")
    with pytest.raises(BackupError, match="is configured"):
        await restore_backup(other, target)


async def test_nothing_to_back_up(tmp_path: Path) -> None:
    """Without a database there is no backup, and the error says where it was looked for."""
    with pytest.raises(BackupError, match=str(tmp_path)):
        await make_backup(Settings(data=tmp_path), tmp_path / "backup.tar.gz")
    assert not (tmp_path / "backup.tar.gz").exists()


async def test_missing_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PostgreSQL's client programs the error says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="pg_dump is not installed"):
        await backup._run_tool("pg_dump", Settings(database_url="postgresql://db/x"))


def test_passwords_stay_off_the_command_line() -> None:
    """What other users of the machine can see holds no password, and percent signs are undone."""
    made = Settings(database_url="postgresql://us%40er:p%40ss@db.test:5433/potluck")
    environ, options = backup._tool_environment(made)
    assert environ["PGPASSWORD"] == "p@ss"
    assert options == ["--dbname", "potluck", "--host", "db.test", "--port", "5433", "--username", "us@er"]


async def test_files_that_need_no_backup(filled: Settings, cast: Cast, tmp_path: Path) -> None:
    """What is being written and what is only cached is left out; without media no file is in it, and it says so."""
    for name in (".arriving/x", ".uploads/y", "bb/cached.png"):
        (filled.data / "media" / name).parent.mkdir(exist_ok=True)
        (filled.data / "media" / name).write_bytes(b"x")
    async with cast.database.write() as session:
        session.add(StoredFile(id=1, digest="0", size=1, media_type="image/png", key="bb/cached.png"))
        await session.flush()
        session.add(RemoteFile(id=2, url_hash="0", variant="full", url="https://b.test", host="b.test", file_id=1))
    assert (await make_backup(filled, tmp_path / "with.tar.gz")).media
    assert not (await make_backup(filled, tmp_path / "without.tar.gz", media=False)).media
    found = []
    for file in ("with.tar.gz", "without.tar.gz"):
        with tarfile.open(tmp_path / file) as archive:
            found.append({name for name in archive.getnames() if name.startswith("media")})
    assert found == [{"media/a/1.png"}, set()]
