"""Moving a blog: what an article costs when it comes and when it goes, and whether memory stays flat.

python -m bench.blog_import [--sizes 1000,10000] [--forms wxr,markdown,ghost] [--database sqlite|postgresql|both]

Each line is a process of its own: an export of so many articles (about 400 words each, with headings, lists, code and
links) is written, looked through, taken over into an empty blog, and packed again as text files. Memory is the most of
the process' own (RssAnon; pages of SQLite's file are mapped, and the kernel's to take back) while it works; `before` is
what the same took with sixty articles.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from bench.processes import databases
from bench.table import show
from potluck import assembly, jobs, settings
from potluck.db.engine import Database
from potluck.db.migrate import upgrade
from potluck.jobs import JobEngine
from potluck.social import actors
from potluck.social.blogs import making
from potluck.social.blogs.making import Wishes
from potluck.social.keys import make_pairs
from potluck.social.live import Waker
from potluck.social.model import Actor, User
from potluck.text.markup import words
from potluck.transfer.blogs import looking, packing, taking

_WORDS = sorted(words("bread rye oven stone water salt flour hands morning dough rest fold heat crust crumb kitchen",
                     "winter friend letter slow table bowl river market grain mill sun cellar jar spoon recipe"))
_FIRST = datetime(2009, 1, 1, tzinfo=UTC)
_FORMS = ("wxr", "markdown", "ghost")


def _html(number: int) -> str:
    chosen = random.Random(number)

    def some(count: int) -> str:
        return " ".join(chosen.choices(_WORDS, k=count))

    parts = [f"<h2>{some(4)}</h2>"]
    parts += [f'<p>{some(60)} <a href="https://far.test/{number}">{some(3)}</a> {some(20)}.</p>' for _ in range(4)]
    parts.append("<ul>" + "".join(f"<li>{some(6)}</li>" for _ in range(5)) + "</ul>")
    parts.append(f'<pre><code class="language-python">{some(3)} = {number}\nprint({number})</code></pre>')
    return "\n".join(parts)


def _facts(number: int) -> tuple[str, str, datetime]:
    """Title, address and date of an article."""
    return f"Article number {number}", f"article-number-{number}", _FIRST + timedelta(hours=11 * number)


def _write_wxr(out: IO[bytes], size: int) -> None:
    out.write(b'<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
              b' xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Bench</title><link>https://b.test</link>')
    for number in range(size):
        title, slug, moment = _facts(number)
        out.write((f"<item><title>{title}</title><link>https://b.test/{slug}/</link><guid>https://b.test/?p={number}"
                   f"</guid><content:encoded><![CDATA[{_html(number)}]]></content:encoded><wp:post_id>{number}"
                   f"</wp:post_id><wp:post_date_gmt>{moment:%Y-%m-%d %H:%M:%S}</wp:post_date_gmt><wp:post_name>{slug}"
                   f"</wp:post_name><wp:status>publish</wp:status><wp:post_type>post</wp:post_type>"
                   f'<category domain="post_tag">tag{number % 40}</category></item>').encode())
    out.write(b"</channel></rss>")


def _write_markdown(out: IO[bytes], size: int) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(size):
            title, slug, moment = _facts(number)
            packed.writestr(f"posts/{slug}.md", f"---\ntitle: {title}\ndate: {moment.isoformat()}\nslug: {slug}\n"
                            f"tags: [tag{number % 40}]\n---\n\n{_html(number)}\n")


def _write_ghost(out: IO[bytes], size: int) -> None:
    out.write(b'{"db":[{"meta":{},"data":{"posts":[')
    for number in range(size):
        title, slug, moment = _facts(number)
        row = {"id": f"g{number}", "title": title, "slug": slug, "html": _html(number), "status": "published",
               "visibility": "public", "type": "post", "published_at": moment.isoformat()}
        out.write((b"," if number else b"") + json.dumps(row).encode())
    out.write(b'],"posts_tags":[' + b",".join(json.dumps(
        {"post_id": f"g{number}", "tag_id": f"t{number % 40}"}).encode() for number in range(size)))
    out.write(b'],"tags":[' + b",".join(json.dumps(
        {"id": f"t{number}", "name": f"tag{number}"}).encode() for number in range(40)) + b"]}}]}")


_WRITERS: dict[str, Callable[[IO[bytes], int], None]] = {
    "wxr": _write_wxr, "markdown": _write_markdown, "ghost": _write_ghost}


class _Memory(threading.Thread):
    """Looks every few hundredths of a second how much memory is this process' own."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()
        self.peak = 0.0

    def run(self) -> None:
        while not self._over.wait(0.03):
            status = Path("/proc/self/status").read_text()
            self.peak = max(self.peak, int(status.partition("RssAnon:")[2].split()[0]) / 1024)

    def end(self) -> float:
        """The most there was, in MiB."""
        self._over.set()
        self.join()
        return self.peak


