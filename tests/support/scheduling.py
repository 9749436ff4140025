"""Which process runs which tests: those of one file stay together, and what takes long begins first.

Tests that wait for servers are few and slow; begun last, as xdist orders files by their number of tests, they would run
on one core while the other has nothing to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

_TOGETHER = ("tests/apps",)
"""Folders whose tests share servers for a whole run."""

_FIRST = ("tests/browser/test_every_page.py", "tests/browser/test_daily_life.py", "tests/servers/test_troubles.py",
          "tests/apps", "tests/servers", "tests/media", "tests/transfer")


class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """By file, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in _TOGETHER if nodeid.startswith(f"{folder}/")), super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """Take the place of `--dist loadfile`."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes long first; the order is the same in every process."""
    items.sort(key=lambda item: _rank(item.path.relative_to(config.rootpath)))


def _rank(path: Path) -> int:
    return next((rank for rank, first in enumerate(_FIRST) if path.is_relative_to(first)), len(_FIRST))
