"""A very long article: rendering, publishing, writing its documents, editing and reading, beside bare comrak.

python -m bench.article [--megabytes 1] [--database sqlite|postgresql|both]

Each step runs by itself in one process, whose peak of memory is set back before it; a whole server gives the page.
CPU is that of the step's process (of all of the server's for the page); "of comrak" is CPU measured against parsing
the same Markdown with comrak alone, in the same run. The article goes to followers on three servers of each dialect.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import comrak
import msgspec
from sqlalchemy import insert

from bench.processes import databases, running
from bench.table import show
from potluck import assembly, settings
from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.db.migrate import upgrade
from potluck.federation.dialects import DIALECTS, render
from potluck.kinds.article import actions
from potluck.kinds.article.actions import ArticleRequest
from potluck.settings import Settings
from potluck.social import actors, views
from potluck.social.keys import make_pairs
from potluck.social.model import Actor, Follow, Object, Server

_READS = 5
_CHAPTER = """## Chapter {number}

A *sour* is fed **twice** a day[^{number}], with `rye` and https://example.org/water?n={number}, as #bread wants it:

- flour, {number} g
- water, as [they say](https://example.org/{number})
- salt

> Whoever hurries, waits.

| day | grams |
|-----|-------|
| 1   | {number} |
| 2   | 200   |

```python
for day in range({number}):
    feed(sour, day)
```

{words}

[^{number}]: Or once, in winter.

"""
_WORDS = "The dough rests, and whoever has made it rests as well, until the oven calls. " * 12
Result = TypeVar("Result")


def book(size: int) -> str:
    """Markdown of about this many characters, with everything an article may have."""
    chapters, length = [], 0
    while length < size:
        chapters.append(_CHAPTER.format(number=len(chapters) + 1, words=_WORDS))
        length += len(chapters[-1])
    return "".join(chapters)


def _peak() -> int:
    """The most memory this process has had since it was set back, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the kernel does not tell VmHWM")


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


async def measured(act: Callable[[], Awaitable[Result]]) -> tuple[Result, list[float]]:
    """What an act gives; its CPU seconds, and by how many MiB the memory grew over what there was before."""
    _forget_peak()
    before, started = _peak(), time.process_time()
    done = await act()
    return done, [time.process_time() - started, (_peak() - before) / 2**20]


async def _people(db: Database) -> Actor:
    """Alice, and followers on servers of every dialect."""
    async with db.write() as session:
        alice = await actors.create_local(session, "alice", pairs=make_pairs())
        for software in ("mastodon", *(min(dialect.software) for dialect in DIALECTS)):
            for number in range(3):
                host, server, actor = f"{software}{number}.test", ids.new(), ids.new()
                await session.execute(insert(Server).values(
                    id=server, host=host, software=software, nodeinfo_at=now(), created_at=now()))
                await session.execute(insert(Actor).values(
                    id=actor, uri=f"https://{host}/users/bob", type="Person", name="bob", host=host,
                    handle=f"bob@{host}", server_id=server, inbox=f"https://{host}/inbox",
                    shared_inbox=f"https://{host}/inbox"))
                session.add(Follow(id=ids.new(), follower_id=actor, followed_id=alice.id, state="accepted"))
    return alice


async def _steps(db: Database, request: ArticleRequest) -> list[list[object]]:
    """All that happens in the process of whoever writes."""
    alice = await _people(db)

    async def bare() -> str:
        return str(comrak.render_markdown(request.text))

    async def publish() -> Object:
        async with db.write() as session:
            return await actions.publish(session, alice, request, prepared)

    async def documents() -> list[bytes]:
        async with db.read() as session:
            view = (await views.load_objects(session, [row.id], None))[row.id]
        rendered = render(view, lambda document: document)
        return [msgspec.json.encode(form) for form in (rendered.plain, *rendered.variants.values())]

    async def revise() -> Object:
        newer = replace(request, text=f"{request.text}\n\nMore.")
        again = await actions.prepare(db, None, newer)
        async with db.write() as session:
            return await actions.revise(session, alice, row.id, newer, again)

    await actions.prepare(db, None, ArticleRequest("warm *up*", title="x"))
    _, alone = await measured(bare)
    prepared, rendering = await measured(lambda: actions.prepare(db, None, request))
    row, publishing = await measured(publish)
    written, writing = await measured(documents)
    _, revising = await measured(revise)
    sizes = "/".join(f"{len(form) / 2**20:.2f}" for form in written)
    found: list[tuple[str, list[float]]] = [
        ("comrak alone", alone), ("render", rendering), ("publish, with deliveries to 15 servers", publishing),
        (f"documents in all dialects ({sizes} MiB)", writing), ("edit: render, store, deliveries", revising)]
    return [[label, cpu * 1000, cpu / alone[0], memory] for label, (cpu, memory) in found]


async def _read(url: str, folder: Path, alone_ms: float) -> list[object]:
    """The page of the article, as guests get it."""
    with running(url, folder, rate_limits="false") as server:
        async with aiohttp.ClientSession() as client:
            async def page(number: int) -> int:
                async with client.get(f"{server.url}/@alice/a-book?n={number}") as answer:
                    body = await answer.read()
                    if answer.status != 200:
                        raise RuntimeError(f"the page answered {answer.status}")
                    return len(body)

            size = await page(0)
            before, cpu = server.memory(), server.cpu_seconds()
            for number in range(_READS):
                await page(number + 1)
            used = (server.cpu_seconds() - cpu) / _READS * 1000
            grown = (server.memory() - before) / 2**20
    return [f"read the page ({size / 2**20:.2f} MiB of HTML)", used, used / alone_ms, grown]


async def measure(url: str, options: argparse.Namespace) -> list[list[object]]:
    """All steps on one database."""
    request = ArticleRequest(book(int(options.megabytes * 1_000_000)), title="A book", language="en")
    with tempfile.TemporaryDirectory(prefix="potluck-bench-") as name:
        folder = Path(name)
        made = settings.use(Settings(url="https://here.test", data=folder, database_url=url))
        db = Database(made)
        try:
            await upgrade(db)
            async with assembly.federation(db, made):
                rows = await _steps(db, request)
        finally:
            await db.close()
        alone: Any = rows[0][1]
        return [*rows, await _read(url, folder, alone)]


async def run(options: argparse.Namespace) -> None:
    """Measure on each database and print the table."""
    assembly.install()
    rows: list[list[object]] = []
    with databases(options.database) as found:
        for name, url in found:
            rows += [[name, *row] for row in await measure(url, options)]
    show(f"an article of {options.megabytes} MB", ["database", "step", "CPU ms", "of comrak", "memory MiB"], rows)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
