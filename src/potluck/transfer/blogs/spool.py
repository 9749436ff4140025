"""What was found in an export, on disk until it is taken over: a small SQLite file beside what was unpacked.

A hundred articles or a hundred thousand: no more than a batch is in memory, and a page of the preview is one look.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from potluck.transfer.blogs.items import Item, Problem

MAX_ITEMS = 100_000
MAX_BYTES = 4 << 30
MAX_PROBLEMS = 2000
_COMMIT_EACH = 500
_EACH = 100  # problems of one article that are told
_TABLES = """
CREATE TABLE IF NOT EXISTS item (
    number INTEGER PRIMARY KEY, uid TEXT UNIQUE, title TEXT, slug TEXT, day TEXT, state TEXT, page INTEGER, origin TEXT,
    size INTEGER, pictures INTEGER, fate TEXT DEFAULT 'new', outcome TEXT DEFAULT '', document BLOB);
CREATE TABLE IF NOT EXISTS problem (number INTEGER PRIMARY KEY, name TEXT, message TEXT, data TEXT, taking INTEGER);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS aside (kind TEXT, ref TEXT, value TEXT, PRIMARY KEY (kind, ref)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Row:
    """An article of the preview or the report."""

    number: int
    title: str
    slug: str
    day: str
    state: str
    page: bool
    pictures: int
    fate: str
    outcome: str


class TooMany(Exception):
    """There is more than is taken; what came before stays."""


class Spool:
    """The file. Every call blocks for a moment: make them in a thread.

    Args:
        path: where it is, or will be.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.executescript(
            f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-2000; {_TABLES}")
        self._since = self._count = self._bytes = self._problems = 0
        self._decode = msgspec.json.Decoder(Item)

    def close(self) -> None:
        """Write what was put, and close."""
        self._commit()
        self._database.close()

    # ---- filling ---------------------------------------------------------------------------------------------

    def add(self, item: Item, pictures: int) -> bool:
        """Add an article; gives False where one of this name is there already.

        Raises:
            TooMany: no more are taken.
        """
        document = msgspec.json.encode(item)
        if self._count >= MAX_ITEMS or self._bytes + len(document) > MAX_BYTES:
            raise TooMany
        self._begin()
        added = self._database.execute(
            "INSERT OR IGNORE INTO item (uid, title, slug, day, state, page, origin, size, pictures, document)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (item.uid, item.title, item.slug, item.published.date().isoformat() if item.published else "", item.state,
             item.page, item.origin, len(item.text), pictures, document)).rowcount
        self._count += added
        self._bytes += len(document) if added else 0
        return bool(added)

    def problem(self, found: Problem, *, taking: bool = False) -> None:
        """Note what cannot come; beyond the first few thousand only their number."""
        self._problems += 1
        if self._problems <= MAX_PROBLEMS:
            self._begin()
            self._database.execute("INSERT INTO problem (name, message, data, taking) VALUES (?, ?, ?, ?)", (
                found.name[:300], found.message, json.dumps(found.data), taking))
        self.count("problems", 1)

    def put(self, kind: str, ref: str, value: str) -> None:
        """Put something aside."""
        self._begin()
        self._database.execute("INSERT OR REPLACE INTO aside VALUES (?, ?, ?)", (kind, ref[:500], value[:4000]))

    def get(self, kind: str, ref: str) -> str:
        """What was put aside, '' if nothing was."""
        found = self._database.execute(
            "SELECT value FROM aside WHERE kind = ? AND ref = ?", (kind, ref[:500])).fetchone()
        return str(found[0]) if found else ""

    def fact(self, name: str, value: str) -> None:
        """Note something about the whole."""
        self._begin()
        self._database.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value[:1000]))

    def count(self, name: str, number: int) -> None:
        """Add to a number about the whole."""
        self._begin()
        self._database.execute(
            "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + ?",
            (name, str(number), number))

    def done_reading(self) -> None:
        """Forget what was put aside."""
        self._begin()
        self._database.execute("DELETE FROM aside")
        self.fact("ready", "1")
        self._commit()

    def _begin(self) -> None:
        if not self._database.in_transaction:
            self._database.execute("BEGIN")
        self._since += 1
        if self._since >= _COMMIT_EACH:
            self._commit()
            self._database.execute("BEGIN")

    def _commit(self) -> None:
        self._since = 0
        if self._database.in_transaction:
            self._database.execute("COMMIT")

    # ---- reading ---------------------------------------------------------------------------------------------

    def facts(self) -> dict[str, str]:
        """What was noted about the whole."""
        return dict(self._database.execute("SELECT name, value FROM fact").fetchall())

    def tally(self, column: str) -> dict[str, int]:
        """How many articles have each value of `state`, `page`, `fate`, `origin` or `outcome`."""
        if column not in ("state", "page", "fate", "origin", "outcome"):
            raise ValueError(column)
        rows = self._database.execute(f"SELECT {column}, count(*) FROM item GROUP BY {column} LIMIT 200")  # noqa: S608
        return {str(value): count for value, count in rows}

    def totals(self) -> tuple[int, int, str, str]:
        """Articles, pictures in them, first and last day."""
        found = self._database.execute(
            "SELECT count(*), coalesce(sum(pictures), 0), min(nullif(day, '')), max(day) FROM item").fetchone()
        return int(found[0]), int(found[1]), found[2] or "", found[3] or ""

    def page(self, after: int, limit: int) -> list[Row]:
        """Articles as lists show them."""
        rows = self._database.execute(
            "SELECT number, title, slug, day, state, page, pictures, fate, outcome FROM item WHERE number > ?"
            " ORDER BY number LIMIT ?", (after, limit))
        return [Row(row[0], row[1], row[2], row[3], row[4], bool(row[5]), row[6], row[7], row[8]) for row in rows]

    def problems(self, after: int, limit: int) -> list[tuple[int, Problem]]:
        """What cannot come."""
        rows = self._database.execute("SELECT number, name, message, data FROM problem WHERE number > ? ORDER BY number"
                                      " LIMIT ?", (after, limit))
        return [(row[0], Problem(row[1], row[2], json.loads(row[3]))) for row in rows]

    def batch(self, after: int, limit: int, size: int, origin: str = "") -> list[tuple[int, Item]]:
        """The next articles: at most so many, and after the first only as long as their texts fit into `size`."""
        found: list[tuple[int, Item]] = []
        rows = self._database.execute(
            "SELECT number, document FROM item WHERE number > ? AND (? = '' OR origin = ?) ORDER BY number LIMIT ?",
            (after, origin, origin, limit))
        for number, document in rows:
            size -= len(document)
            if found and size < 0:
                break
            found.append((number, self._decode.decode(document)))
        rows.close()
        return found

    def batches(self, limit: int, size: int, origin: str = "") -> Iterator[list[tuple[int, Item]]]:
        """All articles, batch by batch."""
        after = 0
        while batch := self.batch(after, limit, size, origin):
            yield batch
            after = batch[-1][0]

    def mark(self, column: str, values: Iterable[tuple[int, str]]) -> None:
        """Write the fate or outcome of articles."""
        if column not in ("fate", "outcome"):
            raise ValueError(column)
        self._begin()
        self._database.executemany(f"UPDATE item SET {column} = ? WHERE number = ?",  # noqa: S608
                                   [(value, number) for number, value in values])
        self._commit()

    def taken(self, outcomes: Sequence[tuple[int, str]], problems: Sequence[tuple[int, Problem]]) -> None:
        """Write what became of a batch; doing it again changes nothing."""
        self.mark("outcome", outcomes)
        self._begin()
        times: Counter[int] = Counter()
        for number, found in problems:
            times[number] += 1
            if times[number] < _EACH:
                self._database.execute(
                    "INSERT OR REPLACE INTO problem (number, name, message, data, taking) VALUES (?, ?, ?, ?, 1)", (
                        MAX_PROBLEMS + number * _EACH + times[number], found.name[:300], found.message,
                        json.dumps(found.data)))
        self._commit()


@contextmanager
def opened(path: Path) -> Iterator[Spool]:
    """The file, closed at the end."""
    made = Spool(path)
    try:
        yield made
    finally:
        made.close()
