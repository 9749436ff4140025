"""The doctor's look at the sandbox: not what the kernel says it could do, but what a worker tried in vain."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from potluck.media import sandbox
from potluck.media.sandbox.client import Sandbox
from potluck.operation.finding import Finding
from potluck.settings import Settings

_OLD_KERNEL = "Linux 6.12 or later has every wall; see docs/operators/sandbox.md."
_SINCE = {2: "moving files", 3: "truncating", 4: "TCP", 5: "device ioctls", 6: "signals and abstract sockets"}
_WAYS = (
    # What is shown, which attempts must have failed, and what is lost when one did not.
    ("files", ("read a file", "write a file"), "a decoder that is taken over can reach files of this server"),
    ("network", ("connect",), "a decoder that is taken over can reach the network"),
    ("processes", ("start a process", "signal the server", "read the server's memory"),
     "a decoder that is taken over can start programs, or reach other processes"),
    ("new code", ("make memory executable",), "a decoder that is taken over can bring code of its own"),
    ("input", ("write the input", "make the input executable"), "a decoder can change or execute what it was given"),
)


async def look(settings: Settings) -> list[Finding]:
    """Run the attempts in a worker, as files are processed, and tell of each wall whether it held."""
    with _secret() as secret, socket.create_server(("127.0.0.1", 0)) as server:
        box = Sandbox(settings.data / "work", policy=settings.memfd_noexec)
        try:
            async with box.run("walls.attempt", inputs={"file": b"input"}, params={
                "file": str(secret), "port": server.getsockname()[1], "server": os.getpid(),
            }) as outcome:
                found = outcome.result
        except (sandbox.SandboxError, OSError) as error:
            return [Finding("Sandbox", "bad", f"does not run: {error}",
                            "Pictures, sound and video cannot be processed until it does.")]
        finally:
            box.close()
    return [_summary(found["walls"]), *(_wall(found, *way) for way in _WAYS), _shadow_stack(found["shadow stack"])]


@contextlib.contextmanager
def _secret() -> Iterator[Path]:
    """A file that everybody may read and write, as far as its mode goes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "secret"
        path.write_text("secret", encoding="ascii")
        path.chmod(0o666)
        Path(folder).chmod(0o755)
        yield path


def _summary(walls: dict[str, Any]) -> Finding:
    parts = [_landlock(walls["landlock"]),
             "seccomp" if walls["seccomp"] else "no seccomp",
             "own namespaces" if walls["namespaces"] else "no own namespaces",
             "own root" if walls["root"] else "no own root", f"user {walls['user']}"]
    if walls["landlock"] and walls["seccomp"]:
        advice = "" if walls["namespaces"] else "Fine as it is. Namespaces would be a second wall behind the others."
        return Finding("Sandbox", "good", ", ".join(parts), advice)
    return Finding("Sandbox", "warning", ", ".join(parts), _OLD_KERNEL)


def _landlock(version: int) -> str:
    missing = [name for since, name in _SINCE.items() if version < since]
    if not version:
        return "no Landlock"
    return f"Landlock {version}" + (f" (not yet {', '.join(missing)})" if missing else "")


def _wall(found: dict[str, Any], name: str, attempts: tuple[str, ...], loss: str) -> Finding:
    broken = [attempt for attempt in attempts if found[attempt] != "held"]
    if not broken:
        return Finding(f"Sandbox: {name}", "good", "the walls hold")
    return Finding(f"Sandbox: {name}", "warning", f"a worker could {', '.join(broken)}: {loss}", _OLD_KERNEL)


def _shadow_stack(state: str) -> Finding:
    texts = {"on": "on for decoders", "off": "offered by the kernel, but Python or its libraries are not built for it",
             "none": "not offered by this processor or kernel"}
    return Finding("Sandbox: shadow stacks", "good", texts.get(state, "not known"))
