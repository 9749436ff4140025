"""Servers moderate: reports that travel without their reporter, limits towards accounts of other servers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from servers.conftest import Servers
from support.servers import Person, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(280)]


async def reports_about(boss: Person, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await boss.get("/api/v1/admin/reports")
    return [row for row in found if row["target_account"]["username"] == name]


async def test_a_forwarded_report(servers: Servers) -> None:
    """Bob's report reaches the moderators of both servers with the posts; Alice's server never learns of Bob."""
    alice, bob, _ = await servers.cast()
    boss = await servers.one.person("boss", admin=True)
    await bob.follow(alice)
    said = [await alice.say(f"rude words {number}") for number in (1, 2)]
    seen = [await bob.will_see(f"rude words {number}") for number in (1, 2)]
    await bob.post("/api/v1/reports", account_id=seen[0]["account"]["id"], status_ids=[row["id"] for row in seen],
                   comment="This is rude", forward=True, category="spam")
    report = (await eventually(lambda: reports_about(boss, alice.name)))[0]
    assert report["comment"] == "This is rude"
    assert {row["id"] for row in report["statuses"]} == {row["id"] for row in said}
    assert report["account"]["domain"] == servers.two.host
    assert bob.name not in json.dumps(report)
    notes = await alice.get("/api/v1/notifications")
    assert "report" not in {row["type"] for row in notes}
    assert all(row["account"]["acct"] != bob.handle[1:] or row["type"] == "follow" for row in notes)
    await boss.post(f"/api/v1/admin/accounts/{report['target_account']['id']}/action", type="none",
                    report_id=report["id"], text="Be kind")
    assert (await alice.notified("moderation_warning"))["moderation_warning"]["text"] == "Be kind"


async def test_a_limited_account_elsewhere(servers: Servers) -> None:
    """Two limits Alice of one: her followers there see her as ever, the public timeline of two does not."""
    alice, bob, _ = await servers.cast()
    boss = await servers.two.person("boss", admin=True)
    await bob.follow(alice)
    await alice.say("before the limit")
    seen = await bob.will_see("before the limit")
    await boss.post(f"/api/v1/admin/accounts/{seen['account']['id']}/action", type="silence")
    await alice.say("after the limit")
    await bob.will_see("after the limit")
    assert not await bob.sees("after the limit", "public")
    assert (await bob.get(f"/api/v1/accounts/{seen['account']['id']}"))["limited"]
    found = await boss.get(f"/api/v2/search?q={alice.name[:-1]}")
    assert alice.handle[1:] not in {row["acct"] for row in found["accounts"]}


async def test_an_account_suspended_where_it_lives(servers: Servers) -> None:
    """One suspends Alice: Bob on two sees neither her nor her post, until the suspension is lifted."""
    alice, bob, _ = await servers.cast()
    boss = await servers.one.person("chief", admin=True)
    await bob.follow(alice)
    await alice.say("soon out of sight")
    seen = await bob.will_see("soon out of sight")
    here = (await alice.get("/api/v1/accounts/verify_credentials"))["id"]

    async def suspended() -> bool:
        account = await bob.get(f"/api/v1/accounts/{seen['account']['id']}")
        return bool(account.get("suspended"))

    async def restored() -> bool:
        return not await suspended()

    await boss.post(f"/api/v1/admin/accounts/{here}/action", type="suspend")
    await eventually(suspended)
    assert not await bob.sees("soon out of sight")
    await boss.post(f"/api/v1/admin/accounts/{here}/unsuspend")
    await eventually(restored)
