"""Moderation of communities over the wire beyond the plain acts: whole servers, whole branches, lists and documents."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from potluck.federation.actor_documents import write_actor
from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.social import objects
from potluck.social.communities import appealing, moderating, roles
from potluck.social.errors import Invalid
from potluck.social.model import Actor, Community, Notification
from potluck.social.paging import Page

from .conftest import Wire
from .groups_cast import (
    act,
    comment,
    hosted,
    inner,
    joined,
    log_of,
    page,
    place,
    subscribed,
    there,
)
from .peers import PUBLIC, Peer, ago


async def test_a_server_bans_somebody_from_itself(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """Somebody of another server is out of all of its communities, with what they said there, until it is undone."""
    known = await subscribed(wire, alice, group)
    admin, carol = peer.person("admin"), other.person("carol")
    theirs = other.community("theirs")
    await subscribed(wire, alice, theirs)
    await wire.learn(admin)
    post, elsewhere = page(carol, group.uri), page(carol, theirs.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    await wire.take(theirs, act(theirs, "Announce", carol.create(elsewhere)))
    ban = act(admin, "Block", carol.uri, target=f"{peer.base}/", removeData=True, summary="spam",
              endTime="2100-01-01T00:00:00Z")
    await wire.take(admin, ban)
    assert [(await there(wire, item["id"])).state for item in (post, elsewhere)] == ["removed", "published"]
    author = await wire.actor(carol.uri)
    async with wire.db.read() as session:
        assert await roles.is_banned(session, known.id, author.id)
        assert (await session.get_one(Community, known.id)).posts_count == 0
    await wire.take(admin, act(admin, "Undo", ban | {"id": f"{ban['id']}-anew"}, restoreData=True))
    await wire.take(admin, act(admin, "Undo", ban | {"id": f"{ban['id']}-more", "restoreData": True}))
    async with wire.db.read() as session:
        assert not await roles.is_banned(session, known.id, author.id)
    assert (await there(wire, post["id"])).state == "published"


async def test_a_server_takes_down_what_its_own_person_said(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """Everywhere in communities; a third server's word about that person counts for nothing."""
    await subscribed(wire, alice, group)
    admin, stranger, carol = other.person("admin"), peer.person("stranger"), other.person("carol")
    for person in (admin, stranger):
        await wire.learn(person)
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    await wire.take(stranger, act(stranger, "Block", carol.uri, target=f"{other.base}/", removeData=True))
    assert (await there(wire, post["id"])).state == "published"
    await wire.take(admin, act(admin, "Block", carol.uri, target=f"{other.base}/", removeData=True))
    assert (await there(wire, post["id"])).state == "removed"


async def test_a_branch_is_removed_and_put_back(wire: Wire, peer: Peer, group, alice) -> None:
    """`withReplies` (Lemmy 1.0): what answers a removed comment goes and comes with it, and the count follows."""
    await subscribed(wire, alice, group)
    mod, carol = peer.person("mod"), peer.person("carol")
    for person in (mod, carol):
        await wire.learn(person)
    post = page(carol, group.uri)
    first = comment(carol, group.uri, post["id"])
    below = comment(mod, group.uri, first["id"])
    beside = comment(mod, group.uri, post["id"])
    removal = act(mod, "Delete", first["id"], summary="rude", withReplies=True)
    await wire.take(group, *(act(group, "Announce", item) for item in (
        carol.create(post), carol.create(first), mod.create(below), mod.create(beside), removal)))
    states = [(await there(wire, item["id"])).state for item in (first, below, beside)]
    assert states == ["removed", "removed", "published"]
    assert (await place(wire, post["id"])).comments == 1
    await wire.take(group, act(group, "Announce", act(mod, "Undo", removal)))
    assert (await place(wire, post["id"])).comments == 3


async def test_a_community_takes_a_post_out(wire: Wire, peer: Peer, group, alice) -> None:
    """Lotide removes from its outbox, NodeBB undoes its Announce; a post so listed is the community's."""
    known = await subscribed(wire, alice, group)
    carol = peer.person("carol")
    posts = [carol.note(number, f"<p>post {number}</p>", published=ago(minutes=2)) for number in (1, 2)]
    shared = act(group, "Announce", posts[0]["id"])
    await wire.take(group, shared, act(group, "Announce", posts[1]["id"]),
                    act(group, "Add", posts[1]["id"], target=f"{group.uri}/outbox"))
    assert [(await there(wire, item["id"])).group_id for item in posts] == [known.id, known.id]
    await wire.take(group, act(group, "Undo", shared),
                    act(group, "Remove", posts[1]["id"], target=f"{group.uri}/outbox"))
    assert [(await there(wire, item["id"])).state for item in posts] == ["removed", "removed"]
    assert await wire.home(alice) == []


