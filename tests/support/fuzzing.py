"""Files gone wrong: seeded mutations of real ones, for decoders in the sandbox to stumble over."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from potluck.media import images
from potluck.media.sandbox import Crashed, Exhausted, Limits, Refused
from potluck.media.sandbox.client import Sandbox
from potluck.settings import Settings

_WORDS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\x01\0\0", b"\xff\xd9", b"IEND")


def mutations(samples: Mapping[str, bytes], choice: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """`count` mutations of each sample, with its name."""
    for _ in range(count):
        for name, data in samples.items():
            yield name, mutate(data, choice)


async def stumble(sandbox: Sandbox, cases: Iterable[tuple[str, bytes]], *, at_once: int = 2,
                  keep: Callable[[str, bytes, Exception], None] | None = None) -> Counter[tuple[str, str]]:
    """Hand each case to its decoder: pictures to the image task, all else to the probe of sound and video.

    Any error but those of the sandbox that blame the file gets out of here.

    Args:
        sandbox: whose workers do it.
        cases: names (a picture's is its media type) with bytes.
        at_once: how many workers run.
        keep: told of every case that a decoder crashed over.

    Returns:
        How often what came of which sample.
    """
    counts: Counter[tuple[str, str]] = Counter()
    rest = iter(cases)

    async def work() -> None:
        for name, data in rest:
            try:
                await _decode(sandbox, name, data)
                counts[name, "made"] += 1
            except (Refused, Exhausted, Crashed) as error:
                counts[name, type(error).__name__.lower()] += 1
                if keep and isinstance(error, Crashed):
                    keep(name, data, error)

    await asyncio.gather(*(work() for _ in range(at_once)))
    return counts


async def _decode(sandbox: Sandbox, name: str, data: bytes) -> None:
    settings = Settings(image_megapixels=20)
    if not name.startswith("image/"):
        async with sandbox.run("av.probe", inputs={"file": data}, limits=Limits(cpu_seconds=20, wall_seconds=60)):
            return
    async with sandbox.run(images.TASK, inputs={images.INPUT: data}, params=images.params(settings),
                           limits=images.limits(settings)) as outcome:
        await asyncio.to_thread(images.read, outcome.result, Path(outcome.folder))


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
