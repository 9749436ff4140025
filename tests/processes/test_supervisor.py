"""`potluck serve`: keeps its processes running, and ends them together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from potluck.processes import supervisor
from potluck.processes.supervisor import Child, children, names
from potluck.settings import Settings


def _child(code: str) -> Child:
    """A child that runs a line of Python instead of `potluck`."""
    made = Child("test", [], dict(os.environ))
    made._command = [sys.executable, "-c", code]
    return made


@pytest.fixture
def sleeper() -> Iterator[Child]:
    """A child that runs until it is stopped."""
    made = _child("import time; print('up', flush=True); time.sleep(600)")
    made.start()
    yield made
    made.stop(signal.SIGKILL)


def _wait(child: Child) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        code = child.check()
        if code is not None:
            return code
        time.sleep(0.02)
    raise AssertionError("the child did not end")


def test_what_is_started() -> None:
    """One web process; one engine with SQLite whatever is set, as many as set with PostgreSQL."""
    assert names(Settings(engine_workers=3)) == ["web", "engine-1"]
    many = names(Settings(engine_workers=3, database_url="postgresql://db/x"))
    assert many == ["web", "engine-1", "engine-2", "engine-3"]
    assert [child.name for child in children(many)] == many
    assert children(many)[1]._command == [sys.executable, "-m", "potluck", "engine"]


def test_the_end_is_noticed() -> None:
    """The exit code is reported once."""
    child = _child("raise SystemExit(3)")
    child.start()
    assert _wait(child) == 3
    assert child.check() is None
    assert child.process is None


def test_failing_soon_again_and_again_slows_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each quick end doubles the pause up to a limit; one that ran steadily starts again at once."""
    child = _child("pass")
    pauses = []
    for _ in range(7):
        child.start()
        _wait(child)
        pauses.append(round(child.not_before - time.monotonic()))
    assert pauses == [2, 4, 8, 16, 30, 30, 30]
    child.start()
    child.started_at -= supervisor._STEADY_SECONDS + 1
    _wait(child)
    assert round(child.not_before - time.monotonic()) == 1


def test_stopping(sleeper: Child) -> None:
    """A process that is asked to end, ends; asking again does no harm."""
    sleeper.stop(signal.SIGTERM)
    assert _wait(sleeper) == -signal.SIGTERM
    sleeper.stop(signal.SIGTERM)


def test_stopping_all_insists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not end when asked is made to."""
    monkeypatch.setattr(supervisor, "_STOP_SECONDS", 0.5)
    stubborn = Child("test", [], dict(os.environ))
    stubborn._command = [sys.executable, "-c", (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)")]
    stubborn.start()
    time.sleep(1)
    process = stubborn.process
    assert process is not None
    supervisor._stop_all([stubborn])
    assert process.returncode == -signal.SIGKILL


_SUPERVISED = """
import sys
from potluck.processes import supervisor
real = supervisor.children
def children(wanted):
    found = real(wanted)
    for child, code in zip(found, sys.argv[1:]):
        child._command = [sys.executable, "-c", code]
    return found
supervisor.children = children
sys.exit(supervisor.run(['web', 'engine-1'], {}))
"""


# One write each, as two processes share the pipe.
_SLEEP = "import os, time; os.write(1, f'{os.getpid()}\\n'.encode()); time.sleep(600)"


def _supervise(*codes: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _SUPERVISED, *codes], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def test_a_signal_ends_everything() -> None:
    """SIGTERM to the parent ends all children, with exit code 0."""
    parent = _supervise(_SLEEP, _SLEEP)
    assert parent.stdout is not None
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(20) == 0
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_killed_parent_takes_its_children_along() -> None:
    """Even `kill -9` leaves no process behind."""
    parent = _supervise(_SLEEP, _SLEEP)
    assert parent.stdout is not None
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    parent.kill()
    parent.wait(20)
    deadline = time.monotonic() + 20
    while any(_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a child outlived its parent"
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    """Whether a process runs (one that ended and that nobody has asked about yet does not)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_bad_configuration_is_not_tried_again() -> None:
    """A child that ends for its configuration ends the whole, with the same code."""
    parent = _supervise(f"raise SystemExit({os.EX_CONFIG})", "import time; time.sleep(600)")
    assert parent.wait(20) == os.EX_CONFIG


def test_an_ended_child_is_started_again() -> None:
    """A crash is told and mended."""
    parent = _supervise("import os; print(os.getpid(), flush=True)", "import time; time.sleep(600)")
    assert parent.stdout is not None
    pids = {parent.stdout.readline() for _ in range(2)}
    assert len(pids) == 2
    parent.send_signal(signal.SIGINT)
    _, errors = parent.communicate(timeout=20)
    assert "web ended with code 0; it is started again" in errors


def test_a_small_parent() -> None:
    """It is a file by itself that needs neither `site` nor what loads slowly."""
    heavy = "{'site', 'potluck', 'subprocess', 'ctypes', 'typing', 'click'}"
    code = (f"import sys; __name__ = 'loaded'; exec(open({supervisor.__file__!r}).read());"
            f"print({heavy} & sys.modules.keys())")
    done = subprocess.run([sys.executable, "-IS", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_what_cannot_be_run() -> None:
    """Ends at once, and is tried again later."""
    child = Child("test", [], dict(os.environ))
    child._command = ["/nowhere/python"]
    child.start()
    assert _wait(child) == supervisor._CANNOT_RUN


def test_becoming_the_supervisor() -> None:
    """Those that run already are looked after, the others are started."""
    code = f"""
import os, sys
from potluck.processes import supervisor
pid = os.posix_spawn(sys.executable, [sys.executable, "-c", "raise SystemExit({os.EX_CONFIG})"], os.environ)
supervisor.become(["web"], {{"web": pid}})
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == os.EX_CONFIG
