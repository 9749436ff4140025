"""Videos of every kind become one that plays everywhere, upright, and tells nothing its maker did not mean to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from media.av.conftest import Studio

Sample = Callable[..., Path]
ON_SQLITE = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)


@ON_SQLITE
@pytest.mark.parametrize("name", ["plain.mp4", "tall.mp4", "still.mp4", "shaky.mkv", "odd.mov", "browser.webm",
                                  "silent.avi", "tape.ts", "phone.3gp", "old.flv", "film.wmv", "film.mpg"])
async def test_every_kind_of_video_becomes_an_mp4_that_plays_everywhere(
        studio: Studio, sample: Sample, name: str) -> None:
    """H.264 in 4:2:0 with AAC, never larger than it was, with a poster, a preview and a storyboard."""
    media = await studio.made(sample(name))
    assert (media.state, media.type, media.media_type) == ("ready", "video", "video/mp4"), media.error
    original, stream = await studio.probed(media.id, "original"), await studio.probed(media.id, "stream")
    picture = stream["video"]
    assert (picture["codec"], picture["pixels"]) == ("h264", "yuv420p")
    assert (stream["audio"] or {}).get("codec") == ("aac" if original["audio"] else None)
    assert abs(stream["duration"] - (original["duration"] or 2)) < 0.3
    for side in ("width", "height"):
        assert original["video"][side] - 1 <= picture[side] <= original["video"][side]
    assert {"poster", "small", "storyboard", "stream"} <= (await studio.variants(media.id)).keys()
    data = (await studio.path(media.id, "stream")).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "it can begin before it has come whole"


async def test_what_plays_already_is_not_encoded_again(studio: Studio, sample: Sample) -> None:
    """The streams are the same; the apps' meta tells all that Mastodon's does."""
    media = await studio.made(sample("plain.mp4"))
    before, after = await studio.probed(media.id, "original"), await studio.probed(media.id, "stream")
    assert after["video"]["bitrate"] == before["video"]["bitrate"]
    assert media.url == studio.storage.url((await studio.variants(media.id))["stream"][1])
    assert media.preview_url == studio.storage.url((await studio.variants(media.id))["small"][1])
    assert media.blurhash
    assert len(media.blurhash) == 28
    assert media.meta == {
        "file_name": media.meta["file_name"], "files": media.meta["files"], "length": "0:00:02.00", "duration": 2.0,
        "fps": 25, "size": "256x144",
        "width": 256, "height": 144, "aspect": 1.777778,
        "original": {"width": 256, "height": 144, "frame_rate": "25/1", "duration": 2.0,
                     "bitrate": media.meta["original"]["bitrate"]},
        "small": {"width": 256, "height": 144, "size": "256x144", "aspect": 1.777778},
        "audio_encode": "aac", "audio_bitrate": "44100 Hz", "audio_channels": "mono"}


@ON_SQLITE
async def test_a_turned_video_stands_upright_and_tells_no_place(studio: Studio, sample: Sample) -> None:
    """What the camera wrote about its position is applied, and where it was is gone."""
    assert b"loci" in sample("turned.mp4").read_bytes()
    media = await studio.made(sample("turned.mp4"))
    found = (await studio.probed(media.id, "stream"))["video"]
    assert (found["width"], found["height"], found["rotation"]) == (144, 256, 0)
    assert (media.meta["width"], media.meta["height"]) == (144, 256)
    for name in ("stream", "poster", "small", "storyboard"):
        data = (await studio.path(media.id, name)).read_bytes()
        assert b"loci" not in data
        assert b"My home" not in data


@ON_SQLITE
async def test_a_gif_becomes_a_silent_video(studio: Studio, sample: Sample) -> None:
    """`gifv`, as Mastodon has it."""
    media = await studio.made(sample("dance.gif"))
    assert (media.state, media.type, media.media_type) == ("ready", "gifv", "video/mp4"), media.error
    assert (await studio.probed(media.id, "stream"))["audio"] is None
    assert "storyboard" not in await studio.variants(media.id)


@ON_SQLITE
async def test_a_video_is_shown_in_no_more_than_the_largest_resolution(studio: Studio, sample: Sample) -> None:
    """The setting bounds what is made, whatever is uploaded."""
    studio.db.settings = replace(studio.db.settings, video_resolutions=(80,))
    media = await studio.made(sample("plain.mp4"))
    found = (await studio.probed(media.id, "stream"))["video"]
    assert (found["width"], found["height"]) == (142, 80)


@ON_SQLITE
async def test_a_file_that_is_done_is_not_done_again(studio: Studio, sample: Sample) -> None:
    """Running the job once more changes nothing."""
    from potluck import jobs

    media = await studio.made(sample("plain.mp4"))
    before = {name: key for name, (_, key) in (await studio.variants(media.id)).items()}
    async with studio.db.write() as session:
        await jobs.enqueue(session, "process_media", media.id)
    await studio.engine.drain()
    assert before == {name: key for name, (_, key) in (await studio.variants(media.id)).items()}
