"""Web Push: subscriptions, and what a push service gets of it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from potluck import settings
from potluck.apis.mastodon.push_delivery import PushEngine
from potluck.db.base import now
from potluck.db.engine import SQLITE_FILE
from potluck.federation.addresses import AddressPolicy
from potluck.federation.fetch import SafeClient
from potluck.settings import Settings
from potluck.social.live import Waker
from potluck.social.model import PushMessage, PushSubscription
from support.databases import migrated_sqlite
from support.push_service import PushService, push_service, signed_for

from . import fields
from .conftest import URL, Person, Server, running

LOOPBACK = (ip_network("127.0.0.0/8"),)
ALL = {"alerts": dict.fromkeys(("mention", "follow", "favourite", "reblog"), True)}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """The API, which may reach services on loopback."""
    shutil.copy(migrated_sqlite(), tmp_path / SQLITE_FILE)
    configured = settings.use(Settings(url=URL, data=tmp_path, secret="s" * 32, title="Potluck Test",
                                       contact_email="admin@potluck.test", rate_limits=False, allow_private=LOOPBACK))
    async for made in running(configured):
        yield made


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    """A push service with one app."""
    async with push_service() as made:
        yield made


@pytest.fixture
async def engine(server: Server) -> AsyncIterator[PushEngine]:
    """The part of the engine that pushes, driven by hand."""
    async with SafeClient(AddressPolicy(LOOPBACK), user_agent="test") as client:
        yield PushEngine(server.db, client, Waker(server.db))


async def subscribe(person: Person, service: PushService, **more: Any) -> Any:
    """The app subscribes."""
    found = await person.post("/api/v1/push/subscription", json={
        "subscription": service.subscription(**more.pop("subscription", {})), "data": ALL | more})
    fields.check(found, "WebPushSubscription")
    return found


async def waiting(server: Server) -> tuple[int, int]:
    """How many messages wait, and how many subscriptions there are."""
    async with server.db.read() as session:
        return (await session.scalar(select(func.count()).select_from(PushMessage)) or 0,
                await session.scalar(select(func.count()).select_from(PushSubscription)) or 0)


@pytest.mark.parametrize("standard", [True, False])
async def test_a_mention_is_pushed(alice: Person, bob: Person, service: PushService, engine: PushEngine,
                                   standard: bool) -> None:
    """Encrypted for the app in the form it reads, signed by us, with what Mastodon's messages have."""
    subscription = await subscribe(alice, service, subscription={"standard": standard})
    await bob.say("@alice look at <this>")
    mention = (await alice.get("/api/v1/notifications"))[0]
    assert await engine.send_due() == 1
    message = service.seen[0]
    assert message.content == {
        "access_token": alice.token, "preferred_locale": "en", "notification_id": int(mention["id"]),
        "notification_type": "mention", "icon": mention["account"]["avatar"], "title": "Bob mentioned you",
        "body": "@alice look at <this>"}
    assert message.headers["Content-Encoding"] == ("aes128gcm" if standard else "aesgcm")
    assert message.headers["Urgency"] == "high"
    claims = signed_for(message.headers, subscription["server_key"])
    assert (claims["sub"], claims["aud"]) == ("mailto:admin@potluck.test", service.base)
    assert (await alice.get("/api/v2/instance"))["configuration"]["vapid"]["public_key"] == subscription["server_key"]
    assert await engine.send_due() == 0


async def test_subscriptions(server: Server, alice: Person, bob: Person, service: PushService) -> None:
    """One for each token: read, changed, replaced, removed; others are not seen."""
    assert (await alice.call("GET", "/api/v1/push/subscription")).status_code == 404
    made = await subscribe(alice, service)
    assert made["alerts"]["mention"] is True
    assert made["alerts"]["poll"] is False
    changed = await alice.put("/api/v1/push/subscription", data={"data[alerts][poll]": "1", "data[policy]": "followed"})
    fields.check(changed, "WebPushSubscription")
    assert (changed["alerts"]["poll"], changed["alerts"]["mention"], changed["policy"]) == (True, False, "followed")
    assert await alice.get("/api/v1/push/subscription") == changed
    assert (await bob.call("GET", "/api/v1/push/subscription")).status_code == 404
    again = await subscribe(alice, service)
    assert again["id"] != made["id"]
    assert (await waiting(server))[1] == 1
    assert await alice.delete("/api/v1/push/subscription") == {}
    assert await alice.delete("/api/v1/push/subscription") == {}
    assert (await alice.call("PUT", "/api/v1/push/subscription", json={"data": ALL})).status_code == 404


