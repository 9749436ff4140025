"""Sound and video: what is made of an upload, step by step. The job that runs these is in `processing`."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.jobs import JobFailed
from potluck.media import blurhash, encoding, files, meta
from potluck.media.facts import Facts, Size, Unusable, may_be_copied, read_facts
from potluck.media.making import DAMAGED, Made, Making, media_row
from potluck.media.sandbox import Limits
from potluck.media.sandbox.client import Outcome

POSTER_SIDE = 1280
SMALL = Size(640, 360)
LARGEST_WITHOUT_SETTING = 1080

_LOUDNESS = {"integrated": re.compile(r"I:\s+(-?[\d.]+) LUFS"), "range": re.compile(r"LRA:\s+(-?[\d.]+) LU\b"),
             "peak": re.compile(r"Peak:\s+(-?[\d.]+) dBFS")}
_PEAK = re.compile(r"Peak_level=(-?[\d.]+|-inf)")
_MOST_PEAKS = 1000


@dataclass(frozen=True, slots=True)
class Shown:
    """What the attachment is in the end: the values of its row."""

    type: str  # video, gifv, audio
    media_type: str
    stream: str  # names of the variants behind `url` and `preview_url`
    preview: str | None
    meta: dict[str, Any]
    blurhash: str | None = None


async def look(making: Making) -> Facts:
    """What the file holds; kept with the original, for what is made of it later."""
    async def probe() -> Any:
        async with making.run("av.probe", limits=Limits(cpu_seconds=300, wall_seconds=900)) as outcome:
            return outcome.result

    found = await making.job.step("probe", probe)
    try:
        facts = read_facts(found)
    except (Unusable, KeyError, TypeError, AttributeError) as reason:
        raise JobFailed(str(reason) if isinstance(reason, Unusable) else DAMAGED) from reason

    async def note(session: AsyncSession) -> None:
        variants = (await files.variants_of(session, [making.media_id])).get(making.media_id, {})
        if files.ORIGINAL in variants:
            row = variants[files.ORIGINAL][0]
            row.duration, row.bitrate, row.meta = facts.seconds, facts.bitrate, {**row.meta, "probe": found}
            if facts.picture:
                row.width, row.height = facts.picture.size.width, facts.picture.size.height
            await session.flush()

    await making.job.step_in("note", note)
    return facts


async def video(making: Making, facts: Facts) -> Shown:
    """A video, or a GIF as a silent one: `stream`, `poster`, `small`, and for videos the storyboard."""
    gif = facts.is_moving_picture
    making.job.report(0.02, "Preparing the video")
    stream = await _stream(making, facts)
    size = Size(stream["width"], stream["height"])
    still = await _stills(making, facts)
    if not gif:
        await _storyboard(making, facts)
    small = Size(still["width"], still["height"])
    return Shown("gifv" if gif else "video", "video/mp4", "stream", "small",
                 meta.of_video(facts, size, small, stream["bitrate"]), still["blurhash"])


async def _stream(making: Making, facts: Facts) -> dict[str, Any]:
    """`stream`: a copy of the streams where they can be played as they are, and nothing about them is broken."""
    most = max(making.settings.video_resolutions, default=LARGEST_WITHOUT_SETTING)
    span, source = (0.05, 0.85), making.original.stat().st_size
    if may_be_copied(facts, most):
        try:
            return await _encode_stream(making, facts, encoding.video_as_it_is(facts, making.way), facts.video.size,
                                        span=(span[0], 0.3), room=source + source // 4)
        except JobFailed:
            making.job.report(0.05, "Preparing the video")  # drawn anew, then
    size = facts.video.size.within(most)
    words = encoding.moving_picture if facts.is_moving_picture else encoding.video
    return await _encode_stream(making, facts, words(facts, most, making.way), size, span=span,
                                room=encoding.room_for(facts, size))


async def _encode_stream(making: Making, facts: Facts, words: list[str], size: Size, *,
                         span: tuple[float, float], room: int) -> dict[str, Any]:
    def collect(outcome: Outcome) -> tuple[list[Made], Any]:
        path = _whole_file(outcome.folder / "stream.mp4")
        found = {"width": size.width, "height": size.height, "duration": facts.seconds,
                 "bitrate": round(path.stat().st_size * 8 / facts.seconds)}
        return [Made("stream", path, "video/mp4", found)], found

    result: dict[str, Any] = await making.encode("stream", words, facts, collect, span=span, output_bytes=room)
    return result


async def _stills(making: Making, facts: Facts) -> dict[str, Any]:
    """`poster` and `small`, and the blurhash."""
    size = facts.video.size
    poster, small = size.inside(POSTER_SIDE, POSTER_SIDE), fitting(size)

    def collect(outcome: Outcome) -> tuple[list[Made], Any]:
        raw = (outcome.folder / "blur.rgb").read_bytes()[:32 * 32 * 3]
        made = [Made(name, _whole_file(outcome.folder / f"{name}.jpg"), "image/jpeg",
                     {"width": shape.width, "height": shape.height})
                for name, shape in (("poster", poster), ("small", small))]
        return made, {"width": small.width, "height": small.height,
                      "blurhash": blurhash.encode(raw, 32, 32) if len(raw) == 32 * 32 * 3 else None}

    result: dict[str, Any] = await making.encode(
        "stills", encoding.stills(facts, poster, small, making.way), facts, collect, span=(0.85, 0.9))
    return result


async def _storyboard(making: Making, facts: Facts) -> None:
    """`storyboard`: a nicety, whose failure fails nothing."""
    board = encoding.storyboard_of(facts)

    def collect(outcome: Outcome) -> tuple[list[Made], Any]:
        path = outcome.folder / "storyboard.jpg"
        if not path.is_file() or not path.stat().st_size:
            return [], None
        facts_of_it = {"width": board.tile.width * board.columns, "height": board.tile.height * board.rows,
                       "meta": {"tileWidth": board.tile.width, "tileHeight": board.tile.height,
                                "tileDuration": board.every}}
        return [Made("storyboard", path, "image/jpeg", facts_of_it)], None

    try:
        await making.encode("storyboard", encoding.storyboard(facts, board, making.way), facts, collect,
                            span=(0.9, 0.97))
    except JobFailed:
        await making.keep("storyboard", [])


async def audio(making: Making, facts: Facts) -> Shown:
    """A sound: `stream`, `peaks`, loudness, tags, and the cover as `cover` and `small`."""
    making.job.report(0.02, "Preparing the sound")
    tags = await _tags(making)
    name, media_type, words = encoding.sound_file(facts.audio, facts.format)
    source = making.original.stat().st_size

    def collect(outcome: Outcome) -> tuple[list[Made], Any]:
        path = _whole_file(outcome.folder / name)
        peaks, loudness = _peaks(outcome.folder / "peaks.txt"), _loudness(outcome.log)
        listed = outcome.folder / "peaks.json"
        listed.write_text(json.dumps({"version": 1, "duration": round(facts.seconds, 3), "peaks": peaks}))
        bitrate = round(path.stat().st_size * 8 / facts.seconds)
        return [Made("stream", path, media_type, {"duration": facts.seconds, "bitrate": bitrate,
                                                  "meta": {"tags": tags, "loudness": loudness}}),
                Made("peaks", listed, "application/json", {"duration": facts.seconds})], {"bitrate": bitrate}

    made = await making.encode("stream", encoding.sound(facts, words, making.way), facts, collect, span=(0.1, 0.9),
                               output_bytes=source * 2 + (64 << 20) + int(facts.seconds * 48_000))
    cover = await _cover(making, facts)
    shape = Size(cover["width"], cover["height"]) if cover else None
    return Shown("audio", media_type, "stream", "small" if cover else None,
                 meta.of_audio(facts, made["bitrate"], shape), cover["blurhash"] if cover else None)


async def _tags(making: Making) -> dict[str, str]:
    async def read() -> Any:
        async with making.run("av.tags") as outcome:
            return outcome.result["tags"]

    found = await making.job.step("tags", read)
    return {str(key)[:40]: str(value)[:500] for key, value in found.items()} if isinstance(found, dict) else {}


async def _cover(making: Making, facts: Facts) -> dict[str, Any] | None:
    """The picture in the tags, drawn anew; a broken one is left out."""
    if "cover" in making.job.finished:
        found: dict[str, Any] | None = making.job.finished["cover"]
        return found
    async with making.run("av.tags") as outcome:
        path = outcome.folder / "cover"
        data = await asyncio.to_thread(path.read_bytes) if outcome.result.get("cover") and path.is_file() else b""
    if data:
        try:
            return await _drawn_cover(making, facts, data)
        except JobFailed:
            pass
    await making.keep("cover", [])
    return None


async def _drawn_cover(making: Making, facts: Facts, data: bytes) -> dict[str, Any] | None:
    async with making.run("av.probe", inputs={"file": data}, params={"pictures": True}) as outcome:
        found = outcome.result
    try:
        picture = read_facts({**found, "audio": None}).picture
    except (Unusable, KeyError, TypeError, AttributeError):
        picture = None
    if picture is None:
        raise JobFailed(DAMAGED)
    large, small = picture.size.inside(POSTER_SIDE, POSTER_SIDE), fitting(picture.size)

    def collect(outcome: Outcome) -> tuple[list[Made], Any]:
        raw = (outcome.folder / "blur.rgb").read_bytes()[:32 * 32 * 3]
        made = [Made(name, _whole_file(outcome.folder / f"{file}.jpg"), "image/jpeg",
                     {"width": shape.width, "height": shape.height})
                for name, file, shape in (("cover", "poster", large), ("small", "small", small))]
        return made, {"width": small.width, "height": small.height,
                      "blurhash": blurhash.encode(raw, 32, 32) if len(raw) == 32 * 32 * 3 else None}

    result: dict[str, Any] = await making.encode(
        "cover", encoding.cover(large, small, making.way), facts, collect, span=(0.9, 0.97), inputs={"file": data})
    return result


def fitting(size: Size) -> Size:
    """The size of a preview: as many picture elements as 640 by 360 has, in any shape."""
    share = min(1.0, (SMALL.width * SMALL.height / (size.width * size.height)) ** 0.5)
    return Size(max(1, round(size.width * share)), max(1, round(size.height * share)))


def _whole_file(path: Path) -> Path:
    if not path.is_file() or not path.stat().st_size:
        raise JobFailed(DAMAGED)
    return path


def _loudness(log: str) -> dict[str, float]:
    """EBU R128 as ffmpeg summed it up: LUFS, LU and dBFS."""
    found = {}
    for name, pattern in _LOUDNESS.items():
        values = pattern.findall(log)
        if values:
            found[name] = float(values[-1])
    return found


def _peaks(path: Path) -> list[float]:
    """The loudest moment of each window, 0 to 1."""
    if not path.is_file():
        return []
    levels = _PEAK.findall(path.read_text(encoding="ascii", errors="replace"))[:_MOST_PEAKS]
    return [0.0 if level == "-inf" else round(min(1.0, 10 ** (float(level) / 20)), 3) for level in levels]


async def show(session: AsyncSession, making: Making, shown: Shown) -> None:
    """Write into the attachment's row what it is now."""
    row = await media_row(session, making.media_id)
    variants = (await files.variants_of(session, [making.media_id])).get(making.media_id, {})
    row.type, row.media_type, row.blurhash = shown.type, shown.media_type, shown.blurhash
    row.url = making.storage.url(variants[shown.stream][1])
    row.preview_url = making.storage.url(variants[shown.preview][1]) if shown.preview else None
    row.meta = {**row.meta, **shown.meta}
    row.state, row.error = "ready", None
    await session.flush()
