"""Every known forum software as a peer: what it sends is understood, what we send breaks none of its rules."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from potluck.federation.actor_documents import write_actor
from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest, PollRequest
from potluck.social import objects
from potluck.social.communities import joining, making, moderating
from potluck.social.communities.making import Wishes
from potluck.social.model import Actor, ActorKey, Server
from potluck.social.visibility import OPEN
from support import forum_rules
from support.forum_rules import RULES

from .conftest import Wire
from .forum_dialects import DIALECTS
from .groups_cast import act, hosted, inner, joined, page, place, subscribed, there
from .peers import PUBLIC, Peer

SOFTWARE = tuple(RULES)


async def runs(wire: Wire, peer: Peer, software: str) -> None:
    """A pretended server says in NodeInfo what it is."""
    name, version, _ = RULES[software]
    async with wire.db.write() as session:
        await session.execute(update(Server).where(Server.host == peer.host).values(software=name, version=version))


def refusals(software: str, peer: Peer) -> list[str]:
    """Why a peer would refuse what it got; a post by its bare id is meant for those who know no communities."""
    return [f"{problem} in {document}" for document in peer.received
            if not (document["type"] == "Announce" and isinstance(document["object"], str) and "Lemmy" in software)
            for problem in forum_rules.problems(software, document)]


@pytest.mark.parametrize("software", SOFTWARE)
async def test_what_it_sends_is_understood(wire: Wire, peer: Peer, other: Peer, alice, software) -> None:
    """A member elsewhere subscribes, posts, comments, votes, takes it back and leaves; others hear each of it once."""
    speaks = DIALECTS[software]
    ours = await hosted(wire, alice)
    carol, witness = peer.person("carol"), other.person("witness")
    await joined(wire, ours, carol, witness)
    follow = act(carol, "Follow", ours.uri, to=[ours.uri])
    await wire.take(carol, follow, *([act(carol, "Join", ours.uri)] if speaks.joins else []))
    await wire.deliver()
    accepted = next(item for item in peer.received if item["type"] == "Accept")
    assert accepted["object"]["id"] == follow["id"]
    post = speaks.post(carol, ours.uri)
    said = speaks.comment(carol, ours.uri, post["id"])
    like = act(carol, "Like", said["id"], audience=ours.uri)
    nested: Any = {"anew": like | {"id": f"{like['id']}-anew"}, "same": like, "id": like["id"]}[speaks.undo]
    deeds = [carol.create(post), carol.create(said), like, act(carol, "Undo", nested)]
    if speaks.downvotes:
        deeds.append(act(carol, "Dislike", post["id"], audience=ours.uri))
    await wire.take(carol, *deeds)
    row, answer = await there(wire, post["id"]), await there(wire, said["id"])
    assert (row.kind, row.title, row.extra.get("link")) == (speaks.kind, speaks.title, speaks.link)
    assert row.visibility in OPEN
    assert (row.group_id, answer.group_id, answer.thread_root_id) == (ours.id, ours.id, row.id)
    found = await place(wire, post["id"])
    assert (found.comments, found.score, answer.likes_count) == (1, -1 if speaks.downvotes else 0, 0)
    told = [item for item in await inner(wire, other, ours) if item in deeds]
    assert told == [deed for deed in deeds if deed["type"] != "Undo" or isinstance(deed["object"], dict)]
    await wire.take(carol, act(carol, "Undo", follow if speaks.undo != "id" else follow["id"]))
    known = await wire.actor(ours.uri)
    assert known.followers_count == 2  # Alice and the witness


@pytest.mark.parametrize("software", SOFTWARE)
async def test_what_our_community_sends_is_taken(wire: Wire, peer: Peer, alice, software) -> None:
    """Posts of every form, a stranger's Mastodon post, comments, votes, edits, deletion, every act of moderators."""
    ours = await hosted(wire, alice, flairs=[{"name": "Question", "color": "#00ff00"}], description="*stew*")
    carol, dave = peer.person("carol"), peer.person("dave")
    await joined(wire, ours, carol)
    await runs(wire, peer, software)
    member, other = await wire.actor(carol.uri), await wire.learn(dave)
    async with wire.db.write() as session:
        me, group = await session.get_one(Actor, alice.id), await session.get_one(Actor, ours.id)
        post = await links.compose(session, me, LinkRequest(
            ours.id, "A stew", link="https://stew.example/", text="*hot*", language="en", flairs=["Question"]))
        await links.compose(session, me, LinkRequest(ours.id, "A picture", link="https://stew.example/a.jpg"))
        await links.compose(session, me, LinkRequest(ours.id, "A poll", poll=PollRequest(["Bean", "Lentil"], 86400)))
        await notes.compose(session, me, NoteRequest("@stews Just a word", summary="Hot"))
        said = await notes.compose(session, me, NoteRequest("Mm", in_reply_to_id=post.id))
        await joining.vote(session, me, said.id, -1)
        await joining.vote(session, me, said.id, 0)
        await links.revise(session, me, post.id, LinkRequest(ours.id, "A slow stew", link="https://slow.example/"))
        await moderating.lock(session, me, post.id, reason="enough")
        await moderating.pin(session, me, post.id)
        await moderating.remove(session, me, said.id)
        await moderating.restore(session, me, said.id)
        await moderating.appoint(session, me, group, other)
        await moderating.dismiss(session, me, group, other)
        await moderating.ban(session, me, group, other, reason="rude", with_content=True)
        await moderating.unban(session, me, group, other)
        await making.update(session, me, group, Wishes("Thick stews", "**stew**", languages=["en", "fr"]))
        await objects.delete(session, said.id, me)
    mastodon = DIALECTS["Mastodon"].post(carol, ours.uri)
    await wire.take(carol, carol.create(mastodon))
    await wire.deliver()
    assert member is not None
    sent = {item["object"]["type"] if isinstance(item["object"], dict) else "bare"
            for item in peer.received if item["type"] == "Announce"}
    assert sent == {"Create", "bare", "Dislike", "Undo", "Update", "Lock", "Add", "Remove", "Delete", "Block"}
    assert refusals(software, peer) == []


