"""A real PostgreSQL server that belongs to one run: on a free loopback port, in a folder of its own, gone afterwards.

All workers of a test run share one server, started by the first test that asks for it. A keeper process
(`support.postgres_keeper`) owns it and ends it together with the run, however the run ends. Databases come from
`CREATE DATABASE … TEMPLATE`, so that a copy costs no migrations; `support.postgres_pool` uses copies again.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg

import system_packages

SUPERUSER = "potluck"
STATE = "server.json"

_ROOT = Path(__file__).resolve().parent.parent.parent
_START_SECONDS = 90.0

T = TypeVar("T")
Connection = Any  # asyncpg's has no types


class PostgresUnavailable(RuntimeError):
    """The server cannot be started; the text says why. A test that needs it fails, it is never skipped."""


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        folder: everything that belongs to it: data, socket, log, locks.
        port: the loopback port.
    """

    folder: Path
    port: int

    def url(self, database: str) -> str:
        """The URL that `POTLUCK_DATABASE_URL` takes."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template0") -> str:
        """Make a database as a copy of `template`; gives its name."""
        name = f"test_{uuid4().hex[:16]}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{_copying(self.port)}')
        return name

    def drop(self, name: str) -> None:
        """Remove a database, ending what is still connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def template(self, name: str, fill: Callable[[str], None]) -> str:
        """A database to copy from, filled once for all workers.

        Args:
            name: what it holds, in a word; the same word gives the same database.
            fill: gets the URL of the empty database and puts into it what every copy shall have.
        """
        with _locked(self.folder / f"template-{name}.lock") as fresh:
            if fresh:
                self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                self.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
                fill(self.url(name))
                (self.folder / f"template-{name}.lock").write_text("filled", encoding="utf-8")
        return name

    def execute(self, statement: str) -> None:
        """Run one statement as superuser, outside a transaction.

        Raises:
            PostgresUnavailable: the server refused it.
        """
        try:
            _line(self.port).run(lambda line: line.execute(statement))
        except asyncpg.PostgresError as error:
            raise PostgresUnavailable(f"{statement}: {error}") from error


class Line:
    """A superuser's connection that stays open, on a loop of its own: a program per statement costs more than it."""

    def __init__(self, port: int, database: str = "postgres") -> None:
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, name="postgres-line", daemon=True).start()
        self._connection = self._do(asyncpg.connect(host="127.0.0.1", port=port, user=SUPERUSER, database=database))

    def run(self, act: Callable[[Connection], Awaitable[T]]) -> T:
        """What `act` gives, done on the connection."""
        return self._do(act(self._connection))

    def close(self) -> None:
        """End the connection and its thread."""
        self._do(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do(self, work: Awaitable[T]) -> T:
        async def wait() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result()


@cache
def _line(port: int) -> Line:
    return Line(port)


@cache
def _copying(port: int) -> str:
    """How to copy a template: by its files; writing all of it into the log, as newer servers do, takes longer."""
    version = int(_line(port).run(lambda line: line.fetchval("SHOW server_version_num")))
    return " STRATEGY FILE_COPY" if version >= 150_000 else ""


def programs() -> Path:
    """The folder of PostgreSQL's programs.

    Raises:
        PostgresUnavailable: it is not installed.
    """
    found = system_packages.postgres_programs()
    if found is None:
        raise PostgresUnavailable("PostgreSQL is not installed: run `python3 tools/setup.py --test`")
    return found


def make_folder() -> Path:
    """A folder for one server: short, because the path of a socket may have 107 bytes at the most."""
    folder = Path(tempfile.mkdtemp(prefix="potluck-pg-"))
    folder.chmod(0o711)  # the server may run as another user than the tests
    return folder


def shared(folder: Path, *, owner: int, durable: bool = False) -> Server:
    """The server in `folder`, started if this is the first to ask.

    Args:
        folder: from `make_folder`, the same for all who shall share.
        owner: process id at whose end the server ends.
        durable: write to disk as in production (for measuring), not as fast as can be (for tests).

    Raises:
        PostgresUnavailable: it does not start; the text holds the end of its log.
    """
    with _locked(folder / "start.lock"):
        if not (folder / STATE).exists():
            _start_keeper(folder, owner, durable=durable)
    state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    return Server(folder, state["port"])


def _start_keeper(folder: Path, owner: int, *, durable: bool) -> None:
    log = folder / "keeper.log"
    path = os.pathsep.join([str(_ROOT / "tests"), str(_ROOT / "tools")])
    with log.open("w") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "support.postgres_keeper", folder, str(owner), "durable" if durable else "fast"],
            env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True)
    deadline = time.monotonic() + _START_SECONDS
    while not (folder / STATE).exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            raise PostgresUnavailable(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.05)


def stop(folder: Path) -> None:
    """End the server in `folder`, if one was started, and remove the folder."""
    with contextlib.suppress(OSError, ValueError):
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        os.kill(state["keeper"], signal.SIGTERM)
        deadline = time.monotonic() + 20
        while (folder / STATE).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(*, durable: bool = True) -> Iterator[Server]:
    """A server for the length of a block, for programs that are not tests (`bench/`)."""
    folder = make_folder()
    try:
        yield shared(folder, owner=os.getpid(), durable=durable)
    finally:
        stop(folder)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold a lock file; gives whether nothing was written into it so far."""
    with path.open("a+", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        handle.seek(0)
        yield not handle.read()
