"""Sound and video inside the sandbox: what a file holds (PyAV), and its tags and cover (mutagen)."""

from __future__ import annotations

import importlib
import math
import pkgutil
from base64 import b64decode
from fractions import Fraction
from typing import Any, BinaryIO

import av
import mutagen
from av.container import InputContainer
from mutagen.flac import Picture

from potluck.media.sandbox.errors import Refused
from potluck.media.tasks import Job, task

FORMATS = ("aac", "ac3", "aiff", "apng", "asf", "avi", "eac3", "flac", "flv", "gif", "matroska", "webm", "mov", "mp4",
           "mp3", "mpeg", "mpegts", "nut", "ogg", "wav", "w64", "mxf", "3gp", "dv", "ivf", "amr", "caf", "rm", "tta",
           "wv", "ape")
"""Containers that are read. Playlists, lists of files and devices are not among them: they would name other files."""

PICTURES = ("jpeg_pipe", "png_pipe", "webp_pipe", "gif_pipe", "bmp_pipe")
"""Pictures, read only where they are the cover of a sound."""

_MOST_PACKETS = 20_000_000
_MOST_STREAMS = 64
_MOST_TEXT = 500
_MOST_COVER = 16 << 20

av.logging.set_level(av.logging.PANIC)


def _load_all() -> None:
    """Both libraries import parts of themselves when a file needs them, which is too late once the walls are up."""
    for package in (av, mutagen):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not any(part in module.name for part in ("__main__", "datasets", "_tools")):
                importlib.import_module(module.name)


_load_all()


@task("av.probe")
def probe(job: Job) -> dict[str, Any]:
    """What is in a file: container, duration, the video and the sound to use. One picture of it is really decoded."""
    with job.open("file") as file:
        try:
            with _open(file, FORMATS + PICTURES if job.params.get("pictures") else FORMATS) as container:
                return _facts(container)
        except (av.FFmpegError, ValueError, OverflowError) as error:
            raise Refused("This file cannot be read as sound or video.") from error


def _open(file: BinaryIO, formats: tuple[str, ...]) -> InputContainer:
    allowed = {"format_whitelist": ",".join(formats), "protocol_whitelist": "none"}
    container = av.open(file, mode="r", options=allowed, metadata_errors="replace")
    if not any(name in formats for name in container.format.name.split(",")):
        raise Refused("This kind of file is not taken.")
    if not container.streams or len(container.streams) > _MOST_STREAMS:
        raise Refused("There is neither sound nor video in this file.")
    return container


def _facts(container: InputContainer) -> dict[str, Any]:
    video = next((one for one in container.streams.video if not one.disposition & av.stream.Disposition.attached_pic
                  and one.codec_context is not None), None)
    cover = next((one for one in container.streams.video if one.disposition & av.stream.Disposition.attached_pic), None)
    sound = next((one for one in container.streams.audio if one.codec_context is not None
                  and one.codec_context.sample_rate), None)
    if video is None and sound is None:
        raise Refused("There is neither sound nor video in this file.")
    found: dict[str, Any] = {
        "format": container.format.name, "duration": _seconds(container.duration, Fraction(1, av.time_base)),
        "bitrate": container.bit_rate or None, "video": None, "audio": None, "cover": cover.index if cover else None,
        "pictures": None}
    if sound is not None:
        found["audio"] = _sound(sound)
    if video is not None:
        found["video"] = _picture(container, video)
    if found["duration"] is None:
        found["duration"], found["pictures"] = _measured(container, video or sound)
    return found


