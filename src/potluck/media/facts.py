"""What was found in a sound or video file, and what follows: may it be shown as it is, in which sizes is it offered.

The facts come from a worker that looked at hostile bytes, so every value is checked again here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

MOST_SIDE = 8192
MOST_SECONDS = 24 * 3600.0
MOST_RATE = 60

# Bits per picture element by resolution: aimed at, and up to which a file is shown as it is. As PeerTube has them.
_BITS = {144: (.19, .32), 240: (.17, .29), 360: (.15, .26), 480: (.12, .22), 720: (.11, .19), 1080: (.10, .17),
         1440: (.09, .16), 2160: (.08, .14)}
_LEAST_BITS = .02


class Unusable(ValueError):
    """The file cannot be used; the text says why, for its owner (a message id)."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a picture as people see it."""

    width: int
    height: int

    @property
    def resolution(self) -> int:
        """What people call it by: the shorter side."""
        return min(self.width, self.height)

    def within(self, resolution: int) -> Size:
        """The same shape with a shorter side of at most this; sides are even, as encoders need them; never larger."""
        share = min(1.0, resolution / self.resolution)
        return Size(max(2, int(self.width * share + 1e-6) // 2 * 2), max(2, int(self.height * share + 1e-6) // 2 * 2))

    def inside(self, width: int, height: int) -> Size:
        """The same shape within a frame; never larger."""
        share = min(1.0, width / self.width, height / self.height)
        return Size(max(1, round(self.width * share)), max(1, round(self.height * share)))


@dataclass(frozen=True, slots=True)
class Picture:
    """The video stream."""

    index: int
    codec: str
    pixels: str
    size: Size  # as people see it: turned, with square picture elements
    turned: bool  # or with other than square picture elements: must be drawn anew
    interlaced: bool
    rate: Fraction | None
    bitrate: int | None
    pictures: int | None


@dataclass(frozen=True, slots=True)
class Sound:
    """The audio stream."""

    index: int
    codec: str
    profile: str
    channels: int
    rate: int
    bitrate: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """A file of sound, video or both."""

    format: str
    seconds: float
    bitrate: int | None
    picture: Picture | None
    sound: Sound | None
    cover: bool

    @property
    def video(self) -> Picture:
        """The video stream, where the caller knows that there is one."""
        if self.picture is None:
            raise Unusable("There is no video in this file.")
        return self.picture

    @property
    def audio(self) -> Sound:
        """The audio stream, where the caller knows that there is one."""
        if self.sound is None:
            raise Unusable("There is no sound in this file.")
        return self.sound

    @property
    def is_moving_picture(self) -> bool:
        """Whether it is a GIF or the like: short, silent, played in a loop."""
        return self.format in {"gif", "apng"}


def read_facts(found: Mapping[str, Any]) -> Facts:
    """The facts from what the worker told.

    Raises:
        Unusable: there is nothing to show, or it is beyond all measure.
    """
    picture = _picture(found["video"]) if isinstance(found.get("video"), dict) else None
    sound = _sound(found["audio"]) if isinstance(found.get("audio"), dict) else None
    if picture is None and sound is None:
        raise Unusable("There is neither sound nor video in this file.")
    seconds = _number(found.get("duration"), 0, 1e9) or 0.0
    if seconds > MOST_SECONDS:
        raise Unusable("This is longer than a day.")
    if seconds <= 0:
        if picture is None:
            raise Unusable("There is no sound in this file.")
        seconds = float(1 / picture.rate) if picture.rate else 0.04
    return Facts(str(found.get("format", ""))[:100], seconds, _whole(found.get("bitrate")), picture, sound,
                 isinstance(found.get("cover"), int))


def _picture(found: Mapping[str, Any]) -> Picture:
    width, height = _whole(found.get("width")) or 0, _whole(found.get("height")) or 0
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise Unusable("The pictures of this video are too large.")
    aspect = _number(found.get("aspect"), 1 / 16, 16) or 1.0
    rotation = _whole(found.get("rotation")) or 0
    if abs(aspect - 1) > 0.01:
        width = max(1, min(MOST_SIDE, round(width * aspect)))
    if rotation in {90, 270}:
        width, height = height, width
    if max(width, height) > 100 * min(width, height):
        raise Unusable("The pictures of this video are too narrow.")
    return Picture(_whole(found.get("index")) or 0, str(found.get("codec"))[:40], str(found.get("pixels"))[:40],
                   Size(width, height), rotation != 0 or abs(aspect - 1) > 0.01, bool(found.get("interlaced")),
                   _rate(found.get("rate")), _whole(found.get("bitrate")), _whole(found.get("pictures")))


def _sound(found: Mapping[str, Any]) -> Sound:
    codec = str(found.get("codec"))[:40]
    return Sound(_whole(found.get("index")) or 0, "mp3" if codec.startswith("mp3") else codec,
                 str(found.get("profile"))[:40], min(64, _whole(found.get("channels")) or 2),
                 _whole(found.get("rate")) or 44100, _whole(found.get("bitrate")))


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else None


def _number(value: Any, least: float, most: float) -> float | None:
    return float(value) if isinstance(value, int | float) and least <= value <= most else None


def _rate(value: Any) -> Fraction | None:
    try:
        rate = Fraction(str(value)[:60])
    except (ValueError, ZeroDivisionError):
        return None
    return rate.limit_denominator(1001 * 1000) if 0 < rate <= 1000 else None


def may_be_copied(facts: Facts, most: int) -> bool:
    """Whether the streams can go as they are into an MP4 that every browser and every other server plays."""
    picture, sound = facts.picture, facts.sound
    if picture is None or picture.codec != "h264" or picture.pixels not in {"yuv420p", "yuvj420p"}:
        return False
    if picture.turned or picture.interlaced or picture.size.width % 2 or picture.size.height % 2:
        return False
    if picture.rate is None or not 2 <= picture.rate <= MOST_RATE or picture.size.resolution > most:
        return False
    bitrate = picture.bitrate or facts.bitrate
    return bitrate is not None and bitrate <= ceiling(picture.size, picture.rate) and (
        sound is None or sound_may_be_copied(sound))


def sound_may_be_copied(sound: Sound) -> bool:
    """Whether the sound can go into an MP4 as it is."""
    return sound.codec == "aac" and sound.profile in {"LC", "None"} and sound.channels <= 2 and (
        sound.bitrate is None or sound.bitrate <= 384_000)


def _bits(resolution: int) -> tuple[float, float]:
    return _BITS[min(_BITS, key=lambda known: abs(known - resolution))]


def ceiling(size: Size, rate: Fraction) -> int:
    """Bits per second up to which a video is shown as it is."""
    return max(500_000, int(size.width * size.height * rate * Fraction(_bits(size.resolution)[1])))


def target(facts: Facts, size: Size, rate: Fraction) -> int:
    """Bits per second to aim at: never much above those of the source."""
    elements = size.width * size.height * rate
    wanted = int(elements * Fraction(_bits(size.resolution)[0]))
    picture = facts.picture
    source = (picture.bitrate if picture else None) or facts.bitrate
    if source and picture is not None and picture.codec != "gif":
        wanted = min(wanted, int(source * 1.3))
    return max(wanted, int(elements * Fraction(_LEAST_BITS)), 64_000)


def rate_for(picture: Picture, resolution: int) -> Fraction:
    """Pictures per second of a rendition: small ones need no more than 30, none more than 60."""
    rate = picture.rate or Fraction(25)
    most = 30 if resolution < 720 else MOST_RATE
    if rate <= Fraction(most * 101, 100):
        return rate
    return max((rate / part for part in range(2, 101) if rate / part <= most), default=Fraction(most))


def ladder(size: Size, wanted: Sequence[int]) -> list[int]:
    """Resolutions a video is offered in, largest first: never above the source, the source itself at the top.

    Args:
        size: of the source.
        wanted: resolutions of the setting; the largest is the most there will be.
    """
    if not wanted:
        return []
    top = size.within(min(size.resolution, max(wanted))).resolution
    return [top, *sorted((one for one in set(wanted) if one < top), reverse=True)]
