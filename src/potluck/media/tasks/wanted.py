"""What the caller tells the worker about a picture; both sides import this, so it knows no decoder."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is decoded at all."""

    pixels: int  # of one frame
    frames: int  # more are not kept
    animated_pixels: int  # of all frames together


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file to make."""

    name: str
    width: int  # of the box it must fit into, or that it fills
    height: int
    form: str  # `webp`; or `common`: JPEG, PNG or GIF, which everybody reads
    cut: bool = False  # fill the box and cut off what is beyond
    still: bool = False  # the first frame only
