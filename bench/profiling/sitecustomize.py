"""Python runs this at its start when a measurement is profiled: every server process notes where its CPU time goes.

A sample is taken at each tick of the kernel's clock that the process uses; the stack of the main thread, where the event loop
lives, is counted, or `(other threads)` when the main thread did not use that time. `python -m bench.profiles FOLDER`
reads what is written at the end.
"""

import atexit
import os
import signal
import sys
import time
from collections import Counter

_SECONDS = 0.001
_folder = os.environ.get("POTLUCK_BENCH_PROFILE")
_stacks: Counter = Counter()
_used = 0.0


def _sample(_number, frame) -> None:
    global _used
    used = time.thread_time()
    if used - _used < _SECONDS:
        _stacks["(other threads)"] += 1
        return
    _used = used
    names = []
    while frame is not None:
        code = frame.f_code
        names.append(f"{code.co_filename}:{code.co_name}")
        frame = frame.f_back
    _stacks[";".join(reversed(names))] += 1


def _write() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    name = next((argument for argument in sys.argv[1:] if argument in ("web", "engine")), None)
    if name:
        with open(os.path.join(_folder, f"{name}-{os.getpid()}.stacks"), "w") as out:
            out.writelines(f"{stack} {count}\n" for stack, count in _stacks.items())


if _folder:
    signal.signal(signal.SIGPROF, _sample)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS, _SECONDS)
    atexit.register(_write)
