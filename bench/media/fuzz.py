"""Decoders over files gone wrong, for as long as you like: nothing may get beyond a worker.

    python -m bench.media.fuzz [--seconds 60] [--seed 1] [--keep FOLDER]

Mutates real files of every format and has them made into pictures or probed in the sandbox. Prints what came of them;
crashes of decoders are the sandbox's business, and kept with `--keep` for whoever mends the decoder. Any other error
ends the run.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.table import show
from potluck.media.sandbox.client import Sandbox

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from media.test_fuzzing import samples
from support.fuzzing import mutate, stumble

_OUTCOMES = ("made", "refused", "exhausted", "crashed")


def endless(real: dict[str, bytes], choice: random.Random, deadline: float) -> Iterator[tuple[str, bytes]]:
    """Mutations of each sample in turn until the time is up."""
    while time.monotonic() < deadline:
        for name, data in real.items():
            yield name, mutate(data, choice)


async def run(options: argparse.Namespace) -> Counter[tuple[str, str]]:
    """Work until the time is up."""

    def keep(name: str, data: bytes, error: Exception) -> None:
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            path = options.keep / f"{name.replace('/', '-')}-{hashlib.sha256(data).hexdigest()[:12]}"
            path.write_bytes(data)
            path.with_suffix(".txt").write_text(str(error), encoding="utf-8")

    with tempfile.TemporaryDirectory() as name:
        sandbox = Sandbox(Path(name) / "work")
        try:
            cases = endless(samples(Path(name)), random.Random(options.seed), time.monotonic() + options.seconds)
            return await stumble(sandbox, cases, keep=keep)
        finally:
            sandbox.close()


def main() -> None:
    """Print what came of every format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    counts = asyncio.run(run(parser.parse_args()))
    names = sorted({name for name, _ in counts})
    show("Files gone wrong", ("sample", *_OUTCOMES), [
        (name, *(counts[name, outcome] for outcome in _OUTCOMES)) for name in names])


if __name__ == "__main__":
    main()
