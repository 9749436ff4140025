"""Statuses that wait for their time."""

from __future__ import annotations

from datetime import timedelta

from potluck.db.base import now

from . import fields
from .conftest import Person

SOON = (now() + timedelta(days=1)).isoformat()
LATER = (now() + timedelta(days=2)).isoformat()


async def test_scheduling(alice: Person, bob: Person) -> None:
    """The answer is a ScheduledStatus, nothing is published, and the same key schedules once."""
    parent = await bob.say("root")
    body = {"status": "later", "scheduled_at": SOON, "visibility": "private", "spoiler_text": "cw",
            "in_reply_to_id": parent["id"], "poll": {"options": ["a", "b"], "expires_in": 600}}
    made = await alice.post("/api/v1/statuses", json=body, headers={"Idempotency-Key": "one"})
    fields.check(made, "ScheduledStatus")
    assert made["params"]["in_reply_to_id"] == parent["id"]
    assert made["params"]["poll"]["options"] == ["a", "b"]
    again = await alice.post("/api/v1/statuses", json=body, headers={"Idempotency-Key": "one"})
    assert again == made
    assert await alice.get(f"/api/v1/accounts/{alice.id}/statuses") == []
    path = f"/api/v1/scheduled_statuses/{made['id']}"
    assert await alice.get("/api/v1/scheduled_statuses") == [made]
    assert await alice.get(path) == made
    assert (await bob.call("GET", path)).status_code == 404
    moved = await alice.put(path, data={"scheduled_at": LATER})
    assert moved["scheduled_at"] > made["scheduled_at"]
    for bad in ({}, {"scheduled_at": "soon"}, {"scheduled_at": now().isoformat()}):
        refused = await alice.call("PUT", path, json=bad)
        assert refused.status_code == 422
        fields.check(refused.json(), "Error")
    assert await alice.delete(path) == {}
    assert await alice.get("/api/v1/scheduled_statuses") == []


async def test_refused_when_written(alice: Person) -> None:
    """What could not be published later is refused at once."""
    for bad in ({"status": " ", "scheduled_at": SOON}, {"status": "x", "scheduled_at": "2020-01-01T00:00:00Z"},
                {"status": "x", "scheduled_at": "tomorrow"}):
        answer = await alice.call("POST", "/api/v1/statuses", json=bad)
        assert answer.status_code == 422
        fields.check(answer.json(), "Error")
