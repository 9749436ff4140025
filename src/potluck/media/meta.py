"""What apps are told of an attachment beside its address: `media.meta`, in the shape of Mastodon's API."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from potluck.media.facts import Facts, Size


def of_video(facts: Facts, size: Size, small: Size, bitrate: int) -> dict[str, Any]:
    """Sizes, rate, duration of a video or a GIF.

    Args:
        facts: of the original.
        size: of what is shown.
        small: of the preview.
        bitrate: of what is shown.
    """
    rate = (facts.picture.rate if facts.picture else None) or Fraction(25)
    found: dict[str, Any] = {
        **_length(facts.seconds), "fps": round(float(rate)), "size": f"{size.width}x{size.height}",
        "width": size.width, "height": size.height, "aspect": round(size.width / size.height, 6),
        "original": {"width": size.width, "height": size.height, "frame_rate": f"{rate.numerator}/{rate.denominator}",
                     "duration": round(facts.seconds, 6), "bitrate": bitrate},
        "small": of_picture(small)}
    return found | _sound(facts)


def of_audio(facts: Facts, bitrate: int, cover: Size | None) -> dict[str, Any]:
    """Duration and rate of a sound; the size of its cover if it has one."""
    found: dict[str, Any] = {**_length(facts.seconds), **_sound(facts),
                             "original": {"duration": round(facts.seconds, 6), "bitrate": bitrate}}
    return found | {"small": of_picture(cover)} if cover else found


def of_picture(size: Size) -> dict[str, Any]:
    """Size of a picture."""
    return {"width": size.width, "height": size.height, "size": f"{size.width}x{size.height}",
            "aspect": round(size.width / size.height, 6)}


def _length(seconds: float) -> dict[str, Any]:
    whole, rest = divmod(round(seconds * 100), 100)
    clock = f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}.{rest:02}"
    return {"length": clock, "duration": round(seconds, 2)}


def _sound(facts: Facts) -> dict[str, Any]:
    if facts.sound is None:
        return {}
    channels = {1: "mono", 2: "stereo"}.get(facts.sound.channels, f"{facts.sound.channels} channels")
    return {"audio_encode": facts.sound.codec, "audio_bitrate": f"{facts.sound.rate} Hz", "audio_channels": channels}
