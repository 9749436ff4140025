"""Administration: who may do what."""

import re

import pytest
from sqlalchemy import select

from potluck.db.ids import ids
from potluck.jobs import JobEngine
from potluck.media import files
from potluck.media.storage import Storage
from potluck.social import spam_rules, trends
from potluck.social.live import Waker
from potluck.social.model import (
    Actor,
    Appeal,
    AuditEntry,
    DomainPolicy,
    Hashtag,
    Invite,
    Media,
    Report,
    ServerRule,
    SpamRule,
    Strike,
    User,
)
from web.conftest import Browser, Site

PAGES = ("/admin", "/admin/people", "/admin/people?only=waiting", "/admin/people?q=ali", "/admin/invites",
         "/admin/reports", "/admin/reports?only=resolved", "/admin/servers", "/admin/servers?only=failing",
         "/admin/servers?q=carol", "/admin/servers/carol.example", "/admin/queues", "/admin/storage", "/admin/emoji",
         "/admin/trends", "/admin/trends?only=sites",
         "/admin/moderation",
         "/admin/moderation?only=mine", "/admin/moderation?only=held", "/admin/audit",
         "/admin/audit?act=strike&q=x&by=1")


async def admin(site: Site) -> Browser:
    await site.cast.change(await site.user(site.cast.mona), role="admin")
    return await site.browser(site.cast.mona)


@pytest.mark.parametrize("path", [*PAGES, "/admin/settings"])
async def test_pages_are_for_staff(site: Site, path: str) -> None:
    """Guests are asked to sign in, members refused, moderators see all but the settings."""
    assert (await site.guest().get(path)).headers["location"].startswith("/signin")
    assert (await (await site.browser(site.cast.alice)).get(path)).status_code == 403
    expected = 403 if path == "/admin/settings" else 200
    assert (await (await site.browser(site.cast.mona)).get(path)).status_code == expected


async def test_acts_are_for_staff(site: Site) -> None:
    """No form of the administration does anything for a member."""
    browser = await site.browser(site.cast.alice)
    user, bob = site.cast.bob.owner_id, site.cast.bob.id
    row = await site.cast.say(site.cast.bob, "<p>x</p>")
    for path in (f"/admin/people/{user}/approve", f"/admin/people/{user}/role", f"/admin/actors/{bob}/measure",
                 f"/admin/actors/{bob}/lift", "/admin/appeals/1/accept",
                 "/admin/servers/carol.example", "/admin/queues/retry-all", "/admin/invites",
                 "/admin/reports/1/resolve", f"/posts/{row.id}/moderate", f"/admin/people/{user}/reset"):
        assert (await browser.post(path, {"role": "admin", "severity": "suspend"})).status_code == 403, path


async def test_settings_show_no_secrets(site: Site) -> None:
    """The administrator sees that a secret is set, not what it is."""
    page = (await (await admin(site)).get("/admin/settings")).text
    assert "POTLUCK_TITLE" in page
    assert "(set)" in page
    assert ">test<" not in page


