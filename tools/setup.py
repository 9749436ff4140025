"""Sets up a checkout: virtual environment, locked libraries, Potluck itself, web assets, tools for the tests.

    python3 tools/setup.py          what `make run` needs
    python3 tools/setup.py --dev    what `make check` needs: also the linters and test libraries
    python3 tools/setup.py --test   what `make test` needs: also a browser, PostgreSQL and the apps under test

Every step is stamped with what it was made from, so that a second run takes a moment.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys

if sys.version_info < (3, 11):
    sys.exit("Potluck needs Python 3.11 or newer, and this is %d.%d (%s).\n"
             "Install a newer one and name it: make run PYTHON=python3.11"
             % (sys.version_info[0], sys.version_info[1], sys.executable))

import build_assets
import system_packages
from places import (
    ROOT,
    VENV,
    VENV_PYTHON,
    SetupError,
    fingerprint,
    only_one,
    read_stamp,
    run,
    say,
    write_stamp,
)

RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
BUILD_LOCK = ROOT / "requirements-build.lock"
STAMPS = VENV / "potluck-stamps.json"


def main() -> None:
    """Do what is missing, and say what."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dev", action="store_true", help="also the linters and test libraries")
    parser.add_argument("--test", action="store_true", help="also everything the tests need")
    options = parser.parse_args()
    try:
        with only_one("setup"):
            set_up(dev=options.dev or options.test, test=options.test)
    except SetupError as error:
        say(str(error))
        sys.exit(1)


def set_up(*, dev: bool, test: bool) -> None:
    """Bring the checkout up to date.

    Raises:
        SetupError: a step cannot be done.
    """
    if test:
        system_packages.ensure()
    make_environment()
    install_libraries(dev=dev)
    install_potluck()
    build_assets.build()
    compile_ahead()
    if test:
        make_client_environments()


def make_environment() -> None:
    """Create `.venv`, or create it again if it was moved here from elsewhere or its Python is gone."""
    stamps = read_stamp(STAMPS)
    if stamps.get("path", str(VENV)) == str(VENV) and _works():
        write_stamp(STAMPS, {**stamps, "path": str(VENV)})
        return
    say(f"creating a virtual environment with Python {sys.version.split()[0]}")
    if VENV.exists():
        shutil.rmtree(VENV)
    if importlib.util.find_spec("ensurepip"):
        run(sys.executable, "-m", "venv", VENV)
    else:
        _make_environment_without_ensurepip()
    write_stamp(STAMPS, {"path": str(VENV)})


def _works() -> bool:
    if not VENV_PYTHON.exists():
        return False
    question = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([VENV_PYTHON, "-c", question], capture_output=True, check=False).returncode == 0


def _make_environment_without_ensurepip() -> None:
    """Debian and its children keep ensurepip in a package of its own; any pip at hand can stand in for it."""
    if importlib.util.find_spec("pip"):
        run(sys.executable, "-m", "venv", "--without-pip", VENV)
        run(sys.executable, "-m", "pip", "--python", VENV_PYTHON, "install", "--quiet", "pip")
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    system_packages.install([package], why="this Python lacks the ensurepip module")
    run(sys.executable, "-m", "venv", VENV)


def install_libraries(*, dev: bool) -> None:
    """Install the locked libraries into `.venv`; pip refuses any file whose hash is not in the lock."""
    stamps = read_stamp(STAMPS)
    runtime, full = fingerprint([RUNTIME_LOCK]), fingerprint([RUNTIME_LOCK, DEV_LOCK])
    if stamps.get("dev") == full or (not dev and stamps.get("runtime") == runtime):
        return
    say("installing the locked libraries" + (" and test tools" if dev else ""))
    run(*_pip_install(), "-r", DEV_LOCK if dev else RUNTIME_LOCK)
    write_stamp(STAMPS, {**stamps, "runtime": runtime, **({"dev": full} if dev else {})})


def install_potluck() -> None:
    """Install the checkout itself, editable: the `potluck` command runs the files as they are in `src/`."""
    stamps = read_stamp(STAMPS)
    stamp = fingerprint([ROOT / "pyproject.toml", ROOT / "src" / "potluck" / "__init__.py", BUILD_LOCK])
    if stamps.get("potluck") == stamp and (VENV / "bin" / "potluck").exists():
        return
    say("installing the potluck command")
    run(*_pip_install(), "-r", BUILD_LOCK)
    run(VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--no-build-isolation", "--editable", ROOT)
    write_stamp(STAMPS, {**stamps, "potluck": stamp})


def compile_ahead() -> None:
    """Compile what a start loads: without this, where Python may not write bytecode, every start compiles it anew."""
    stamps = read_stamp(STAMPS)
    libraries = str([stamps.get("runtime"), stamps.get("dev")])
    folders = [str(ROOT / "src")] if stamps.get("compiled") == libraries else [str(ROOT / "src"), str(VENV / "lib")]
    # A library may hold templates that are no Python yet: its complaints are of no interest.
    subprocess.run([VENV_PYTHON, "-m", "compileall", "-qq", "-j", "0", *folders], check=False)
    write_stamp(STAMPS, {**stamps, "compiled": libraries})


def _pip_install() -> list[str]:
    return [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--require-hashes"]


def make_client_environments() -> None:
    """Fetch the real clients that the tests drive, each into an environment of its own."""
    run(VENV_PYTHON, "-m", "support.clients", env={**os.environ, "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'tools'}"})


if __name__ == "__main__":
    main()
