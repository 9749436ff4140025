"""Files gone wrong: seeded mutations of real ones, for decoders to stumble over."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

_WORDS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\x01\0\0", b"\xff\xd9", b"IEND")


def mutations(samples: Mapping[str, bytes], choice: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """`count` mutations of each sample, with its name."""
    for _ in range(count):
        for name, data in samples.items():
            yield name, mutate(data, choice)


def mutate(data: bytes, choice: random.Random) -> bytes:
    """A few changes at once: flipped bits, striking numbers, parts that are cut, doubled, swapped or lost."""
    changed = bytearray(data)
    for _ in range(choice.choice((1, 1, 2, 4, 16))):
        if changed:
            choice.choice(_CHANGES)(changed, choice)
    return bytes(changed)


def _flip(data: bytearray, choice: random.Random) -> None:
    data[choice.randrange(len(data))] ^= 1 << choice.randrange(8)


def _early(data: bytearray, choice: random.Random) -> None:
    """Headers decide most: change something near the start."""
    data[choice.randrange(min(len(data), 256))] = choice.randrange(256)


def _word(data: bytearray, choice: random.Random) -> None:
    at = choice.randrange(len(data))
    word = choice.choice(_WORDS)
    data[at:at + len(word)] = word


def _cut(data: bytearray, choice: random.Random) -> None:
    del data[choice.randrange(1, len(data) + 1):]


def _lose(data: bytearray, choice: random.Random) -> None:
    at = choice.randrange(len(data))
    del data[at:at + choice.randrange(1, 64)]


def _double(data: bytearray, choice: random.Random) -> None:
    at = choice.randrange(len(data))
    data[at:at] = data[at:at + choice.randrange(1, 512)]


def _noise(data: bytearray, choice: random.Random) -> None:
    at = choice.randrange(len(data))
    part = data[at:at + choice.randrange(1, 64)]
    data[at:at + len(part)] = choice.randbytes(len(part))


_CHANGES = (_flip, _flip, _early, _word, _noise, _lose, _double, _cut)
