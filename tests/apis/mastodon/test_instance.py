"""What the server says about itself, and the lists apps ask for on start."""

from __future__ import annotations

import re

import pytest

from potluck.social.model import CustomEmoji, DomainPolicy

from . import fields
from .conftest import Person, Server


async def test_instance(server: Server) -> None:
    """Both forms, with every field and the composer's real limits."""
    await server.person("boss", role="admin")
    new = (await server.http.get("/api/v2/instance")).json()
    fields.check(new, "Instance")
    old = (await server.http.get("/api/v1/instance/")).json()
    fields.check(old, "OldInstance")
    assert new["domain"] == old["uri"] == "potluck.test"
    assert new["configuration"]["statuses"]["max_characters"] == 5000
    assert new["configuration"]["urls"]["streaming"] == "wss://potluck.test"
    assert new["api_versions"] == {"mastodon": 7}
    assert new["contact"]["account"]["acct"] == "boss"


async def test_the_version_is_parsed_by_everyone(server: Server) -> None:
    """A release number first, then who is really speaking, and none of the words by which apps know others."""
    version = (await server.http.get("/api/v2/instance")).json()["version"]
    assert re.fullmatch(r"4\.5\.0 \(compatible; Potluck [0-9][\w.+-]*\)", version)
    for word in ("pleroma", "akkoma", "snac", "pixelfed", "gotosocial"):
        assert word not in version.lower()


@pytest.mark.parametrize("path", [
    "/api/v2/filters", "/api/v1/filters", "/api/v1/announcements", "/api/v1/suggestions", "/api/v2/suggestions",
    "/api/v1/annual_reports", "/api/v1/trends/statuses",
    "/api/v1/custom_emojis", "/api/v1/followed_tags", "/api/v1/endorsements", "/api/v1/lists",
    "/api/v1/conversations", "/api/v1/follow_requests", "/api/v1/instance/peers"])
async def test_lists_that_apps_ask_for_on_start(alice: Person, path: str) -> None:
    """They are empty, not missing."""
    assert await alice.get(path) == []


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/nonsense"), ("PUT", "/api/v2/instance")])
async def test_what_is_not_there_yet_is_404(alice: Person, method: str, path: str) -> None:
    """Nothing pretends to work."""
    answer = await alice.call(method, path)
    assert answer.status_code in (404, 405)
    fields.check(answer.json(), "Error")


async def test_emojis_policies_and_activity(server: Server, alice: Person) -> None:
    """Custom emoji, limited servers (with stars where wished), twelve weeks of activity."""
    async with server.db.write() as session:
        session.add(CustomEmoji(id=1, shortcode="potluck", url="/media/potluck.png"))
        session.add(DomainPolicy(id=1, domain="bad.example", severity="suspend", obfuscate=True, public_comment="spam"))
    emojis = (await server.http.get("/api/v1/custom_emojis")).json()
    fields.check_all(emojis, "CustomEmoji")
    assert emojis[0]["url"] == "https://potluck.test/media/potluck.png"
    blocks = (await server.http.get("/api/v1/instance/domain_blocks")).json()
    fields.check_all(blocks, "DomainBlock")
    assert "*" in blocks[0]["domain"]
    await alice.say("x")
    weeks = (await server.http.get("/api/v1/instance/activity")).json()
    assert len(weeks) == 12
    assert weeks[0]["statuses"] == "1"
    fields.check((await server.http.get("/api/v1/instance/extended_description")).json(), "ExtendedDescription")


async def test_directory(server: Server, alice: Person) -> None:
    """Only who wants to be found is in it."""
    shy = await server.person("shy")
    open_one = await server.person("open_one", discoverable=True)
    for person in (shy, open_one):
        await person.say("hi")
    found = (await server.http.get("/api/v1/directory?local=true&order=new")).json()
    fields.check_all(found, "Account")
    assert [item["acct"] for item in found] == ["open_one"]
