"""Every call that reads answers with every documented field of the right type, for what real servers sent, too."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import select

from potluck import settings
from potluck.apis.mastodon.routes import route_handlers
from potluck.db.base import now
from potluck.federation.dispatch import create
from potluck.federation.errors import FederationError
from potluck.settings import Settings
from potluck.social import actors, announcements, emojis, objects, preview_cards, site_texts, terms, trends
from potluck.social.drafts import ActorDraft, AttachmentDraft, Draft
from potluck.social.model import Actor, PreviewCard
from potluck.social.registry import Unreadable
from support.samples import SAMPLES

from . import contract, fields
from .conftest import Person, Server

ACTIVITIES = frozenset({"Create", "Update", "Announce"})


async def scene(server: Server, alice: Person, bob: Person, picture: AttachmentDraft) -> dict[str, str]:
    """Alice's life with a bit of everything; names of what there is."""
    preview_cards.install()
    mia, eve = await server.person("mia", discoverable=True), await server.person("eve")
    dana = await server.remote("dana", discoverable=True)
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    await bob.post(f"/api/v1/accounts/{mia.id}/follow")
    far = await server.arrives(dana, "<p>far #cake</p>", attachments=[picture], hashtags=["cake"])
    said = await bob.say("@alice hello #cake", poll={"options": ["a", "b"], "expires_in": 600})
    linking = [await person.say("see https://news.example/soup #cake") for person in (bob, mia)]
    own = await alice.say("mine #cake")
    await alice.put(f"/api/v1/statuses/{own['id']}", json={"status": "mine #cake, edited"})
    await bob.say("quoting", quoted_status_id=own["id"])
    await mia.say("answer", in_reply_to_id=own["id"])
    for person in (bob, mia):
        await person.post(f"/api/v1/statuses/{own['id']}/favourite")
        await person.post(f"/api/v1/statuses/{linking[1]['id']}/favourite")
    await bob.post(f"/api/v1/statuses/{own['id']}/reblog")
    await bob.say("@alice psst", visibility="direct")
    await alice.post(f"/api/v1/statuses/{said['id']}/favourite")
    await alice.post(f"/api/v1/statuses/{said['id']}/bookmark")
    await alice.post(f"/api/v1/accounts/{bob.id}/pin")
    await alice.post("/api/v1/tags/cake/follow")
    await alice.post("/api/v1/featured_tags", json={"name": "cake"})
    made = await alice.post("/api/v1/lists", json={"title": "x"})
    await alice.post(f"/api/v1/lists/{made['id']}/accounts", json={"account_ids": [bob.id]})
    await alice.post("/api/v1/markers", json={"home": {"last_read_id": own["id"]}})
    filter_ = await alice.post("/api/v2/filters", json={
        "title": "t", "context": ["account"], "keywords_attributes": [{"keyword": "hello"}]})
    caught = await alice.post(f"/api/v2/filters/{filter_['id']}/statuses", json={"status_id": str(far.id)})
    later = await alice.say("later", scheduled_at=(now() + timedelta(hours=1)).isoformat())
    await alice.post("/api/v1/push/subscription", json={"subscription": {
        "endpoint": "https://push.example/x", "keys": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg"}}, "data": {"alerts": {"mention": True}}})
    await alice.patch("/api/v2/notifications/policy", json={"for_not_following": "filter"})
    await eve.say("@alice set aside")
    async with server.db.write() as session:
        await emojis.create(session, "blob", "/files/blob.png", category="shapes")
        await announcements.save(session, "Hello :blob:")
        await site_texts.save_rule(session, "Be kind")
        await terms.save(session, "Terms", now().date())
        for row in (await session.scalars(select(PreviewCard))).all():
            await preview_cards.settle(session, row.id, {"title": "Soup", "image_url": "https://news.example/a.jpg"})
    trends.forget_all()
    async with server.db.write() as session:
        await trends.refresh(session)
    notices = await alice.get("/api/v2/notifications")
    return {
        "id": bob.id, "remote": str(dana.id), "status": said["id"], "far": str(far.id), "own": own["id"],
        "linking": linking[1]["id"], "poll": said["id"], "tag": "cake", "list": made["id"], "url": own["url"],
        "filter": filter_["id"], "keyword": filter_["keywords"][0]["id"], "caught": caught["id"],
        "scheduled": later["id"], "day": now().date().isoformat(), "year": "2025",
        "request": (await alice.get("/api/v1/notifications/requests"))[0]["id"],
        "notification": (await alice.get("/api/v1/notifications"))[0]["id"],
        "group": notices["notification_groups"][0]["group_key"],
    }


async def test_every_read(server: Server, alice: Person, bob: Person, picture: AttachmentDraft) -> None:
    """The table of calls is walked from end to end; lists have something in them wherever they can."""
    names = await scene(server, alice, bob, picture)
    empty = {"/api/v1/accounts/{id}/identity_proofs", "/api/v1/annual_reports", "/api/v1/blocks", "/api/v1/mutes",
             "/api/v1/domain_blocks", "/api/v1/instance/domain_blocks", "/api/v1/instance/peers",
             "/api/v1/follow_requests", "/api/v1/accounts/{id}/featured_tags", "/api/v1/accounts/{id}/endorsements",
             "/api/v1/featured_tags/suggestions", "/api/v1/instance/translation_languages"}
    faults = []
    for path, (query, kind) in contract.READS.items():
        answer = await alice.call("GET", f"{path.format(**names)}?{query.format(**names)}")
        try:
            assert answer.status_code == 200, answer.text
            kind(answer.json(), path)
            assert answer.json() or path in empty, f"{path}: nothing there"
        except AssertionError as fault:
            faults.append(str(fault))
    assert faults == []


def test_the_table_is_complete() -> None:
    """No call that reads is left out, and none is in it that is not there."""
    there = {re.sub(r"\{[^}]*\}", "{}", path) for handler in route_handlers for path in handler.paths
             if "GET" in {getattr(method, "value", method) for method in getattr(handler, "http_methods", ())}}
    named = {re.sub(r"\{[^}]*\}", "{}", path) for path in contract.READS}
    assert {path for path in there - named if not path.startswith(contract.ELSEWHERE)} == set()
    assert named - there == set()


def objects_in(document: Any) -> list[dict[str, Any]]:
    """What a recorded payload says or shares: itself, or what its activity carries."""
    if not isinstance(document, dict):
        return []
    inner = document.get("object")
    if isinstance(inner, dict) and str(document.get("type")) in ACTIVITIES:
        return objects_in(inner)
    return [document]


def drafts() -> dict[str, Draft]:
    """Every recorded payload that becomes something people see, by its file."""
    found: dict[str, Draft] = {}
    for path in sorted(SAMPLES.rglob("*.json")):
        for document in objects_in(json.loads(path.read_text(encoding="utf-8"))):
            try:
                draft = create.draft_of(document)
            except (FederationError, Unreadable):
                continue
            found[f"{path.parent.name}/{path.name}"] = draft
    return found


async def arrived(server: Server) -> list[tuple[str, int]]:
    """Everything of the samples is stored, each under an id of its own, since many share one; (file, id)."""
    made = []
    authors: dict[str, Actor] = {}
    for number, (name, draft) in enumerate(drafts().items()):
        author_uri = draft.author_uri or draft.uri or ""
        host = author_uri.split("/")[2]
        async with server.db.write() as session:
            if author_uri not in authors:
                authors[author_uri] = await actors.upsert_remote(session, ActorDraft(
                    uri=author_uri, type="Person", name=f"author{number}", host=host, inbox=f"{author_uri}/inbox",
                    display_name="Somebody", url=author_uri, followers_uri=f"{author_uri}/followers"), None)
            draft.author_id, draft.visibility = authors[author_uri].id, "public"
            draft.published, draft.uri = draft.published or now(), f"https://{host}/samples/{number}"
            stored = (await objects.store(session, [draft]))[0]
        if stored.object is not None:
            made.append((name, stored.object.id))
    return made


@pytest.fixture
def loopback() -> None:
    """Old recordings have plain http ids and ports."""
    current = settings.current()
    settings.use(Settings(**{name: getattr(current, name) for name in ("url", "data", "secret", "rate_limits")},
                          allow_private=(ip_network("127.0.0.0/8"),)))


async def test_whatever_real_servers_sent(server: Server, alice: Person, loopback: None) -> None:
    """Each recorded payload is a whole status with content, alone, in its thread and history, and on its profile."""
    made = await arrived(server)
    assert len(made) > 70, f"payload samples are absent: expected JSON files under {SAMPLES}"
    faults = []
    for name, object_id in made:
        for path, kind in ((f"/api/v1/statuses/{object_id}", "SignedInStatus"),
                           (f"/api/v1/statuses/{object_id}/context", "Context")):
            answer = await alice.call("GET", path)
            try:
                assert answer.status_code == 200, answer.text
                fields.check(answer.json(), kind)
                if kind == "SignedInStatus":
                    shown = answer.json()
                    assert shown["content"] or shown["media_attachments"] or shown["poll"] or shown["spoiler_text"], (
                        "nothing to see")
                    fields.check((await server.http.get(path)).json(), "Status")
            except AssertionError as fault:
                faults.append(f"{name}: {fault}"[:500])
        history = await alice.call("GET", f"/api/v1/statuses/{object_id}/history")
        fields.check_all(history.json(), "StatusEdit")
    assert faults == []
