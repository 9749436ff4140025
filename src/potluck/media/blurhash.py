"""Blurhash: a picture in some thirty characters, shown until the picture itself is there."""

from __future__ import annotations

import math

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def encode(rgb: bytes, width: int, height: int, across: int = 4, down: int = 3) -> str:
    """The blurhash of a small picture.

    Args:
        rgb: three bytes for each element, row by row.
        width, height: of the picture; 32 by 32 is enough.
        across, down: how many waves in each direction, 1 to 9.
    """
    if len(rgb) != width * height * 3:
        raise ValueError("the picture has another size")
    linear = [_linear(value) for value in rgb]
    waves = [_wave(linear, width, height, x, y) for y in range(down) for x in range(across)]
    first, rest = waves[0], waves[1:]
    loudest = max((abs(part) for wave in rest for part in wave), default=0.0)
    step = max(0, min(82, math.floor(loudest * 166 - 0.5))) if rest else 0
    most = (step + 1) / 166
    mean = (_srgb(first[0]) << 16) + (_srgb(first[1]) << 8) + _srgb(first[2])
    head = _digits(across - 1 + (down - 1) * 9, 1) + _digits(step, 1) + _digits(mean, 4)
    return head + "".join(_digits(_packed(wave, most), 2) for wave in rest)


def _wave(linear: list[float], width: int, height: int, x: int, y: int) -> tuple[float, float, float]:
    rows = [math.cos(math.pi * y * row / height) for row in range(height)]
    columns = [math.cos(math.pi * x * column / width) for column in range(width)]
    sums = [0.0, 0.0, 0.0]
    at = 0
    for row in rows:
        for column in columns:
            basis = row * column
            sums[0] += basis * linear[at]
            sums[1] += basis * linear[at + 1]
            sums[2] += basis * linear[at + 2]
            at += 3
    scale = (1 if x == 0 and y == 0 else 2) / (width * height)
    return sums[0] * scale, sums[1] * scale, sums[2] * scale


def _packed(wave: tuple[float, float, float], most: float) -> int:
    red, green, blue = (max(0, min(18, math.floor(math.copysign(math.sqrt(abs(part / most)), part) * 9 + 9.5)))
                        for part in wave)
    return (red * 19 + green) * 19 + blue


def _linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _srgb(value: float) -> int:
    share = max(0.0, min(1.0, value))
    return int((share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055) * 255 + 0.5)


def _digits(value: int, length: int) -> str:
    return "".join(_DIGITS[value // 83 ** (length - place) % 83] for place in range(1, length + 1))
