"""Administration: accounts, reports, blocks, figures; for moderators with the scope only."""

from datetime import timedelta
from typing import Any

import pytest

from apis.mastodon.conftest import ALL_SCOPES, Person, Server
from apis.mastodon.fields import check, check_all
from potluck.apis.mastodon.routes import route_handlers
from potluck.db.base import now
from potluck.social import gatekeeping, site_texts
from potluck.social.accounts import sessions
from potluck.social.model import Actor, User

ADMIN = ["admin:read", "admin:write"]


@pytest.fixture
async def mona(server: Server) -> Person:
    """A moderator with an app for moderators."""
    return await server.person("mona", scopes=[*ALL_SCOPES, *ADMIN], role="moderator")


@pytest.fixture(autouse=True)
def _fresh() -> None:
    gatekeeping.forget()


CALLS = [(method, path.replace("{id:str}", "1")) for handler in route_handlers for path in handler.paths
         if "/admin/" in path for method in sorted(handler.http_methods)]


async def test_only_moderators_with_the_scope(server: Server) -> None:
    """A member is refused whatever scopes they have, a moderator without the scope too, a stranger first of all."""
    member = await server.person("member", scopes=ADMIN)
    moderator = await server.person("mike", role="moderator")
    assert len(CALLS) > 40
    for method, path in CALLS:
        assert (await member.call(method, path)).status_code == 403, path
        assert (await moderator.call(method, path)).status_code == 403, path
        assert (await server.http.request(method, path)).status_code == 401, path


async def test_finding_accounts(server: Server, mona: Person, alice: Person, bob: Person, dana: Actor) -> None:
    """By origin, state, role, name, domain, mail and address; paged."""
    async with server.db.write() as session:
        await sessions.start(session, await session.get_one(User, alice.user.id), ip="192.0.2.7")
        (await session.get_one(User, bob.user.id)).approved_at = None
        (await session.get_one(Actor, dana.id)).silenced_at = now()

    async def names(path: str, **query: Any) -> list[str]:
        found = await mona.get(path, params=query)
        check_all(found, "AdminAccount")
        return [row["username"] for row in found]

    v1, v2 = "/api/v1/admin/accounts", "/api/v2/admin/accounts"
    assert set(await names(v1)) == {"mona", "alice", "bob", "dana"}
    assert await names(v1, remote=1) == ["dana"]
    assert await names(v1, pending=1) == ["bob"]
    assert await names(v1, silenced=1) == ["dana"]
    assert await names(v1, staff=1) == ["mona"]
    assert await names(v1, ip="192.0.2.7") == ["alice"]
    assert await names(v1, ip="192.0.2.0/24") == ["alice"]
    assert await names(v1, by_domain="far.example") == ["dana"]
    assert await names(v1, email="bob@") == ["bob"]
    assert (await mona.call("GET", v1, params={"ip": "x"})).status_code == 422
    assert await names(v2, status="pending") == ["bob"]
    assert await names(v2, origin="remote", username="DAN") == ["dana"]
    assert await names(v2, **{"role_ids[]": "1"}) == ["mona"]
    assert await names(v2, status="suspended") == []
    first = await mona.call("GET", v1, params={"limit": 1})
    assert "max_id=" in first.headers["link"]
    shown = await mona.get(f"{v1}/{alice.id}")
    assert (shown["ip"], shown["email"]) == ("192.0.2.7", "alice@example.org")


async def test_measures_against_accounts(server: Server, mona: Person, bob: Person, dana: Actor) -> None:
    """Each measure stands in the account, is lifted by its own call, and answers a report."""
    path = f"/api/v1/admin/accounts/{dana.id}"
    for word, lifted, key in (("sensitive", "unsensitive", "sensitized"), ("silence", "unsilence", "silenced"),
                              ("suspend", "unsuspend", "suspended")):
        assert await mona.post(f"{path}/action", data={"type": word, "text": "why"}) == {}
        assert (await mona.get(path))[key]
        assert not (await mona.post(f"{path}/{lifted}"))[key]
    assert await mona.post(f"/api/v1/admin/accounts/{bob.id}/action", json={"type": "disable"}) == {}
    assert (await bob.call("GET", "/api/v1/timelines/home")).status_code in {401, 403}
    assert not (await mona.post(f"/api/v1/admin/accounts/{bob.id}/enable"))["disabled"]
    assert (await mona.call("POST", f"{path}/action", data={"type": "exile"})).status_code == 422
    assert (await mona.call("POST", f"{path}/action", data={})).status_code == 400
    assert (await mona.call("DELETE", path)).status_code == 403
    boss = await server.person("boss", scopes=ADMIN, role="admin")
    assert (await boss.call("DELETE", path)).status_code == 403  # not suspended
    await boss.post(f"{path}/action", data={"type": "suspend"})
    await boss.delete(path)
    assert (await boss.call("GET", path)).status_code == 200
    path = f"/api/v1/admin/accounts/{boss.id}/action"
    assert (await mona.call("POST", path, data={"type": "none"})).status_code == 403


