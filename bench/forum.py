"""Communities: listings by every order as history grows, deep discussions, votes, and announcing to many hosts.

    python -m bench.forum [--sizes 10000,100000] [--rounds 30] [--comments 1000,10000] [--votes 500] [--hosts 1000]
                          [--only listings,trees,votes,fanout] [--database sqlite|postgresql|both]

CPU is that of the asking process, the best of the rounds; what PostgreSQL's own processes use is not in it.
`growth` is the best time at the largest size against the best at the smallest one (other work on the machine spoils
medians); a listing that walks one index stays near 1.
Half the posts lie in ten large communities of a hundred; the reader is subscribed to twenty, among them the smallest.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench import limits
from bench.forum_fanout import fan_out
from bench.forum_seed import Town, add_comments, add_posts, add_town
from bench.processes import databases
from bench.table import percentile, show
from potluck import assembly, settings
from potluck.db.engine import Database
from potluck.db.migrate import upgrade
from potluck.federation import journal, strictjson
from potluck.federation.engine import InboxEngine
from potluck.settings import Settings
from potluck.social import threads
from potluck.social.communities import comments, joining, listing
from potluck.social.communities.listing import Wanted
from potluck.social.live import Waker
from potluck.social.model import Actor, CommentPlace, Object, User

PARTS = ("listings", "trees", "votes", "fanout")
_ENOUGH = 2.0  # seconds spent on one question at the most

Rows = list[list[object]]


def questions(town: Town) -> list[tuple[str, int | None, Wanted]]:
    """(label, reader, what is asked): every order over everything, then scopes, ranges and filters that cut deep."""
    found: list[tuple[str, int | None, Wanted]] = [
        (f"all, {sort}", None, Wanted(sort=sort)) for sort in listing.SORTS]
    found += [(f"all, top of {name}", None, Wanted(sort="top", range=name))
              for name in ("hour", "day", "week", "month", "year")]
    for label, community in (("large community", town.large), ("small community", town.small)):
        found += [(f"{label}, {sort}", None, Wanted("community", community, sort=sort))
                  for sort in ("hot", "new", "top", "new_comments")]
    found += [(f"subscribed, {sort}", town.reader, Wanted("subscribed", sort=sort))
              for sort in ("hot", "active", "new", "top", "most_comments")]
    found += [("three small ones, hot", town.recluse, Wanted("subscribed", sort="hot")),
              ("three small ones, new", town.recluse, Wanted("subscribed", sort="new")),
              ("local, hot", None, Wanted("local", sort="hot")),
              ("in a rare language, new", None, Wanted(languages=["eo"], sort="new")),
              ("unread, hot", town.reader, Wanted(unread=True, sort="hot")),
              ("500 posts on, new", None, Wanted(sort="new", offset=500))]
    return found


@dataclass(slots=True)
class Timed:
    """How long some rounds of a question took, the CPU of this process in each, and how much was found."""

    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    found: int = 0


async def timed(rounds: int, ask: Callable[[], Awaitable[int]]) -> Timed:
    """Some rounds after one that warms up."""
    result = Timed(found=await ask())
    while len(result.times) < rounds and (sum(result.times) < _ENOUGH or len(result.times) < 3):
        started, cpu = time.perf_counter(), time.process_time()
        result.found = await ask()
        result.times.append(time.perf_counter() - started)
        result.cpu.append(time.process_time() - cpu)
    return result


async def listings(db: Database, name: str, town: Town, options: argparse.Namespace) -> Rows:
    """Each question at each size."""
    measured: dict[str, list[Timed]] = {}
    for size in options.sizes:
        started = time.perf_counter()
        await add_posts(db, town, size)
        print(f"{name}: {size} posts after {time.perf_counter() - started:.0f} s more", flush=True)
        for label, reader, wanted in questions(town):
            async def ask(reader: int | None = reader, wanted: Wanted = wanted) -> int:
                async with db.read() as session:
                    return len((await listing.page(session, reader, wanted)).object_ids)

            measured.setdefault(label, []).append(await timed(options.rounds, ask))
    return [[name, label, results[-1].found, *_medians(results)] for label, results in measured.items()]


def _medians(results: Sequence[Timed]) -> list[object]:
    """p50, p99 and the best CPU of each size in milliseconds, then the growth from the first to the last."""
    cells: list[object] = []
    for result in results:
        cells += [percentile(result.times, 0.5) * 1000, percentile(result.times, 0.99) * 1000, min(result.cpu) * 1000]
    return [*cells, min(results[-1].times) / min(results[0].times)]


async def trees(db: Database, name: str, town: Town, options: argparse.Namespace) -> Rows:
    """Pages of discussions of several sizes: every order, near the end, branches, extreme shapes, other APIs."""
    measured: dict[str, list[Timed]] = {}
    for size in options.comments:
        for label, ask in await _pages(db, town, size):
            measured.setdefault(label, []).append(await timed(options.rounds, ask))
    return [[name, label, results[-1].found, *_medians(results)] for label, results in measured.items()]


async def _pages(db: Database, town: Town, size: int) -> list[tuple[str, Callable[[], Awaitable[int]]]]:
    """(label, question): each gives how many comments it found."""
    top = await add_comments(db, town, size)
    shapes = [(shape, await add_comments(db, town, size, shape)) for shape in ("broad", "chain")]

    def page(label: str, below: Object, viewer: int | None = None, **wanted: Any,
             ) -> tuple[str, Callable[[], Awaitable[int]]]:
        async def ask() -> int:
            async with db.read() as session:
                return len((await comments.tree(session, below, viewer, **wanted)).shown)

        return label, ask

    async def above_and_below() -> int:
        async with db.read() as session:
            return len((await threads.context(session, top.id, None, descendants=60, depth=20))[1])

    async with db.read() as session:
        first = (await comments.tree(session, top, None, sort="top", limit=size // 2)).following
        busy = await session.scalar(select(CommentPlace.object_id).where(
            CommentPlace.parent_id == top.id).order_by(CommentPlace.below.desc()).limit(1))
        branch = await session.get_one(Object, busy)
    return [*(page(sort, top, sort=sort) for sort in comments.SORTS), page("hot, a member's", top, town.reader),
            page("top, from the middle on", top, sort="top", after=first), page("top, below a comment", branch),
            page("Lemmy API: 50, 100 levels", top, limit=50, depth=100),
            page("Lemmy API: page 3 of 50", top, limit=50, depth=100, offset=100),
            *(page(f"hot, {shape}", other) for shape, other in shapes),
            page("chain, 100 levels", shapes[1][1], depth=100), ("Mastodon API: context of 60", above_and_below)]


async def votes(db: Database, name: str, town: Town, options: argparse.Namespace) -> Rows:
    """Votes of people here, each a transaction of its own; and votes a community elsewhere announces."""
    if not town.posts:
        await add_posts(db, town, min(options.sizes))
    async with db.read() as session:
        voters = [await session.get_one(Actor, actor_id) for actor_id in town.people[:options.votes]]
        target = await session.get_one(Object, town.target)
        reader = await session.get_one(User, town.user)

    async def here(voter: Actor) -> None:
        async with db.write() as session:
            await joining.vote(session, voter, target.id, 1)

    async def bare(voter: Actor) -> None:
        async with db.write() as session:
            row = await session.get_one(User, reader.id)
            row.email = f"{voter.name}@mail.test"

    rates = []
    with limits.beside() as machine:
        for each in (bare, here):
            started = time.perf_counter()
            for voter in voters:
                await each(voter)
            rates.append(len(voters) / (time.perf_counter() - started))
        rates.append(await _announced(db, town, options.votes))
    labels = ("a bare transaction", "a vote by somebody here", "an announced vote")
    return [[name, label, rate, machine.sign * 1000, rate / rates[0]]
            for label, rate in zip(labels, rates, strict=True)]


async def _announced(db: Database, town: Town, count: int) -> float:
    """Votes per second of the engine on what lies in its journal, signatures and HTTP left out."""
    received = []
    for number in range(count):
        voter = town.authors[number % len(town.authors)]
        like = {"id": f"{voter}/likes/{number}", "type": "Like", "actor": voter,
                "object": town.posts[number % len(town.posts)]}
        announce = {"id": f"{town.group}/announces/{number}", "type": "Announce", "actor": town.group, "object": like}
        received.append(journal.Received("far.test", town.group, None, strictjson.dump(announce).decode()))
    async with db.write() as session:
        await journal.append(session, received)
    async with assembly.federation(db, settings.current()) as federation:
        engine = InboxEngine(db, federation, Waker(db))
        started = time.perf_counter()
        await engine.drain()
        spent = time.perf_counter() - started
        await engine.close()
    async with db.read() as session:
        liked = await session.scalar(select(Object.likes_count).where(Object.uri == town.posts[0]))
    if not liked:
        raise RuntimeError("the announced votes did not count")
    return count / spent


async def measure(name: str, url: str, options: argparse.Namespace) -> dict[str, Rows]:
    """Everything that needs no server, on one database."""
    found: dict[str, Rows] = {}
    with tempfile.TemporaryDirectory(prefix="potluck-bench-") as folder:
        db = Database(settings.use(Settings(url="https://here.test", data=Path(folder), database_url=url)))
        try:
            await upgrade(db)
            town = await add_town(db, options.votes)
            for part, work in (("listings", listings), ("trees", trees), ("votes", votes)):
                if part in options.only:
                    found[part] = await work(db, name, town, options)
        finally:
            await db.close()
    return found


async def run(options: argparse.Namespace) -> None:
    """Measure on each database and print the tables."""
    assembly.install()
    rows: dict[str, Rows] = {part: [] for part in PARTS}
    with databases(options.database) as found:
        for name, url in found:
            for part, measured in (await measure(name, url, options)).items():
                rows[part] += measured
    if "fanout" in options.only:
        with databases(options.database) as found:
            for name, url in found:
                rows["fanout"] += await fan_out(name, url, options.hosts)
    _print(rows, options)


def _print(rows: dict[str, Rows], options: argparse.Namespace) -> None:
    def sized(sizes: Sequence[int]) -> list[str]:
        return [f"{word} ms at {size}" for size in sizes for word in ("p50", "p99", "CPU")]

    tables = {
        "listings": ("one page of posts", ["database", "listing", "found", *sized(options.sizes), "growth"]),
        "trees": ("pages of a discussion", ["database", "page", "shown", *sized(options.comments), "growth"]),
        "votes": ("votes", ["database", "what", "a second", "S in ms", "of a bare transaction"]),
        "fanout": (f"a post announced to {options.hosts} hosts",
                   ["database", "what", "seconds", "activities/s", "CPU ms each", "S in ms", "in S"]),
    }
    for part, (title, columns) in tables.items():
        if rows[part]:
            show(title, columns, rows[part])


def _numbers(value: str) -> list[int]:
    return [int(part) for part in value.split(",")]


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=_numbers, default=[10_000, 100_000])
    parser.add_argument("--comments", type=_numbers, default=[1000, 10_000])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--votes", type=int, default=500)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--only", type=lambda value: value.split(","), default=list(PARTS))
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
