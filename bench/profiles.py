"""Shows where the CPU time of a profiled measurement went.

    POTLUCK_BENCH_PROFILE=/tmp/profile python -m bench.ingest --database sqlite
    python -m bench.profiles /tmp/profile [--only engine] [--under NAME] [--without importlib] [--most 40]

Each function's share with all it calls, and by itself. `--under` counts only what a function (part of its name) calls,
`--without` leaves stacks out that contain a name. In milliseconds of CPU.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

_FILES = ("/src/", "/site-packages/", "/lib/python3")


def short(frame: str) -> str:
    """A frame without the beginning of its path."""
    for mark in _FILES:
        _, found, rest = frame.rpartition(mark)
        if found:
            return rest
    return frame


def read(file: Path, under: str, without: str) -> tuple[int, Counter[str], Counter[str]]:
    """Microseconds in all, by function with all it calls, and by function alone."""
    total, inclusive, own = 0, Counter[str](), Counter[str]()
    for line in file.read_text().splitlines():
        stack, _, number = line.rpartition(" ")
        if without and without in stack:
            continue
        frames = [short(frame) for frame in stack.split(";")]
        if under:
            start = next((index for index, frame in enumerate(frames) if under in frame), None)
            if start is None:
                continue
            frames = frames[start:]
        count = int(number)
        total += count
        own[frames[-1]] += count
        for frame in set(frames):
            inclusive[frame] += count
    return total, inclusive, own


def main() -> None:
    """Read the command line and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="web or engine")
    parser.add_argument("--under", default="")
    parser.add_argument("--without", default="")
    parser.add_argument("--most", type=int, default=40)
    options = parser.parse_args()
    for file in sorted(options.folder.glob(f"{options.only}*.stacks")):
        total, inclusive, own = read(file, options.under, options.without)
        for label, counts in (("with all it calls", inclusive), ("by itself", own)):
            print(f"\n{file.stem}: {total // 1000} ms, {label}")
            for name, count in counts.most_common(options.most):
                print(f"{count / 1000:9.1f} {100 * count / max(total, 1):5.1f} %  {name}")


if __name__ == "__main__":
    main()