@dataclass(slots=True)
class _Cost:
    """What a phase took."""

    seconds: float
    cpu: float
    peak: float


async def _phase(db: Database, name: str, person: Actor, key: str, *args: Any) -> _Cost:
    memory = _Memory()
    memory.start()
    started, cpu = time.perf_counter(), time.process_time()
    async with db.write() as session:
        job_id = await jobs.enqueue(session, name, *args, owner_id=person.id, key=key)
    await JobEngine(db, Waker(db)).drain()
    async with db.read() as session:
        job = await jobs.one(session, job_id)
    if job is None or job.state != "done":
        raise SystemExit(f"{name}: {job}")
    return _Cost(time.perf_counter() - started, time.process_time() - cpu, memory.end())


async def _give(person: Actor, blog: Actor, form: str, size: int) -> None:
    def write() -> None:
        folder = looking.folder_of(person.id, blog.id)
        folder.mkdir(parents=True, exist_ok=True)
        # By another process, so that its memory is not counted here.
        subprocess.run([sys.executable, "-m", "bench.blog_import", "--write", str(folder / "export"), "--forms", form,
                        "--sizes", str(size)], check=True)

    await asyncio.to_thread(write)


async def _one(form: str, size: int) -> list[object]:
    """All phases in this process."""
    assembly.install()
    db = Database(settings.current())
    try:
        await upgrade(db)
        async with db.write() as session:
            person = await actors.create_local(session, "alice", pairs=make_pairs())
            session.add(User(id=person.id, actor_id=person.id, email="a@here.test", password_hash=""))
            await session.flush()
            person.owner_id = person.id
            await session.flush()
            blogs = [await making.create(session, person, name, Wishes(name), pairs=make_pairs())
                     for name in ("warm", "crumbs")]
        costs: list[_Cost] = []
        for blog, count in zip(blogs, (60, size), strict=True):
            key = looking.key_of(person.id, blog.id)
            await _give(person, blog, form, count)
            costs = [await _phase(db, looking.LOOK, person, key, blog.id, "export"),
                     await _phase(db, taking.TAKE, person, key, blog.id, {"pictures": False}),
                     await _phase(db, packing.PACK, person, packing.key_of(person.id, blog.id), blog.id, "markdown",
                                  False)]
            if blog is blogs[0]:
                before = max(cost.peak for cost in costs)
    finally:
        await db.close()
    return [size, f"{size / costs[0].seconds:.0f}", f"{size / costs[1].seconds:.0f}", f"{size / costs[2].seconds:.0f}",
            *(f"{cost.cpu / size * 1000:.2f}" for cost in costs), f"{before:.0f}",
            *(f"{cost.peak:.0f}" for cost in costs)]


def _measure(name: str, url: str, form: str, size: int) -> list[object]:
    with tempfile.TemporaryDirectory(prefix="potluck-bench-") as folder:
        environ = {**os.environ, "POTLUCK_URL": "https://here.test", "POTLUCK_DATA": folder, "POTLUCK_SECRET": "s" * 32,
                   "POTLUCK_DATABASE_URL": url}
        done = subprocess.run([sys.executable, "-m", "bench.blog_import", "--one", "--forms", form, "--sizes",
                               str(size)], env=environ, check=True, stdout=subprocess.PIPE)
    row: list[object] = json.loads(done.stdout.splitlines()[-1])
    return [name, form, *row]


def run(options: argparse.Namespace) -> None:
    """Measure everything and print the table."""
    rows = []
    for form in options.forms:
        for size in options.sizes:
            with databases(options.database) as found:  # a fresh one for each line
                rows += [_measure(name, url, form, size) for name, url in found]
    show("moving blogs", ["database", "form", "articles", "look /s", "take /s", "pack /s", "look CPU ms", "take CPU ms",
                          "pack CPU ms", "MiB before", "look MiB", "take MiB", "pack MiB"], rows)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=lambda value: [int(part) for part in value.split(",")], default=[1000, 10_000])
    parser.add_argument("--forms", type=lambda value: value.split(","), default=list(_FORMS))
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--write", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        with Path(options.write).open("wb") as out:
            _WRITERS[options.forms[0]](out, options.sizes[0])
    elif options.one:
        print(json.dumps(asyncio.run(_one(options.forms[0], options.sizes[0]))))
    else:
        run(options)


if __name__ == "__main__":
    main()
