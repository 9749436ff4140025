"""Files in forms without scripts, and the page of one's own files."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import httpx
import pytest
import pyvips
from sqlalchemy import select

from potluck.jobs.engine import JobEngine
from potluck.media import processing  # noqa: F401 - the job
from potluck.social import keys
from potluck.social.communities import making
from potluck.social.communities.making import Wishes
from potluck.social.live import Waker
from potluck.social.model import Actor, Media, Object
from web.conftest import Browser, Site

Prepare = Callable[[], Awaitable[None]]


def picture(form: str = ".jpg") -> bytes:
    """A picture made by a real encoder."""
    plane = pyvips.Image.xyz(60, 40)
    found: bytes = plane[0].bandjoin([plane[1], 120]).cast("uchar").copy(interpretation="srgb").write_to_buffer(form)
    return found


@pytest.fixture
def prepare(site: Site) -> Prepare:
    """Does what the engine would do now."""
    async def run() -> None:
        await JobEngine(site.database, Waker(site.database)).drain()

    return run


async def send(browser: Browser, path: str, fields: dict[str, Any], *files: tuple[str, bytes]) -> httpx.Response:
    """A form with files, as a browser without scripts sends it."""
    return await browser.post(path, fields, files=[("files", (name, data, "image/jpeg")) for name, data in files])


async def while_preparing(prepare: Prepare, call: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
    """A form whose answer waits for the engine, which works meanwhile."""
    asking = asyncio.create_task(call)
    while not asking.done():
        await prepare()
        await asyncio.sleep(0.02)
    return await asking


def ids_in(page: str) -> list[str]:
    """The files that a composer shows, in order."""
    return re.findall(r'name="media_id" value="(\d+)"', page)


async def objects_of(site: Site) -> list[Object]:
    async with site.database.read() as session:
        return list((await session.scalars(select(Object).order_by(Object.id))).all())


async def test_post_with_files_waits_and_is_published(site: Site, prepare: Prepare) -> None:
    """A post whose files are being prepared is shown to its author only, and to all when they are ready."""
    browser = await site.browser(site.cast.alice)
    answer = await send(browser, "/compose", {"text": "Two cats", "visibility": "public"},
                        ("a.jpg", picture()), ("b.png", picture(".png")))
    page = await browser.page_after(answer)
    assert "published as soon as its files are ready" in page
    assert page.count('data-processing="') == 2
    assert "Two cats" not in (await site.guest().get("/@alice")).text
    assert "Two cats" not in (await (await site.browser(site.cast.bob)).get("/@alice")).text
    await prepare()
    assert "Two cats" in (await site.guest().get("/@alice")).text
    assert "data-processing" not in (await browser.get("/home")).text


async def test_files_are_described_and_put_in_order_before_posting(site: Site, prepare: Prepare) -> None:
    """The buttons of the form attach, move and remove; what was typed stays."""
    browser = await site.browser(site.cast.alice)
    page = (await send(browser, "/compose", {"text": "Cats", "files_act": "attach"}, ("a.jpg", picture()),
                       ("b.jpg", picture()), ("c.jpg", picture()))).text
    first, second, third = ids_in(page)
    assert ">\nCats</textarea>" in page
    fields = {"text": "Cats", "media_id": [first, second, third], f"alt_{first}": "The first"}
    page = (await browser.post("/compose", {**fields, "files_act": f"down-{first}"})).text
    assert ids_in(page) == [second, first, third]
    assert "The first</textarea>" in page
    page = (await browser.post("/compose", {**fields, "media_id": ids_in(page), "files_act": f"drop-{second}"})).text
    assert ids_in(page) == [first, third]
    await prepare()
    await browser.post("/compose", {**fields, "media_id": [first, third], f"focus_x_{first}": "0.5",
                                    f"focus_y_{first}": "-0.5", f"focus_x_{third}": "0", f"focus_y_{third}": "0"})
    async with site.database.read() as session:
        rows = (await session.scalars(select(Media).where(Media.object_id.is_not(None)).order_by(Media.position))).all()
    assert [(row.description, row.focus_x, row.focus_y) for row in rows] == [
        ("The first", 0.5, -0.5), ("", None, None)]


async def test_what_cannot_be_taken_is_explained(site: Site) -> None:
    """Nothing else of the post is lost."""
    browser = await site.browser(site.cast.alice)
    answer = await send(browser, "/compose", {"text": "Kept"}, ("notes.txt", b"just words"), ("a.jpg", picture()))
    assert answer.status_code == 422
    assert "notes.txt" in answer.text
    assert ">\nKept</textarea>" in answer.text
    assert len(ids_in(answer.text)) == 1
    assert await objects_of(site) == []


async def test_a_broken_file_is_tried_again_or_left_out(site: Site, prepare: Prepare) -> None:
    """A post waits for what failed until its author decides; without the file it is published."""
    browser = await site.browser(site.cast.alice)
    await send(browser, "/compose", {"text": "One of two", "visibility": "public"}, ("a.jpg", picture()),
               ("broken.jpg", picture()[:150]))
    await prepare()
    page = (await browser.get("/files")).text
    assert "A file could not be prepared" in page
    broken = re.search(r'action="/files/(\d+)/retry"', page)
    assert broken is not None
    await browser.post(f"/files/{broken[1]}/retry")
    await prepare()
    assert "A file could not be prepared" in (await browser.get("/home")).text
    stranger = await site.browser(site.cast.bob)
    assert (await stranger.post(f"/files/{broken[1]}/remove")).status_code == 404
    await browser.post(f"/files/{broken[1]}/remove")
    assert "One of two" in (await site.guest().get("/@alice")).text


async def test_waiting_post_is_given_up(site: Site) -> None:
    """Its author may delete it; nobody else can."""
    browser = await site.browser(site.cast.alice)
    await send(browser, "/compose", {"text": "Never mind"}, ("a.jpg", picture()))
    row = (await objects_of(site))[0]
    stranger = await site.browser(site.cast.bob)
    assert (await stranger.post(f"/files/posts/{row.id}/discard")).status_code == 404
    await browser.post(f"/files/posts/{row.id}/discard")
    assert "Never mind" not in (await browser.get("/files")).text


async def test_edit_changes_files(site: Site, prepare: Prepare) -> None:
    """An edit keeps, describes and removes files; the history has the former description."""
    browser = await site.browser(site.cast.alice)
    await send(browser, "/compose", {"text": "Before", "visibility": "public"}, ("a.jpg", picture()),
               ("b.jpg", picture()))
    await prepare()
    row = (await objects_of(site))[0]
    first, second = ids_in((await browser.get(f"/posts/{row.id}/edit")).text)
    await browser.post(f"/posts/{row.id}/edit", {"text": "After", "with_files": "1", "media_id": [second],
                                                 f"alt_{second}": "The second"})
    page = (await site.guest().get(f"/@alice/{row.id}")).text
    assert 'alt="The second"' in page
    assert page.count("data-lightbox ") + page.count("data-lightbox>") <= 1
    assert ids_in((await browser.get(f"/posts/{row.id}/edit")).text) == [second]
    assert first in re.findall(r"/compose\?media=(\d+)", (await browser.get("/files")).text)


async def test_forms_with_files_are_for_people_with_an_account(site: Site) -> None:
    """Guests are led to sign in before anything is read."""
    answer = await site.guest().post("/compose", {"text": "x"}, csrf=False)
    assert answer.status_code in {302, 303}
    assert "/signin" in answer.headers["location"]


async def test_picture_of_the_profile(site: Site, prepare: Prepare) -> None:
    """It is cut to a square and shown; ticking the box takes it away."""
    browser = await site.browser(site.cast.alice)
    answer = await while_preparing(prepare, browser.post("/settings/profile", {"display_name": "Alice"}, files=[
        ("avatar", ("me.png", picture(".png"), "image/png"))]))
    assert answer.status_code == 303
    page = (await browser.get("/settings/profile")).text
    assert re.search(r'picture-avatar avatar" src="https?://[^"]*/media/', page)
    await browser.post("/settings/profile", {"display_name": "Alice", "avatar_remove": "1"})
    assert "avatar_remove" not in (await browser.get("/settings/profile")).text


async def test_pictures_of_a_community(site: Site, prepare: Prepare) -> None:
    """Its moderators bring icon and banner, say what they show and take them away; others are refused."""
    async with site.database.write() as session:
        alice = await session.get_one(Actor, site.cast.alice.id)
        group = await making.create(session, alice, "soups", Wishes("Soups"), pairs=keys.make_pairs())
    path, fields = f"/communities/{group.id}/settings", {"title": "Soups", "header_description": "A long table"}
    files = [("avatar", ("pot.png", picture(".png"), "image/png")), ("header", ("b.png", picture(".png"), "image/png"))]
    assert (await (await site.browser(site.cast.bob)).post(path, fields, files=files)).status_code in (403, 422)
    browser = await site.browser(site.cast.alice)
    assert (await while_preparing(prepare, browser.post(path, fields, files=files))).status_code == 303
    async with site.database.read() as session:
        made = await session.get_one(Actor, group.id)
        owners = set((await session.scalars(select(Media.owner_id))).all())
    assert made.avatar_url
    assert owners == {group.id}
    page = (await site.guest().get("/@soups")).text
    assert 'alt="A long table"' in page
    assert made.avatar_url.rpartition("/")[0] in page
    assert "changed the community" in (await site.guest().get("/@soups/modlog")).text
    await browser.post(path, {**fields, "avatar_remove": "1"})
    async with site.database.read() as session:
        changed = await session.get_one(Actor, group.id)
    assert (changed.avatar_url, bool(changed.header_url)) == (None, True)


async def test_a_picture_in_a_community(site: Site, prepare: Prepare) -> None:
    """The form takes it, keeps its description, and the post is listed once it is ready."""
    async with site.database.write() as session:
        alice = await session.get_one(Actor, site.cast.alice.id)
        await making.create(session, alice, "soups", Wishes("Soups"), pairs=keys.make_pairs())
    browser = await site.browser(site.cast.alice)
    page = await send(browser, "/@soups/submit", {"title": "Our pot", "files_act": "attach"}, ("pot.jpg", picture()))
    (media_id,) = ids_in(page.text)
    fields = {"title": "Our pot", "media_id": [media_id], f"alt_{media_id}": "A dented pot", "with_files": "1"}
    assert (await browser.post("/@soups/submit", fields)).status_code == 303
    guest = site.guest()
    assert "Our pot" not in (await guest.get("/@soups")).text
    await prepare()
    listing = (await guest.get("/@soups")).text
    assert "Our pot" in listing
    assert 'listed-thumb" href' in listing
    row = (await objects_of(site))[0]
    assert 'alt="A dented pot"' in (await guest.get(f"/@alice/{row.id}")).text
    assert ids_in((await browser.get(f"/posts/{row.id}/revise")).text) == [media_id]


async def test_emoji_is_added_and_taken_out_of_use(site: Site, prepare: Prepare) -> None:
    """Administrators add emoji with a picture; a shortcode is used once; others cannot."""
    mona = await site.browser(site.cast.mona)
    image = [("image", ("pan.png", picture(".png"), "image/png"))]
    page = await mona.page_after(await while_preparing(
        prepare, mona.post("/admin/emoji", {"shortcode": "pan", "category": "Kitchen"}, files=image)))
    assert ":pan:" in page
    assert (await mona.post("/admin/emoji", {"shortcode": "pan"}, files=image)).status_code == 422
    assert (await mona.post("/admin/emoji", {"shortcode": "!"}, files=image)).status_code == 422
    assert (await mona.post("/admin/emoji", {"shortcode": "pot"})).status_code == 422
    found = re.search(r'action="/admin/emoji/(\d+)/disable"', page)
    assert found is not None
    await mona.post(f"/admin/emoji/{found[1]}/disable")
    assert "switched off" in (await mona.get("/admin/emoji")).text
    bob = await site.browser(site.cast.bob)
    assert (await bob.post(f"/admin/emoji/{found[1]}/delete")).status_code in {403, 404}
    await mona.post(f"/admin/emoji/{found[1]}/delete")
    assert ":pan:" not in (await mona.get("/admin/emoji")).text
