"""Looks posts up in the index, newest first, on either database.

SQLite's FTS5 walks a list of posts backwards and stops when there are enough. A GIN index of PostgreSQL gives all
that match in no order, so it is asked for the newest slot of time first, then for slots eight times as long, and
so on: whether a word is rare or common, about as many posts are read as are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.post_index import LEVELS, slot_mark

END = 1 << 53
"""Larger than every id."""

Terms = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """One form of what is looked for: a word, a mark or words after one another.

    Attributes:
        beside: a mark that must be there, too; '' for none.
    """

    terms: Terms
    beside: str = ""


Forms = Sequence[Form]
"""Any of these will do."""


@dataclass(slots=True)
class Lookup:
    """What a post must have.

    Attributes:
        reach: it has one of these marks.
        must: it has all of these.
        must_not: it has none of these.
    """

    reach: Sequence[str]
    must: list[Forms] = field(default_factory=list)
    must_not: list[Forms] = field(default_factory=list)


async def newest(session: AsyncSession, lookup: Lookup, *, above: int, below: int, limit: int) -> list[int]:
    """Ids of the newest posts with all that is asked for, between two ids (both left out)."""
    if session.get_bind().dialect.name == "postgresql":
        return await _postgresql(session, lookup, above, below, limit)
    rows = (await session.execute(_SQLITE, {
        "wanted": _for_fts5(lookup), "above": above, "below": below, "most": limit})).all()
    return _ids(rows)


def _ids(rows: Sequence[Any]) -> list[int]:
    return [row[0] for row in rows]


_SQLITE = text("SELECT rowid FROM post_index_fts WHERE post_index_fts MATCH :wanted"
               " AND rowid > :above AND rowid < :below ORDER BY rowid DESC LIMIT :most")


def _for_fts5(lookup: Lookup) -> str:
    """Terms hold no quotation marks, as `text.terms` makes them of letters and digits."""
    parts = ["(" + " OR ".join(f'"{mark}"' for mark in lookup.reach) + ")"]
    parts += [_any_for_fts5(forms) for forms in lookup.must]
    unwanted = "".join(f" NOT {_any_for_fts5(forms)}" for forms in lookup.must_not)
    return f"({' AND '.join(parts)}){unwanted}"


def _any_for_fts5(forms: Forms) -> str:
    found = [f'"{" ".join(form.terms)}"' if not form.beside else f'("{" ".join(form.terms)}" AND "{form.beside}")'
             for form in forms]
    return f"({' OR '.join(found)})"


def _postgresql_statement(lists: int) -> TextClause:
    """One list for each mark of `reach`: an OR would make the index read all of the longer one."""
    parts = [f"(SELECT object_id FROM post_index WHERE terms @@ CAST(:wanted{number} AS tsquery)"  # noqa: S608 - a number
             " AND object_id > :above AND object_id < :below ORDER BY object_id DESC LIMIT :most)"
             for number in range(lists)]
    return text(f"SELECT object_id FROM ({' UNION '.join(parts)}) AS found ORDER BY object_id DESC LIMIT :most")  # noqa: S608


async def _postgresql(session: AsyncSession, lookup: Lookup, above: int, below: int, limit: int) -> list[int]:
    common = [_any_for_tsquery(forms) for forms in lookup.must] + [
        f"!{_any_for_tsquery(forms)}" for forms in lookup.must_not]
    statement = _postgresql_statement(len(lookup.reach))
    found: list[int] = []
    upper = min(below, END)
    for shift in (*LEVELS, None):
        lower = above if shift is None else max(above, upper - (1 << shift) - 1)
        slots = [_slots(shift, lower + 1, upper - 1)] if shift is not None else []
        wanted = {f"wanted{number}": " & ".join([f"'{mark}'", *slots, *common])
                  for number, mark in enumerate(lookup.reach)}
        found += _ids((await session.execute(statement, {
            **wanted, "above": lower, "below": upper, "most": limit - len(found)})).all())
        if len(found) >= limit or lower <= above:
            break
        upper = lower + 1
    return found


def _slots(shift: int, first: int, last: int) -> str:
    """The slots between two ids; they are two at the most, as the ids are no further apart than a slot is long."""
    marks = dict.fromkeys(f"'{slot_mark(shift, object_id)}'" for object_id in (first, last))
    return f"({' | '.join(marks)})"


def _any_for_tsquery(forms: Forms) -> str:
    found = [_for_tsquery(form.terms) if not form.beside else f"({_for_tsquery(form.terms)} & '{form.beside}')"
             for form in forms]
    return f"({' | '.join(found)})"


def _for_tsquery(phrase: Terms) -> str:
    return "(" + " <-> ".join(f"'{term}'" for term in phrase) + ")"
