"""Bad files are refused in words, whatever they pretend to be; nothing else on this machine is read for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from media.av.conftest import Studio
from potluck import jobs
from potluck.media import processing, sandbox, uploads
from potluck.media.facts import Unusable, read_facts
from potluck.media.making import DAMAGED, Making
from potluck.media.sandbox import Limits

Sample = Callable[..., Path]
ON_SQLITE = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)
pytestmark = ON_SQLITE

SECRET = "/etc/passwd"
PLAYLISTS = {
    "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{SECRET}\n#EXTINF:1,\nhttp://127.0.0.1:1/\n"
            "#EXT-X-ENDLIST\n",
    "concat": f"ffconcat version 1.0\nfile '{SECRET}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "mpd": f"<?xml version='1.0'?><MPD><Period><BaseURL>file://{SECRET}</BaseURL></Period></MPD>",
}


async def _refused(studio: Studio, path: Path) -> str:
    media = await studio.made(path)
    assert media.state == "failed"
    assert media.error
    assert "Traceback" not in media.error
    assert not {"stream", "poster", "hls"} & (await studio.variants(media.id)).keys()
    return media.error


@pytest.mark.parametrize("kind", sorted(PLAYLISTS))
async def test_lists_of_other_files_are_not_followed(studio: Studio, tmp_path: Path, kind: str) -> None:
    """Playlists, lists for concat and descriptions of streams name files and hosts; they are no videos.

    They are not taken; and a probe that is given one all the same does not follow it.
    """
    path = tmp_path / "film.mp4"
    path.write_text(PLAYLISTS[kind])
    with pytest.raises(uploads.NotTaken):
        await studio.upload(path)
    with pytest.raises(sandbox.Refused, match="cannot be read as sound or video"):
        async with sandbox.run("av.probe", inputs={"file": path}):
            pass
    words = ["-protocol_whitelist", "fd", "-i", "{file}", "-c", "copy", "-f", "matroska", "out.mkv"]
    with pytest.raises(sandbox.SandboxError):
        async with sandbox.run("ffmpeg", inputs={"file": path}, params={"arguments": words}):
            pass


async def test_a_video_that_names_another_file_is_not_followed(
        studio: Studio, sample: Sample, tmp_path: Path) -> None:
    """A QuickTime reference to an external file leads nowhere."""
    data = bytearray(sample("plain.mp4").read_bytes())
    at = data.index(b"url \x00\x00\x00\x01")
    data[at + 4:at + 8] = b"\x00\x00\x00\x00"
    path = tmp_path / "film.mp4"
    path.write_bytes(data)
    media = await studio.made(path)
    assert media.state in {"ready", "failed"}
    for name in (await studio.variants(media.id)).keys() - {"original"}:
        assert b"root:" not in (await studio.path(media.id, name)).read_bytes()


@pytest.mark.parametrize(("name", "keep"), [("plain.mp4", 0.5), ("browser.webm", 0.02), ("song.flac", 0.01)])
async def test_a_truncated_file_is_refused(
        studio: Studio, sample: Sample, tmp_path: Path, name: str, keep: float) -> None:
    """Half a file whose index is missing cannot be played."""
    data = sample(name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[:max(60, int(len(data) * keep))])
    await _refused(studio, path)


async def test_noise_with_a_good_beginning_is_refused(studio: Studio, tmp_path: Path) -> None:
    """Headers alone make no film."""
    path = tmp_path / "film.mp4"
    path.write_bytes(b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(range(256)) * 200)
    await _refused(studio, path)


async def test_a_wrong_name_does_not_matter(studio: Studio, sample: Sample, tmp_path: Path) -> None:
    """A sound called .mp4 is a sound: bytes count, names do not."""
    path = tmp_path / "film.mp4"
    path.write_bytes(sample("song.mp3").read_bytes())
    media = await studio.made(path)
    assert (media.state, media.type) == ("ready", "audio")


async def test_sizes_beyond_all_measure_are_refused(studio: Studio, sample: Sample, tmp_path: Path) -> None:
    """A header that claims sixty thousand lines is not believed; where the pictures had them, they are refused."""
    with pytest.raises(Unusable, match="too large"):
        read_facts({"duration": 1, "video": {"width": 60_000, "height": 60_000}})
    data = bytearray(sample("silent.avi").read_bytes())
    for at in [place for place in range(len(data) - 8) if data[place:place + 8] == b"\x00\x01\x00\x00\x90\x00\x00\x00"]:
        data[at:at + 8] = b"\x60\xea\x00\x00\x60\xea\x00\x00"
    path = tmp_path / "film.avi"
    path.write_bytes(data)
    media = await studio.made(path)
    assert media.state in {"ready", "failed"}
    assert (media.meta.get("width") or 0) <= 512


async def test_what_never_ends_is_given_up(
        studio: Studio, sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that needs more than its length and size explain: its owner is told what it asked too much of."""
    tight = Limits(memory=1 << 30, cpu_seconds=1, wall_seconds=20, output_bytes=1 << 30)
    monkeypatch.setattr(Making, "_limits", lambda *_: tight)
    media = await studio.made(sample("silent.avi", seconds=20, size="1280x720"))
    assert (media.state, media.error) == ("failed", "This file needs more CPU time than this server gives to one file.")


async def test_a_failure_can_be_tried_again_by_its_owner(
        studio: Studio, sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed for a passing reason succeeds then; finished steps are not repeated."""
    monkeypatch.setattr("potluck.media.encoding.stills", lambda *_: ["-i", "{file}", "nothing.xyz"])
    media = await studio.made(sample("plain.mp4"))
    assert (media.state, media.error) == ("failed", DAMAGED)
    stream = (await studio.variants(media.id))["stream"][1]
    monkeypatch.undo()
    async with studio.db.write() as session:
        job = (await jobs.progress(session, [f"media:{media.id}"]))[f"media:{media.id}"]
        assert (job.state, job.message) == ("failed", DAMAGED)
        assert await jobs.retry(session, job.id, owner_id=studio.alice.id)
    await studio.engine.drain()
    assert (await studio.media(media.id)).state == "ready"
    assert (await studio.variants(media.id))["stream"][1] == stream


async def test_cancelling_leaves_a_failed_upload(studio: Studio, sample: Sample) -> None:
    """The attachment says so, and can be begun anew."""
    media_id = await studio.upload(sample("plain.mp4"))
    async with studio.db.write() as session:
        assert await jobs.cancel_key(session, f"media:{media_id}")
    media = await studio.media(media_id)
    assert (media.state, media.error) == ("failed", processing.CANCELLED)


async def test_an_upload_deleted_meanwhile_is_forgotten(studio: Studio, sample: Sample) -> None:
    """The job ends in words, and nothing is left behind."""
    from sqlalchemy import delete

    from potluck.media.model import MediaVariant
    from potluck.social.model import Media

    media_id = await studio.upload(sample("plain.mp4"))
    async with studio.db.write() as session:
        await session.execute(delete(MediaVariant).where(MediaVariant.media_id == media_id))
        await session.execute(delete(Media).where(Media.id == media_id))
    await studio.engine.drain()
    async with studio.db.read() as session:
        assert (await jobs.progress(session, [f"media:{media_id}"]))[f"media:{media_id}"].state == "failed"
