"""`potluck serve` forks its first processes from one that has loaded the program."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from potluck.db.engine import SQLITE_FILE
from potluck.federation.transport import default_context
from potluck.processes.preloading import apart
from potluck.processes.supervisor import Process


def _until(look: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come")


def _children(pid: int) -> dict[str, int]:
    pids = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return {Path(f"/proc/{child}/comm").read_text().strip(): child for child in pids}


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`potluck serve` on an empty database, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    environ = {**os.environ, "POTLUCK_URL": f"http://{address}", "POTLUCK_BIND": address,
               "POTLUCK_DATA": str(tmp_path), "POTLUCK_LOG_LEVEL": "warning"}
    process = subprocess.Popen([sys.executable, "-m", "potluck", "serve"], env=environ, stdout=subprocess.DEVNULL)

    def answers() -> bool:
        assert process.poll() is None
        try:
            with urllib.request.urlopen(f"http://{address}/readyz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    try:
        _until(answers, "an answer")
        yield process
    finally:
        process.kill()
        process.wait()


def test_both_are_children_of_a_small_parent_and_end_with_it(parent: subprocess.Popen[bytes]) -> None:
    """Web and engine run under their names; one that is killed comes back; SIGTERM ends all, with exit code 0."""
    first = _children(parent.pid)
    assert set(first) == {"potluck-web", "potluck-engine-1"[:15]}
    assert b"processes/supervisor.py" in Path(f"/proc/{parent.pid}/cmdline").read_bytes(), "the small supervisor"
    os.kill(first["potluck-engine-1"[:15]], signal.SIGKILL)
    again = _until(lambda: set(_children(parent.pid).values()) - set(first.values()), "a new engine")
    assert first["potluck-web"] in _children(parent.pid).values()
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(30) == 0
    for pid in {*first.values(), *again}:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_an_adopted_process_is_waited_for_like_any_other() -> None:
    """Its exit code is found, also by signal; waiting ends when the time is up."""
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)"], os.environ)
    child = Process(pid)
    assert child.poll() is None
    assert child.wait(0.05) is None
    os.kill(pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert child.poll() == -signal.SIGKILL


_PREPARED = """
import os, threading
from potluck import assembly, server, settings
from potluck.processes import preloading
from potluck.db.migrate import upgrade_alone
import asyncio
configured = settings.use(settings.current())
if configured.is_sqlite:
    asyncio.run(upgrade_alone(configured))
assembly.prepare(configured)
print(preloading.can_fork(), len(os.listdir("/proc/self/fd")))
"""


def _prepared(**environ: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", _PREPARED], env={**os.environ, **environ}, capture_output=True,
                          text=True, timeout=60, check=True)
    return done.stdout.splitlines()[-1].split()


def test_what_is_done_before_the_fork(tmp_path: Path) -> None:
    """The database is opened and closed again: no thread and no file stays, and what a server needs is there."""
    before = _prepared(POTLUCK_DATA=str(tmp_path / "other"), POTLUCK_DATABASE_URL="postgresql://x@127.0.0.1:1/x")
    assert before[0] == "True", "a database that is not there is for the processes to tell"
    assert _prepared(POTLUCK_DATA=str(tmp_path)) == before
    with contextlib.closing(sqlite3.connect(tmp_path / SQLITE_FILE)) as database:
        assert database.execute("SELECT type FROM actor").fetchall() == [("Application",)]
        assert database.execute("SELECT count(*) FROM node").fetchone() == (0,), "its number is free again"


_LEAN = """
import os
from potluck.cli.serving import _lean
names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
before = [os.environ.get(name) for name in names]
with _lean():
    pass
import aiohttp
from potluck.federation.transport import default_context
print([os.environ.get(name) for name in names] == before, len(default_context().get_ca_certs()))
"""


def test_no_certificates_while_a_library_is_loaded() -> None:
    """The system's are there again afterwards, for those who check them."""
    done = subprocess.run([sys.executable, "-c", _LEAN], capture_output=True, text=True, check=True)
    expected = len(default_context().get_ca_certs())
    assert expected, "this machine trusts nobody: ca-certificates is missing"
    assert done.stdout.split() == ["True", str(expected)]


def test_what_is_done_apart() -> None:
    """Its exit code is told, 1 for a fault, and nothing of it goes on in this process."""
    assert apart("right", lambda: 7).wait() == 7
    assert apart("wrong", lambda: 1 // 0).wait() == 1


def _serve(**settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "potluck", "serve"], env={**os.environ, **settings}, text=True,
                            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)


def test_a_database_that_is_not_there_yet(tmp_path: Path) -> None:
    """Is said in a sentence, and waited for."""
    with _serve(POTLUCK_DATA=str(tmp_path), POTLUCK_DATABASE_URL="postgresql://x@127.0.0.1:1/x") as process:
        assert process.stderr is not None
        said = [process.stderr.readline() for _ in range(2)]
        process.terminate()
    assert said[0].startswith("potluck: the database cannot be opened: ")
    assert said[1] == "potluck: it is tried again in 2 seconds\n"


def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    """Ends the server with a sentence and the exit code for configuration; no process tries it again and again."""
    with contextlib.closing(sqlite3.connect(tmp_path / SQLITE_FILE)) as database:
        database.executescript("CREATE TABLE alembic_version (version_num TEXT);"
                               "INSERT INTO alembic_version VALUES ('9z')")
    with _serve(POTLUCK_DATA=str(tmp_path)) as process:
        _, said = process.communicate(timeout=120)
    assert process.returncode == os.EX_CONFIG
    assert said == "potluck: the database has schema '9z', which this version of Potluck does not know\n"
