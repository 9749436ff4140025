"""HLS: a ladder that never goes up, one file for each resolution, ranges that can be checked, sound by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import pytest

from media.av.conftest import Studio
from potluck.media import hls
from potluck.media.facts import Size, ladder

Sample = Callable[..., Path]
ON_SQLITE = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)


async def test_a_video_is_offered_in_its_resolutions(studio: Studio, sample: Sample) -> None:
    """Master playlist, a playlist and a file for each, the sound apart, and the hashes of all ranges."""
    studio.db.settings = replace(studio.db.settings, video_resolutions=(72, 100, 2160), renditions_from_seconds=2)
    media = await studio.made(sample("plain.mp4", seconds=9))
    assert media.state == "ready"
    variants = await studio.variants(media.id)
    wanted = {"hls", "hls-hashes"} | {f"hls-{one}{end}" for one in (144, 100, 72, 0) for end in ("", "-file")}
    assert {name for name in variants if name.startswith("hls")} == wanted
    master = (await studio.path(media.id, "hls")).read_text()
    assert [line.split("RESOLUTION=")[1].split(",")[0] for line in master.splitlines() if "RESOLUTION" in line] == [
        "256x144", "176x100", "128x72"]
    assert "mp4a.40.2" in master
    assert 'TYPE=AUDIO,GROUP-ID="audio"' in master
    hashes = json.loads((await studio.path(media.id, "hls-hashes")).read_text())
    for resolution in (144, 100, 72, 0):
        data = (await studio.path(media.id, f"hls-{resolution}-file")).read_bytes()
        ranges = hashes[variants[f"hls-{resolution}-file"][1].rpartition("/")[2]]
        assert len(ranges) >= 3
        for name, digest in ranges.items():
            first, last = map(int, name.split("-"))
            assert hashlib.sha256(data[first:last + 1]).hexdigest() == digest
        assert sum(int(name.split("-")[1]) - int(name.split("-")[0]) + 1 for name in ranges) <= len(data)


@ON_SQLITE
async def test_a_player_can_follow_the_playlists(studio: Studio, sample: Sample) -> None:
    """A real demuxer reads the master playlist from the folder of the storage and finds the whole video."""
    studio.db.settings = replace(studio.db.settings, video_resolutions=(100,), renditions_from_seconds=2)
    media = await studio.made(sample("plain.mp4", seconds=9))
    path = await studio.path(media.id, "hls")
    allowed = {"allowed_extensions": "ALL", "protocol_whitelist": "file", "extension_picky": "0"}
    with av.open(str(path), options=allowed) as played:
        last = max(float(frame.pts * frame.time_base) for frame in played.decode(video=0) if frame.pts is not None)
    assert last > 8.5
    with av.open(str(path), options=allowed) as played:
        assert sum(frame.samples for frame in played.decode(audio=0)) > 8.5 * 44100


@ON_SQLITE
async def test_short_videos_have_none(studio: Studio, sample: Sample) -> None:
    """They load faster as they are."""
    media = await studio.made(sample("plain.mp4"))
    assert not [name for name in await studio.variants(media.id) if name.startswith("hls")]


def test_the_ladder_never_goes_up() -> None:
    """The source at the top, or the largest that is wanted; portrait counts by its width."""
    wanted = (144, 360, 720, 1080)
    assert ladder(Size(1920, 1080), wanted) == [1080, 720, 360, 144]
    assert ladder(Size(3840, 2160), wanted) == [1080, 720, 360, 144]
    assert ladder(Size(720, 1280), wanted) == [720, 360, 144]
    assert ladder(Size(1600, 900), wanted) == [900, 720, 360, 144]
    assert ladder(Size(101, 75), wanted) == [74]
    assert ladder(Size(1920, 1080), ()) == []


@pytest.mark.parametrize("playlist", [
    "", "#EXTM3U\n", '#EXT-X-MAP:URI="x",BYTERANGE="9@0"\n#EXTINF:1,\n#EXT-X-BYTERANGE:99@9\nx\n',
    '#EXT-X-MAP:URI="x",BYTERANGE="9@0"\n#EXTINF:nan?,\n#EXT-X-BYTERANGE:9@9\nx\n',
    '#EXT-X-MAP:URI="x"\n#EXTINF:1,\n#EXT-X-BYTERANGE:9@9\nx\n'])
def test_a_playlist_of_a_worker_is_not_believed(playlist: str) -> None:
    """Only ranges within the file are taken from it."""
    with pytest.raises(hls.BadPlaylist):
        hls.read(playlist, "", 50)


def test_names_in_a_master_playlist_cannot_break_it() -> None:
    """Quotation marks and line ends of labels are left out."""
    made = hls.master([hls.Rendition("v.m3u8", 2, 1, "avc1")], None,
                      [hls.Subtitles("c.m3u8", "en", 'a"\n#EXT-X-KEY:URI="evil')])
    assert 'NAME="a#EXT-X-KEY:URI=evil"' in made
    assert 'SUBTITLES="subs"' in made