@pytest.mark.parametrize("software", SOFTWARE)
async def test_what_our_people_send_elsewhere_is_taken(wire: Wire, peer: Peer, alice, software) -> None:
    """Subscribing, posting, commenting, voting, editing, deleting and leaving in a community of that software."""
    group = peer.community()
    known = await subscribed(wire, alice, group)
    await runs(wire, peer, software)
    carol = peer.person("carol")
    theirs = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(theirs)))
    async with wire.db.write() as session:
        me = await session.get_one(Actor, alice.id)
        row = await objects.by_uri(session, theirs["id"])
        assert row is not None
        post = await links.compose(session, me, LinkRequest(known.id, "A stew", link="https://stew.example/"))
        said = await notes.compose(session, me, NoteRequest("Mm", in_reply_to_id=row.id))
        await joining.vote(session, me, row.id, 1)
        await joining.vote(session, me, row.id, -1)
        await joining.vote(session, me, row.id, 0)
        await links.revise(session, me, post.id, LinkRequest(known.id, "A slow stew"))
        await objects.delete(session, said.id, me)
    await wire.deliver()
    kinds = [item["type"] for item in peer.received]
    assert {"Follow", "Create", "Like", "Dislike", "Undo", "Update", "Delete"} <= set(kinds)
    assert refusals(software, peer) == []


async def test_our_communitys_document_keeps_lemmys_rules(wire: Wire, alice) -> None:
    """All of them at once, with everything a community can say of itself."""
    ours = await hosted(wire, alice, description="**stew**", flairs=[{"name": "Question", "color": "#00ff00"}])
    keys = await wire.rows(ActorKey.__table__.select().where(ActorKey.actor_id == ours.id))
    assert keys
    async with wire.db.read() as session:
        group = await session.get_one(Actor, ours.id)
    document = write_actor(group, ()) | {"publicKey": {"id": f"{ours.uri}#main-key"}}
    assert list(forum_rules.lemmy_group(document)) == []
    assert document["tag"][0]["type"] == "CommunityPostTag"


async def test_lemmy_gets_a_page_and_others_the_note_itself(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """A Mastodon post in our community: titled by its first line for Lemmy, untouched for everybody else."""
    ours = await hosted(wire, alice)
    carol, dave = peer.person("carol"), other.person("dave")
    await joined(wire, ours, carol, dave)
    await runs(wire, peer, "Lemmy 1.0")
    note = DIALECTS["Mastodon"].post(dave, ours.uri)
    create = dave.create(note)
    await wire.take(dave, create)
    for_lemmy = next(item for item in await inner(wire, peer, ours) if isinstance(item, dict))
    assert (for_lemmy["object"]["type"], for_lemmy["object"]["name"]) == ("Page", "On broth")
    assert for_lemmy["object"]["id"] == note["id"]
    assert PUBLIC in for_lemmy["to"]
    assert create in await inner(wire, other, ours)
