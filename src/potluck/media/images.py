"""Pictures, the caller's side: what is made of an upload by its purpose, and whether what came back can be believed.

    async with sandbox.run(images.TASK, inputs={images.INPUT: path}, params=images.params(settings),
                           limits=images.limits(settings)) as outcome:
        made = images.read(outcome.result, outcome.folder)

A picture gives four files: `original` (clean, large, ours to keep), `wire` (JPEG, PNG or GIF, which every other server
and app can read), `full` and `small` (WebP, for our pages). Two names may share one file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from potluck.media import sniffing
from potluck.media.sandbox.errors import Crashed
from potluck.media.sandbox.limits import MIB, Limits
from potluck.media.tasks.wanted import Wanted
from potluck.settings import Settings

TASK = "images.make"
DESCRIBE = "images.describe"
INPUT = "file"
"""The name both tasks have for the picture."""

ORIGINAL, WIRE, FULL, SMALL, STILL = "original", "wire", "full", "small", "still"

_WIRE_SIDE, _FULL_SIDE, _SMALL_SIDE = 3840, 2560, 640
_EMOJI_SIDE = 256
_BYTES_PER_PIXEL = 24  # with all that decoders and encoders of progressive files hold at once
_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
TAKEN = _TYPES | {"image/avif", "image/heic", "image/tiff", "image/bmp"}
"""Types of pictures that are taken."""

_BLURHASH = re.compile(r"[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{6,49}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_NAME = re.compile(r"[a-z]+\.[a-z]{3,4}")


@dataclass(frozen=True, slots=True)
class File:
    """One file that was made."""

    name: str  # the variant
    path: Path
    media_type: str
    width: int
    height: int
    moving: bool


@dataclass(frozen=True, slots=True)
class Description:
    """What a picture is."""

    media_type: str
    width: int  # upright
    height: int
    frames: int
    seconds: float  # of one round of the animation
    animated: bool  # it moves, and so do the files made of it; not so when it is too long or large for that


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a picture."""

    source: Description
    files: Mapping[str, File]
    blurhash: str
    colour: str  # most frequent one, as `#rrggbb`


def params(settings: Settings, purpose: str = "attachment", focus: tuple[float, float] | None = None) -> dict[str, Any]:
    """What the worker is told.

    Args:
        settings: for the bounds.
        purpose: what the picture is for: attachment, avatar, header, emoji.
        focus: the focal point, from -1 to 1, y upwards; pictures that are cut are cut round it.
    """
    bounds = {"pixels": settings.image_megapixels * 1_000_000, "frames": settings.image_frames,
              "animated_pixels": settings.image_megapixels * 1_000_000}
    return {"bounds": bounds, "focus": focus, "wanted": [asdict(one) for one in _wanted(settings, purpose)]}


def _wanted(settings: Settings, purpose: str) -> list[Wanted]:
    """The files for a purpose, the largest first."""
    side = settings.image_side
    kept = Wanted(ORIGINAL, side, side, "common")
    if purpose == "avatar":
        return [kept, Wanted(WIRE, 400, 400, "common", cut=True), Wanted(FULL, 400, 400, "webp", cut=True),
                Wanted(SMALL, 120, 120, "webp", cut=True)]
    if purpose == "header":
        return [kept, Wanted(WIRE, 1500, 500, "common", cut=True), Wanted(FULL, 1500, 500, "webp", cut=True),
                Wanted(SMALL, 750, 250, "webp", cut=True)]
    if purpose == "emoji":
        return [kept, Wanted(WIRE, _EMOJI_SIDE, _EMOJI_SIDE, "common"),
                Wanted(STILL, _EMOJI_SIDE, _EMOJI_SIDE, "common", still=True)]
    return [kept, Wanted(WIRE, _WIRE_SIDE, _WIRE_SIDE, "common"), Wanted(FULL, _FULL_SIDE, _FULL_SIDE, "webp"),
            Wanted(SMALL, _SMALL_SIDE, _SMALL_SIDE, "webp", still=True)]


def limits(settings: Settings) -> Limits:
    """What making them may use: in proportion to the largest picture that is taken."""
    return Limits(memory=256 * MIB + settings.image_megapixels * 1_000_000 * _BYTES_PER_PIXEL,
                  cpu_seconds=30 + settings.image_megapixels, wall_seconds=4.0 * (30 + settings.image_megapixels),
                  output_bytes=256 * MIB, files=10)


def read_description(result: Any) -> Description:
    """What `images.describe` found, checked.

    Raises:
        Crashed: the worker talks nonsense.
    """
    try:
        return Description(
            _one_of(result["media_type"], TAKEN), _whole(result["width"], 1, 1_000_000),
            _whole(result["height"], 1, 1_000_000), _whole(result["frames"], 1, 1_000_000),
            _whole(result["milliseconds"], 0, 1 << 40) / 1000, result["animated"] is True)
    except (KeyError, TypeError, ValueError) as error:
        raise Crashed(f"a description that cannot be believed: {error!r}") from error


def read(result: Any, folder: Path) -> Made:
    """What `images.make` made, checked: every file is what it is said to be. Blocks.

    Raises:
        Crashed: the worker talks nonsense.
    """
    source = read_description(result)
    try:
        files = [_file(entry, folder) for entry in result["files"]]
        return Made(source, {file.name: file for file in files}, _matching(result["blurhash"], _BLURHASH),
                    _matching(result["colour"], _COLOUR))
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise Crashed(f"pictures that cannot be believed: {error!r}") from error


def _file(entry: Any, folder: Path) -> File:
    path = folder / _matching(entry["file"], _NAME)
    media_type = _one_of(entry["media_type"], _TYPES)
    if sniffing.media_type_of_file(path) != media_type:
        raise ValueError(f"{path.name} is not {media_type}")
    return File(_one_of(entry["name"], {ORIGINAL, WIRE, FULL, SMALL, STILL}), path, media_type,
                _whole(entry["width"], 1, 65_535), _whole(entry["height"], 1, 65_535), entry["moving"] is True)


def _whole(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{value!r} is not from {least} to {most}")
    return value


def _one_of(value: Any, known: frozenset[str] | set[str]) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is not known")
    return str(value)


def _matching(value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{value!r} is malformed")
    return value
