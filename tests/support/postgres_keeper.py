"""The process that owns a throw-away PostgreSQL server: makes it, waits for the end of the run, removes it.

    python -m support.postgres_keeper FOLDER OWNER_PID fast|durable
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from support.postgres import STATE, SUPERUSER, programs

_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_ALWAYS = ("listen_addresses=127.0.0.1", "max_connections=200", "shared_buffers=64MB", "wal_level=minimal",
           "max_wal_senders=0", "log_min_messages=warning", "timezone=UTC")
_READY_SECONDS = 60.0


def main() -> None:
    """Keep a server from now until the owner ends or this process is told to."""
    folder, owner, mode = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    try:
        server, port = _start(folder, durable=mode == "durable")
        try:
            _tell(folder, {"port": port, "keeper": os.getpid(), "server": server.pid})
            while _alive(owner) and server.poll() is None and not ended.wait(0.5):
                pass
        finally:
            _end(server)
    finally:
        (folder / STATE).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, *, durable: bool) -> tuple[subprocess.Popen[bytes], int]:
    user, data, sockets = _account(), folder / "data", folder / "s"
    for made in (data, sockets):
        made.mkdir(mode=0o700)
        if user:
            os.chown(made, user["user"], user["group"])
    subprocess.run([programs() / "initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                    "--no-sync"], cwd=folder, check=True, stdout=sys.stderr, **user)
    port = _free_port()
    options = [*_ALWAYS, *(() if durable else _FAST), f"port={port}", f"unix_socket_directories={sockets}"]
    server = subprocess.Popen([programs() / "postgres", "-D", data, *(f"--{option}" for option in options)],
                              cwd=folder, stdout=sys.stderr, **user)
    _wait_until_ready(server, port)
    return server, port


def _account() -> dict[str, Any]:
    """Keyword arguments for subprocess: PostgreSQL refuses to run as root, so root runs it as another user."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    question = [str(programs() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(question, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            _end(server)
            raise SystemExit("the server did not become ready")
        time.sleep(0.05)


def _tell(folder: Path, state: dict[str, int]) -> None:
    fresh = folder / f"{STATE}.new"
    fresh.write_text(json.dumps(state), encoding="utf-8")
    fresh.replace(folder / STATE)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end(server: subprocess.Popen[bytes]) -> None:
    """Nobody will read this data again: the immediate shutdown (SIGQUIT) will do."""
    server.send_signal(signal.SIGQUIT)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
