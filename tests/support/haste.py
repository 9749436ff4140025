"""What tests within one process need not wait for: the disk, and Python looking for garbage all the time.

Together a fifth of the time of most tests. Servers that tests start as processes are as they are in production.
"""

from __future__ import annotations

import gc

from potluck.db import engine


def without_disk() -> None:
    """Let SQLite's commits not wait until they are on the disk: what a test wrote need not outlive the machine."""
    engine._PRAGMAS = tuple(pragma.replace("synchronous=FULL", "synchronous=OFF") for pragma in engine._PRAGMAS)


def collect_seldom() -> None:
    """Leave what is loaded by now out of the search for garbage, and search less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
