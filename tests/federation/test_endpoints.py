"""The addresses other servers ask: shapes, content types, and what is shown to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from potluck import settings
from potluck.federation.endpoints.negotiate import wants_activity
from potluck.federation.errors import TooManyActivities
from potluck.federation.inbox import Inbox
from potluck.federation.signatures import cavage
from potluck.settings import Settings
from potluck.social import leaving, objects, reactions
from potluck.social.model import Actor
from support import applications

from .conftest import Wire
from .peers import HERE, PUBLIC, Peer, RemotePerson

AP = {"Accept": "application/activity+json"}


@pytest.fixture
async def client(wire: Wire) -> AsyncIterator[AsyncClient]:
    """A client of our server's wire side."""
    app = applications.wire_side(federation=wire.federation, db=wire.db)
    async with AsyncClient(transport=ASGITransport(app=app), base_url=HERE) as made:
        yield made


async def get(client: AsyncClient, uri: str, person: RemotePerson | None = None, accept: str = AP["Accept"]) -> Any:
    """GET an id, signed by somebody if given."""
    headers = {"Accept": accept}
    if person is not None:
        headers |= await cavage.sign("GET", uri, person.key)
    return await client.get(uri.removeprefix(HERE), headers=headers, follow_redirects=False)


async def test_an_actor_document_serves_every_reader(wire: Wire, client: AsyncClient) -> None:
    """One superset: exact content type, key, endpoints, handle, quote of what is implemented."""
    alice = await wire.local("alice")
    answer = await get(client, alice.uri)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/activity+json"
    assert "Signature" in answer.headers["vary"]
    document = answer.json()
    assert document["id"] == alice.uri
    assert document["publicKey"]["id"] == f"{alice.uri}#main-key"
    assert document["assertionMethod"][0]["publicKeyMultibase"].startswith("z6Mk")
    assert document["endpoints"]["sharedInbox"] == f"{HERE}/inbox"
    assert document["webfinger"] == "alice@potluck.test"
    assert document["generator"]["implements"][0]["href"].endswith("rfc9421")
    for name in ("attachment", "tag", "alsoKnownAs"):
        assert isinstance(document[name], list)


