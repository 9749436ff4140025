"""Bare libvips, without a server or a sandbox: thumbnails of one photo, in a process of its own.

    python -m bench.media.bare PHOTO FOLDER

Takes one line on standard input for each photo, `thumbnail` or `all`.
Prints the CPU seconds of each, and at the end the peak memory in bytes.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

os.environ["VIPS_CONCURRENCY"] = "1"

import pyvips


def thumbnail(photo: str, folder: Path) -> None:
    """What everybody does: a small WebP."""
    pyvips.Image.thumbnail(photo, 640, height=640, size="down").webpsave(str(folder / "small.webp"), Q=80, effort=3)


def everything(photo: str, folder: Path) -> None:
    """The same four files as an upload gives, decoded once."""
    whole = pyvips.Image.new_from_file(photo, access="sequential").copy_memory()
    whole.jpegsave(str(folder / "original.jpg"), Q=88, keep="none")
    whole.thumbnail_image(3840, height=3840, size="down").jpegsave(str(folder / "wire.jpg"), Q=88, keep="none")
    for name, side in (("full", 2560), ("small", 640)):
        small = whole.thumbnail_image(side, height=side, size="down")
        small.webpsave(str(folder / f"{name}.webp"), Q=80, effort=3, keep="none")


def main() -> None:
    """Work off standard input."""
    photo, folder = sys.argv[1], Path(sys.argv[2])
    pyvips.cache_set_max(0)
    for line in sys.stdin:
        before = time.process_time()
        (thumbnail if line.strip() == "thumbnail" else everything)(photo, folder)
        print(time.process_time() - before, flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)


if __name__ == "__main__":
    main()
