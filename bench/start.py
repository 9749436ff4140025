"""Start: time from nothing to the first answer, and memory of the idle server.

python -m bench.start [--database sqlite|postgresql|both]
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from pathlib import Path

from bench.processes import databases, running
from bench.table import show


def main() -> None:
    """Read the command line, measure and print the table. The first start also makes the database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    rows = []
    with databases(parser.parse_args().database) as found, contextlib.ExitStack() as kept:
        for name, url in found:
            folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="potluck-bench-")))
            for attempt in ("first start", "second start"):
                with running(url, folder) as server:
                    until_answer = server.cpu_seconds()
                    time.sleep(5)
                    cpu = server.cpu_seconds()
                    memory = server.memory()
                    time.sleep(5)
                    idle = (server.cpu_seconds() - cpu) / 5
                    rows.append([name, attempt, server.start_seconds, until_answer, memory >> 20, idle * 100])
    show("start", ["database", "what", "seconds to first answer", "CPU s until then", "idle MiB (all processes)",
                   "idle CPU %"], rows)


if __name__ == "__main__":
    main()
