"""Potluck servers as real processes over loopback HTTP, and people on them, driven through the Mastodon API."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp

from potluck.db.engine import SQLITE_FILE
from support import commands
from support.databases import migrated_sqlite

T = TypeVar("T")

PASSWORD = "correct horse battery staple"
_START_SECONDS = 60
_EVENTUALLY_SECONDS = 120  # a delivery that failed once, on a busy machine, comes after half a minute or more


_LIBRARY = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _end_with_the_tests() -> None:
    """In a child before it starts: it gets SIGTERM when the tests end, however they end."""
    if sys.platform == "linux":
        _LIBRARY.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def eventually(look: Callable[[], Awaitable[T | None]], *, seconds: float = _EVENTUALLY_SECONDS) -> T:
    """The first true result of `look`, asked again and again.

    Raises:
        AssertionError: it did not become true in time; says what it was last.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {seconds} s; last seen: {found!r}")
        await asyncio.sleep(0.1)


@dataclass(slots=True)
class Person:
    """Someone with an account on a server and an app signed in for them."""

    server: Server
    name: str
    token: str
    _client: aiohttp.ClientSession = field(repr=False)

    @property
    def handle(self) -> str:
        """`@name@host` as others write it."""
        return f"@{self.name}@{self.server.host}"

    async def call(self, method: str, path: str, *, expect: int = 200, **data: Any) -> Any:
        """Ask the API; returns the JSON of the answer."""
        async with self._client.request(
                method, f"{self.server.url}{path}", json=data or None,
                headers={"Authorization": f"Bearer {self.token}"}) as answer:
            body = await answer.text()
            assert answer.status == expect, f"{method} {path}: {answer.status} {body}"
            return await answer.json(content_type=None)

    async def headers(self, path: str) -> Mapping[str, str]:
        """Headers of the answer to a GET."""
        async with self._client.get(f"{self.server.url}{path}",
                                    headers={"Authorization": f"Bearer {self.token}"}) as answer:
            assert answer.status == 200, f"GET {path}: {answer.status}"
            return answer.headers

    async def get(self, path: str, **options: Any) -> Any:
        """GET from the API."""
        return await self.call("GET", path, **options)

    async def post(self, path: str, **data: Any) -> Any:
        """POST to the API."""
        return await self.call("POST", path, **data)

    async def find(self, what: Person | str) -> dict[str, Any]:
        """The account of someone (or the status at a URL) as this person's server knows it, fetched if need be."""
        query = what.handle if isinstance(what, Person) else what
        found = await self.get(f"/api/v2/search?resolve=true&q={quote(query, safe='')}")
        kind = "accounts" if isinstance(what, Person) else "statuses"
        assert found[kind], f"{self.name} does not find {query}"
        result: dict[str, Any] = found[kind][0]
        return result

    async def follow(self, other: Person) -> dict[str, Any]:
        """Follow someone and wait until the follow is accepted."""
        account = await self.find(other)
        await self.post(f"/api/v1/accounts/{account['id']}/follow")

        async def following() -> bool:
            relationships = await self.get(f"/api/v1/accounts/relationships?id[]={account['id']}")
            return bool(relationships[0]["following"])

        await eventually(following)
        return account

    async def say(self, text: str, **more: Any) -> dict[str, Any]:
        """Publish a status."""
        status: dict[str, Any] = await self.post("/api/v1/statuses", status=text, **more)
        return status

    async def sees(self, text: str, timeline: str = "home") -> dict[str, Any] | None:
        """The status with `text` in its content in a timeline, or None."""
        for status in await self.get(f"/api/v1/timelines/{timeline}?limit=40"):
            if text in (status["reblog"] or status)["content"]:
                found: dict[str, Any] = status
                return found
        return None

    async def will_see(self, text: str, timeline: str = "home") -> dict[str, Any]:
        """Wait for the status with `text` in a timeline."""
        found = await eventually(lambda: self.sees(text, timeline))
        assert found is not None
        return found

    async def notified(self, kind: str, by: Person | None = None) -> dict[str, Any]:
        """Wait for a notification."""
        async def look() -> dict[str, Any] | None:
            for row in await self.get("/api/v1/notifications?limit=40"):
                if row["type"] == kind and (by is None or row["account"]["acct"].split("@")[0] == by.name):
                    found: dict[str, Any] = row
                    return found
            return None

        found = await eventually(look)
        assert found is not None
        return found


