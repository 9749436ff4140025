"""micropub-helper 2, the library of Micropub clients in JavaScript: discovery, PKCE, posts in three forms, files."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from apps.bridge import DRIVERS, Client, Program, Refused
from apps.conftest import Backdrop
from apps.visitor import Visitor
from potluck.demo.cast import PASSWORD
from support import clients

pytestmark = pytest.mark.timeout(280)
APP = "http://127.0.0.1:4998/"


@pytest.fixture(scope="module")
def program(environ: dict[str, str]) -> Iterator[Program]:
    """The library on its Node."""
    helper = clients.node_client("micropub-helper")
    with Program([helper.node.program, DRIVERS / "micropub_helper.mjs"], environ, helper.folder) as started:
        yield started


@pytest.fixture(scope="module")
def bob(program: Program, backdrop: Backdrop) -> Client:
    """Bob's client, into which he typed the address of his profile, and which he let in."""
    app = program.person("bob", me=f"{backdrop.url}/@bob", clientId=APP, redirectUri=f"{APP}back", state="a b&c",
                         scope="profile create update delete undelete media")

    url = app.getAuthUrl()

    async def work() -> dict[str, str]:
        async with Visitor() as visitor:
            consent = await visitor.asked_for_consent(url, "bob", PASSWORD)
            return await visitor.led_back(consent, "allow")

    back = backdrop.run(work())
    assert (back["state"], back["iss"]) == ("a b&c", f"{backdrop.url}/")
    assert app.getToken(back["code"])
    return app


def test_a_writers_day(bob: Client, backdrop: Backdrop, photo: Path) -> None:
    """The token works; an entry is made in each form, found, changed, deleted and brought back; a photo is sent."""
    assert bob.verifyToken() is True
    config = bob.query("config")
    bob.set({"mediaEndpoint": config["media-endpoint"]})
    assert bob.query("syndicate-to") == {"syndicate-to": []}

    note = bob.create({"h": "entry", "content": "From a form", "category": ["bread", "salt"]}, "form")
    assert bob.querySource(note, ["content", "category"]) == {
        "properties": {"content": ["From a form"], "category": ["bread", "salt"]}}
    picture = {"file": base64.b64encode(photo.read_bytes()).decode(), "type": "image/jpeg"}
    shown = bob.create({"h": "entry", "content": "With a picture", "photo": picture}, "multipart")
    assert bob.querySource(shown)["properties"]["photo"][0].startswith(f"{backdrop.url}/media/")
    address = bob.postMedia(picture)
    article = bob.create({"type": ["h-entry"], "properties": {
        "name": ["On bread"], "content": [{"html": f'<p>Flour <img src="{address}" alt="A wall"></p>'}]}})
    assert article == f"{backdrop.url}/@bob/on-bread"

    assert bob.update(article, {"replace": {"name": ["On good bread"]}, "add": {"category": ["flour"]}}) == ""
    found = bob.querySource(article)["properties"]
    assert (found["name"], found["category"]) == (["On good bread"], ["flour"])
    assert len(bob.querySource({"limit": 2})["items"]) == 2
    assert bob.delete(article) == ""
    assert article not in str(bob.querySource({"limit": 5}))
    assert bob.undelete(article) == ""
    assert bob.querySource(article)["properties"]["name"] == ["On good bread"]


def test_a_reader_elsewhere_is_answered(bob: Client, backdrop: Backdrop) -> None:
    """A reply to, and a boost of, what somebody on another server said, by its address there."""
    said = backdrop.run(backdrop.carol.say("Who has flour?"))
    reply = bob.create({"h": "entry", "content": "I have", "in-reply-to": said["url"]}, "form")
    assert bob.querySource(reply)["properties"]["in-reply-to"] == [said["uri"]]
    assert urlsplit(bob.create({"h": "entry", "repost-of": said["url"]}, "form")).fragment.startswith("boost-")
    backdrop.run(backdrop.carol.notified("mention"))
    backdrop.run(backdrop.carol.notified("reblog"))


def test_a_refusal_has_its_status(bob: Client, backdrop: Backdrop) -> None:
    """The library tells its user that there is no such post."""
    backdrop.recorder.expect(400, "GET /micropub")
    with pytest.raises(Refused, match="400"):
        bob.querySource(f"{backdrop.url}/@bob/none")
