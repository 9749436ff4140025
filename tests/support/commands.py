"""Programs of tests, `potluck …` among them, each in a process forked from one that has the libraries loaded.

A process that starts from nothing takes two seconds to load them, and tests start a hundred.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

_SECONDS = 110


def run(environ: Mapping[str, str], module: str, arguments: Sequence[str], stdin: str = "") -> str:
    """Call `main(arguments)` of a module in a process of its own.

    Args:
        environ: its whole environment.
        module: which one.
        arguments: what it is called with.
        stdin: text of its standard input.

    Returns:
        What it printed, without space around it.

    Raises:
        AssertionError: it failed, or took too long; says what it printed.
    """
    with tempfile.TemporaryDirectory(prefix="potluck-command-") as name:
        folder = Path(name)
        (folder / "in").write_text(stdin)
        process = _context().Process(
            target=_work, args=(dict(environ), module, list(arguments), str(folder)), daemon=True)
        process.start()
        process.join(_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        said, wrong = (path.read_text(errors="replace") if path.exists() else ""
                       for path in (folder / "out", folder / "error"))
        assert process.exitcode == 0, f"{module} {' '.join(arguments)}: {wrong}{said}"
        return said.strip()


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["potluck.cli.admin"])
    return context


def _work(environ: dict[str, str], module: str, arguments: list[str], folder: str) -> None:
    """In the new process: be what one started by itself would be."""
    for stream, name, flags in ((0, "in", os.O_RDONLY), (1, "out", os.O_WRONLY | os.O_CREAT),
                                (2, "error", os.O_WRONLY | os.O_CREAT)):
        os.dup2(os.open(Path(folder, name), flags, 0o600), stream)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    os.environ.clear()
    os.environ.update(environ)
    code: object = 0
    try:
        importlib.import_module(module).main(arguments)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - it is told, and the process ends
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        sys.stderr.write(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
