"""Archives with files: packed in the background, in bounded memory, and taken in whole by another server; and a
take-over whose engine is killed goes on where it was."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from potluck import jobs
from potluck.db.base import now
from potluck.jobs import JobEngine
from potluck.media import uploads
from potluck.media.storage import storage_of
from potluck.settings import current
from potluck.social.accounts import export
from potluck.social.live import Waker
from potluck.social.model import Actor, ImportedPost, Media, Object
from potluck.transfer import archive_in, archive_out
from support.cast import Cast
from transfer.test_archives import create, documents, finder, give, png, run

__all__ = ["finder"]


async def work(cast: Cast) -> None:
    """Do what waits to be done."""
    await JobEngine(cast.database, Waker(cast.database)).drain()


async def upload(cast: Cast, folder: Path, **wanted: Any) -> Media:
    """A picture of Alice's."""
    path = folder / "red.png"
    path.write_bytes(png())
    return await uploads.accept(cast.database, cast.alice, path, file_name="red.png", **wanted)


async def kept(cast: Cast, media: Media) -> bytes:
    """The best that is kept of an upload."""
    async with cast.database.read() as session:
        key = (await archive_out.files.variants_of(session, [media.id]))[media.id]["original"][1]
    return b"".join([piece async for piece in storage_of(current()).read(key)])


async def pack(cast: Cast, actor: Actor) -> jobs.Progress:
    """Have somebody's archive packed."""
    async with cast.database.write() as session:
        job_id = await jobs.enqueue(session, archive_out.NAME, owner_id=actor.id, key=archive_out.key_of(actor.id))
    await work(cast)
    async with cast.database.read() as session:
        found = await jobs.one(session, job_id, owner_id=actor.id)
    assert found is not None
    return found


async def test_there_and_back(cast: Cast, finder: Any, tmp_path: Path) -> None:
    """The archive holds pictures under the names its documents give, and Bob takes all of it in."""
    await upload(cast, tmp_path, purpose="avatar")
    picture = await upload(cast, tmp_path, description="red", focus=(0.5, -0.5))
    await work(cast)
    await cast.say(cast.alice, "<p>look</p>", media_ids=[picture.id])
    job = await pack(cast, cast.alice)
    assert job.state == "done", job
    ready = archive_out.ready(cast.alice.id)
    assert ready is not None
    with zipfile.ZipFile(ready.path) as made:
        assert made.testzip() is None
        note = json.loads(made.read("outbox.json"))["orderedItems"][0]["object"]
        assert made.read(note["attachment"][0]["url"].lstrip("/")) == await kept(cast, picture)
        assert made.read(json.loads(made.read("actor.json"))["icon"]["url"])
    folder = archive_in.folder_of(cast.bob.id)
    folder.mkdir(parents=True)
    ready.path.replace(folder / "archive")
    for name, args in ((archive_in.LOOK, ()), (archive_in.TAKE, (True, True, False))):
        async with cast.database.write() as session:
            await jobs.enqueue(session, name, *args, owner_id=cast.bob.id, key=archive_in.key_of(cast.bob.id))
        await work(cast)
    async with cast.database.read() as session:
        row = (await session.scalars(select(Object).where(Object.author_id == cast.bob.id))).one()
        came = (await session.scalars(select(Media).where(Media.object_id == row.id))).one()
        bob = await session.get_one(Actor, cast.bob.id)
    assert (row.content, came.description, came.focus_x, came.state) == ("<p>look</p>", "red", 0.5, "ready")
    assert storage_of(current()).key_of(bob.avatar_url)


