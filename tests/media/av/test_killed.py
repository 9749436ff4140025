"""`kill -9` in mid-transcode: gone on with where it stopped, nothing lost, no process and no file left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from media.av.conftest import Studio
from potluck import jobs
from potluck.media import sandbox
from potluck.media.collecting import Collector
from potluck.settings import Settings
from support.servers import eventually

Sample = Callable[..., Path]


@contextmanager
def _engine(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`potluck engine`, as a real process."""
    environ = {**os.environ, "POTLUCK_URL": settings.url, "POTLUCK_DATA": str(settings.data),
               "POTLUCK_DATABASE_URL": settings.database_url, "POTLUCK_VIDEO_RESOLUTIONS": "360",
               "POTLUCK_TRANSCODING_PRESET": "slow", "POTLUCK_RENDITIONS_FROM_SECONDS": "3600"}
    log = (settings.data / "engine.log").open("ab")
    process = subprocess.Popen([sys.executable, "-m", "potluck", "engine"], env=environ, stdout=log, stderr=log)
    log.close()
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _encoders(settings: Settings) -> list[int]:
    """Processes that work in the folder of the sandbox of this server."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str((path / "cwd").readlink()).startswith(str(settings.data / "work")):
                found.append(int(path.name))
        except OSError:
            continue
    return found


@pytest.mark.timeout(240)
async def test_an_engine_killed_in_mid_transcode_is_gone_on_from(
        studio: Studio, sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps before are not repeated; the half-made file is nowhere, and its encoder is gone."""
    settings = studio.db.settings
    media_id = await studio.upload(sample("silent.avi", seconds=7, size="640x360"))
    key = f"media:{media_id}"

    async def job() -> jobs.Progress:
        async with studio.db.read() as session:
            return (await jobs.progress(session, [key]))[key]

    async def encoding() -> bool:
        return bool(_encoders(settings)) and (await job()).progress > 0.1

    async def no_encoder() -> bool:
        return not _encoders(settings)

    async def over() -> bool:
        return (await job()).state == "done"

    with _engine(settings) as engine:
        await eventually(encoding)
        os.kill(engine.pid, signal.SIGKILL)
        engine.wait()
        await eventually(no_encoder, seconds=10)
    found = await job()
    assert found.state == "running", "nobody was there to say otherwise"
    assert set(await studio.variants(media_id)) == {"original"}
    with _engine(settings):
        await eventually(over, seconds=120)
    assert (await job()).attempts == 2
    media = await studio.media(media_id)
    assert (media.state, media.type) == ("ready", "video"), media.error
    assert {"original", "stream", "poster", "small", "storyboard"} <= (await studio.variants(media_id)).keys()
    await _nothing_left(studio, media_id, monkeypatch)


async def _nothing_left(studio: Studio, media_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the collector ran the storage holds what the rows name and no more; the dead encoder's folder is swept."""
    await Collector(studio.db, studio.storage, grace=timedelta(0)).turn()
    kept = {key for _, key in (await studio.variants(media_id)).values()}
    lying = {f"{path.parent.name}/{path.name}" for path in studio.storage.local.root.glob("[0-9a-f][0-9a-f]/*")}
    assert lying == kept
    monkeypatch.setattr("potluck.media.sandbox.client._STALE_SECONDS", 0)
    sandbox.of_process().sweep()
    assert not list((studio.db.settings.data / "work").glob("*"))
