"""What workers do: one module for each kind of file, functions registered by name, run inside the sandbox only.

A task gets a `Job`, may read its inputs and write into its folder, and returns what can be written as JSON. Modules
here are imported before the walls go up; a task must not import anything later, nor open any file by path outside of
its working folder. They must import neither the database nor the rest of the server: each worker would carry it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work, seen from inside."""

    inputs: Mapping[str, int]  # descriptors, read-only
    params: Mapping[str, Any]
    channel: int  # where words to the caller go
    walls: Mapping[str, Any]  # what holds (`potluck doctor`)

    @property
    def folder(self) -> Path:
        """Where output goes: the working folder."""
        return Path()

    def open(self, name: str) -> BinaryIO:
        """The input `name`, from its beginning."""
        file = os.fdopen(os.dup(self.inputs[name]), "rb")
        file.seek(0)
        return file

    def progress(self, fraction: float) -> None:
        """Tell how much is done, from 0 to 1."""
        self.tell({"progress": round(max(0.0, min(1.0, fraction)), 4)})

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send one line to the caller."""
        data = memoryview(json.dumps(message).encode() + b"\n")
        while data:
            data = data[os.write(self.channel, data):]


Task = Callable[[Job], Any]

TASKS: dict[str, Task] = {}


def task(name: str) -> Callable[[Task], Task]:
    """Register a function as the task `name`, which is its module's name, a dot and a word: `images.describe`."""

    def register(function: Task) -> Task:
        TASKS[name] = function
        return function

    return register