async def test_removal_and_deletion_are_told_apart(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """In our community: a moderator's removal can be undone, the author's deletion is for good; both are passed on."""
    ours = await hosted(wire, alice)
    carol, mod = peer.person("carol"), other.person("mod")
    await joined(wire, ours, carol, mod)
    deputy = await wire.learn(mod)
    async with wire.db.write() as session:
        await moderating.appoint(session, alice, ours, deputy)
    removed, deleted = page(carol, ours.uri), page(carol, ours.uri)
    removal = act(mod, "Delete", removed["id"], summary=" ")
    deletion = act(carol, "Delete", {"id": deleted["id"], "type": "Tombstone"})
    await wire.take(carol, carol.create(removed), carol.create(deleted), deletion)
    await wire.take(mod, removal)
    assert (await there(wire, removed["id"])).state == "removed"
    assert (await there(wire, deleted["id"])).deleted_at is not None
    undo = act(mod, "Undo", removal)
    await wire.take(mod, undo)
    assert (await there(wire, removed["id"])).state == "published"
    told = await inner(wire, peer, ours)
    assert [item for item in told if item in (removal, deletion, undo)] == [deletion, removal, undo]


async def test_a_moderator_elsewhere_describes_our_community(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """Title, text, languages and marks follow; what Lemmy does not know stays. Nobody else may, and nothing is lost."""
    ours = await hosted(wire, alice, rules=["Be kind"], flairs=[{"name": "Question", "color": "#00ff00"}])
    carol, mod, mallory = peer.person("carol"), other.person("mod"), other.person("mallory")
    await joined(wire, ours, carol)
    deputy = await wire.learn(mod)
    await wire.learn(mallory)
    async with wire.db.write() as session:
        await moderating.appoint(session, alice, ours, deputy)
    wanted = write_actor(ours, ()) | {
        "name": "Thick stews", "summary": "<p>Of <b>beans</b></p>", "sensitive": True, "postingRestrictedToMods": True,
        "source": {"content": "Of **beans**", "mediaType": "text/markdown"},
        "language": [{"identifier": "fr", "name": "Français"}, {"identifier": "und", "name": "Undetermined"}]}
    update = act(mod, "Update", wanted, to=[ours.uri, PUBLIC], cc=[ours.uri])
    await wire.take(mallory, act(mallory, "Update", wanted | {"name": "Mine"}))
    await wire.take(mod, update)
    group = await wire.actor(ours.uri)
    assert (group.display_name, group.summary_source) == ("Thick stews", "Of **beans**")
    async with wire.db.read() as session:
        row = await session.get_one(Community, ours.id)
    assert (row.languages, row.sensitive, row.posting, row.visibility) == (["fr"], True, "moderators", "public")
    assert (row.rules, [flair["name"] for flair in row.flairs]) == (["Be kind"], ["Question"])
    assert update in await inner(wire, peer, ours)
    assert await log_of(wire) == ["add_moderator", "update"]


async def test_a_moderator_elsewhere_pins_appoints_and_bans(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """In our community, by its order: nobody acts against those who were appointed earlier."""
    ours = await hosted(wire, alice)
    carol, mod, dave = peer.person("carol"), other.person("mod"), peer.person("dave")
    await joined(wire, ours, carol, mod)
    deputy, newcomer = await wire.learn(mod), await wire.learn(dave)
    async with wire.db.write() as session:
        await moderating.appoint(session, alice, ours, deputy)
    post = page(carol, ours.uri)
    await wire.take(carol, carol.create(post))
    featured, moderators = f"{ours.uri}/featured", f"{ours.uri}/moderators"
    deeds = [act(mod, "Add", post["id"], target=featured), act(mod, "Add", dave.uri, target=moderators),
             act(mod, "Block", carol.uri, target=ours.uri, summary="rude", removeData=True,
                 expires="2100-01-01T00:00:00Z"),
             act(mod, "Remove", dave.uri, target=moderators)]
    await wire.take(mod, *deeds)
    found = await place(wire, post["id"])
    assert (found.pinned, found.listed) == (True, False)
    async with wire.db.read() as session:
        assert not await roles.is_moderator(session, ours.id, newcomer.id)
        ((ban, banned),) = await roles.banned(session, ours.id)
    assert (banned.uri, ban.expires_at.year) == (carol.uri, 2100)
    await wire.take(mod, act(mod, "Remove", alice.uri, target=moderators),
                    act(mod, "Block", alice.uri, target=ours.uri))
    async with wire.db.read() as session:
        assert await roles.is_moderator(session, ours.id, alice.id)
    assert [item for item in await inner(wire, peer, ours) if item in deeds] == deeds
    await wire.take(mod, act(mod, "Undo", deeds[2]))
    async with wire.db.read() as session:
        assert await roles.banned(session, ours.id) == []


async def test_the_banned_change_nothing_either(wire: Wire, peer: Peer, alice) -> None:
    """An edit by somebody who is banned has no effect here and is not passed on; their deletion has, and is."""
    ours = await hosted(wire, alice)
    carol = peer.person("carol")
    await joined(wire, ours, carol)
    post = page(carol, ours.uri)
    await wire.take(carol, carol.create(post))
    author = await wire.actor(carol.uri)
    async with wire.db.write() as session:
        row = await objects.by_uri(session, post["id"])
        await moderating.ban(session, alice, ours, author)
    edit = act(carol, "Update", {**post, "name": "Changed", "updated": ago(minutes=1)})
    await wire.take(carol, edit)
    assert (await there(wire, post["id"])).title == "On broth"
    await wire.take(carol, act(carol, "Delete", post["id"]))
    assert (await there(wire, row.uri)).deleted_at is not None
    kinds = [item["type"] for item in await inner(wire, peer, ours) if isinstance(item, dict)]
    assert kinds == ["Create", "Block", "Delete"]


async def test_what_is_said_here_is_not_claimed(wire: Wire, group, alice) -> None:
    """A community elsewhere that announces or lists a post of ours that does not name it has no say over it."""
    await wire.learn(group)
    row = await wire.say(alice, "hello")
    shared = act(group, "Announce", row.uri)
    await wire.take(group, shared, act(group, "Add", row.uri, target=f"{group.uri}/outbox"),
                    act(group, "Remove", row.uri, target=f"{group.uri}/outbox"), act(group, "Undo", shared),
                    act(group, "Delete", row.uri, summary="gone"))
    now = await there(wire, row.uri)
    assert (now.group_id, now.state, now.deleted_at) == (None, "published", None)


async def test_a_server_puts_back_nothing_that_we_took_down(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """Its word about its own person ends where moderators here have removed something."""
    ours = await hosted(wire, alice)
    carol, admin = peer.person("carol"), peer.person("admin")
    await joined(wire, ours, carol)
    await wire.learn(admin)
    post = page(carol, ours.uri)
    await wire.take(carol, carol.create(post))
    async with wire.db.write() as session:
        await moderating.remove(session, alice, (await there(wire, post["id"])).id, "spam")
    ban = act(admin, "Block", carol.uri, target=f"{peer.base}/")
    await wire.take(admin, ban, act(admin, "Undo", ban, restoreData=True),
                    act(admin, "Undo", ban | {"id": f"{ban['id']}-more", "restoreData": True}))
    assert (await there(wire, post["id"])).state == "removed"


async def test_a_moderator_elsewhere_warns_somebody_here(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """Once for each thing, with the reason; nobody else may, nor where the community merely lists something."""
    known = await subscribed(wire, alice, group)
    mod, mallory = peer.person("mod"), other.person("mallory")
    for person in (mod, mallory):
        await wire.learn(person)
    async with wire.db.write() as session:
        mine = await links.compose(session, await session.get_one(Actor, alice.id), LinkRequest(known.id, "A stew"))
    plain = await wire.say(alice)
    words = {"to": [alice.uri], "cc": [], "audience": group.uri, "summary": "No stews here"}
    await wire.take(mallory, act(mallory, "Warn", mine.uri, **words))
    await wire.take(mod, act(mod, "Warn", plain.uri, **words))
    assert await log_of(wire) == []
    await wire.take(mod, act(mod, "Warn", mine.uri, **words), act(mod, "Warn", mine.uri, **words))
    assert await log_of(wire) == ["warn"]
    (told,) = await wire.rows(select(Notification).where(Notification.reader_id == alice.id))
    assert (told.type, told.actor_id) == ("community_measure", known.id)
    async with wire.db.read() as session:
        (decision,) = await appealing.decisions(session, alice.id, Page())
    assert (decision.action.reason, decision.may_appeal) == ("No stews here", False)


async def test_a_moderator_here_warns_somebody_elsewhere(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """Only the author's server is told, whether the community is ours or not; there must be a reason."""
    ours = await hosted(wire, alice)
    carol, witness = peer.person("carol"), other.person("witness")
    await joined(wire, ours, carol, witness)
    post = page(carol, ours.uri)
    await wire.take(carol, carol.create(post))
    await wire.deliver()
    other.received.clear()
    row = await there(wire, post["id"])
    async with wire.db.write() as session:
        me = await session.get_one(Actor, alice.id)
        with pytest.raises(Invalid):
            await moderating.warn(session, me, row.id, " ")
        await moderating.warn(session, me, row.id, "Only stews")
    await wire.deliver()
    warning = next(item for item in peer.received if item["type"] == "Warn")
    assert {name: warning[name] for name in ("actor", "object", "to", "audience", "summary")} == {
        "actor": alice.uri, "object": post["id"], "to": [carol.uri], "audience": ours.uri, "summary": "Only stews"}
    assert other.received == []
    assert (await there(wire, post["id"])).state == "published"