async def test_approving_and_declining(site: Site) -> None:
    """A sign-up is let in, or removed; both are written down."""
    for actor in (site.cast.bob, site.cast.eve):
        await site.cast.change(await site.user(actor), approved_at=None, signup_reason="I bake")
    mona = await site.browser(site.cast.mona)
    assert "I bake" in (await mona.get("/admin/people?only=waiting")).text
    await mona.post(f"/admin/people/{site.cast.bob.owner_id}/approve")
    await mona.post(f"/admin/people/{site.cast.eve.owner_id}/reject")
    assert (await site.user(site.cast.bob)).approved_at is not None
    async with site.database.read() as session:
        assert await session.get(User, site.cast.eve.owner_id) is None
        assert [row.action for row in (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()] == [
            "user_approve", "user_reject"]


async def test_nobody_let_in_is_rejected(site: Site) -> None:
    """Declining is for sign-ups only; it deletes nobody who is in."""
    mona = await site.browser(site.cast.mona)
    assert (await mona.post(f"/admin/people/{site.cast.bob.owner_id}/reject")).status_code == 403


async def test_switching_off(site: Site) -> None:
    """A disabled account is signed out and cannot come back until it is switched on."""
    bob = await site.browser(site.cast.bob)
    mona = await site.browser(site.cast.mona)
    assert (await mona.post(f"/admin/people/{site.cast.bob.owner_id}/disable")).status_code == 404
    await mona.post(f"/admin/actors/{site.cast.bob.id}/measure", {"action": "disable", "text": "why"})
    assert (await bob.get("/home")).status_code == 303
    await mona.post(f"/admin/actors/{site.cast.bob.id}/lift", {"action": "disable"})
    assert (await site.user(site.cast.bob)).disabled_at is None


async def test_ranks(site: Site) -> None:
    """Moderators give no roles and do nothing to administrators; nobody acts on themselves."""
    await site.cast.change(await site.user(site.cast.bob), role="admin")
    mona = await site.browser(site.cast.mona)
    assert (await mona.post(f"/admin/people/{site.cast.alice.owner_id}/role", {"role": "admin"})).status_code == 403
    assert (await mona.post(f"/admin/people/{site.cast.alice.owner_id}/reset")).status_code == 403
    assert (await mona.post(f"/admin/people/{site.cast.bob.owner_id}/approve")).status_code == 403
    for actor in (site.cast.bob, site.cast.mona):
        found = await mona.post(f"/admin/actors/{actor.id}/measure", {"action": "suspend"})
        assert found.status_code == 403


async def test_roles_and_reset_links(site: Site) -> None:
    """An administrator gives roles and makes a link for who lost their password."""
    browser = await admin(site)
    await browser.post(f"/admin/people/{site.cast.bob.owner_id}/role", {"role": "moderator"})
    assert (await site.user(site.cast.bob)).role == "moderator"
    await browser.post(f"/admin/people/{site.cast.bob.owner_id}/role", {"role": "emperor"})
    assert (await site.user(site.cast.bob)).role == "moderator"
    assert "https://potluck.test/reset/" in (await browser.post(f"/admin/people/{site.cast.bob.owner_id}/reset")).text


async def test_invitations(site: Site) -> None:
    """An invitation is made with its limits and taken back."""
    mona = await site.browser(site.cast.mona)
    await mona.post("/admin/invites", {"max_uses": "3", "days": "7"})
    async with site.database.read() as session:
        row = (await session.scalars(select(Invite))).one()
    assert (row.max_uses, row.role) == (3, "user")
    assert row.code in (await mona.get("/admin/invites")).text
    await mona.post(f"/admin/invites/{row.id}/withdraw")
    assert row.code not in (await mona.get("/admin/invites")).text


async def test_server_policies(site: Site) -> None:
    """A policy is set with a reason everyone may read, and lifted."""
    mona = await site.browser(site.cast.mona)
    await mona.post("/admin/servers/carol.example", {"severity": "suspend", "public_comment": "spam", "obfuscate": "1"})
    async with site.database.read() as session:
        row = (await session.scalars(select(DomainPolicy))).one()
    assert (row.domain, row.severity) == ("carol.example", "suspend")
    rules = (await site.guest().get("/about/rules")).text
    assert "spam" in rules
    assert "carol.example" not in rules
    await mona.post("/admin/servers/carol.example", {"severity": "none"})
    async with site.database.read() as session:
        assert (await session.scalars(select(DomainPolicy))).all() == []


async def test_a_policy_for_nonsense(site: Site) -> None:
    """What is no domain gets an error, not a policy."""
    found = await (await site.browser(site.cast.mona)).post("/admin/servers/not%20a%20host", {"severity": "suspend"})
    assert found.status_code == 422


async def test_reports(site: Site) -> None:
    """A report is read with its posts and resolved; measures lead back to it."""
    row = await site.cast.say(site.cast.eve, "<p>rude words</p>")
    report = Report(id=ids.new(), reporter_id=site.cast.alice.id, target_id=site.cast.eve.id, object_ids=[row.id],
                    comment="see this")
    async with site.database.write() as session:
        session.add(report)
    mona = await site.browser(site.cast.mona)
    page = (await mona.get(f"/admin/reports/{report.id}")).text
    assert "rude words" in page
    assert "see this" in page
    back = f"/admin/reports/{report.id}"
    await mona.post(f"{back}/take")
    assert "@mona" in (await mona.get(back)).text
    assert "@eve" in (await mona.get("/admin/moderation?only=mine")).text
    await mona.post(f"{back}/note", {"note_text": "third time"})
    assert "third time" in (await mona.get(back)).text
    found = await mona.post(f"/admin/actors/{site.cast.eve.id}/measure", {
        "back": back, "action": "silence", "text": "Be kind", "report": str(report.id), "posts": str(row.id)})
    assert found.headers["location"] == back
    async with site.database.read() as session:
        assert (await session.get_one(Actor, site.cast.eve.id)).silenced_at
        assert (await session.get_one(Report, report.id)).outcome == "silence"
    assert "@eve" in (await mona.get("/admin/reports?only=resolved")).text
    assert "All is well" in (await mona.get("/admin/moderation")).text
    assert "Be kind" in (await mona.get("/admin/audit?act=strike&q=eve")).text
    assert "Be kind" not in (await mona.get("/admin/audit?q=bob")).text
    await mona.post(f"{back}/reopen")
    assert "@eve" in (await mona.get("/admin/moderation")).text


async def test_private_posts_in_a_report(site: Site) -> None:
    """What the reporter could read and named is shown to the moderators, though it was not meant for them."""
    row = await site.cast.say(site.cast.eve, "<p>a threat</p>", visibility="direct", mentions=[site.cast.alice])
    report = Report(id=ids.new(), reporter_id=site.cast.alice.id, target_id=site.cast.eve.id, object_ids=[row.id])
    async with site.database.write() as session:
        session.add(report)
    mona = await site.browser(site.cast.mona)
    assert "a threat" in (await mona.get(f"/admin/reports/{report.id}")).text
    assert (await mona.get(f"/posts/{row.id}/moderate")).status_code == 404


async def test_appealing(site: Site) -> None:
    """Who was limited reads why, appeals once, and the measure is undone when a moderator agrees."""
    mona, eve = await site.browser(site.cast.mona), await site.browser(site.cast.eve)
    await mona.post(f"/admin/actors/{site.cast.eve.id}/measure", {"action": "silence", "text": "Too loud"})
    page = (await eve.get("/strikes")).text
    assert "limited" in page
    async with site.database.read() as session:
        strike = (await session.scalars(select(Strike))).one()
    assert "/strikes/" in (await eve.get("/notifications")).text
    assert "Too loud" in (await eve.get(f"/strikes/{strike.id}")).text
    alice = await site.browser(site.cast.alice)
    assert (await alice.get(f"/strikes/{strike.id}")).status_code == 404
    assert (await alice.post(f"/strikes/{strike.id}/appeal", {"text": "x"})).status_code == 404
    assert (await eve.post(f"/strikes/{strike.id}/appeal", {"text": " "})).status_code == 422
    await eve.post(f"/strikes/{strike.id}/appeal", {"text": "It was my brother"})
    assert (await eve.post(f"/strikes/{strike.id}/appeal", {"text": "again"})).status_code == 409
    async with site.database.read() as session:
        appeal = (await session.scalars(select(Appeal))).one()
    assert "my brother" in (await mona.get("/admin/moderation?only=appeal")).text
    assert "my brother" in (await mona.get(f"/admin/appeals/{appeal.id}")).text
    await mona.post(f"/admin/appeals/{appeal.id}/accept")
    async with site.database.read() as session:
        assert (await session.get_one(Actor, site.cast.eve.id)).silenced_at is None
    assert "accepted" in (await eve.get(f"/strikes/{strike.id}")).text
    assert (await mona.post(f"/admin/appeals/{appeal.id}/refuse")).status_code == 409


async def test_suspended_people(site: Site) -> None:
    """Somebody suspended is signed out, and finds only the ways to appeal, to export and to leave."""
    mona = await site.browser(site.cast.mona)
    await mona.post(f"/admin/actors/{site.cast.eve.id}/measure", {"action": "suspend", "text": "Spam"})
    eve = await site.browser(site.cast.eve)
    assert (await eve.get("/home")).headers["location"] == "/strikes"
    assert (await eve.post("/compose", {"text": "hello"})).headers["location"] == "/strikes"
    assert "suspended" in (await eve.get("/strikes")).text
    assert (await eve.get("/settings/export")).status_code == 200
    await mona.post(f"/admin/actors/{site.cast.eve.id}/lift", {"action": "suspend"})
    assert (await eve.get("/home")).status_code == 200


async def test_deleting_for_good(site: Site) -> None:
    """An account is deleted by an administrator who says that they are sure, and by nobody else."""
    path, wish = f"/admin/actors/{site.cast.eve.id}/measure", {"action": "delete", "sure": "1"}
    assert (await (await site.browser(site.cast.mona)).post(path, wish)).status_code == 403
    browser = await admin(site)
    assert (await browser.post(path, {"action": "delete"})).status_code == 422
    await browser.post(path, wish)
    async with site.database.read() as session:
        assert (await session.get_one(Actor, site.cast.eve.id)).deleted_at


async def test_rules_of_the_server(site: Site) -> None:
    """The usual rules hold until an administrator writes some; reports name them."""
    assert "shared table" in (await site.guest().get("/about/rules")).text
    assert (await (await site.browser(site.cast.mona)).post("/admin/rules", {"text": "x"})).status_code == 403
    browser = await admin(site)
    assert (await browser.post("/admin/rules", {"text": ""})).status_code == 422
    for text in ("No puns", "No cats"):
        await browser.post("/admin/rules", {"text": text})
    async with site.database.read() as session:
        first, second = (await session.scalars(select(ServerRule).order_by(ServerRule.id))).all()
    await browser.post(f"/admin/rules/{second.id}/up")
    page = (await site.guest().get("/about/rules")).text
    assert page.index("No cats") < page.index("No puns")
    assert "shared table" not in page
    row = await site.cast.say(site.cast.eve, "<p>meow</p>")
    other = await site.cast.say(site.cast.eve, "<p>purr</p>")
    alice = await site.browser(site.cast.alice)
    assert "purr" in (await alice.get(f"/posts/{row.id}/report")).text
    await alice.post(f"/posts/{row.id}/report", {
        "category": "violation", "rules": str(second.id), "posts": str(other.id), "comment": "cats"})
    await browser.post(f"/admin/rules/{second.id}/remove")
    async with site.database.read() as session:
        report = (await session.scalars(select(Report))).one()
    assert (report.rule_ids, report.object_ids) == ([second.id], [row.id, other.id])
    assert "No cats" in (await browser.get(f"/admin/reports/{report.id}")).text
    await browser.post(f"/admin/rules/{first.id}/change", {"text": "No puns at all"})
    assert "No puns at all" in (await browser.get("/admin/rules")).text


async def test_moderating_a_post(site: Site) -> None:
    """A moderator deletes someone's post from the page the card leads to."""
    row = await site.cast.say(site.cast.eve, "<p>rude words</p>")
    mona = await site.browser(site.cast.mona)
    assert f"/posts/{row.id}/moderate" in (await mona.get(f"/@eve/{row.id}")).text
    assert "rude words" in (await mona.get(f"/posts/{row.id}/moderate")).text
    await mona.post(f"/posts/{row.id}/moderate", {"action": "mark_statuses_as_sensitive"})
    assert (await site.cast.again(row)).sensitive
    await mona.post(f"/posts/{row.id}/moderate", {"text": "rude"})
    assert (await site.guest().get(f"/@eve/{row.id}")).status_code == 410


async def test_queues(site: Site) -> None:
    """Parked items and stuck hosts are tried again through the engine's own queues."""
    mona = await site.browser(site.cast.mona)
    await mona.post("/admin/queues/retry", {"item": "5"})
    await mona.post("/admin/queues/retry-all")
    await mona.post("/admin/queues/drop", {"item": "6"})
    await mona.post("/admin/queues/retry-host", {"host": "carol.example"})
    assert site.queues.asked == [("retry_item", 5), ("retry_item", None), ("drop_item", 6),
                                 ("retry_host", "carol.example")]
    assert (await mona.post("/admin/queues/explode")).status_code == 404


async def test_shared_lists(site: Site) -> None:
    """A list is looked through with what it would cost, taken over by a job, and given on."""
    await site.cast.follow(site.cast.alice, site.cast.carol)
    mona = await site.browser(site.cast.mona)
    page = (await mona.post("/admin/servers/list/preview", {"text": "carol.example\nfoo bar\n"})).text
    assert "1 follows by people here would end" in page
    assert "1 line cannot be used" in page
    await mona.post("/admin/servers/list", {"text": "carol.example,silence,false,false,loud,false"})
    await JobEngine(site.database, Waker(site.database)).drain()
    assert "carol.example" in (await mona.get("/admin/servers?only=limited")).text
    assert "carol.example,silence,false,false,loud,false" in (await mona.get("/admin/servers/list.csv")).text
    assert (await mona.post("/admin/servers/list/preview", {"text": "x" * 150_000 + "\n" * 5100})).status_code == 422
    alice = await site.browser(site.cast.alice)
    for path in ("/admin/servers/list", "/admin/servers/list.csv"):
        assert (await alice.get(path)).status_code == 403


async def test_storage(site: Site) -> None:
    """What files take, of whom, and the quotas, which only administrators set."""
    storage = Storage(site.cast.database.settings)
    stored = await storage.put_bytes(bytes(2048), "image/png")
    async with site.cast.database.write() as session:
        media = Media(id=ids.new(), owner_id=site.cast.alice.id, type="image")
        session.add(media)
        await session.flush()
        await files.add_variant(session, storage, media, "full", stored)
    mona = await site.browser(site.cast.mona)
    page = (await mona.get("/admin/storage")).text
    for text in ("@alice", "2 kB", "10 GB", "In the folder of this server", "of 20 GB"):
        assert text in page, text
    assert "/admin/storage/quota" not in page
    assert (await mona.post("/admin/storage/quota", {"name": "alice", "quota": "1G"})).status_code == 403
    boss = await admin(site)
    assert (await boss.post("/admin/storage/quota", {"name": "@Alice", "quota": "1G"})).status_code == 303
    assert "1 GB" in (await boss.get("/admin/storage")).text
    assert (await boss.post("/admin/storage/quota", {"name": "alice", "quota": ""})).status_code == 303
    assert "10 GB" in (await boss.get("/admin/storage")).text
    assert (await boss.post("/admin/storage/quota", {"name": "alice", "quota": "lots"})).status_code == 422
    assert (await boss.post("/admin/storage/quota", {"name": "nobody", "quota": "1G"})).status_code == 404


async def test_a_post_held_back(site: Site) -> None:
    """Its author sees that it waits; the moderator finds it in the queue and publishes it."""
    spam_rules.forget()
    mona, alice = await site.browser(site.cast.mona), await site.browser(site.cast.alice)
    await mona.post("/admin/spam", {"title": "pills", "kind": "words", "patterns": "cheap pill*", "action": "hold",
                                    "enabled": "1"})
    assert (await mona.post("/admin/spam", {"title": "", "kind": "words", "action": "hold"})).status_code == 422
    row = await site.cast.say(site.cast.alice, "<p>cheap pills</p>")
    assert "waits for the moderators" in (await alice.get("/@alice")).text
    assert "cheap pills" not in (await site.guest().get("/@alice")).text
    assert (await site.guest().get(f"/@alice/{row.id}")).status_code == 404
    assert "cheap pills" in (await mona.get("/admin/moderation?only=held")).text
    assert "pills" in (await mona.get(f"/posts/{row.id}/moderate")).text
    await mona.post(f"/posts/{row.id}/moderate", {"action": "release"})
    assert "cheap pills" in (await site.guest().get("/@alice")).text
    async with site.database.read() as session:
        rule = (await session.scalars(select(SpamRule))).one()
    assert rule.hits == 1
    await mona.post(f"/admin/spam/{rule.id}/remove")
    assert f"/admin/spam/{rule.id}" not in (await mona.get("/admin/spam")).text
    spam_rules.forget()


async def test_blocks_page(site: Site) -> None:
    """Each kind of block is set, listed and lifted."""
    mona = await site.browser(site.cast.mona)
    for kind, fields in (("networks", {"ip": "192.0.2.0/24", "severity": "sign_up_block", "lasts": "86400"}),
                         ("domains", {"domain": "throwaway.example"}), ("mailboxes", {"email": "eve@mail.example"})):
        assert (await mona.post(f"/admin/blocks/{kind}", fields)).status_code == 303
        page = (await mona.get(f"/admin/blocks?only={kind}")).text
        path = re.search(rf'action="(/admin/blocks/{kind}/\d+/remove)"', page)
        assert path is not None
        await mona.post(path[1])
        assert "Nothing is blocked" in (await mona.get(f"/admin/blocks?only={kind}")).text
        assert (await mona.post(f"/admin/blocks/{kind}", {})).status_code == 422
    assert (await mona.post("/admin/blocks/moons", {})).status_code == 404


async def test_trends(site: Site) -> None:
    """What trends is kept back and let trend; a hashtag is found by its name and restricted."""
    trends.forget_all()
    for actor in (site.cast.alice, site.cast.bob):
        await site.cast.say(actor, "<p>#soup</p>", hashtags=["soup"])
    async with site.database.write() as session:
        await trends.refresh(session)
        tag = await session.scalar(select(Hashtag).where(Hashtag.name == "soup"))
    assert tag is not None
    mona = await site.browser(site.cast.mona)
    page = (await mona.get("/admin/trends")).text
    assert "#soup" in page
    assert "not looked at" in page
    await mona.post(f"/admin/trends/tags/{tag.id}/reject")
    assert "kept back" in (await mona.get("/admin/trends")).text
    assert 'href="/tags/soup"' not in (await mona.get("/explore")).text
    await mona.post(f"/admin/trends/tags/{tag.id}/approve")
    assert 'href="/tags/soup"' in (await mona.get("/explore")).text
    for only in ("links", "sites", "posts"):
        assert "Nothing trends" in (await mona.get(f"/admin/trends?only={only}")).text
    assert (await mona.get("/admin/trends?q=%23Soup")).headers["location"] == f"/admin/hashtags/{tag.id}"
    assert "Nobody here" in (await mona.get("/admin/trends?q=nope")).text
    assert (await mona.post(f"/admin/hashtags/{tag.id}", {"display_name": "stew"})).status_code == 422
    await mona.post(f"/admin/hashtags/{tag.id}", {"display_name": "SOUP", "state": "reject", "usable": "1"})
    assert "#SOUP" in (await mona.get(f"/admin/hashtags/{tag.id}")).text
    assert "trend_change_tag" in (await mona.get("/admin/audit?act=trend")).text
    trends.forget_all()
