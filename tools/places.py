"""Where things lie in a checkout, and the stamps that tell whether a step is still good.

Everything in `tools/` up to the finished virtual environment runs on a bare Python with the standard library only.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
VENV_PYTHON = VENV / "bin" / "python"


class SetupError(RuntimeError):
    """A step cannot be done; the text says what the person at the keyboard can do about it."""


def say(text: str) -> None:
    """Tell the person what is happening, apart from what a command prints on standard output."""
    print(f"potluck set-up: {text}", file=sys.stderr, flush=True)


def fingerprint(paths: Iterable[Path], *more: str) -> str:
    """Hash of the content and names of files, and of further words that matter."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for word in more:
        digest.update(f"\0{word}".encode())
    return digest.hexdigest()


def read_stamp(path: Path) -> dict[str, str]:
    """The stamps kept in a file; none when it is absent or was cut short."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def write_stamp(path: Path, stamps: Mapping[str, str]) -> None:
    """Keep stamps; a reader sees the old file or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(dict(stamps), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    fresh.replace(path)


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Let one process at a time do a step; a second one waits here and then finds it done."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> None:
    """Run a command, quiet while it goes well.

    Raises:
        SetupError: it failed; the text holds the command and the end of what it printed.
    """
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-40:])
        raise SetupError(f"this command failed ({done.returncode}): {' '.join(words)}\n{last}")
