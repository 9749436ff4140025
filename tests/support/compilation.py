"""Statements are compiled once per run and not once per test.

Every test opens its database anew, and SQLAlchemy keeps compiled statements per engine and dialect object; compiling
them again and again took a quarter of the time of the tests.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from potluck.db import engine

_MOST = 5_000


def share() -> None:
    """Let all engines of this process that `potluck.db.engine` makes keep what they compile in one place."""
    # A statement is found by the dialect it was compiled for; those of one class are set up alike here.
    DefaultDialect.__eq__ = _is_alike  # type: ignore[method-assign]
    DefaultDialect.__hash__ = _hash  # type: ignore[assignment]
    engine.create_async_engine = partial(  # type: ignore[attr-defined]
        engine.create_async_engine, execution_options={"compiled_cache": LRUCache(_MOST)})  # type: ignore[attr-defined]


def _is_alike(one: Any, other: object) -> bool:
    return type(one) is type(other)


def _hash(one: Any) -> int:
    return hash(type(one))