@pytest.mark.parametrize("bad", [
    {"endpoint": "ftp://push.example/x"}, {"endpoint": ""}, {"endpoint": "https://"}, {"keys": {}},
    {"keys": {"p256dh": "AAAA", "auth": "AAAA"}}])
async def test_unusable_subscriptions(alice: Person, service: PushService, bad: dict[str, Any]) -> None:
    """They are refused, and nothing is kept."""
    answer = await alice.call("POST", "/api/v1/push/subscription", json={
        "subscription": service.subscription() | bad, "data": ALL})
    assert answer.status_code == 422
    fields.check(answer.json(), "Error")
    assert (await alice.call("GET", "/api/v1/push/subscription")).status_code == 404


async def test_only_what_is_wanted(alice: Person, bob: Person, carol: Person, service: PushService,
                                   engine: PushEngine) -> None:
    """By type, by who it is, not what filters hide, and nothing that was set aside."""
    await subscribe(alice, service, policy="followed")
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    await alice.post("/api/v2/filters", json={"title": "x", "context": ["notifications"], "filter_action": "hide",
                                              "keywords_attributes": [{"keyword": "cat"}]})
    await carol.say("@alice not followed")
    await bob.say("@alice a cat")
    await bob.post(f"/api/v1/accounts/{alice.id}/follow")
    while await engine.send_due():
        pass
    assert [message.content["notification_type"] for message in service.seen] == ["follow"]
    await alice.put("/api/v1/push/subscription", json={"data": {"policy": "all", **ALL}})
    await alice.patch("/api/v2/notifications/policy", json={"for_not_following": "filter"})
    await carol.say("@alice set aside")
    await bob.say("@alice told")
    while await engine.send_due():
        pass
    assert [message.content["body"] for message in service.seen[1:]] == ["@alice told"]


async def test_what_is_gone_meanwhile_is_not_told(alice: Person, bob: Person, service: PushService,
                                                  engine: PushEngine) -> None:
    """A post that was deleted, a notification that was dismissed, a token that was revoked."""
    await subscribe(alice, service)
    deleted = await bob.say("@alice secret")
    await bob.delete(f"/api/v1/statuses/{deleted['id']}")
    await bob.say("@alice dismissed")
    await alice.post("/api/v1/notifications/clear")
    await engine.send_due()
    assert service.seen == []


async def test_dead_endpoints_are_removed(server: Server, alice: Person, bob: Person, service: PushService,
                                          engine: PushEngine) -> None:
    """One that is gone at once; one in trouble is tried again later, and not for ever."""
    await subscribe(alice, service)
    service.answer = 503
    await bob.say("@alice one")
    await engine.send_due()
    assert await engine.send_due() == 0
    assert await waiting(server) == (1, 1)
    service.answer = 201
    async with server.db.write() as session:
        await session.execute(update(PushMessage).values(due_at=now()))
    await engine.send_due()
    assert [message.content["body"] for message in service.seen] == ["@alice one"]
    service.answer = 410
    await bob.say("@alice two")
    await engine.send_due()
    assert await waiting(server) == (0, 0)


async def test_an_endpoint_in_the_private_network_is_not_reached(alice: Person, bob: Person, service: PushService,
                                                                 server: Server) -> None:
    """The safe client decides, as for every request."""
    await subscribe(alice, service)
    await bob.say("@alice look")
    async with SafeClient(AddressPolicy(()), user_agent="test") as client:
        await PushEngine(server.db, client, Waker(server.db)).send_due()
    assert service.seen == []
    assert await waiting(server) == (1, 1)
