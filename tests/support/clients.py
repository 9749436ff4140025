"""Real client programs, each in an environment of its own, because what they depend on disagrees.

    clients.python_client("toot")    folder with the `toot` and `python` programs
    clients.node_client("masto")     a Node and the folder in which `import "masto"` works

Their versions and hashes are locked in `locks/`. They are fetched once, into `.cache/clients/`, by
`tools/setup.py --test`; `python -m support.clients` does the same.
"""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import node
from places import CACHE, SetupError, fingerprint, only_one, run, say

LOCKS = Path(__file__).parent / "locks"
PYTHON_CLIENTS = (
    "fediverse-pasture", "mastodon-py", "moto", "pythonlemmy", "pythorhead", "tooi", "toot", "tuspy", "writefreely-cli")
NODE_CLIENTS = ("lemmy-js-client", "masto", "micropub-helper", "threadiverse")

_CLIENTS = CACHE / "clients"
_PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")
_OLDEST_NODE = 22  # the first with a global WebSocket, which masto's streaming needs


@dataclass(frozen=True)
class NodeClient:
    """Where a JavaScript client is installed, and the Node that runs it.

    Attributes:
        folder: working directory for scripts; put them here or below so that imports resolve.
        node: the Node to run them with.
    """

    folder: Path
    node: node.Node


def python_client(name: str) -> Path:
    """The `bin` folder of a Python client's environment, made if it is missing.

    Args:
        name: one of `PYTHON_CLIENTS`.

    Raises:
        SetupError: it could not be fetched.
    """
    lock = LOCKS / f"{name}.lock"
    folder = _CLIENTS / f"{name}-{fingerprint([lock], sys.version)[:12]}"
    with only_one(f"client-{name}"):
        if not (folder / "installed").exists():
            say(f"fetching the client {name}")
            shutil.rmtree(folder, ignore_errors=True)
            run(sys.executable, "-m", "venv", "--without-pip", folder)
            run(sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet",
                "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", lock)
            (folder / "installed").touch()
    return folder / "bin"


def node_client(name: str) -> NodeClient:
    """A JavaScript client, fetched if it is missing.

    Args:
        name: one of `NODE_CLIENTS`.

    Raises:
        SetupError: it could not be fetched.
    """
    files = [LOCKS / name / file for file in _PACKAGE_FILES]
    folder = _CLIENTS / f"{name}-{fingerprint(files)[:12]}"
    found = node.find(_OLDEST_NODE)
    with only_one(f"client-{name}"):
        if not (folder / "installed").exists():
            say(f"fetching the client {name}")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for file in files:
                shutil.copy(file, folder)
            run(*found.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder, env=found.environment)
            (folder / "installed").touch()
    return NodeClient(folder, found)


def main() -> None:
    """Fetch all of them, as many at once as there are cores."""
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            under_way: list[Future[Any]] = [
                *(pool.submit(python_client, name) for name in PYTHON_CLIENTS),
                *(pool.submit(node_client, name) for name in NODE_CLIENTS)]
            for one in under_way:
                one.result()
    except SetupError as error:
        say(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