def _sound(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    return {"index": stream.index, "codec": context.name, "profile": context.profile, "channels": context.channels,
            "rate": context.sample_rate, "bitrate": context.bit_rate or None,
            "duration": _seconds(stream.duration, stream.time_base)}


def _picture(container: InputContainer, stream: Any) -> dict[str, Any]:
    """The video stream; its first picture tells what headers may be wrong about."""
    context = stream.codec_context
    context.thread_count = 1
    frame = next(container.decode(stream), None)
    if frame is None:
        raise Refused("There is no picture in this video.")
    aspect = stream.sample_aspect_ratio
    return {"index": stream.index, "codec": context.name, "profile": context.profile,
            "pixels": context.pix_fmt, "width": frame.width, "height": frame.height,
            "rotation": int(frame.rotation) % 360, "interlaced": bool(frame.interlaced_frame),
            "aspect": float(aspect) if aspect else 1.0, "rate": _rate(stream), "bitrate": context.bit_rate or None,
            "pictures": stream.frames or None, "duration": _seconds(stream.duration, stream.time_base),
            "alpha": "a" in (context.pix_fmt or "").replace("gray", "") and context.name not in {"h264", "hevc"}}


def _rate(stream: Any) -> str | None:
    """Pictures per second, as a fraction; the average where the file says it, since the nominal rate may be absurd."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < rate <= 1000:
            return f"{rate.numerator}/{rate.denominator}"
    return None


def _seconds(value: int | None, base: Fraction | None) -> float | None:
    if value is None or base is None or value <= 0:
        return None
    seconds = float(value * base)
    return seconds if math.isfinite(seconds) and seconds < 1e7 else None


def _measured(container: InputContainer, stream: Any) -> tuple[float | None, int]:
    """Read to the end, for files that do not say how long they are (recordings of browsers)."""
    end, packets = 0.0, 0
    for packet in container.demux(stream):
        if packet.pts is not None and packet.time_base:
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            packets += 1
        if packets > _MOST_PACKETS:
            break
    return (end if 0 < end < 1e7 else None), packets


@task("av.tags")
def tags(job: Job) -> dict[str, Any]:
    """Title, artist and so on of a sound; its cover goes to the file `cover` as it is (pictures are checked later)."""
    found: dict[str, Any] = {}
    with job.open("file") as file:
        try:
            read = mutagen.File(file)
            easy = None
            if read is not None:
                file.seek(0)
                easy = mutagen.File(file, easy=True)
        except Exception as error:  # noqa: BLE001  # mutagen raises all kinds of errors over broken tags
            return {"tags": {}, "cover": False, "problem": type(error).__name__}
    for name in ("title", "artist", "album", "albumartist", "date", "genre", "tracknumber", "discnumber", "copyright",
                 "musicbrainz_trackid", "musicbrainz_albumid", "musicbrainz_artistid"):
        value = _text(easy, name)
        if value:
            found[name] = value
    cover = _cover(read)
    if cover:
        (job.folder / "cover").write_bytes(cover)
    return {"tags": found, "cover": bool(cover)}


def _text(easy: Any, name: str) -> str:
    try:
        values = easy.tags.get(name) if easy is not None and easy.tags is not None else None
    except (KeyError, ValueError, AttributeError):
        return ""
    return ", ".join(str(value) for value in values)[:_MOST_TEXT].strip() if values else ""


def _cover(read: Any) -> bytes | None:
    """The front cover of any kind of tag, or whatever picture there is."""
    pictures = list(getattr(read, "pictures", None) or [])
    tagged = getattr(read, "tags", None)
    if tagged is not None:
        for key in list(tagged.keys() if hasattr(tagged, "keys") else ()):
            pictures += _pictures_of(key, tagged[key])
    pictures.sort(key=lambda one: getattr(one, "type", 3) != 3)
    for picture in pictures:
        data = bytes(getattr(picture, "data", picture))
        if 0 < len(data) <= _MOST_COVER:
            return data
    return None


def _pictures_of(key: str, value: Any) -> list[Any]:
    if key.startswith("APIC"):
        return [value]
    if key == "covr":
        return list(value)
    if key.lower() == "metadata_block_picture":
        try:
            return [Picture(b64decode(one)) for one in value]  # type: ignore[no-untyped-call]
        except (ValueError, mutagen.MutagenError):
            return []
    return []
