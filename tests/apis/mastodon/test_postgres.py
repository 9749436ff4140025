"""The same answers on PostgreSQL: what the prepared statements and every area of endpoints ask of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from potluck import settings
from potluck.settings import Settings
from potluck.social.drafts import AttachmentDraft

from . import (
    fields,
    test_accounts,
    test_admin_trends,
    test_announcements,
    test_contract,
    test_filters,
    test_notifications,
    test_profile,
    test_scheduled,
)
from .conftest import URL, Person, Server, running


@pytest.fixture
async def server(tmp_path: Any, postgres_url: str) -> AsyncIterator[Server]:
    """The API on an empty PostgreSQL database."""
    configured = settings.use(Settings(url=URL, data=tmp_path, secret="s" * 32, database_url=postgres_url,
                                       rate_limits=False))
    async for made in running(configured):
        yield made


async def test_daily_life(server: Server, alice: Person, bob: Person, picture: AttachmentDraft) -> None:
    """Follow, post, boost, like, quote, vote, list, search, notifications: every answer with every field."""
    dana = await server.remote("dana")
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    far = await server.arrives(dana, "<p>far #cake</p>", attachments=[picture], hashtags=["cake"])
    said = await bob.say("@alice hello #cake", poll={"options": ["a", "b"], "expires_in": 600})
    boost = await bob.post(f"/api/v1/statuses/{far.id}/reblog")
    quote = await bob.say("see", quoted_status_id=said["id"])
    await alice.post(f"/api/v1/statuses/{said['id']}/favourite")
    await alice.post(f"/api/v1/polls/{said['id']}/votes", json={"choices": [1]})
    for _ in range(2):  # rendered, then out of the cache
        home = await alice.get("/api/v1/timelines/home")
        fields.check_all(home, "SignedInStatus")
        assert [item["id"] for item in home] == [quote["id"], boost["id"], said["id"]]
        assert home[2]["favourited"] is True
        assert home[2]["poll"]["own_votes"] == [1]
        assert home[0]["quote"]["quoted_status"]["id"] == said["id"]
    assert [item["id"] for item in await alice.get(f"/api/v1/timelines/home?min_id={said['id']}&limit=1")] == [
        boost["id"]]
    public = await alice.get("/api/v1/timelines/public?only_media=1")
    fields.check_all(public, "SignedInStatus")
    assert [item["id"] for item in public] == [str(far.id)]
    tagged = (await server.http.get("/api/v1/timelines/tag/cake")).json()
    fields.check_all(tagged, "Status")
    assert [item["id"] for item in tagged] == [said["id"], str(far.id)]


async def test_every_read(server: Server, alice: Person, bob: Person, picture: AttachmentDraft) -> None:
    """Every call that reads, as on SQLite, one of everything behind it."""
    await test_contract.test_every_read(server, alice, bob, picture)


async def test_wishes(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    """Filters, announcements, policies and scheduled statuses are written as on SQLite."""
    await test_filters.test_making_and_changing(alice, bob)
    await test_announcements.test_announcements(server, alice, bob)
    await test_scheduled.test_scheduling(alice, bob)
    await test_notifications.test_policy_and_requests(alice, bob, carol)


async def test_what_may_trend(server: Server, alice: Person, bob: Person) -> None:
    """Moderators decide what trends as on SQLite."""
    await test_admin_trends.test_what_moderators_let_trend(server, alice, bob)
    await test_admin_trends.test_hashtags(server, alice)


async def test_numbers_of_people_elsewhere(server: Server, alice: Person) -> None:
    """They are asked for as on SQLite."""
    await test_accounts.test_looking_at_someone_elsewhere_asks_for_their_numbers(
        server, alice, await server.remote("dana"))


async def test_signing_up(server: Server) -> None:
    """Whoever is kept out is kept out as on SQLite."""
    await test_profile.test_who_is_kept_out(server)


async def test_people_and_notifications(server: Server, alice: Person, bob: Person) -> None:
    """Accounts, relationships, lists, notifications, conversations and search."""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow", json={"languages": ["en"]})
    relation = (await alice.get(f"/api/v1/accounts/relationships?id[]={bob.id}"))[0]
    fields.check(relation, "Relationship")
    assert relation["languages"] == ["en"]
    made = await alice.post("/api/v1/lists", json={"title": "x"})
    await alice.post(f"/api/v1/lists/{made['id']}/accounts", json={"account_ids": [bob.id]})
    status = await bob.say("@alice listed words", language="en")
    assert [item["id"] for item in await alice.get(f"/api/v1/timelines/list/{made['id']}")] == [status["id"]]
    await bob.say("@alice psst", visibility="direct")
    fields.check_all(await alice.get("/api/v1/conversations"), "Conversation")
    fields.check_all(await alice.get("/api/v1/notifications"), "Notification")
    fields.check(await alice.get("/api/v2/notifications"), "GroupedNotifications")
    found = await alice.get("/api/v2/search?q=listed")
    fields.check(found, "Search")
    assert [item["id"] for item in found["statuses"]] == [status["id"]]
    fields.check(await alice.get("/api/v2/instance"), "Instance")
    fields.check(await alice.get("/api/v1/accounts/verify_credentials"), "CredentialAccount")
    assert (await bob.call("GET", "/api/v1/statuses/5")).status_code == 404
    gone = await bob.delete(f"/api/v1/statuses/{status['id']}")
    fields.check(gone, "DeletedStatus")
    assert await alice.get(f"/api/v1/timelines/list/{made['id']}") == []
