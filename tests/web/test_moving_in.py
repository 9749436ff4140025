"""Bringing lists and posts along through the pages, without scripts."""

from pathlib import Path

from potluck import assembly
from potluck.jobs import JobEngine
from potluck.social.live import Waker
from potluck.transfer import archive_in
from transfer.test_archives import documents, packed
from web.conftest import Browser, Site


async def send(browser: Browser, path: str, name: str, data: bytes, **fields: str) -> int:
    """Send a form with a file."""
    await browser.get("/settings/import")
    found = await browser.client.post(path, data={"_csrf": browser.token, **fields}, files={"file": (name, data)})
    return found.status_code


async def test_lists(site: Site) -> None:
    """A CSV is taken in and done; nonsense is refused with words, other people's forms not at all."""
    assembly.install()
    alice = await site.browser(site.cast.alice)
    assert await send(alice, "/settings/import", "b.csv", b"spam.example\n", kind="domain_blocking") == 303
    await JobEngine(site.database, Waker(site.database)).drain()
    assert "spam.example" in (await alice.get("/blocks")).text
    assert "1 of 1 taken over" in (await alice.get("/settings/jobs")).text
    assert await send(alice, "/settings/import", "b.csv", b"\xff", kind="following") == 422
    assert await send(alice, "/settings/import", "b.csv", b"", kind="following") == 422
    assert await send(alice, "/settings/import", "b.csv", b"a@b.example", kind="stars") == 422
    assert "spam.example" in (await alice.get("/settings/export/blocked_domains.csv")).text
    assert (await alice.get("/settings/export/secrets.csv")).status_code == 404


async def test_an_archive(site: Site, tmp_path: Path) -> None:
    """Given in, looked through, begun; only with the token of one's own page."""
    assembly.install()
    alice = await site.browser(site.cast.alice)
    data = packed(tmp_path / "archive", documents()).read_bytes()
    forged = await alice.client.post("/settings/archive", data={"_csrf": "x"}, files={"file": ("a.zip", data)})
    assert forged.status_code == 403
    assert not archive_in.folder_of(site.cast.alice.id).exists()
    assert await send(alice, "/settings/archive", "a.zip", b"") == 422
    assert await send(alice, "/settings/archive", "a.zip", data) == 303
    assert await send(alice, "/settings/archive", "a.zip", data) == 422  # one at a time
    engine = JobEngine(site.database, Waker(site.database))
    await engine.drain()
    page = (await alice.get("/settings/archive")).text
    assert "What cannot come along" in page
    await alice.post("/settings/archive/start", {})
    await engine.drain()
    assert "answer to myself" in (await alice.get("/@alice/with_replies")).text
    assert "5 posts" in (await alice.get("/settings/jobs")).text
    assert "Look through" in (await alice.get("/settings/archive")).text


async def test_a_broken_archive(site: Site) -> None:
    """Its owner is told, and can give in another."""
    assembly.install()
    alice = await site.browser(site.cast.alice)
    assert await send(alice, "/settings/archive", "a.zip", b"no archive") == 303
    await JobEngine(site.database, Waker(site.database)).drain()
    page = (await alice.get("/settings/archive")).text
    assert "This is no archive that can be read" in page
    assert "Look through" in page
