"""Pictures sent on their own: read by their name, deleted by the word that their sender got."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import pytest
import pyvips

from potluck import settings
from potluck.jobs.engine import JobEngine
from potluck.media import processing  # noqa: F401 - the job
from potluck.media.collecting import Collector
from potluck.media.storage import storage_of
from potluck.social.live import Waker

from .conftest import Api
from .test_admin import role

T = TypeVar("T")


def picture() -> bytes:
    """A picture made by a real encoder."""
    plane = pyvips.Image.xyz(64, 48)
    found: bytes = plane[0].bandjoin([plane[1], 90]).cast("uchar").copy(interpretation="srgb").write_to_buffer(".png")
    return found


async def while_preparing(api: Api, call: Awaitable[T]) -> T:
    """A call that waits for the engine, which works meanwhile."""
    engine = JobEngine(api.database, Waker(api.database))
    asking = asyncio.ensure_future(call)
    while not asking.done():
        await engine.drain()
        await asyncio.sleep(0.02)
    return await asking


async def send(api: Api, who: str | None, *files: bytes, cookie: bool = False) -> httpx.Response:
    """Send pictures as `images[]`."""
    headers = {}
    if who:
        jwt = await api.token(who)
        headers = {"Cookie": f"jwt={jwt}"} if cookie else {"Authorization": f"Bearer {jwt}"}
    parts = [("images[]", (f"{number}.png", data, "image/png")) for number, data in enumerate(files)]
    return await while_preparing(api, api.http.post("/pictrs/image", files=parts or {"x": b""}, headers=headers))


async def test_sent_read_used_and_deleted(api: Api) -> None:
    """Several at once; the address leads to the file; nobody guesses a name or the word for deleting it."""
    answer = await send(api, "bob", picture(), picture() + b" ", cookie=True)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["msg"], len(made["files"])) == ("ok", 2)
    name, word = made["files"][0]["file"], made["files"][0]["delete_token"]
    found = await api.http.get(f"/pictrs/image/{name}", params={"format": "webp", "thumbnail": "5000"})
    assert found.status_code == 302
    full = found.headers["location"]
    assert full.startswith("https://potluck.test/media/")
    small = (await api.http.get(f"/pictrs/image/{name}", params={"thumbnail": "96"})).headers["location"]
    assert small.startswith("https://potluck.test/media/")
    assert small != full
    mine = (await api.get("/account/list_media", "bob"))["images"]
    assert {entry["local_image"]["pictrs_alias"] for entry in mine} == {entry["file"] for entry in made["files"]}
    assert (await api.get("/account/list_media", "eve"))["images"] == []
    assert len((await api.get("/admin/list_all_media", "mona"))["images"]) == 2
    url = f"https://potluck.test/pictrs/image/{name}"
    assert (await api.refused("PUT", "/user/save_user_settings", "eve", avatar=url)) == (400, "invalid_url")
    await api.put("/user/save_user_settings", "bob", avatar=url)
    assert (await api.get("/site", "bob"))["my_user"]["local_user_view"]["person"]["avatar"] == full
    settings.use(replace(settings.current(), lemmy_host="lemmy.potluck.test"))
    await api.put("/user/save_user_settings", "bob", banner=f"https://lemmy.potluck.test/pictrs/image/{name}")
    for path in (f"delete/x/{name}", f"delete/{word}/00000000-0000-0000-0000-000000000000.png", "x.png",
                 "00000000-0000-0000-0000-000000000000.png"):
        assert (await api.http.get(f"/pictrs/image/{path}")).status_code == 404, path
    assert (await api.http.get(f"/pictrs/image/delete/{word}/{name}")).status_code == 204
    assert (await api.http.get(f"/pictrs/image/{name}")).status_code == 404


@pytest.mark.parametrize(("who", "files", "status"), [
    (None, [b"x"], 401), ("bob", [], 400), ("bob", [b"only words"], 400), ("bob", [b""], 400)])
async def test_what_is_not_taken(api: Api, who: str | None, files: list[bytes], status: int) -> None:
    """With a `msg`, as pict-rs says it."""
    answer = await send(api, who, *files)
    assert answer.status_code == status, answer.text
    assert {"msg", "error"} & set(answer.json())


async def test_it_stays_until_its_owner_deletes_it(api: Api) -> None:
    """Texts name it, which nobody counts; the collector leaves it alone."""
    name = (await send(api, "bob", picture())).json()["files"][0]["file"]
    collector = Collector(api.database, storage_of(api.database.settings), grace=timedelta(seconds=-1))
    await collector.turn()
    assert (await api.http.get(f"/pictrs/image/{name}")).status_code == 302


async def test_emoji_out_of_a_picture(api: Api) -> None:
    """Added, changed and deleted by staff."""
    await role(api, "mia", "admin")
    name = (await send(api, "mia", picture())).json()["files"][0]["file"]
    wish: dict[str, Any] = {"shortcode": "leek", "category": "food", "alt_text": "", "keywords": [],
                            "image_url": f"https://potluck.test/pictrs/image/{name}"}
    made = (await api.post("/custom_emoji", "mia", **wish))["custom_emoji"]["custom_emoji"]
    assert (made["shortcode"], made["category"]) == ("leek", "food")
    assert (await api.refused("POST", "/custom_emoji", "mia", **wish)) == (400, "couldnt_create_custom_emoji")
    found = await api.put("/custom_emoji", "mia", id=made["id"], category="plants", image_url=made["image_url"])
    assert found["custom_emoji"]["custom_emoji"]["category"] == "plants"
    assert len((await api.get("/site"))["custom_emojis"]) == 1
    await api.post("/custom_emoji/delete", "mia", id=made["id"])
    assert (await api.get("/site"))["custom_emojis"] == []
    assert (await api.refused("POST", "/custom_emoji/delete", "mia", id=made["id"]))[0] == 404


async def test_pictures_of_other_servers(api: Api) -> None:
    """Only by the marked addresses in answers: nobody makes this server fetch what it has not shown."""
    assert await api.refused("GET", "/image_proxy", url="https://x.test/a.png") == (400, "not_supported")
    marked = "https://potluck.test/proxy/full/abc/def"
    answer = await api.call("GET", "/image_proxy", params={"url": marked})
    assert (answer.status_code, answer.headers["location"]) == (302, marked)
    for worse in ("/proxy/\u20ac", "/proxy/x\r\nset-cookie: a=b"):
        assert (await api.refused("GET", "/image_proxy", url=f"https://potluck.test{worse}"))[0] == 400
