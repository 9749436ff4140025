"""Search: what finding posts costs as history grows, and what indexing one post costs.

python -m bench.search [--sizes 1000,100000] [--rounds 30] [--database sqlite|postgresql|both]

The posts are made of words as people use them: a few very common ones, many rare ones. Half the authors want to be
found; one post in a hundred is the reader's own.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, text

from bench.processes import databases
from bench.table import percentile, show
from potluck import assembly, settings
from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import floor_at
from potluck.db.migrate import upgrade
from potluck.settings import Settings
from potluck.social import actors, search
from potluck.social.keys import make_pairs
from potluck.social.model import Actor, Object
from potluck.social.post_index_fill import PostIndexFiller, ask_for_all

_AUTHORS = 200
_WORDS = 30_000
_CHUNK = 5000
_SYLLABLES = ("ba", "ko", "ri", "tu", "lem", "son", "dar", "pin", "gol", "mut")


def _word(number: int) -> str:
    """A word that has other forms, as words of people have."""
    return "".join(_SYLLABLES[int(digit)] for digit in str(number))


_QUESTIONS = (
    ("a common word", _word(1)), ("another form", f"{_word(10)}s"), ("a rare word", _word(20011)),
    ("two words", f"{_word(3)} {_word(40)}"), ("a phrase", f'"{_word(1)} {_word(2)}"'),
    ("words that never meet", f"{_word(29001)} {_word(29002)}"), ("one's own", f"{_word(5)} from:me"),
    ("an author", "from:author8@far.test"), ("without another word", f"{_word(2)} -{_word(1)}"),
    ("last year's", f"{_word(7)} before:2025-06-01"),
)


def _vocabulary() -> tuple[list[str], list[float]]:
    """Words with their weights; every other one in a plural, too."""
    words = [_word(number) for number in range(_WORDS)]
    weights = [1 / (number + 3) for number in range(_WORDS)]
    return [*words, *(f"{word}s" for word in words[::2])], [*weights, *(weight / 3 for weight in weights[::2])]


async def _people(db: Database) -> tuple[Actor, list[int]]:
    async with db.write() as session:
        reader = await actors.create_local(session, "alice", pairs=make_pairs())
        rows = [{"id": 1000 + number, "uri": f"https://far.test/users/author{number}", "type": "Person",
                 "name": f"author{number}", "host": "far.test", "handle": f"author{number}@far.test",
                 "indexable": number % 2 == 0} for number in range(_AUTHORS)]
        await session.execute(insert(Actor), rows)
    return reader, [row["id"] for row in rows]


async def _grow(db: Database, reader: Actor, authors: list[int], before: int, size: int) -> float:
    """Bring the history to `size` posts and index the new ones; returns seconds of indexing per post."""
    chosen = random.Random(size)
    words, weights = _vocabulary()
    moment = now()
    for first in range(before, size, _CHUNK):
        count = min(_CHUNK, size - first)
        picks = chosen.choices(words, weights, k=count * 25)
        rows: list[dict[str, Any]] = []
        for number in range(count):
            published = moment - timedelta(seconds=30 * (first + number) + 600)
            author = reader.id if chosen.random() < 0.01 else chosen.choice(authors)
            rows.append({
                "id": floor_at(published) + (first + number) % 4096, "uri": f"https://far.test/{first + number}",
                "kind": "note", "type": "Note", "author_id": author, "local": author == reader.id,
                "visibility": "public", "content": f"<p>{' '.join(picks[number * 25:number * 25 + 25])}</p>",
                "published": published, "created_at": moment})
        async with db.write() as session:
            await session.execute(insert(Object.__table__), rows)  # type: ignore[arg-type]
    async with db.write() as session:
        await ask_for_all(session)
    started = time.perf_counter()
    await PostIndexFiller(db).drain(pause=0)
    spent = time.perf_counter() - started
    async with db.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    return spent / size


async def _ask(db: Database, reader: Actor, question: str, rounds: int) -> tuple[list[float], float, int]:
    times, found = [], []
    used = time.process_time()
    for _ in range(rounds):
        async with db.read() as session:
            await session.scalar(select(1))
            started = time.perf_counter()
            found = await search.statuses(session, question, viewer_id=reader.id)
            times.append(time.perf_counter() - started)
    return times, (time.process_time() - used) / rounds, len(found)


async def measure(name: str, url: str, options: argparse.Namespace) -> tuple[list[list[object]], list[list[object]]]:
    """All sizes on one database: rows of questions, rows of indexing."""
    asked: list[list[object]] = []
    written: list[list[object]] = []
    with tempfile.TemporaryDirectory(prefix="potluck-bench-") as folder:
        db = Database(settings.use(Settings(url="https://here.test", data=Path(folder), database_url=url)))
        try:
            await upgrade(db)
            reader, authors = await _people(db)
            before = 0
            for size in options.sizes:
                seconds = await _grow(db, reader, authors, before, size)
                before = size
                written.append([name, size, seconds * 1e6])
                for label, question in _QUESTIONS:
                    times, cpu, found = await _ask(db, reader, question, options.rounds)
                    asked.append([name, label, size, found, cpu * 1000, percentile(times, 0.5) * 1000,
                                  percentile(times, 0.99) * 1000])
        finally:
            await db.close()
    return asked, written


async def run(options: argparse.Namespace) -> None:
    """Measure on each database and print the tables."""
    assembly.install()
    asked: list[list[object]] = []
    written: list[list[object]] = []
    with databases(options.database) as found:
        for name, url in found:
            questions, fills = await measure(name, url, options)
            asked += questions
            written += fills
    order = {label: number for number, (label, _) in enumerate(_QUESTIONS)}
    asked.sort(key=lambda row: (str(row[0]), order[str(row[1])], int(str(row[2]))))
    show("finding 20 posts", ["database", "question", "posts", "found", "CPU ms", "p50 ms", "p99 ms"], asked)
    show("indexing in the background", ["database", "posts", "µs each"], written)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=lambda value: [int(part) for part in value.split(",")],
                        default=[1000, 100_000])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
