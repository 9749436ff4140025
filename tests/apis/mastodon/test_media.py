"""Attachments: sent, prepared, described, hung on statuses, thrown away; pictures of the profile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest
import pyvips

from apis.mastodon.conftest import Person, Server
from apis.mastodon.fields import check
from potluck import settings
from potluck.jobs.engine import JobEngine
from potluck.media import processing  # noqa: F401 - the job
from potluck.settings import Settings
from potluck.social.live import Waker

T = TypeVar("T")
Prepare = Callable[[], Awaitable[None]]


def picture(width: int = 64, height: int = 48, form: str = ".jpg") -> bytes:
    """A picture made by a real encoder."""
    shades = pyvips.Image.xyz(width, height)[0].bandjoin([pyvips.Image.xyz(width, height)[1], 90]).cast("uchar")
    found: bytes = shades.copy(interpretation="srgb").write_to_buffer(form)
    return found


@pytest.fixture
def prepare(server: Server) -> Prepare:
    """Does what the engine would do now."""
    engine = JobEngine(server.db, Waker(server.db))

    async def run() -> None:
        await engine.drain()

    return run


async def send(person: Person, data: bytes, *, path: str = "/api/v2/media", expect: int = 202, **more: Any) -> Any:
    """Send a file."""
    files = {"file": ("cat.jpg", data, "image/jpeg"), **more.pop("files", {})}
    answer = await person.call("POST", path, files=files, data=more)
    assert answer.status_code == expect, answer.text
    return answer.json()


async def ready(person: Person, prepare: Prepare, **more: Any) -> Any:
    """A picture that is prepared."""
    made = await send(person, picture(), **more)
    await prepare()
    return await person.get(f"/api/v1/media/{made['id']}")


async def while_preparing(prepare: Prepare, call: Coroutine[Any, Any, T]) -> T:
    """A call that waits for the engine, which works meanwhile."""
    asking = asyncio.create_task(call)
    while not asking.done():
        await prepare()
        await asyncio.sleep(0.02)
    return await asking


async def test_is_prepared_after_it_was_sent(alice: Person, prepare: Prepare) -> None:
    """202 without an address at first, 206 meanwhile, then 200 with everything an app wants to know."""
    made = await send(alice, picture(), description="A cat", focus="0.5,-0.25")
    assert (made["url"], made["description"], made["meta"]["focus"]) == (None, "A cat", {"x": 0.5, "y": -0.25})
    waiting = await alice.call("GET", f"/api/v1/media/{made['id']}")
    assert waiting.status_code == 206
    await prepare()
    found = await alice.get(f"/api/v1/media/{made['id']}")
    check(found, "MediaAttachment")
    assert (found["id"], found["type"], found["description"]) == (made["id"], "image", "A cat")
    assert found["meta"]["original"] == {"width": 64, "height": 48, "size": "64x48", "aspect": 64 / 48}
    assert found["meta"]["small"]["width"] == 64
    assert found["url"].startswith("https://potluck.test/media/")
    assert found["preview_url"] != found["url"]
    assert found["remote_url"] is None
    assert len(found["blurhash"]) > 6


async def test_old_endpoint_waits(alice: Person, prepare: Prepare) -> None:
    """POST /api/v1/media answers when the file is ready."""
    made = await while_preparing(prepare, send(alice, picture(), path="/api/v1/media", expect=200))
    assert made["url"]


async def test_what_cannot_be_prepared_is_explained(alice: Person, prepare: Prepare) -> None:
    """A file that is cut short is 422 with the reason, when asked for and when hung on a status."""
    made = await send(alice, picture()[:120])
    await prepare()
    answer = await alice.call("GET", f"/api/v1/media/{made['id']}")
    assert answer.status_code == 422
    assert len(answer.json()["error"]) > 10
    refused = await alice.call("POST", "/api/v1/statuses", json={"status": "x", "media_ids": [made["id"]]})
    assert refused.status_code == 422


@pytest.mark.parametrize(("data", "word"), [
    (b"just words", "type"), (b"", "empty"), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG")])
async def test_what_is_no_picture_is_refused(alice: Person, data: bytes, word: str) -> None:
    """What a file is, is found by looking at it, whatever its name and type say."""
    answer = await send(alice, data, expect=422)
    assert word in answer["error"]


async def test_needs_a_file(alice: Person) -> None:
    """Without a file there is nothing to do."""
    answer = await alice.call("POST", "/api/v2/media", data={"description": "nothing"})
    assert answer.status_code == 422


async def test_limits(server: Server, alice: Person) -> None:
    """A file above the limit is 413, and the instance document says what the limit is."""
    configured = settings.current()
    settings.use(Settings(**{**_values(configured), "image_limit": 500, "audio_limit": 500, "video_limit": 500,
                             "file_limit": 500}))
    try:
        told = (await alice.get("/api/v2/instance"))["configuration"]["media_attachments"]
        assert told["image_size_limit"] == told["video_size_limit"] == 500
        assert {"image/jpeg", "image/heic", "video/mp4", "audio/flac"} <= set(told["supported_mime_types"])
        assert (await send(alice, picture(900, 900, ".png"), expect=413))["error"]
    finally:
        settings.use(configured)


def _values(configured: Settings) -> dict[str, Any]:
    return {name: getattr(configured, name) for name in Settings.__dataclass_fields__}


async def test_only_for_people_with_the_scope(server: Server, prepare: Prepare) -> None:
    """The caller is found out before the file is read."""
    rita = await server.person("rita", scopes=["read"])
    answer = await rita.call("POST", "/api/v2/media", files={"file": ("cat.jpg", picture(), "image/jpeg")})
    assert answer.status_code == 403
    nobody = await server.http.post("/api/v2/media", files={"file": ("cat.jpg", picture(), "image/jpeg")})
    assert nobody.status_code == 401


async def test_is_described_later(alice: Person, prepare: Prepare) -> None:
    """Description and focal point change until it hangs on a status; what is absent stays."""
    made = await ready(alice, prepare, description="A cat")
    changed = await alice.put(f"/api/v1/media/{made['id']}", data={"focus": "1,1"})
    assert (changed["description"], changed["meta"]["focus"]) == ("A cat", {"x": 1.0, "y": 1.0})
    changed = await alice.put(f"/api/v1/media/{made['id']}", json={"description": "Two cats"})
    assert (changed["description"], changed["meta"]["focus"]) == ("Two cats", {"x": 1.0, "y": 1.0})
    for wrong in ({"focus": "left"}, {"focus": "2,0"}, {"description": "x" * 10_001}):
        assert (await alice.call("PUT", f"/api/v1/media/{made['id']}", data=wrong)).status_code == 422
    await alice.say("Look", media_ids=[made["id"]])
    assert (await alice.call("PUT", f"/api/v1/media/{made['id']}", data={"description": "x"})).status_code == 404


async def test_own_thumbnail(alice: Person, prepare: Prepare) -> None:
    """A thumbnail that is sent along is shown instead of the one made here."""
    made = await ready(alice, prepare)
    changed = await alice.call("PUT", f"/api/v1/media/{made['id']}", files={
        "thumbnail": ("t.png", picture(20, 20, ".png"), "image/png")})
    assert changed.status_code == 200
    await prepare()
    found = await alice.get(f"/api/v1/media/{made['id']}")
    assert found["preview_url"] != made["preview_url"]
    assert (found["url"], found["meta"]["small"]["width"]) == (made["url"], 20)


async def test_is_thrown_away(alice: Person, bob: Person, prepare: Prepare) -> None:
    """Only by its owner, and only while it hangs on nothing."""
    made = await ready(alice, prepare)
    path = f"/api/v1/media/{made['id']}"
    assert (await bob.call("GET", path)).status_code == 404
    assert (await bob.call("DELETE", path)).status_code == 404
    assert await alice.delete(path) == {}
    assert (await alice.call("GET", path)).status_code == 404
    used = await ready(alice, prepare)
    await alice.say("Look", media_ids=[used["id"]])
    assert (await alice.call("DELETE", f"/api/v1/media/{used['id']}")).status_code == 422


async def test_hangs_on_a_status(alice: Person, prepare: Prepare) -> None:
    """In the order given; not before it is ready; the status may be edited with other descriptions and order."""
    first = await send(alice, picture(), description="First")
    refused = await alice.call("POST", "/api/v1/statuses", json={"status": "Two", "media_ids": [first["id"]]})
    assert refused.status_code == 422
    assert "not finished processing" in refused.json()["error"]
    await prepare()
    second = await ready(alice, prepare, description="Second")
    status = await alice.say("Two", media_ids=[second["id"], first["id"]])
    assert [item["description"] for item in status["media_attachments"]] == ["Second", "First"]
    edited = await alice.put(f"/api/v1/statuses/{status['id']}", json={
        "status": "Two", "media_ids": [first["id"], second["id"]],
        "media_attributes": [{"id": first["id"], "description": "The first", "focus": "0.1,0.2"}]})
    assert [item["description"] for item in edited["media_attachments"]] == ["The first", "Second"]
    assert edited["media_attachments"][0]["meta"]["focus"] == {"x": 0.1, "y": 0.2}
    history = await alice.get(f"/api/v1/statuses/{status['id']}/history")
    assert [item["description"] for item in history[0]["media_attachments"]] == ["Second", "First"]


async def test_others_attachments_cannot_be_described(alice: Person, bob: Person, prepare: Prepare) -> None:
    """`media_attributes` changes only what hangs on that very status."""
    one = await ready(alice, prepare, description="Mine")
    await alice.say("One", media_ids=[one["id"]])
    other = await alice.say("Other")
    theirs = await bob.say("Theirs")
    for person, status in ((alice, other), (bob, theirs)):
        answer = await person.call("PUT", f"/api/v1/statuses/{status['id']}", json={
            "status": "x", "media_attributes": [{"id": one["id"], "description": "Changed"}]})
        assert answer.status_code == 404
    assert (await alice.get(f"/api/v1/media/{one['id']}"))["description"] == "Mine"


async def test_pictures_of_the_profile(alice: Person, bob: Person, prepare: Prepare) -> None:
    """They are cut to their size, replace the ones before, and are taken away again."""
    answer = await while_preparing(prepare, alice.call("PATCH", "/api/v1/accounts/update_credentials", files={
        "avatar": ("me.png", picture(900, 500, ".png"), "image/png"),
        "header": ("top.jpg", picture(300, 300), "image/jpeg")}, data={"note": "With a face"}))
    assert answer.status_code == 200, answer.text
    me = answer.json()
    assert "/media/" in me["avatar"]
    assert "/media/" in me["header"]
    assert "With a face" in me["note"]
    assert (await bob.get(f"/api/v1/accounts/{alice.id}"))["avatar"] == me["avatar"]
    without = await alice.delete("/api/v1/profile/avatar")
    assert "/media/" not in without["avatar"]
    assert without["header"] == me["header"]