async def test_what_the_storage_has_lost(cast: Cast, finder: Any, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left out; the rest is packed. Where there is no room nothing is begun, and its owner reads why."""
    for _ in range(2):
        await upload(cast, tmp_path)
    await work(cast)
    own = archive_out.OwnFiles(cast.database, storage_of(current()), cast.alice.id)
    assert len([name async for name, _, _ in own.all()]) == 2
    async with cast.database.read() as session:
        keys = [key for variants in (await archive_out.files.variants_of(session, await _media(session))).values()
                for _, key in variants.values()]
    await storage_of(current()).delete(keys)
    assert (await pack(cast, cast.alice)).state == "done"
    monkeypatch.setattr(archive_out, "_SPARE", 1 << 60)
    job = await pack(cast, cast.alice)
    assert (job.state, job.message[:24]) == ("failed", "There is not enough room")
    assert archive_out.ready(cast.alice.id) is None


async def _media(session: Any) -> list[int]:
    return list((await session.scalars(select(Media.id))).all())


async def test_files_pass_through_in_pieces(cast: Cast, tmp_path: Path) -> None:
    """No more of a file is in memory than a piece, however large it is; entries beyond 4 GiB are possible."""
    class Large:
        async def names(self, *_: Any) -> dict[str, str]:
            return {}

        pictures = names

        async def all(self) -> Any:
            async def pieces() -> Any:
                for _ in range(64):
                    yield bytes(1 << 20)

            yield "large", 5 << 30, pieces()

    sizes = [len(piece) async for piece in export.archive(
        cast.database, cast.alice.id, lambda actor: {"id": actor.uri}, Large())]
    assert max(sizes) < (1 << 20) + 4096
    assert sum(sizes) > 64 << 20


async def test_old_archives_are_swept(cast: Cast) -> None:
    """After a week, or when their owner has left; those of yesterday stay."""
    exports = cast.database.settings.data / "exports"
    for person, age in ((cast.alice, 8), (cast.bob, 1), (cast.eve, 1)):
        folder = exports / str(person.id)
        folder.mkdir(parents=True)
        moment = time.time() - age * 86400
        os.utime(folder, (moment, moment))
    await cast.change(cast.eve, deleted_at=now())
    await archive_out.sweep(cast.database)
    assert [folder.name for folder in exports.iterdir()] == [str(cast.bob.id)]


# ---- a killed engine ----------------------------------------------------------------------------------------------

POSTS = 600


def engine(cast: Cast) -> subprocess.Popen[bytes]:
    """An engine process of the command line on the test's database."""
    made = cast.database.settings
    environ = {**os.environ, "POTLUCK_URL": made.url, "POTLUCK_DATA": str(made.data), "POTLUCK_SECRET": "s" * 32,
               "POTLUCK_DATABASE_URL": made.database_url}
    with (made.data / "engine.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "potluck", "engine"], env=environ, stdout=log, stderr=log)


async def came(cast: Cast) -> int:
    """How many posts have come along."""
    async with cast.database.read() as session:
        return await session.scalar(select(func.count()).select_from(ImportedPost)) or 0


async def until(cast: Cast, count: int) -> None:
    """Wait until so many posts are there."""
    async with asyncio.timeout(60):
        while True:
            if await came(cast) >= count:
                return
            await asyncio.sleep(0.02)


async def test_a_killed_engine_goes_on(cast: Cast, finder: Any) -> None:
    """`kill -9` in the middle of a take-over: the next engine goes on, and every post is there exactly once."""
    entries = [create(number % 28 + 1, f"number {number}", id=f"https://old.example/{number}")
               for number in range(POSTS)]
    give(cast, documents() | {"outbox.json": json.dumps({"orderedItems": entries}).encode()})
    assert (await run(cast, archive_in.LOOK)).state == "done"
    async with cast.database.write() as session:
        job_id = await jobs.enqueue(session, archive_in.TAKE, True, False, False, owner_id=cast.alice.id,
                                    key=archive_in.key_of(cast.alice.id))
    first = engine(cast)
    try:
        await until(cast, 20)
    finally:
        first.send_signal(signal.SIGKILL)
        await asyncio.to_thread(first.wait)
    between = await came(cast)
    assert 20 <= between < POSTS
    second = engine(cast)
    try:
        await until(cast, POSTS)
        async with asyncio.timeout(60):
            while True:
                async with cast.database.read() as session:
                    job = await jobs.one(session, job_id, owner_id=cast.alice.id)
                if job is not None and not job.unfinished:
                    break
                await asyncio.sleep(0.05)
    finally:
        second.terminate()
        await asyncio.to_thread(second.wait)
    assert (job.state, job.message_data["posts"]) == ("done", POSTS)
    async with cast.database.read() as session:
        texts = (await session.scalars(select(Object.content).where(Object.author_id == cast.alice.id))).all()
    assert sorted(texts) == sorted(f"<p>number {number}</p>" for number in range(POSTS))
    assert not archive_in.folder_of(cast.alice.id).exists()
