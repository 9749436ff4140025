"""Statements compiled once, for the hottest reads: what SQLAlchemy does on every execution is done at the start.

A prepared SELECT gives plain tuples as the driver gives them (a time is whole microseconds on SQLite and a `datetime`
on PostgreSQL). It runs by itself, in no session: one statement sees one state of the database anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, BindParameter, ColumnElement, Dialect, Select, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import Text

_encode = msgspec.json.Encoder().encode


class _OneOf(ColumnElement[int]):
    """What stands behind a column to say that it is one of the ids of a parameter."""

    inherit_cache = False
    type = BigInteger()

    def __init__(self, name: str) -> None:
        self.parameter = bindparam(name, type_=Text())


@compiles(_OneOf, "sqlite")
def _for_sqlite(element: _OneOf, compiler: SQLCompiler, **kw: Any) -> str:
    array = compiler.process(element.parameter, **kw)
    return f"IN (SELECT value FROM json_each({array}))"  # noqa: S608 - the value is a parameter


@compiles(_OneOf, "postgresql")
def _for_postgresql(element: _OneOf, compiler: SQLCompiler, **kw: Any) -> str:
    """As an array, which is looked up in an index; a subquery may be joined last where statistics are missing."""
    array = compiler.process(element.parameter, **kw)
    return f"= ANY (ARRAY(SELECT json_array_elements_text(CAST({array} AS json))::bigint))"


def among(column: Any, name: str) -> ColumnElement[bool]:
    """A condition: the column is one of the ids of parameter `name` (see `as_ids`).

    A list of any length is one parameter, so that the statement's text does not depend on it.
    """
    condition: ColumnElement[bool] = column.op("", is_comparison=True)(_OneOf(name))
    return condition


def as_ids(values: Sequence[int]) -> str:
    """Ids as the value of the parameter of `among`."""
    return _encode(values).decode()


class Prepared:
    """A SELECT whose parameters are all `bindparam`s, compiled at its first use.

    Its constants stand in its text. SQLite plans a statement anew each time it runs, where a partial index says of a
    column what a parameter says of it too (`state = 'published'`): seven eighths of what reading one status cost.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        for element in visitors.iterate(statement):
            if isinstance(element, BindParameter) and element.unique:  # made of a constant, not by `bindparam`
                element.literal_execute = True
        self._statement = statement
        self._compiled: dict[str, tuple[str, tuple[str, ...], Mapping[str, Any]]] = {}

    def bound(self, dialect: Dialect, parameters: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """SQL text and positional values for a driver."""
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled: Any = self._statement.compile(dialect=dialect)
            state = compiled.construct_expanded_state(dict(parameters))
            found = self._compiled[dialect.name] = (state.statement, tuple(state.positiontup), dict(state.parameters))
        text, names, constants = found  # the compiler makes some parameters itself (OFFSET)
        return text, tuple(parameters[name] if name in parameters else constants[name] for name in names)
