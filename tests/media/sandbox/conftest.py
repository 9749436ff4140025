"""Sandboxes in which the hostile tasks of these tests can run, one fork server for the whole run of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from potluck.media.sandbox.client import Sandbox
from potluck.media.sandbox.forking import ForkServer

HERE = Path(__file__).parent


def fork_server(without: frozenset[str]) -> ForkServer:
    """One that knows the hostile tasks."""
    return ForkServer(("potluck.media.tasks", "hostile"), (str(HERE),), without & {"namespaces"})


@pytest.fixture(scope="session")
def sandbox_without(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Sandbox]]:
    """Sandboxes with some walls left down, so that the others are seen to hold by themselves."""
    made: dict[frozenset[str], Sandbox] = {}

    def make(*walls: str) -> Sandbox:
        key = frozenset(walls)
        if key not in made:
            made[key] = Sandbox(tmp_path_factory.mktemp("work"), server=fork_server(key), without=key)
        return made[key]

    yield make
    for sandbox in made.values():
        sandbox.close()


@pytest.fixture(scope="session")
def sandbox(sandbox_without: Callable[..., Sandbox]) -> Sandbox:
    """A sandbox with every wall up."""
    return sandbox_without()
