"""Reports about what was said in communities, as Lemmy and Mbin send them, and ours to them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.social import reports
from potluck.social.communities import moderating, reporting, roles
from potluck.social.model import Actor, CommunityReport, Report
from potluck.social.paging import Page
from support.samples import sample

from .conftest import Wire
from .groups_cast import act, announced, hosted, page, subscribed
from .peers import Peer


async def queue(wire: Wire, viewer: Actor) -> list[tuple[str | None, str, bool]]:
    """Title, reason, and whether it is dealt with, of all reports somebody may see."""
    async with wire.db.read() as session:
        found = await reporting.page(session, viewer, Page(), unresolved=False)
    return [(entry.object.title, entry.report.comment, entry.row.resolved_at is not None) for entry in found]


async def test_a_report_from_lemmy_reaches_our_moderators(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """Also about somebody of another server; a moderator elsewhere gets it by an Announce, and resolves it."""
    ours = await hosted(wire, alice)
    carol, dave, mod = peer.person("carol"), peer.person("dave"), other.person("mod")
    await wire.take(carol, act(carol, "Follow", ours.uri, to=[ours.uri]))
    post = page(carol, ours.uri)
    await wire.take(carol, carol.create(post))
    deputy = await wire.learn(mod)
    async with wire.db.write() as session:
        await moderating.appoint(session, alice, ours, deputy)
    flag = act(dave, "Flag", post["id"], to=[ours.uri], audience=ours.uri, summary="spam")
    await wire.take(dave, flag)
    assert await queue(wire, alice) == [("On broth", "spam", False)]
    told = [item["object"] for item in await announced(wire, other) if item["object"]["type"] == "Flag"]
    assert [(item["id"], item["actor"], item["object"], item["to"]) for item in told] == [
        (flag["id"], dave.uri, post["id"], [ours.uri])]
    assert not [item for item in await announced(wire, peer) if isinstance(item["object"], dict)
                and item["object"]["type"] == "Flag"]
    await wire.take(dave, act(dave, "Resolve", flag, to=[ours.uri]))
    assert await queue(wire, alice) == [("On broth", "spam", False)]
    await wire.take(mod, act(mod, "Resolve", flag, to=[ours.uri]))
    assert await queue(wire, alice) == [("On broth", "spam", True)]


async def test_reports_of_a_community_elsewhere_reach_its_moderator_here(wire: Wire, peer: Peer, group, alice) -> None:
    """Lemmy 1.0 announces them to the servers of moderators; what was dealt with is told to the community."""
    known = await subscribed(wire, alice, group)
    carol, dave = peer.person("carol"), peer.person("dave")
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    await wire.learn(dave)
    flag = act(dave, "Flag", post["id"], to=[group.uri], summary="off topic")
    await wire.take(group, act(group, "Announce", flag))
    assert await queue(wire, alice) == []
    async with wire.db.write() as session:
        await roles.appoint(session, known.id, alice.id)
    again = act(dave, "Flag", post["id"], to=[group.uri], summary="off topic")
    await wire.take(group, act(group, "Announce", again))
    assert await queue(wire, alice) == [("On broth", "off topic", False)]
    async with wire.db.write() as session:
        [entry] = await reporting.page(session, alice, Page())
        await reporting.resolve(session, alice, entry)
    await wire.deliver()
    resolve = next(item for item in peer.received if item["type"] == "Resolve")
    assert (resolve["actor"], resolve["to"], resolve["object"]["id"]) == (alice.uri, [group.uri], again["id"])


@pytest.mark.parametrize("forward", [True, False])
async def test_ours_goes_to_the_community_elsewhere_if_wished(wire: Wire, peer: Peer, group, alice, forward) -> None:
    """One thing, one community, the reason twice, and signed by who reports: Lemmy takes no other."""
    await subscribed(wire, alice, group)
    carol = peer.person("carol")
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    row = await wire.object(post["id"])
    assert row is not None
    async with wire.db.write() as session:
        author = await session.get_one(Actor, row.author_id)
        await reports.create(session, alice, author, object_ids=[row.id], comment="spam", forward=forward)
    await wire.deliver()
    flags = [item for item in peer.received if item["type"] == "Flag" and item["actor"] == alice.uri]
    assert [(item["to"], item["object"], item["summary"], item["content"]) for item in flags] == (
        [([group.uri], post["id"], "spam", "spam")] if forward else [])


@pytest.mark.parametrize("name", ["lemmy/flag-report-page", "mbin/flag-report"])
async def test_real_flags(wire: Wire, peer: Peer, alice, name: str) -> None:
    """As Lemmy and Mbin wrote them, with ids of servers that the test has."""
    ours = await hosted(wire, alice)
    reporter = peer.person("reporter")
    async with wire.db.write() as session:
        row = await links.compose(session, alice, LinkRequest(ours.id, "My broth"))
    sent = sample(name)
    several = isinstance(sent["object"], list)
    flag = sent | {"id": f"{peer.base}/flags/1", "actor": reporter.uri, "to": [ours.uri], "audience": ours.uri,
                   "object": [row.uri, alice.uri] if several else row.uri}
    await wire.take(reporter, flag)
    async with wire.db.read() as session:
        report = (await session.scalars(select(Report))).one()
        entry = (await session.scalars(select(CommunityReport))).one()
    assert (report.target_id, report.comment, entry.object_id) == (alice.id, flag["summary"], row.id)


async def test_a_community_elsewhere_hides_nothing_from_our_staff(wire: Wire, peer: Peer, group, alice) -> None:
    """It may say that a report of a post in it is dealt with, which leaves the report with the staff here."""
    await subscribed(wire, alice, group)
    carol = peer.person("carol")
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    row, target = await wire.object(post["id"]), await wire.actor(carol.uri)
    async with wire.db.write() as session:
        made = await reports.create(session, alice, target, object_ids=[row.id], comment="spam")
    flag = {"id": made.uri, "type": "Flag", "actor": alice.uri, "object": post["id"]}
    await wire.take(group, act(group, "Announce", act(group, "Resolve", flag, to=[group.uri])))
    [entry] = await wire.rows(select(CommunityReport))
    [report] = await wire.rows(select(Report))
    assert (entry.resolved_at is not None, report.resolved_at) == (True, None)
