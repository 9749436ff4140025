"""A Potluck server as real processes, and what they use."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Server:
    """A running server: `process` is its supervisor."""

    url: str
    data: Path
    environ: dict[str, str]
    process: subprocess.Popen[bytes]
    start_seconds: float
    _peak: int = field(default=0)

    def pids(self) -> list[int]:
        """The supervisor and all processes below it."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += map(int, task.read_text().split())
        return found

    def cpu_seconds(self) -> float:
        """CPU used by all processes so far."""
        total = 0
        for pid in self.pids():
            parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(parts[11]) + int(parts[12])
        return total / _TICKS

    def memory(self) -> int:
        """Proportional memory of all processes now, in bytes; the peak seen is kept."""
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        self._peak = max(self._peak, total)
        return total

    @property
    def peak_memory(self) -> int:
        """The largest value `memory` has returned."""
        return self._peak

    def command(self, *arguments: str, stdin: str = "") -> str:
        """Run `potluck …` with this server's settings."""
        done = subprocess.run([sys.executable, "-m", "potluck", *arguments], env=self.environ, input=stdin, text=True,
                              capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"potluck {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()


@contextmanager
def running(database_url: str = "", data: Path | None = None, **settings: str) -> Iterator[Server]:
    """A server on a free loopback port, stopped at the end. Its data are empty and removed, unless `data` is given."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="potluck-bench-") as temporary:
        folder = str(data or temporary)
        environ = {
            **os.environ, "POTLUCK_URL": url, "POTLUCK_BIND": f"127.0.0.1:{port}", "POTLUCK_DATA": folder,
            "POTLUCK_DATABASE_URL": database_url, "POTLUCK_ALLOW_PRIVATE": "127.0.0.0/8",
            "POTLUCK_LOG_LEVEL": "warning", **{f"POTLUCK_{key.upper()}": value for key, value in settings.items()},
        }
        if "POTLUCK_BENCH_PROFILE" in environ:
            Path(environ["POTLUCK_BENCH_PROFILE"]).mkdir(parents=True, exist_ok=True)
            # Each process by itself: the sampler starts with the interpreter.
            environ |= {"PYTHONPATH": str(Path(__file__).parent / "profiling"), "POTLUCK_PRELOAD": "false"}
        started = time.monotonic()
        process = subprocess.Popen([sys.executable, "-m", "potluck", "serve"], env=environ, stdout=subprocess.DEVNULL)
        try:
            _wait(url, process)
            yield Server(url, Path(folder), environ, process, time.monotonic() - started)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise RuntimeError("the server did not come up")


@contextmanager
def databases(wanted: str) -> Iterator[list[tuple[str, str]]]:
    """(name, database URL) of the databases to measure on: sqlite, postgresql or both."""
    found = [("sqlite", "")] if wanted in ("sqlite", "both") else []
    if wanted == "sqlite":
        yield found
        return
    root = Path(__file__).parent.parent
    sys.path[:0] = [str(root / "tests"), str(root / "tools")]
    from support import postgres

    with postgres.running() as server:
        yield [*found, ("postgresql", server.url(server.create()))]
