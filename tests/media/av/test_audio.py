"""Sounds of every kind become one that plays everywhere, with peaks, loudness, tags and cover."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from media.av.conftest import Studio

Sample = Callable[..., Path]
ON_SQLITE = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)


@ON_SQLITE
@pytest.mark.parametrize(("name", "codec", "media_type"), [
    ("song.mp3", "mp3", "audio/mpeg"), ("song.m4a", "aac", "audio/mp4"), ("song.aac", "aac", "audio/mp4"),
    ("song.ogg", "mp3", "audio/mpeg"), ("song.opus", "mp3", "audio/mpeg"), ("song.flac", "mp3", "audio/mpeg"),
    ("song.aiff", "mp3", "audio/mpeg"), ("song.wav", "mp3", "audio/mpeg"), ("quiet.wav", "mp3", "audio/mpeg")])
async def test_every_kind_of_sound_becomes_one_that_plays_everywhere(
        studio: Studio, sample: Sample, name: str, codec: str, media_type: str) -> None:
    """MP3 and AAC as they are, all else as MP3; with its peaks, its loudness and its tags."""
    media = await studio.made(sample(name))
    assert (media.state, media.type, media.media_type) == ("ready", "audio", media_type), media.error
    found = await studio.probed(media.id, "stream")
    assert found["audio"]["codec"].removesuffix("float") == codec
    assert abs(found["duration"] - 2) < 0.1
    peaks = json.loads((await studio.path(media.id, "peaks")).read_text())
    assert 100 <= len(peaks["peaks"]) <= 1000
    assert all(0 <= level <= 1 for level in peaks["peaks"])
    assert (max(peaks["peaks"]) > 0.05) == (name != "quiet.wav")
    stream = (await studio.variants(media.id))["stream"][0]
    if name != "quiet.wav":
        assert -24 < stream.meta["loudness"]["integrated"] < -18
    if name in {"song.mp3", "song.m4a", "song.ogg", "song.flac"}:
        assert stream.meta["tags"]["title"] == "Song"
        assert b"Song" not in (await studio.path(media.id, "stream")).read_bytes(), "tags are told, not passed on"


async def test_a_cover_is_drawn_anew(studio: Studio, sample: Sample) -> None:
    """It is the preview of the sound, and what apps are told is Mastodon's form."""
    media = await studio.made(sample("covered.mp3"))
    assert media.state == "ready", media.error
    assert media.preview_url
    assert media.blurhash
    assert media.meta["small"] == {"width": 200, "height": 200, "size": "200x200", "aspect": 1.0}
    assert media.meta["original"].keys() == {"duration", "bitrate"}
    assert (media.meta["audio_encode"], media.meta["length"]) == ("mp3", "0:00:02.00")
    data = (await studio.path(media.id, "cover")).read_bytes()
    assert data[:2] == b"\xff\xd8"


@ON_SQLITE
async def test_a_broken_cover_spoils_no_sound(studio: Studio, sample: Sample, tmp_path: Path) -> None:
    """The sound is there, without a picture."""
    from mutagen.id3 import APIC, ID3

    path = tmp_path / "song.mp3"
    path.write_bytes(sample("song.mp3").read_bytes())
    tags = ID3(path)
    tags.add(APIC(encoding=3, mime="image/jpeg", type=3, desc="", data=b"\xff\xd8\xff<script>" * 50))
    tags.save(path)
    media = await studio.made(path)
    assert (media.state, media.preview_url) == ("ready", None)
