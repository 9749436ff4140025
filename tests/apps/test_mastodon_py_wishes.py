"""Mastodon.py 2.3: what people wish to read and be told: filters, policies, schedules, pushes, trends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from apps.bridge import Client, Program, Refused, wait_for
from apps.conftest import Backdrop
from apps.recorder import Recorder
from apps.test_mastodon_py import account, ids, program, signed_in
from potluck.db.base import now
from support.push_service import PushService, push_service, signed_for

__all__ = ["program"]
pytestmark = pytest.mark.timeout(280)
SCOPES = ["read", "write", "follow", "push"]


@pytest.fixture(scope="module")
def alice(program: Program, backdrop: Backdrop) -> Client:
    """Alice, whose app may push."""
    return signed_in(program, backdrop, "alice", SCOPES)


@pytest.fixture(scope="module")
def bob(program: Program, backdrop: Backdrop) -> Client:
    """Bob, signed in; he and Alice follow each other."""
    return signed_in(program, backdrop, "bob", SCOPES)


@pytest.fixture
def service(backdrop: Backdrop) -> Iterator[PushService]:
    """A push service on loopback."""
    opened = push_service()
    yield backdrop.run(opened.__aenter__())
    backdrop.run(opened.__aexit__(None, None, None))


def test_filters(alice: Client, bob: Client) -> None:
    """Made, changed, found in what one reads, and deleted; with the library's own typed answers."""
    made = alice.create_filter_v2("Weather", ["home", "public"], "warn",
                                  keywords_attributes=[{"keyword": "drizzle", "whole_word": True}])
    assert [word["keyword"] for word in made["keywords"]] == ["drizzle"]
    word = alice.add_filter_keyword_v2(made["id"], "sleet", True)
    said = bob.status_post("Drizzle all day")
    seen = alice.status(said["id"])
    assert [row["keyword_matches"] for row in seen["filtered"]] == [["drizzle"]]
    alice.delete_filter_keyword_v2(word["id"])
    changed = alice.update_filter_v2(made["id"], filter_action="hide")
    assert changed["filter_action"] == "hide"
    assert said["id"] not in ids(alice.timeline_home())
    named = alice.add_filter_status_v2(made["id"], bob.status_post("plain")["id"])
    assert [row["id"] for row in alice.filter_statuses_v2(made["id"])] == [named["id"]]
    assert made["id"] in ids(alice.filters_v2())
    alice.delete_filter_v2(made["id"])
    assert said["id"] in ids(alice.timeline_home())


def later(days: int) -> dict[str, str]:
    """A time in some days, as the driver reads it."""
    return {"$time": (now() + timedelta(days=days)).isoformat()}


def test_scheduled_posts(alice: Client, recorder: Recorder) -> None:
    """Scheduled, moved, cancelled."""
    made = alice.status_post("Tomorrow", scheduled_at=later(1))
    assert made["params"]["text"] == "Tomorrow"
    assert made["id"] in ids(alice.scheduled_statuses())
    moved = alice.scheduled_status_update(made["id"], later(2))
    assert moved["scheduled_at"] != made["scheduled_at"]
    alice.scheduled_status_delete(made["id"])
    assert made["id"] not in ids(alice.scheduled_statuses())
    recorder.expect(404, f"GET /api/v1/scheduled_statuses/{made['id']}")
    with pytest.raises(Refused, match="not found"):
        alice.scheduled_status(made["id"])


def test_notification_policy(alice: Client, program: Program, backdrop: Backdrop) -> None:
    """Strangers are set aside, looked at, and taken in."""
    alice.update_notifications_policy(for_not_following="filter")
    try:
        stranger = signed_in(program, backdrop, "dave")
        alice.account_unfollow(stranger.me()["id"])
        said = stranger.status_post("@alice hello, you do not know me")
        assert alice.notifications_policy()["for_not_following"] == "filter"
        waiting = wait_for(lambda: [row for row in alice.notification_requests() if row["account"]["acct"] == "dave"])
        assert waiting[0]["last_status"]["id"] == said["id"]
        alice.accept_notification_request(waiting[0]["id"])
        assert said["id"] in [row["status"]["id"] for row in alice.notifications(types=["mention"])]
        assert alice.notifications_merged() is True
    finally:
        alice.update_notifications_policy(for_not_following="accept")


def test_a_push_arrives(alice: Client, bob: Client, service: PushService) -> None:
    """From the engine of a running server, readable for the app, signed with the key the server names."""
    keys = service.subscription()["keys"]
    alice.push_subscription_set(
        f"{service.base}/push/one",
        {"pubkey": {"$bytes": keys["p256dh"]}, "auth": {"$bytes": keys["auth"]}}, mention_events=True)
    subscription = alice.push_subscription()
    assert subscription["alerts"]["mention"] is True
    bob.status_post("@alice ring ring")
    message = wait_for(lambda: service.seen)[0]
    assert message.content["notification_type"] == "mention"
    assert "ring ring" in message.content["body"]
    signed_for(message.headers, subscription["server_key"])
    alice.push_subscription_delete()


def test_what_else_there_is_to_find(alice: Client, bob: Client) -> None:
    """Suggestions, directory, trends, announcements, endorsements, notes, featured tags, languages."""
    for name in ("suggestions", "directory", "trending_tags", "trending_statuses", "trending_links", "announcements",
                 "featured_tags", "followed_tags", "instance_rules", "instance_languages", "endorsements"):
        assert isinstance(alice.do(name), list), name
    target = account(alice, "bob")["id"]
    assert alice.account_endorse(target)["endorsed"] is True
    assert target in ids(alice.endorsements())
    assert alice.account_unendorse(target)["endorsed"] is False
    assert alice.account_note_set(target, "bakes")["note"] == "bakes"
    alice.status_post("About #brioche")
    tag = alice.featured_tag_create("brioche")
    assert tag["name"] == "brioche"
    alice.featured_tag_delete(tag["id"])
    assert isinstance(alice.account_familiar_followers(target), list)
    assert alice.instance_extended_description()["content"] is not None
    assert isinstance(alice.instance_translation_languages(), dict)
