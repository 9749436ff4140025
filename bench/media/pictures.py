"""Thumbnails per second and peak memory for a photo of 24 megapixels, against bare libvips in the same run.

    python -m bench.media.pictures [--photos 40] [--at-once 2] [--kind thumbnail|all|both]

Both sides work off the same photo, as many at once, in turns of a few photos each, so that whatever else the machine
does hits both. Bare libvips runs in processes that stay; ours forks a walled worker for every photo and hands it the
bytes in sealed memory. CPU time counts everything on our side: caller, fork server and workers.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyvips

from bench.table import show
from potluck.media import images
from potluck.media.sandbox.client import Sandbox
from potluck.settings import Settings

_TURN = 4


@dataclass
class Side:
    """What one side needed."""

    seconds: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    photos: int = 0
    turns: list[float] = field(default_factory=list)


def photograph(path: Path) -> None:
    """A photo of 6000 by 4000 with large shapes, detail and grain, as a camera writes it."""
    bands = [pyvips.Image.perlin(6000, 4000, cell_size=size) * 90 + pyvips.Image.perlin(6000, 4000, cell_size=24) * 30
             + pyvips.Image.gaussnoise(6000, 4000, sigma=4, mean=128) for size in (900, 700, 500)]
    bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb").jpegsave(str(path), Q=92)


class Bare:
    """Processes with libvips and nothing else."""

    def __init__(self, photo: Path, folder: Path, at_once: int) -> None:
        self.processes = []
        for number in range(at_once):
            out = folder / f"bare-{number}"
            out.mkdir()
            self.processes.append(subprocess.Popen(
                [sys.executable, "-m", "bench.media.bare", str(photo), str(out)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True))

    def turn(self, kind: str, side: Side) -> None:
        """`_TURN` photos in each process, all at once."""
        started = time.perf_counter()
        for process in self.processes:
            process.stdin.write(f"{kind}\n" * _TURN)
            process.stdin.flush()
        for process in self.processes:
            side.cpu += sum(float(process.stdout.readline()) for _ in range(_TURN))
        _count(side, time.perf_counter() - started, _TURN * len(self.processes))

    def end(self, side: Side) -> None:
        """Stop, and learn the peak memory."""
        for process in self.processes:
            process.stdin.close()
            side.peak = max(side.peak, int(process.stdout.readline()))
            process.wait()


class Walled:
    """Our sandbox."""

    def __init__(self, photo: Path, folder: Path, at_once: int) -> None:
        self.photo, self.at_once = photo, at_once
        self.sandbox = Sandbox(folder / "work")
        settings = Settings()
        self.params: dict[str, Any] = images.params(settings)
        self.limits = replace(images.limits(settings), nice=0)  # the same priority as the other side

    async def turn(self, kind: str, side: Side) -> None:
        """`_TURN` photos for each of those at once."""
        wanted = [one for one in self.params["wanted"] if kind == "all" or one["name"] == images.SMALL]
        before, started = self._own_cpu(), time.perf_counter()
        await asyncio.gather(*(self._some(self.params | {"wanted": wanted}, side) for _ in range(self.at_once)))
        _count(side, time.perf_counter() - started, _TURN * self.at_once)
        side.cpu += self._own_cpu() - before

    async def _some(self, params: dict[str, Any], side: Side) -> None:
        for _ in range(_TURN):
            async with self.sandbox.run(images.TASK, inputs={images.INPUT: self.photo}, params=params,
                                        limits=self.limits) as outcome:
                await asyncio.to_thread(images.read, outcome.result, outcome.folder)
                side.cpu += outcome.cpu
                side.peak = max(side.peak, outcome.memory)

    def _own_cpu(self) -> float:
        """Of this process and the fork server, without the workers."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime + sum(map(_cpu_of, self._fork_servers()))

    def _fork_servers(self) -> Iterator[int]:
        process = self.sandbox.server.process_id
        if process is not None:
            yield process
            with contextlib.suppress(OSError):
                yield from map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()[:1])


def _cpu_of(process: int) -> float:
    with contextlib.suppress(OSError, IndexError):
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _count(side: Side, seconds: float, photos: int) -> None:
    side.seconds += seconds
    side.photos += photos
    side.turns.append(photos / seconds)


async def measure(kind: str, options: argparse.Namespace) -> list[list[object]]:
    """Turns of both sides, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder, bare, walled = Path(name), Side(), Side()
        photo = folder / "photo.jpg"
        photograph(photo)
        ours, theirs = Walled(photo, folder, options.at_once), Bare(photo, folder, options.at_once)
        await ours.turn(kind, Side())  # the fork server starts
        theirs.turn(kind, Side())
        while bare.photos < options.photos:
            theirs.turn(kind, bare)
            await ours.turn(kind, walled)
        theirs.end(bare)
        ours.sandbox.close()
    return [_row(kind, "bare libvips", bare, bare), _row(kind, "sandbox", walled, bare)]


def _row(kind: str, name: str, side: Side, bare: Side) -> list[object]:
    rate, cpu = side.photos / side.seconds, side.cpu / side.photos
    return [kind, name, side.photos, rate, cpu * 1000, rate / (bare.photos / bare.seconds),
            bare.cpu / bare.photos / cpu, round(side.peak / (1 << 20))]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--kind", choices=("thumbnail", "all", "both"), default="both")
    options = parser.parse_args()
    kinds = ("thumbnail", "all") if options.kind == "both" else (options.kind,)
    rows = [row for kind in kinds for row in asyncio.run(measure(kind, options))]
    show("Pictures of 24 megapixels", ("files", "by", "photos", "a second", "CPU ms each", "of bare, by time",
                                       "of bare, by CPU", "peak MiB"), rows)


if __name__ == "__main__":
    main()
