"""Animated PNG, which libvips does not know: its times are read from its chunks, its frames come through Pillow.

Custom emoji of the fediverse are often in this form.
"""

from __future__ import annotations

import io
import mmap
from collections.abc import Iterator

import pyvips
from PIL import Image, PngImagePlugin

Image.MAX_IMAGE_PIXELS = None  # sizes are checked before anything is decoded, by our own bounds

_HEAD = 8
_MOST_CHUNKS = 100_000
_WRONG = (ValueError, SyntaxError, OSError, OverflowError, IndexError, EOFError, ZeroDivisionError)


class BadFrames(ValueError):
    """The animation is damaged."""


def delays(data: mmap.mmap) -> list[int]:
    """Milliseconds of each frame; empty for a PNG that does not move."""
    found, announced = [], 0
    for name, body in _chunks(data):
        if name == b"acTL" and len(body) >= 4:
            announced = int.from_bytes(body[:4], "big")
        elif name == b"fcTL" and len(body) >= 24:
            share = int.from_bytes(body[22:24], "big") or 100
            found.append(int.from_bytes(body[20:22], "big") * 1000 // share)
    return found[:announced]


def _chunks(data: mmap.mmap) -> Iterator[tuple[bytes, bytes]]:
    """Names of chunks, each with its first bytes."""
    at = _HEAD
    for _ in range(_MOST_CHUNKS):
        length, name = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
        if len(name) < 4 or name == b"IEND":
            return
        yield name, data[at + 8:at + 8 + min(length, 32)]
        at += length + 12


def frames(data: mmap.mmap, times: list[int], width: int, height: int) -> pyvips.Image:
    """All frames within a box, one below the other as libvips has animations.

    Raises:
        BadFrames: they cannot be decoded.
    """
    pages = []
    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(data[:])) as file:
            for number in range(len(times)):
                file.seek(number)
                pages.append(_page(file.convert("RGBA"), width, height))
    except _WRONG as error:
        raise BadFrames(str(error)) from error
    roll = pyvips.Image.arrayjoin(pages, across=1).copy(interpretation="srgb")
    roll.set_type(pyvips.GValue.gint_type, "page-height", pages[0].height)
    roll.set_type(pyvips.GValue.gint_type, "loop", 0)
    roll.set_type(pyvips.GValue.array_int_type, "delay", times)
    return roll


def _page(frame: Image.Image, width: int, height: int) -> pyvips.Image:
    image = pyvips.Image.new_from_memory(frame.tobytes(), frame.width, frame.height, 4, "uchar")
    return image.copy(interpretation="srgb").thumbnail_image(width, height=height, size="down").copy_memory()
