"""Transcoding in the sandbox against bare ffmpeg with the same words, in turns in the same run.

    python -m bench.media.transcoding [--seconds 20] [--size 1280x720] [--rounds 3] [--threads 2]

Ours counts all there is to it: handing over the file, the fork, the walls, progress, the end. Bare ffmpeg is as nice as
ours (10). The source is a test picture with noise and a tone, as MPEG-4 and MP2, so that all of it is drawn anew.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.table import show
from potluck.media import encoding
from potluck.media.facts import Facts, read_facts
from potluck.media.sandbox import programs
from potluck.media.sandbox.client import Sandbox
from potluck.media.sandbox.limits import Limits

_LIMITS = Limits(memory=4 << 30, cpu_seconds=36_000, wall_seconds=36_000, output_bytes=8 << 30)


@dataclass
class Side:
    """What one side needed, round by round."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    memory: int = 0


def film(path: Path, seconds: int, size: str) -> None:
    """The source."""
    program = programs.ffmpeg()
    assert program, "no ffmpeg"
    subprocess.run([program.path, "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i",
                    f"testsrc2=size={size}:rate=30:duration={seconds},noise=alls=12:allf=t", "-f", "lavfi", "-i",
                    f"sine=frequency=440:duration={seconds}", "-c:v", "mpeg4", "-q:v", "3", "-c:a", "mp2", str(path)],
                   check=True)


async def ours(sandbox: Sandbox, words: list[str], source: Path, facts: Facts, side: Side) -> int:
    """One run in the sandbox; gives the size of what it made."""
    told: list[float] = []
    started = time.perf_counter()
    async with sandbox.run("ffmpeg", inputs={"file": source}, params={"arguments": words, "seconds": facts.seconds},
                           limits=_LIMITS, on_progress=told.append) as outcome:
        side.seconds.append(time.perf_counter() - started)
        side.cpu.append(outcome.cpu)
        side.told.append(len(told))
        side.memory = max(side.memory, outcome.memory)
        return (outcome.folder / "stream.mp4").stat().st_size


def bare(words: list[str], source: Path, folder: Path, side: Side) -> int:
    """One run of ffmpeg by itself."""
    program = programs.ffmpeg()
    assert program, "no ffmpeg"
    told = [str(source) if word == "{file}" else word for word in words if word not in {"-protocol_whitelist", "fd"}]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run([program.path, "-hide_banner", "-nostdin", "-y", "-loglevel", "warning", "-nostats", *told],
                   cwd=folder, check=True, preexec_fn=lambda: os.nice(10))
    side.seconds.append(time.perf_counter() - started)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    side.cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    side.memory = after.ru_maxrss << 10
    return (folder / "stream.mp4").stat().st_size


async def main() -> None:
    """Read the command line, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="potluck-bench-") as name:
        folder = Path(name)
        source = folder / "film.avi"
        film(source, chosen.seconds, chosen.size)
        sandbox = Sandbox(folder / "work")
        async with sandbox.run("av.probe", inputs={"file": source}) as outcome:
            facts = read_facts(outcome.result)
        words = encoding.video(facts, 2160, encoding.Way(threads=chosen.threads))
        sides = {"bare ffmpeg": Side(), "in the sandbox": Side()}
        sizes = set()
        for _ in range(chosen.rounds):
            sizes.add(bare(words, source, folder, sides["bare ffmpeg"]))
            sizes.add(await ours(sandbox, words, source, facts, sides["in the sandbox"]))
        sandbox.close()
    rows = [[name, sum(side.seconds) / chosen.rounds, chosen.seconds * chosen.rounds / sum(side.seconds),
             sum(side.cpu) / chosen.rounds, sum(sides["bare ffmpeg"].seconds) / sum(side.seconds),
             sum(sides["bare ffmpeg"].cpu) / sum(side.cpu), round(sum(side.told) / chosen.rounds), side.memory >> 20]
            for name, side in sides.items()]
    show(f"transcoding {chosen.seconds} s of {chosen.size}, same words, sizes of results {sorted(sizes)}",
         ["", "seconds", "times real time", "CPU seconds", "speed", "speed by CPU", "times progress was told",
          "peak MiB"], rows)


if __name__ == "__main__":
    asyncio.run(main())
