"""HLS: the resolutions of a video beside the file that is shown at once, made after it is ready."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.jobs import JobFailed
from potluck.media import encoding, files, hls
from potluck.media.facts import Facts, Size, ladder, rate_for
from potluck.media.hls import AUDIO, BadPlaylist, Rendition, Subtitles
from potluck.media.making import DAMAGED, Made, Making, at_hand, media_row
from potluck.media.model import MediaVariant
from potluck.media.sandbox.client import Outcome
from potluck.media.storage import Storage
from potluck.social.model import Media

PLAYLIST = "application/vnd.apple.mpegurl"
CAPTIONS = "text/vtt"
MASTER = "hls"
HASHES = "hls-hashes"
LONGEST_SECONDS = 8.0
"""Longest segment of a rendition whose pictures are taken as they are."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One rendition that is done: what the master playlist and the list of hashes need of it."""

    resolution: int
    width: int
    height: int
    rate: float
    peak: int
    average: int
    codecs: str
    hashes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stream:
    """The file that is shown already, whose streams need not be encoded again."""

    path: Path
    bytes: int
    size: Size


async def make(making: Making, facts: Facts, variants: files.Variants) -> None:
    """All renditions, largest first, then what lists them. Each is a step of its own."""
    stream, key = variants["stream"]
    wanted = ladder(facts.video.size, making.settings.video_resolutions)
    shown = Size(stream.width or 0, stream.height or 0)
    steps = [*wanted, *([AUDIO] if facts.sound else [])]
    rungs = []
    async with at_hand(making.storage, key) as path:
        for number, resolution in enumerate(steps):
            span = (number / (len(steps) + 1), (number + 1) / (len(steps) + 1))
            if resolution == AUDIO:
                making.job.report(span[0], "Preparing the sound")
            else:
                making.job.report(span[0], "Preparing the video in %(lines)s lines", lines=resolution)
            rungs.append(await _rung(making, facts, resolution, Stream(path, stream.size, shown), span=span))
    await _list(making, rungs)


async def _rung(making: Making, facts: Facts, resolution: int, stream: Stream, *,
                span: tuple[float, float]) -> Rung:
    """One rendition: its file in fragments first, whose name its playlist then holds."""
    if resolution in {AUDIO, stream.size.resolution}:
        with contextlib.suppress(_FewKeys):
            return await _one(making, facts, resolution, stream, span=span)
    return await _one(making, facts, resolution, None, span=span, encoded=facts.video.size.within(resolution))


class _FewKeys(Exception):
    """The stream has so few key pictures that its segments are too long to be loaded one by one."""


async def _one(making: Making, facts: Facts, resolution: int, stream: Stream | None, *,
               span: tuple[float, float], encoded: Size = Size(0, 0)) -> Rung:  # noqa: B008 - it is frozen
    """A rendition, of the streams as they are if `stream` is given."""
    size = encoded if stream is None else Size(0, 0) if resolution == AUDIO else stream.size
    if stream is None:
        words = encoding.rendition(facts, resolution, making.way)
        rate = float(rate_for(facts.video, resolution))
    elif resolution == AUDIO:
        words, rate = encoding.sound_of_stream(making.way), 0.0
    else:
        words, rate = encoding.rendition_of_stream(making.way), float(facts.video.rate or 25)

    def collect(outcome: Outcome) -> tuple[list[Made], Any]:
        name = "audio" if resolution == AUDIO else "video"
        path = outcome.folder / f"{name}.mp4"
        segments = _segments(outcome.folder, name, path)
        if stream is not None and segments.longest > LONGEST_SECONDS and resolution != AUDIO:
            raise _FewKeys
        rung = Rung(resolution, size.width, size.height, rate, segments.peak, segments.average, segments.codecs,
                    hls.hashes(segments, path))
        made = Made(f"hls-{resolution}-file", path, "audio/mp4" if resolution == AUDIO else "video/mp4",
                    {"width": size.width, "height": size.height, "duration": facts.seconds,
                     "bitrate": segments.average, "meta": {"fps": rate}})
        return [made], {"rung": asdict(rung), "head": asdict(segments.head), "codecs": segments.codecs,
                        "parts": [[seconds, part.start, part.length] for seconds, part in segments.parts]}

    found = await making.encode(
        f"hls-{resolution}-file", words, facts, collect, span=span,
        inputs={"stream": stream.path} if stream else None,
        output_bytes=stream.bytes * 2 + (64 << 20) if stream else encoding.room_for(facts, size))
    await _playlist(making, resolution, found)
    return Rung(**found["rung"])


