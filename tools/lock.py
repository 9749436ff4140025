"""Locks every library by version and hash: `make lock` keeps what is locked, `make lock UPGRADE=1` takes the newest.

The locks hold names, versions and hashes only, no addresses: pip and npm fetch from wherever they are told to.
"""

from __future__ import annotations

import subprocess
import sys

from places import ROOT, VENV

_UV = [str(VENV / "bin" / "uv"), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
       "--generate-hashes", "--no-header", "--no-emit-index-url"]
_CLIENT_LOCKS = ROOT / "tests" / "support" / "locks"


def main() -> None:
    """Write all locks anew."""
    extra = ["--upgrade"] if "--upgrade" in sys.argv[1:] else []
    _compile("requirements.lock", "pyproject.toml", *extra)
    _compile("requirements-dev.lock", "pyproject.toml", "--extra", "test", "--extra", "dev",
             "--constraint", "requirements.lock", *extra)
    _compile("requirements-build.lock", "--group", "build", "--constraint", "requirements-dev.lock", *extra)
    _compile("requirements-node.lock", "--group", "node", *extra)
    for source in sorted(_CLIENT_LOCKS.glob("*.in")):
        folder = source.parent.relative_to(ROOT)
        _compile(f"{folder}/{source.stem}.lock", f"{folder}/{source.name}", *extra)


def _compile(output: str, *words: str) -> None:
    print(output)
    subprocess.run([*_UV, *words, "--output-file", output], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
