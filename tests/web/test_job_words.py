"""Whatever a job may say is marked for translation."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import potluck
from potluck.web.presenters import jobs

_SAYING = {"JobFailed", "Refused", "Unusable", "report"}
_ROOMS = ("media", "jobs")


def _said() -> Iterator[tuple[str, str]]:
    """Words given to what jobs say things with, and where."""
    root = Path(inspect.getfile(potluck)).parent
    for room in _ROOMS:
        for path in (root / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    texts = [one.value for one in node.args if isinstance(one, ast.Constant)
                             and isinstance(one.value, str)]
                    if name in _SAYING and texts:
                        yield texts[0], f"{path.name}:{node.lineno}"


def test_what_jobs_say_can_be_translated() -> None:
    """The rooms that say it know no language, so each text is named once where the site can see it."""
    said = dict(_said())
    assert len(said) > 10
    elsewhere = ("captions", "fd protocol")  # forms tell these themselves
    missing = {text: where for text, where in said.items()
               if text not in jobs._WORDS and not any(word in text for word in elsewhere)}
    assert not missing