def _segments(folder: Path, name: str, path: Path) -> hls.Segments:
    try:
        playlist = (folder / f"{name}.m3u8").read_text(encoding="ascii")
        master = folder / "master.m3u8"
        return hls.read(playlist, master.read_text(encoding="ascii") if master.is_file() else "", path.stat().st_size)
    except (OSError, UnicodeDecodeError, BadPlaylist) as reason:
        raise JobFailed(DAMAGED) from reason


async def _playlist(making: Making, resolution: int, found: Mapping[str, Any]) -> None:
    """The playlist of a rendition, with the name its file got in the storage."""
    if f"hls-{resolution}" in making.job.finished:
        return
    async with making.job.db.read() as session:
        variants = (await files.variants_of(session, [making.media_id])).get(making.media_id, {})
    key = variants[f"hls-{resolution}-file"][1]
    segments = hls.Segments(hls.Range(**found["head"]), [(seconds, hls.Range(start, length))
                                                         for seconds, start, length in found["parts"]], found["codecs"])
    text = hls.playlist(segments, beside(key))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "playlist.m3u8"
        path.write_text(text, encoding="ascii")
        rung = found["rung"]
        facts = {"width": rung["width"], "height": rung["height"], "bitrate": rung["average"],
                 "meta": {name: rung[name] for name in ("peak", "average", "codecs", "rate")}}
        await making.keep(f"hls-{resolution}", [Made(f"hls-{resolution}", path, PLAYLIST, facts)])


def beside(key: str) -> str:
    """How one stored file names another: files lie one folder deep, so this holds wherever it stands."""
    return f"../{key}"


async def _list(making: Making, rungs: Sequence[Rung]) -> None:
    """The list of hashes and the master playlist."""
    async with making.job.db.read() as session:
        variants = (await files.variants_of(session, [making.media_id])).get(making.media_id, {})
    named = {variants[f"hls-{rung.resolution}-file"][1].rpartition("/")[2]: rung.hashes for rung in rungs}
    listed = await making.storage.put_bytes(json.dumps(named).encode(), "application/json")

    async def write(session: AsyncSession) -> None:
        media = await media_row(session, making.media_id)
        await files.add_variant(session, making.storage, media, HASHES, listed)
        kept = {f"hls-{rung.resolution}{end}" for rung in rungs for end in ("", "-file")} | {MASTER, HASHES}
        await session.execute(delete(MediaVariant).where(
            MediaVariant.media_id == making.media_id, MediaVariant.name.startswith("hls"),
            MediaVariant.name.not_in(kept)))
        await list_again(session, making.storage, media, first=True)

    await making.job.step_in("hls", write)


async def list_again(session: AsyncSession, storage: Storage, media: Media, *, first: bool = False) -> None:
    """Write the master playlist for the renditions and captions as they are now.

    Args:
        first: there need not have been one before.
    """
    variants = (await files.variants_of(session, [media.id])).get(media.id, {})
    if MASTER not in variants and not first:
        return
    seconds = variants["stream"][0].duration or 0.0
    for name, (variant, key) in variants.items():
        if variant.media_type == CAPTIONS:
            stored = await storage.put_bytes(hls.captions_playlist(beside(key), seconds).encode(), PLAYLIST)
            await files.add_variant(session, storage, media, f"{name}-hls", stored)
    variants = (await files.variants_of(session, [media.id]))[media.id]
    master = _master(variants)
    if master:
        stored = await storage.put_bytes(master.encode(), PLAYLIST)
        await files.add_variant(session, storage, media, MASTER, stored)


def _master(variants: files.Variants) -> str:
    """A master playlist of what is there; empty if there are no renditions."""
    rungs, sound = [], None
    for name, (variant, key) in variants.items():
        if name.startswith("hls-") and variant.media_type == PLAYLIST and "peak" in variant.meta:
            one = Rendition(beside(key), int(variant.meta["peak"]), int(variant.meta["average"]),
                            str(variant.meta["codecs"]), variant.width or 0, variant.height or 0,
                            float(variant.meta["rate"]))
            if name == f"hls-{AUDIO}":
                sound = one
            else:
                rungs.append(one)
    if not rungs and sound is None:
        return ""
    rungs.sort(key=lambda one: -one.width * one.height)
    subtitles = [Subtitles(beside(variants[f"{name}-hls"][1]), variant.meta["language"], variant.meta["label"])
                 for name, (variant, _) in sorted(variants.items())
                 if variant.media_type == CAPTIONS and f"{name}-hls" in variants]
    return hls.master(rungs, sound, subtitles)
