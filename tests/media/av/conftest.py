"""Files of every kind, made by a real ffmpeg when a test first asks for one, and attachments made of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from potluck.db.engine import Database
from potluck.jobs.engine import JobEngine
from potluck.media import files, processing, sandbox, uploads
from potluck.media.sandbox import programs
from potluck.media.storage import storage_of
from potluck.social.live import Waker
from potluck.social.model import Actor, Media
from support.cast import local_actor

_PICTURES = "-f lavfi -i testsrc2=size={size}:rate=25:duration={seconds}"
_SOUND = "-f lavfi -i sine=frequency=440:duration={seconds}"
_H264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"

RECIPES = {
    "plain.mp4": f"{_PICTURES} {_SOUND} {_H264} -c:a aac",
    "tall.mp4": f"{_PICTURES} {_H264} -vf scale=90:160,setsar=1",
    "still.mp4": f"{_PICTURES} {_H264} -frames:v 1",
    "shaky.mkv": f"{_PICTURES} {_SOUND} {_H264} -vf setpts=PTS+random(0)*3 -fps_mode vfr -c:a aac",
    "odd.mov": f"{_PICTURES} {_SOUND} -c:v libx265 -preset ultrafast -x265-params log-level=none "
               "-vf scale=255:143 -pix_fmt yuv444p -c:a aac",
    "browser.webm": f"{_PICTURES} {_SOUND} -c:v libvpx -deadline realtime -c:a libopus -f webm -live 1",
    "silent.avi": f"{_PICTURES} -c:v mpeg4 -an",
    "tape.ts": f"{_PICTURES} {_SOUND} -c:v mpeg2video -flags +ildct+ilme -c:a mp2",
    "old.flv": f"{_PICTURES} {_SOUND} -c:v flv1 -c:a mp3",
    "phone.3gp": f"{_PICTURES} {_SOUND} -c:v mpeg4 -c:a aac",
    "dance.gif": f"{_PICTURES}",
    "song.mp3": f"{_SOUND} -c:a libmp3lame -metadata title=Song -metadata artist=Alice",
    "song.m4a": f"{_SOUND} -c:a aac -metadata title=Song",
    "song.aac": f"{_SOUND} -c:a aac",
    "song.ogg": f"{_SOUND} -c:a libvorbis -metadata title=Song",
    "song.opus": f"{_SOUND} -c:a libopus",
    "song.flac": f"{_SOUND} -c:a flac -metadata title=Song",
    "film.wmv": f"{_PICTURES} {_SOUND} -c:v wmv2 -c:a wmav2",
    "film.mpg": f"{_PICTURES} {_SOUND} -c:v mpeg1video -c:a mp2",
    "song.aiff": f"{_SOUND} -c:a pcm_s16be",
    "song.wav": f"{_SOUND} -ac 2",
    "quiet.wav": "-f lavfi -i anullsrc=duration={seconds}",
    "cover.jpg": "-f lavfi -i color=red:size=200x200 -frames:v 1",
}


def ffmpeg(*words: str | Path) -> None:
    """Run the ffmpeg in use, outside of any sandbox."""
    program = programs.ffmpeg()
    assert program, "no ffmpeg: install imageio-ffmpeg"
    done = subprocess.run([program.path, "-hide_banner", "-loglevel", "error", "-y", *map(str, words)],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The sample of this name: two seconds of 256 by 144, made once."""
    folder = tmp_path_factory.mktemp("samples")

    def make(name: str, *, seconds: float = 2, size: str = "256x144") -> Path:
        path = folder / f"{seconds}-{size}-{name}"
        if path.exists():
            return path
        if name == "turned.mp4":
            ffmpeg("-display_rotation", "90", "-i", make("plain.mp4"), "-c", "copy", "-metadata",
                   "location=+48.8584+002.2945/", "-metadata", "title=My home", path)
        elif name == "covered.mp3":
            ffmpeg("-i", make("song.mp3"), "-i", make("cover.jpg"), "-map", "0", "-map", "1", "-c", "copy", path)
        else:
            ffmpeg(*RECIPES[name].format(seconds=seconds, size=size).split(), path)
        return path

    return make


class Studio:
    """Uploads of Alice's and what becomes of them."""

    def __init__(self, db: Database, alice: Actor) -> None:
        self.db, self.alice = db, alice
        self.storage = storage_of(db.settings)
        self.engine = JobEngine(db, Waker(db))
        assert processing.PROCESS == uploads.PROCESS  # known to this process now

    async def upload(self, path: Path) -> int:
        """An attachment in state `processing`, as an upload leaves it."""
        copy = self.storage.local.arriving()
        shutil.copyfile(path, copy)
        media = await uploads.accept(self.db, self.alice, copy, file_name=path.name)
        return media.id

    async def media(self, media_id: int) -> Media:
        """The attachment's row."""
        async with self.db.read() as session:
            return await session.get_one(Media, media_id)

    async def variants(self, media_id: int) -> files.Variants:
        """What was made of it."""
        async with self.db.read() as session:
            return (await files.variants_of(session, [media_id])).get(media_id, {})

    async def path(self, media_id: int, name: str) -> Path:
        """Where one of its variants lies."""
        return self.storage.local.path((await self.variants(media_id))[name][1])

    async def made(self, path: Path) -> Media:
        """The attachment when everything that can be done with it is done."""
        media_id = await self.upload(path)
        await self.engine.drain()
        return await self.media(media_id)

    async def probed(self, media_id: int, name: str) -> dict[str, Any]:
        """What one of its variants holds, by our own probing."""
        path = await self.path(media_id, name)
        async with sandbox.run("av.probe", inputs={"file": path}) as outcome:
            found: dict[str, Any] = outcome.result
            return found


async def open_studio(database: Database) -> Studio:
    """A studio on this database."""
    alice = local_actor("alice")
    async with database.write() as session:
        session.add(alice)
    return Studio(database, alice)


@pytest.fixture
async def studio(database: Database) -> Studio:
    """A studio on each kind of database in turn."""
    return await open_studio(database)


