"""Announcements, rules, texts and suggestions."""

from __future__ import annotations

from datetime import timedelta

from potluck.apis.mastodon import instance
from potluck.db.base import now
from potluck.social import announcements, emojis, site_texts, suggestions
from potluck.social import terms as terms_of_service

from . import fields
from .conftest import Person, Server
from .test_streaming import events


async def test_announcements(server: Server, alice: Person, bob: Person) -> None:
    """Read by everyone with an account, dismissed, given emoji; open apps hear of all of it."""
    said = await bob.say("a post")
    async with server.db.write() as session:
        await emojis.create(session, "blob", "/files/blob.png")
    async with events(server, alice, "user") as stream:
        async with server.db.write() as session:
            row = await announcements.save(session, f"**Hello** @bob #cake :blob: {said['url']}")
        name, payload = await stream.next()
        assert name == "announcement"
        fields.check(payload, "Announcement")
        assert "read" not in payload
        path = f"/api/v1/announcements/{row.id}"
        assert await bob.put(f"{path}/reactions/🎂") == {}
        name, payload = await stream.next()
        assert (name, payload) == ("announcement.reaction", {"name": "🎂", "count": 1, "announcement_id": str(row.id)})
        assert await alice.put(f"{path}/reactions/blob") == {}
        assert (await stream.next())[1]["url"] == "https://potluck.test/files/blob.png"
        found = await alice.get("/api/v1/announcements")
        fields.check_all(found, "Announcement")
        assert found[0]["content"].startswith("<p><strong>Hello</strong>")
        assert [item["acct"] for item in found[0]["mentions"]] == ["bob"]
        assert [item["id"] for item in found[0]["statuses"]] == [said["id"]]
        assert [item["name"] for item in found[0]["tags"]] == ["cake"]
        assert [(item["name"], item["count"], item["me"]) for item in found[0]["reactions"]] == [
            ("🎂", 1, False), ("blob", 1, True)]
        assert await alice.delete(f"{path}/reactions/blob") == {}
        await stream.next()
        async with server.db.write() as session:
            await announcements.delete(session, row.id)
        assert await stream.next() == ("announcement.delete", row.id)
    assert (await alice.call("PUT", f"{path}/reactions/🎂")).status_code == 404


async def test_reading_announcements(server: Server, alice: Person, bob: Person) -> None:
    """Who dismissed one sees it no more unless asked for; drafts and ended ones nobody sees; nobody without account."""
    async with server.db.write() as session:
        row = await announcements.save(session, "one")
        await announcements.save(session, "draft", publish_now=False)
        await announcements.save(session, "over", ends_at=now() - timedelta(seconds=1))
        await announcements.save(session, "later", scheduled_at=now() - timedelta(seconds=1))
    assert await alice.post(f"/api/v1/announcements/{row.id}/dismiss") == {}
    assert await alice.get("/api/v1/announcements") == []
    assert [item["read"] for item in await alice.get("/api/v1/announcements?with_dismissed=true")] == [True]
    assert [item["read"] for item in await bob.get("/api/v1/announcements")] == [False]
    assert (await server.http.get("/api/v1/announcements")).status_code == 401
    assert (await alice.call("PUT", f"/api/v1/announcements/{row.id}/reactions/nonsense")).status_code == 422
    async with server.db.write() as session:
        await announcements.publish_due(session)
    assert len(await bob.get("/api/v1/announcements")) == 2


async def test_rules_and_texts(server: Server) -> None:
    """As the people who run the server wrote them; without them what is true anyway."""
    get = server.http.get
    fields.check((await get("/api/v1/instance/privacy_policy")).json(), "PrivacyPolicy")
    fields.check((await get("/api/v1/instance/extended_description")).json(), "ExtendedDescription")
    assert (await get("/api/v1/instance/terms_of_service")).status_code == 404
    async with server.db.write() as session:
        await site_texts.save_rule(session, "Be kind", hint="To everyone.",
                                   translations={"de": {"text": "Sei nett", "hint": ""}})
        await site_texts.save_text(session, site_texts.EXTENDED_DESCRIPTION, "*Long*")
        first = await terms_of_service.save(session, "First", now().date())
        later = await terms_of_service.save(session, "Second", now().date() + timedelta(days=30))
    rules = (await get("/api/v1/instance/rules")).json()
    fields.check_all(rules, "Rule")
    assert rules[0]["translations"]["de"]["text"] == "Sei nett"
    assert (await get("/api/v2/instance")).json()["rules"] == (await get("/api/v1/instance")).json()["rules"] == rules
    assert (await get("/api/v1/instance/extended_description")).json()["content"] == "<p><em>Long</em></p>"
    terms = (await get("/api/v1/instance/terms_of_service")).json()
    fields.check(terms, "TermsOfService")
    assert (terms["effective"], terms["succeeded_by"]) == (True, later.effective_date.isoformat())
    future = (await get(f"/api/v1/instance/terms_of_service/{later.effective_date}")).json()
    assert (future["effective"], future["succeeded_by"]) == (False, None)
    instance.forget()
    shown = (await get("/api/v2/instance")).json()["configuration"]["urls"]["terms_of_service"]
    assert shown == "https://potluck.test/terms-of-service"
    assert first.effective_date.isoformat() == terms["effective_date"]
    for bad in ("2020-01-01", "soon"):
        assert (await get(f"/api/v1/instance/terms_of_service/{bad}")).status_code == 404


async def test_suggestions(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    """Friends of friends before the much followed; never whom one follows, and nobody who was waved away."""
    suggestions.forget_all()
    eve = await server.person("eve", discoverable=True)
    mia = await server.person("mia", discoverable=True)
    await server.person("hidden")
    for friend in (bob, eve):
        await alice.post(f"/api/v1/accounts/{friend.id}/follow")
        await friend.post(f"/api/v1/accounts/{mia.id}/follow")
    await mia.say("hi")
    found = await alice.get("/api/v2/suggestions")
    fields.check_all(found, "Suggestion")
    assert [(item["account"]["acct"], item["sources"]) for item in found] == [("mia", ["friends_of_friends"])]
    old = await alice.get("/api/v1/suggestions")
    fields.check_all(old, "Account")
    assert await alice.delete(f"/api/v1/suggestions/{mia.id}") == {}
    assert await alice.get("/api/v2/suggestions") == []
    assert [item["account"]["acct"] for item in await carol.get("/api/v2/suggestions")] == ["mia"]