@dataclass(slots=True)
class Server:
    """A server: `potluck serve` in a process of its own."""

    url: str
    data: Path
    environ: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    clients: list[aiohttp.ClientSession] = field(default_factory=list)

    @property
    def host(self) -> str:
        """Host with port."""
        return self.url.partition("://")[2]

    async def start(self) -> None:
        """Start the processes and wait until they answer."""
        log = (self.data / "server.log").open("ab")
        self.process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
            [sys.executable, "-m", "potluck", "serve"], env=self.environ, stdout=log, stderr=log,
            preexec_fn=_end_with_the_tests)  # noqa: PLW1509 - asks the kernel and nothing else
        log.close()
        deadline = time.monotonic() + _START_SECONDS
        async with aiohttp.ClientSession() as client:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with client.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"{self.url} did not come up:\n{self.log()[-4000:]}")
                await asyncio.sleep(0.05)

    def log(self) -> str:
        """What the server logged."""
        return (self.data / "server.log").read_text(errors="replace")

    async def stop(self) -> None:
        """Ask the processes to finish, and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(self.process.wait, 30)
        self.process = None

    def child(self, role: str) -> int:
        """Process id of the web or engine process."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in map(int, children):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            name = Path(f"/proc/{pid}/comm").read_text()  # of one that was forked, and not started by itself
            if role.encode() in words or name.startswith(f"potluck-{role}"):
                return pid
        raise AssertionError(f"no {role} process")

    async def kill(self, role: str) -> None:
        """`kill -9` the web or engine process, waiting for one if it is just being started again."""
        async def look() -> int | None:
            try:
                return self.child(role)
            except AssertionError:
                return None

        os.kill(await eventually(look), signal.SIGKILL)

    async def answers(self) -> None:
        """Wait until the web process answers."""
        async def look() -> bool:
            try:
                async with aiohttp.ClientSession() as client, client.get(f"{self.url}/readyz") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await eventually(look)

    async def kill_all(self) -> None:
        """`kill -9` everything at once, as when the power goes."""
        assert self.process is not None
        pids = [self.child("web"), self.child("engine")]
        self.process.kill()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(self.process.wait, 10)
        self.process = None

    async def command(self, *arguments: str, stdin: str = "") -> str:
        """Run `potluck …` with this server's settings; returns what it printed."""
        return await asyncio.to_thread(commands.run, self.environ, "potluck.cli", arguments, stdin)

    async def writes(self, act: str, **words: Any) -> dict[str, Any]:
        """Have something done in a blog (see `support/blogging.py`); returns what came of it."""
        said = await asyncio.to_thread(
            commands.run, self.environ, "support.blogging", (), json.dumps({"act": act, **words}))
        made: dict[str, Any] = json.loads(said.splitlines()[-1])
        return made

    async def page(self, path: str) -> str:
        """A page as a passer-by reads it."""
        async with aiohttp.ClientSession() as client, client.get(
                f"{self.url}{path}", headers={"Accept": "text/html"}) as answer:
            return await answer.text()

    async def person(self, name: str, *, admin: bool = False) -> Person:
        """Create an account with a token of every scope."""
        if not admin:
            return (await self.people(name))[0]
        await self.command("admin", "create-user", name, "--email", f"{name}@example.org", "--password-stdin",
                           "--admin", stdin=f"{PASSWORD}\n")
        return await self.signed_in(name)

    async def signed_in(self, name: str) -> Person:
        """Someone who has an account already, with a token of every scope."""
        return self._person(name, (await self.command("admin", "token", name)).splitlines()[-1].strip())

    async def people(self, *names: str) -> list[Person]:
        """Create several accounts by one process."""
        said = await asyncio.to_thread(commands.run, self.environ, "support.populate", (PASSWORD, *names))
        tokens = said.splitlines()[-len(names):]
        return [self._person(name, token) for name, token in zip(names, tokens, strict=True)]

    def _person(self, name: str, token: str) -> Person:
        client = aiohttp.ClientSession()
        self.clients.append(client)
        return Person(self, name, token, client)


@contextlib.asynccontextmanager
async def server(
        database_url: str = "", *, port: int = 0, migrated: bool = True, **settings: str) -> AsyncIterator[Server]:
    """A server on a loopback port (a free one) that may reach loopback peers; gone at the end.

    Args:
        database_url: of its database; an own SQLite file if empty.
        port: where it listens; a free one if 0.
        migrated: whether a SQLite file has its tables already, which saves a second and a half.
        settings: further ones, by name.
    """
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="potluck-test-") as folder:
        environ = {
            **os.environ, "POTLUCK_URL": url, "POTLUCK_BIND": f"127.0.0.1:{port}", "POTLUCK_DATA": folder,
            "POTLUCK_DATABASE_URL": database_url, "POTLUCK_ALLOW_PRIVATE": "127.0.0.0/8",
            "POTLUCK_CONFIG": os.devnull, "POTLUCK_RATE_LIMITS": "false",
            "POTLUCK_CHECK_MAIL_DOMAINS": "false",
            **{f"POTLUCK_{key.upper()}": value for key, value in settings.items()},
        }
        made = Server(url, Path(folder), environ)
        if migrated and not database_url:
            shutil.copy(await asyncio.to_thread(migrated_sqlite), made.data / SQLITE_FILE)
        try:
            await made.start()
            yield made
        finally:
            for client in made.clients:
                await client.close()
            await made.stop()