async def test_a_warning_is_told(mona: Person, bob: Person) -> None:
    """Who was warned has a notification with the words, as apps show them."""
    await mona.post(f"/api/v1/admin/accounts/{bob.id}/action", data={"type": "none", "text": "Be kind"})
    found = (await bob.get("/api/v1/notifications"))[0]
    assert found["type"] == "moderation_warning"
    assert found["account"]["username"] == "bob"
    assert found["moderation_warning"]["text"] == "Be kind"
    assert found["moderation_warning"]["action"] == "none"
    assert found["moderation_warning"]["appeal"] is None
    group = (await bob.get("/api/v2/notifications"))["notification_groups"][0]
    assert group["moderation_warning"]["text"] == "Be kind"


async def test_sign_ups(server: Server, mona: Person, alice: Person, bob: Person) -> None:
    """One is let in, one refused; nobody who is in can be refused."""
    async with server.db.write() as session:
        for person in (alice, bob):
            (await session.get_one(User, person.user.id)).approved_at = None
    assert (await mona.post(f"/api/v1/admin/accounts/{alice.id}/approve"))["approved"]
    assert (await mona.call("POST", f"/api/v1/admin/accounts/{alice.id}/reject")).status_code == 403
    check(await mona.post(f"/api/v1/admin/accounts/{bob.id}/reject"), "AdminAccount")
    async with server.db.read() as session:
        assert await session.get(User, bob.user.id) is None


async def test_reports(server: Server, mona: Person, alice: Person, bob: Person) -> None:
    """A report shows even private posts that it names, its rules, who looks at it, and what was done."""
    async with server.db.write() as session:
        broken = await site_texts.save_rule(session, "No cats")
    said = await bob.say("@alice meow", visibility="direct")
    await alice.post("/api/v1/reports", data={
        "account_id": bob.id, "status_ids[]": said["id"], "comment": "cats", "category": "violation",
        "rule_ids[]": str(broken.id)})
    found = (await mona.get("/api/v1/admin/reports"))[0]
    check(found, "AdminReport")
    assert [row["id"] for row in found["statuses"]] == [said["id"]]
    assert found["rules"][0]["text"] == "No cats"
    path = f"/api/v1/admin/reports/{found['id']}"
    assert (await mona.post(f"{path}/assign_to_self"))["assigned_account"]["username"] == "mona"
    assert (await mona.post(f"{path}/unassign"))["assigned_account"] is None
    assert (await mona.put(path, json={"category": "spam"}))["rules"] == []
    assert (await mona.post(f"{path}/resolve"))["action_taken_by_account"]["username"] == "mona"
    assert await mona.get("/api/v1/admin/reports") == []
    assert len(await mona.get("/api/v1/admin/reports", params={"resolved": "true", "account_id": alice.id})) == 1
    assert not (await mona.post(f"{path}/reopen"))["action_taken"]
    await mona.post(f"/api/v1/admin/accounts/{bob.id}/action", data={"type": "none", "report_id": found["id"]})
    assert (await mona.get(path))["action_taken"]
    mine = await alice.get("/api/v1/notifications")
    assert {row["type"] for row in mine} == {"mention"}  # the reporter is told nothing about the other's case
    theirs = await bob.get("/api/v1/notifications")
    assert "alice" not in str(theirs[0])


async def test_servers(mona: Person) -> None:
    """Blocked, changed, allowed, lifted; a second block of the same server is refused."""
    blocks, allows = "/api/v1/admin/domain_blocks", "/api/v1/admin/domain_allows"
    made = await mona.post(f"{blocks}/", data={"domain": "Spam.Example", "severity": "silence", "obfuscate": 1})
    check(made, "AdminDomainBlock")
    assert made["domain"] == "spam.example"
    assert (await mona.call("POST", blocks, data={"domain": "spam.example"})).status_code == 422
    assert (await mona.call("POST", blocks, data={"domain": "not a host"})).status_code == 422
    assert (await mona.call("POST", blocks, data={"domain": "x.example", "severity": "allow"})).status_code == 422
    changed = await mona.put(f"{blocks}/{made['id']}", json={"severity": "suspend", "public_comment": "spam"})
    assert (changed["severity"], changed["obfuscate"], changed["public_comment"]) == ("suspend", True, "spam")
    check_all(await mona.get(blocks), "AdminDomainBlock")
    assert (await mona.call("POST", allows, data={"domain": "spam.example"})).status_code == 422
    assert await mona.delete(f"{blocks}/{made['id']}") == {}
    allowed = await mona.post(allows, data={"domain": "friends.example"})
    check(allowed, "AdminDomainAllow")
    assert await mona.get(blocks) == []
    assert (await mona.call("GET", f"{blocks}/{allowed['id']}")).status_code == 404
    assert (await mona.get(f"{allows}/{allowed['id']}"))["domain"] == "friends.example"
    assert await mona.delete(f"{allows}/{allowed['id']}") == {}