async def test_a_browser_is_sent_to_the_page(wire: Wire, client: AsyncClient) -> None:
    """Somebody who opens an id in a browser gets the page; a machine that takes anything gets the document."""
    alice = await wire.local("alice")
    page = await get(client, alice.uri, accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert (page.status_code, page.headers["location"]) == (302, f"{HERE}/@alice")
    assert (await get(client, alice.uri, accept="*/*")).status_code == 200


@pytest.mark.parametrize(("accept", "expected"), [
    ("application/activity+json", True), ("application/activity+json, application/ld+json", True),
    ('application/ld+json; profile="https://www.w3.org/ns/activitystreams"', True), ("*/*", False), ("", False),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
    ("text/html;q=0.5, application/activity+json", True), ("application/activity+json;q=0, text/html", False),
])
def test_what_an_accept_header_asks_for(accept: str, expected: bool) -> None:
    """Pages for browsers, documents for servers, by quality and order (protocol §9)."""

    request = SimpleNamespace(headers={"accept": accept})
    assert wants_activity(request) is expected  # type: ignore[arg-type]


async def test_private_things_are_not_there_for_others(
    wire: Wire, client: AsyncClient, peer: Peer, other: Peer
) -> None:
    """A followers-only post is shown to a signing follower, and is a 404 for everyone else."""
    alice, bob, eve = await wire.local("alice"), peer.person("bob"), other.person("eve")
    await wire.follow(await wire.learn(bob), alice)
    row = await wire.say(alice, visibility="followers")
    local = await wire.say(alice, visibility="local")
    shown = await get(client, row.uri, bob)
    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "private, no-store"
    for suffix in ("", "/activity", "/replies", "/likes", "/shares", "/context"):
        assert (await get(client, row.uri + suffix)).status_code == 404
        assert (await get(client, row.uri + suffix, eve)).status_code == 404
    assert (await get(client, local.uri, bob)).status_code == 404
    outbox = f"{alice.uri}/outbox?page=true"
    assert (await get(client, outbox)).json()["orderedItems"] == []
    assert len((await get(client, outbox, bob)).json()["orderedItems"]) == 1


async def test_what_was_deleted_is_gone(wire: Wire, client: AsyncClient) -> None:
    """410 with a Tombstone for open posts and for accounts; 404 for private ones, which nobody knew of."""
    alice = await wire.local("alice")
    row, private = await wire.say(alice), await wire.say(alice, visibility="followers")
    async with wire.db.write() as session:
        await objects.delete(session, row.id, alice)
        await objects.delete(session, private.id, alice)
    answer = await get(client, row.uri)
    assert (answer.status_code, answer.json()["type"]) == (410, "Tombstone")
    assert (await get(client, private.uri)).status_code == 404
    async with wire.db.write() as session:
        await leaving.delete_local(session, alice)
    assert (await get(client, alice.uri)).status_code == 410
    assert (await client.get("/.well-known/webfinger?resource=acct:alice@potluck.test")).status_code == 410


async def test_secure_mode_answers_signed_requests_only(wire: Wire, client: AsyncClient, peer: Peer) -> None:
    """Unsigned: 401, but keys and the instance actor stay open, so that nobody waits for the other."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    row = await wire.say(alice)
    secure = Settings(url=HERE, data=wire.federation.settings.data, secure_mode=True,
                      allow_private=wire.federation.settings.allow_private)
    wire.federation.settings = settings.use(secure)
    assert (await get(client, row.uri)).status_code == 401
    assert (await get(client, f"{alice.uri}/outbox")).status_code == 401
    assert (await get(client, row.uri, bob)).status_code == 200
    stub = (await get(client, alice.uri)).json()
    assert "publicKey" in stub
    assert "summary" not in stub
    assert "summary" in (await get(client, alice.uri, bob)).json()
    assert (await get(client, f"{HERE}/actor")).json()["type"] == "Application"
    assert (await client.get("/.well-known/webfinger?resource=acct:alice@potluck.test")).status_code == 200


async def test_collections_are_paged(wire: Wire, client: AsyncClient, peer: Peer) -> None:
    """Outbox, followers, replies, featured and context have the shapes readers take (protocol §11)."""
    alice = await wire.local("alice")
    bob = await wire.learn(peer.person("bob"))
    await wire.follow(bob, alice)
    rows = [await wire.say(alice, f"<p>{n}</p>") for n in range(25)]
    reply = await wire.say(alice, "<p>reply</p>", in_reply_to_id=rows[0].id)
    async with wire.db.write() as session:
        await reactions.pin(session, alice, rows[0].id)
    overview = (await get(client, f"{alice.uri}/outbox")).json()
    assert overview["type"] == "OrderedCollection"
    first = (await get(client, overview["first"])).json()
    assert len(first["orderedItems"]) == 20
    assert first["orderedItems"][0]["object"]["id"] == reply.uri
    second = (await get(client, first["next"])).json()
    assert len(second["orderedItems"]) == 6
    assert "next" not in second
    followers = (await get(client, f"{alice.uri}/followers?page=true")).json()
    assert followers["orderedItems"] == [bob.uri]
    document = (await get(client, rows[0].uri)).json()
    assert (await get(client, document["replies"]["first"]["next"])).json()["items"] == [reply.uri]
    assert (await get(client, f"{document['context']}?page=true")).json()["orderedItems"] == [rows[0].uri, reply.uri]
    featured = (await get(client, f"{alice.uri}/featured")).json()
    assert [item["id"] for item in featured["orderedItems"]] == [rows[0].uri]


async def test_hidden_collections_tell_their_size_only(wire: Wire, client: AsyncClient, peer: Peer) -> None:
    """Who hides followers has no pages of them."""
    alice = await wire.local("alice", hide_collections=True)
    await wire.follow(await wire.learn(peer.person("bob")), alice)
    overview = (await get(client, f"{alice.uri}/followers")).json()
    assert overview["totalItems"] == 1
    assert "first" not in overview
    assert (await get(client, f"{alice.uri}/followers?page=true")).status_code == 404


@pytest.mark.parametrize("resource", ["acct:alice@potluck.test", "alice@potluck.test", "@Alice@POTLUCK.test",
                                      f"{HERE}/users/alice", f"{HERE}/@alice"])
async def test_webfinger_takes_every_form(wire: Wire, client: AsyncClient, resource: str) -> None:
    """All forms seen lead to the one actor."""
    alice = await wire.local("alice")
    answer = await client.get("/.well-known/webfinger", params={"resource": resource})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jrd+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    found = answer.json()
    assert found["subject"] == "acct:alice@potluck.test"
    assert {link["href"] for link in found["links"] if link["rel"] == "self"} == {alice.uri}


async def test_discovery_of_the_server(wire: Wire, client: AsyncClient) -> None:
    """host@host and the bare origin lead to the instance actor; NodeInfo and host-meta are in place."""
    for resource in ("acct:potluck.test@potluck.test", HERE):
        found = (await client.get("/.well-known/webfinger", params={"resource": resource})).json()
        assert found["links"][0]["href"] == f"{HERE}/actor"
    assert (await client.get("/.well-known/webfinger")).status_code == 400
    assert (await client.get("/.well-known/webfinger?resource=acct:nobody@potluck.test")).status_code == 404
    assert (await client.get("/.well-known/webfinger?resource=acct:alice@elsewhere.test")).status_code == 404
    assert "lrdd" in (await client.get("/.well-known/host-meta")).text
    links = (await client.get("/.well-known/nodeinfo")).json()["links"]
    for link in links[:2]:
        info = (await client.get(link["href"].removeprefix(HERE))).json()
        assert info["software"]["name"] == "potluck"
        assert isinstance(info["metadata"], dict)
        assert info["usage"]["localComments"] == 0
        assert info["metadata"]["upstream"] == {"name": "mastodon"}
    assert (await client.get("/nodeinfo/2.0.json")).json()["version"] == "2.0"


async def test_the_inbox_answers_with_the_status_senders_expect(wire: Wire, client: AsyncClient, peer: Peer) -> None:
    """202 when it is journalled, 400 for nonsense, 401 unsigned, 404 nobody, 413 too big, 415 another type."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    request = await bob.signed(bob.act("Follow", alice.uri))
    answer = await client.post("/inbox", content=request.body, headers=dict(request.headers))
    assert answer.status_code == 202
    assert len(await wire.journal()) == 1
    typed = {"Content-Type": "application/activity+json"}
    assert (await client.post("/inbox", content=b"{", headers=typed)).status_code == 400
    assert (await client.post("/inbox", content=request.body, headers=typed)).status_code == 401
    assert (await client.post("/users/nobody/inbox", content=request.body, headers=typed)).status_code == 404
    assert (await client.post("/inbox", content=b"{}", headers={"Content-Type": "text/plain"})).status_code == 415
    big = b'{"type":"' + b"a" * 1_100_000 + b'"}'
    assert (await client.post("/inbox", content=big, headers=typed)).status_code == 413


async def test_a_quote_is_asked_for_and_stamped(wire: Wire, client: AsyncClient, peer: Peer) -> None:
    """A QuoteRequest is answered with a stamp that can be fetched, as long as the quote stands (FEP-044f)."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    row = await wire.say(alice)
    note = bob.note(1, quote=row.uri, to=[PUBLIC])
    await wire.take(bob, bob.act("QuoteRequest", row.uri, instrument=note))
    await wire.deliver()
    (accept,) = [item for item in peer.received if item["type"] == "Accept"]
    stamp = (await get(client, accept["result"])).json()
    assert stamp["type"] == "QuoteAuthorization"
    assert stamp["interactingObject"] == note["id"]
    assert stamp["interactionTarget"] == row.uri
    assert stamp["attributedTo"] == alice.uri
    refused = await wire.say(alice, quote_policy="nobody")
    second = bob.note(2, quote=refused.uri, to=[PUBLIC])
    await wire.take(bob, bob.act("QuoteRequest", refused.uri, "2", instrument=second))
    await wire.deliver()
    assert peer.received[-1]["type"] == "Reject"
    quoting = await wire.object(second["id"])
    assert quoting is not None
    assert (await get(client, f"{refused.uri}/quotes/{quoting.id}")).status_code == 404


async def test_followers_see_their_own_servers_slice(wire: Wire, client: AsyncClient, peer: Peer, other: Peer) -> None:
    """The partial followers collection holds only those of the asker's server (FEP-8fcf)."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    for person in (bob, other.person("carol")):
        await wire.follow(await wire.learn(person), alice)
    uri = f"{alice.uri}/followers_synchronization"
    assert (await get(client, uri)).status_code == 401
    assert (await get(client, uri, bob)).json()["orderedItems"] == [bob.uri]


async def test_acts_can_be_looked_up_by_their_ids(wire: Wire, client: AsyncClient, peer: Peer) -> None:
    """Boosts and likes of open posts, and follows, are served at their ids."""
    alice, bob = await wire.local("alice"), await wire.learn(peer.person("bob"))
    await wire.follow(alice, bob, accepted=False)
    row = await wire.say(alice)
    async with wire.db.write() as session:
        actor = await session.get_one(Actor, alice.id)
        boost = await reactions.announce(session, actor, row.id)
        like = await reactions.react(session, actor, row.id)
    await wire.deliver()
    follow = next(item for item in peer.received if item["type"] == "Follow")
    assert (await get(client, boost.uri)).json()["type"] == "Announce"
    assert (await get(client, like.uri or "")).json()["type"] == "Like"
    assert (await get(client, follow["id"])).json()["object"] == bob.uri
    assert (await get(client, f"{HERE}/activities/1")).status_code == 404


async def test_a_server_that_sends_too_much(wire: Wire) -> None:
    """Beyond what a server may send in a minute it is told to come later; other servers are not concerned."""
    before = settings.current()
    settings.use(replace(before, rate_limits=True))
    inbox = Inbox(SimpleNamespace(  # type: ignore[arg-type]
        db=wire.db, settings=replace(wire.federation.settings, server_activities=2)))
    try:
        for _ in range(2):
            inbox._count("loud.example")
        with pytest.raises(TooManyActivities):
            inbox._count("loud.example")
        inbox._count("quiet.example")
    finally:
        settings.use(before)
        await inbox.close()