async def test_mail_and_networks(mona: Person) -> None:
    """Domains, mailboxes and networks are blocked, found and let go."""
    made = await mona.post("/api/v1/admin/email_domain_blocks", data={"domain": "throwaway.example"})
    check(made, "AdminEmailDomainBlock")
    assert await mona.delete(f"/api/v1/admin/email_domain_blocks/{made['id']}") == {}
    boxes = "/api/v1/admin/canonical_email_blocks"
    box = await mona.post(boxes, data={"email": "Ev.e+1@mail.example"})
    check(box, "AdminCanonicalEmailBlock")
    assert await mona.post(f"{boxes}/test", data={"email": "eve@mail.example"}) == [box]
    assert await mona.post(f"{boxes}/test", data={"email": "ada@mail.example"}) == []
    assert (await mona.call("POST", boxes, data={"canonical_email_hash": "xyz"})).status_code == 422
    nets = "/api/v1/admin/ip_blocks"
    net = await mona.post(nets, data={"ip": "192.0.2.77/24", "severity": "sign_up_block", "expires_in": 86400})
    check(net, "AdminIpBlock")
    assert net["ip"] == "192.0.2.0/24"
    changed = await mona.put(f"{nets}/{net['id']}", json={"comment": "spammers"})
    assert (changed["comment"], changed["expires_at"]) == ("spammers", net["expires_at"])
    assert (await mona.call("POST", nets, data={"ip": "0.0.0.0/0", "severity": "no_access"})).status_code == 422
    assert (await mona.call("POST", nets, data={"ip": "192.0.2.1", "severity": "x"})).status_code == 422
    assert len(await mona.get(nets)) == 1
    assert await mona.delete(f"{nets}/{net['id']}") == {}
    assert (await mona.call("DELETE", f"{nets}/{net['id']}")).status_code == 404


async def test_a_network_without_access(server: Server, mona: Person) -> None:
    """From such a network nothing answers any more."""
    await mona.post("/api/v1/admin/ip_blocks", data={"ip": "127.0.0.1", "severity": "no_access"})
    assert (await server.http.get("/api/v2/instance")).status_code == 403


async def test_figures(mona: Person, alice: Person, bob: Person, dana: Actor, server: Server) -> None:
    """Every measure, dimension and cohort has its shape and counts what happened today."""
    said = await alice.say("cake #potluck")
    await bob.post(f"/api/v1/statuses/{said['id']}/favourite")
    await server.arrives(dana, "<p>hello</p>", language="de")
    today = now()
    period = {"start_at": (today - timedelta(days=2)).isoformat(), "end_at": today.isoformat()}
    keys = ["new_users", "interactions", "opened_reports", "resolved_reports", "active_users", "tag_uses",
            "tag_accounts", "tag_servers", *(f"instance_{word}" for word in (
                "accounts", "statuses", "media_attachments", "reports", "follows", "followers"))]
    about = {key: {"domain": "far.example"} for key in keys if key.startswith("instance")}
    tag = await alice.get("/api/v1/tags/potluck")
    about |= {key: {"id": tag["id"]} for key in keys if key.startswith("tag")}
    found = await mona.post("/api/v1/admin/measures", json={**period, "keys": keys, **about})
    check_all(found, "AdminMeasure")
    totals = {row["key"]: row["total"] for row in found}
    assert totals["new_users"] == "3"
    assert totals["interactions"] == "1"
    assert totals["tag_uses"] == totals["tag_accounts"] == totals["tag_servers"] == "1"
    assert totals["instance_accounts"] == totals["instance_statuses"] == "1"
    assert [day["value"] for day in found[0]["data"]] == ["0", "0", "3"]
    dimensions = await mona.post("/api/v1/admin/dimensions", json={
        **period, "limit": 5, "keys": ["languages", "sources", "servers", "space_usage", "software_versions",
                                       "tag_servers", "tag_languages", "instance_accounts", "instance_languages"],
        "instance_accounts": {"domain": "far.example"}, "instance_languages": {"domain": "far.example"},
        "tag_servers": {"id": tag["id"]}, "tag_languages": {"id": tag["id"]}})
    check_all(dimensions, "AdminDimension")
    ranked = {row["key"]: [entry["key"] for entry in row["data"]] for row in dimensions}
    assert ranked["sources"] == ["Tusky"]
    assert ranked["instance_languages"] == ["de"]
    cohorts = await mona.post("/api/v1/admin/retention", data={**period, "frequency": "day"})
    check_all(cohorts, "AdminCohort")
    assert cohorts[-1]["data"][0]["value"] == "3"
    for wrong in ({}, {**period, "end_at": "2020-01-01"}, {"start_at": "2000-01-01", "end_at": today.isoformat()}):
        assert (await mona.call("POST", "/api/v1/admin/measures", json=wrong)).status_code in {400, 422}
