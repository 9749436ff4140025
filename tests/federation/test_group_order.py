"""Communities where things come in another order than they happened, twice, or by ways that must not count."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from potluck.federation import group_activities, groups
from potluck.federation.endpoints import group_collections
from potluck.federation.endpoints.negotiate import Asker
from potluck.federation.outbound import view_of
from potluck.federation.verifying import Signatory
from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest, PollRequest
from potluck.social import reactions
from potluck.social.communities import moderating, roles
from potluck.social.model import Actor, Reaction

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
from .peers import PUBLIC, Peer


def kinds(items: list[Any]) -> list[str]:
    """Types of what was announced."""
    return [item["type"] if isinstance(item, dict) else "bare" for item in items]


async def test_late_and_early_arrivals_elsewhere(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """A vote before its post, an answer before the comment it answers: all of it is there in the end, counted once."""
    known = await subscribed(wire, alice, group)
    carol, dave = other.person("carol"), peer.person("dave")
    await wire.learn(dave)
    post = page(carol, group.uri)
    first = comment(dave, group.uri, post["id"])
    second = comment(carol, group.uri, first["id"])
    await wire.take(group, act(group, "Announce", act(dave, "Like", post["id"], audience=group.uri)))
    assert (await there(wire, post["id"])).group_id == known.id
    await wire.take(group, act(group, "Announce", carol.create(second)))
    await wire.take(group, act(group, "Announce", dave.create(first)), act(group, "Announce", carol.create(post)))
    row, answer = await there(wire, post["id"]), await there(wire, second["id"])
    assert answer.thread_root_id == row.id
    found = await place(wire, post["id"])
    assert (found.score, found.comments) == (1, 2)
    assert await wire.home(alice) == [row.id]


async def test_a_vote_before_its_comment_in_our_community(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """The comment is fetched, and its Create still passed on when it comes; a repeated Create is not."""
    ours = await hosted(wire, alice)
    carol, dave = peer.person("carol"), other.person("dave")
    await joined(wire, ours, carol, dave)
    async with wire.db.write() as session:
        row = await links.compose(session, alice, LinkRequest(ours.id, "A stew"))
    said = comment(carol, ours.uri, row.uri)
    like, create = act(dave, "Like", said["id"], audience=ours.uri), carol.create(said)
    await wire.take(dave, like)
    await wire.take(carol, create)
    await wire.take(carol, create)
    found = [item for item in await inner(wire, other, ours) if item in (like, create)]
    assert found == [like, create]
    assert (await there(wire, said["id"])).likes_count == 1
    assert (await place(wire, row.uri)).comments == 1


async def test_fetching_is_no_way_round_a_ban(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """What a banned person addressed to our community stays out of it, also when a vote or a reader asks for it."""
    ours = await hosted(wire, alice)
    carol, dave = peer.person("carol"), other.person("dave")
    await joined(wire, ours, dave)
    banned = await wire.learn(carol)
    async with wire.db.write() as session:
        await moderating.ban(session, alice, ours, banned)
    post = page(carol, ours.uri)
    await wire.take(dave, act(dave, "Like", post["id"], audience=ours.uri))
    assert await wire.object(post["id"]) is None
    assert kinds(await inner(wire, other, ours)) == ["Block"]


async def test_votes_change_and_end(wire: Wire, peer: Peer, group, alice) -> None:
    """The other verb replaces a vote without Undo; an Undo is matched by actor and object, whatever id it nests."""
    await subscribed(wire, alice, group)
    carol, dave = peer.person("carol"), peer.person("dave")
    await wire.learn(dave)
    post = page(carol, group.uri)

    async def passed_on(*activities: dict[str, Any]) -> tuple[int, int]:
        await wire.take(group, *(act(group, "Announce", item) for item in activities))
        found = await place(wire, post["id"])
        return found.score, found.votes

    assert await passed_on(carol.create(post), act(dave, "Like", post["id"])) == (1, 1)
    assert await passed_on(act(dave, "Dislike", post["id"])) == (-1, 1)
    # Lemmy 0.19 nests a Like even when a Dislike is taken back, with an id that nobody has seen.
    assert await passed_on(act(dave, "Undo", act(dave, "Like", post["id"]))) == (0, 0)
    assert await passed_on(act(dave, "Undo", act(dave, "Like", post["id"]))) == (0, 0)


async def test_what_is_undone_later_by_another_way_stays_as_its_actor_left_it(
        wire: Wire, peer: Peer, group, alice: Actor) -> None:
    """The author's server hears of votes, and of bans, from their actors and from the community, in no order."""
    known = await subscribed(wire, alice, group)
    carol, dave, mod = peer.person("carol"), peer.person("dave"), peer.person("mod")
    await wire.learn(dave)
    post = page(carol, group.uri)
    up, down, up_again = act(dave, "Like", post["id"]), act(dave, "Dislike", post["id"]), act(dave, "Like", post["id"])
    votes = [up, act(dave, "Undo", up), down, act(dave, "Undo", down), up_again]
    await wire.take(group, act(group, "Announce", carol.create(post)))
    for upto, score in ((3, -1), (5, 1)):
        await wire.take(dave, *votes[:upto])
        assert (await place(wire, post["id"])).score == score
        await wire.take(group, *(act(group, "Announce", vote) for vote in votes[:upto]))
        found = await place(wire, post["id"])
        assert (found.score, found.votes) == (score, 1)
    ban, again = act(mod, "Block", dave.uri, target=group.uri), act(mod, "Block", dave.uri, target=group.uri)
    bans = [act(group, "Announce", deed) for deed in (ban, act(mod, "Undo", ban), again)]
    await wire.take(group, *bans, act(group, "Announce", bans[1]["object"]))
    async with wire.db.read() as session:
        assert await roles.is_banned(session, known.id, (await wire.learn(dave)).id)


async def test_a_vote_comes_again_under_the_same_id(wire: Wire, peer: Peer, alice) -> None:
    """PeerTube names a vote after its account and video; the second Undo of it counts, too."""
    row, bob = await wire.say(alice), peer.person("bob")
    like = act(bob, "Like", row.uri)
    undo = act(bob, "Undo", like)
    for deeds, count in (([like], 1), ([undo], 0), ([like], 1), ([undo], 0), ([undo, like, undo, like], 1)):
        await wire.take(bob, *deeds)
        assert len(await wire.rows(select(Reaction))) == count


async def test_several_votes_in_one_announce(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """PieFed gathers votes into a list, or a collection; each is judged by itself."""
    await subscribed(wire, alice, group)
    carol, dave, erin = peer.person("carol"), other.person("dave"), other.person("erin")
    for person in (dave, erin):
        await wire.learn(person)
    post = page(carol, group.uri)
    votes = [act(dave, "Like", post["id"]), act(erin, "Like", post["id"])]
    await wire.take(group, act(group, "Announce", carol.create(post)), act(group, "Announce", votes))
    assert (await place(wire, post["id"])).score == 2
    again = {"type": "OrderedCollection", "orderedItems": [act(dave, "Dislike", post["id"])]}
    await wire.take(group, act(group, "Announce", again))
    assert (await place(wire, post["id"])).score == 0


async def test_a_vote_in_a_poll_as_piefed_sends_it(wire: Wire, peer: Peer, alice) -> None:
    """By the words of the choice, once for each voter; what is no choice counts for nothing."""
    ours = await hosted(wire, alice)
    carol = peer.person("carol")
    await joined(wire, ours, carol)
    async with wire.db.write() as session:
        me = await session.get_one(Actor, alice.id)
        row = await links.compose(session, me, LinkRequest(ours.id, "Soup?", poll=PollRequest(["Bean", "Pea"], 86400)))
    for choice in ("Bean", "Bean", "Cake"):
        await wire.take(carol, act(carol, "PollVote", row.uri, choice_text=choice, audience=ours.uri))
    async with wire.db.read() as session:
        view = await view_of(session, row)
    assert view is not None
    assert [(title, votes) for title, votes in view.kind_data.poll.options] == [("Bean", 1), ("Pea", 0)]


async def test_a_community_without_downvotes(wire: Wire, peer: Peer, alice) -> None:
    """A downvote clears the vote there was, as with Lemmy, and is not passed on."""
    ours = await hosted(wire, alice, downvotes=False)
    carol = peer.person("carol")
    await joined(wire, ours, carol)
    async with wire.db.write() as session:
        row = await links.compose(session, alice, LinkRequest(ours.id, "A stew"))
    await wire.take(carol, act(carol, "Like", row.uri))
    assert (await place(wire, row.uri)).score == 1
    await wire.take(carol, act(carol, "Dislike", row.uri))
    assert (await place(wire, row.uri)).votes == 0
    assert "Dislike" not in kinds(await inner(wire, peer, ours))


async def test_a_private_community_elsewhere_stays_private(wire: Wire, peer: Peer, alice) -> None:
    """What members here post and answer there names no Public, and is shown to nobody else."""
    closed = peer.community("closed", manuallyApprovesFollowers=True)
    known = await subscribed(wire, alice, closed)
    carol = peer.person("carol")
    members = {"to": [closed.uri, closed.followers], "cc": []}
    post = page(carol, closed.uri, **members)
    await wire.take(closed, act(closed, "Announce", carol.create(post), **members))
    row = await there(wire, post["id"])
    assert (row.visibility, row.group_id) == ("group", known.id)
    async with wire.db.write() as session:
        answer = await notes.compose(session, alice, NoteRequest("Between us", in_reply_to_id=row.id))
        mine = await links.compose(session, alice, LinkRequest(known.id, "For us"))
    assert (answer.visibility, mine.visibility) == ("group", "group")
    await wire.deliver()
    sent = [item for item in peer.received if item["type"] == "Create"]
    assert [item["to"][:2] for item in sent] == [[closed.uri, closed.followers]] * 2
    assert PUBLIC not in str(sent)


async def test_a_private_community_here_is_read_by_members_servers(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """Any actor of a server with a member asks for all of it, as Lemmy 1.0 does by its site's actor; others do not."""
    ours = await hosted(wire, alice, visibility="private")
    carol, site, stranger = peer.person("carol"), peer.person("site", type="Application"), other.person("dave")
    await joined(wire, ours, carol)
    member, asker, outsider = [await wire.learn(person) for person in (carol, site, stranger)]
    async with wire.db.read() as session:
        assert await group_activities.member_beside(session, asker.id, ours.id) is None
    await wire.follow(member, ours)
    async with wire.db.read() as session:
        assert await group_activities.member_beside(session, asker.id, ours.id) == member.id
        assert await group_activities.member_beside(session, outsider.id, ours.id) is None
        assert await groups.is_member(session, ours.id, carol.uri)
        told = [(await group_collections.membership(session, Asker(who), ours, carol.uri)).status_code for who in (
            Signatory(asker.id, asker.uri, asker.host), Signatory(outsider.id, outsider.uri, outsider.host), None)]
        assert told == [200, 404, 404]
        assert not await groups.is_member(session, ours.id, stranger.uri)


# What must not count


async def test_forged_contents_are_asked_for_where_they_live(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """A community cannot put words into the mouth of somebody on a third server, nor change or delete theirs."""
    await subscribed(wire, alice, group)
    carol = other.person("carol")
    post = page(carol, group.uri, name="What Carol said")
    forged = carol.create({**post, "name": "What Carol never said"})
    invented = carol.create({**post, "id": f"{other.base}/post/none"})
    await wire.take(group, act(group, "Announce", forged), act(group, "Announce", invented))
    assert (await there(wire, post["id"])).title == "What Carol said"
    assert await wire.object(f"{other.base}/post/none") is None
    changed = act(carol, "Update", {**post, "name": "Changed", "updated": post["published"]})
    await wire.take(group, act(group, "Announce", changed), act(group, "Announce", act(carol, "Delete", post["id"])))
    row = await there(wire, post["id"])
    assert (row.title, row.state, row.deleted_at) == ("What Carol said", "published", None)


async def test_votes_of_others_need_their_community(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """A server votes for its own people alone, and a community passes on votes on its own posts alone."""
    await subscribed(wire, alice, group)
    theirs = other.community("theirs")
    await subscribed(wire, alice, theirs)
    carol, mallory = peer.person("carol"), other.person("mallory")
    for person in (carol, mallory):
        await wire.learn(person)
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    await wire.take(mallory, act(carol, "Dislike", post["id"]) | {"id": f"{peer.base}/activities/x"})
    await wire.take(theirs, act(theirs, "Announce", act(carol, "Dislike", post["id"])))
    assert (await place(wire, post["id"])).votes == 0


async def test_nobody_moderates_other_communities(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """A community's word about another one's posts, people and lists has no effect, also beside its own."""
    await subscribed(wire, alice, group)
    theirs = other.community("theirs")
    await subscribed(wire, alice, theirs)
    carol, mallory = peer.person("carol"), other.person("mallory")
    await wire.learn(mallory)
    post, own = page(carol, group.uri), page(mallory, theirs.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    await wire.take(theirs, act(theirs, "Announce", mallory.create(own)))
    for deed in (act(mallory, "Block", carol.uri, target=group.uri, removeData=True),
                 act(mallory, "Block", carol.uri, target=f"{peer.base}/", removeData=True),
                 act(mallory, "Block", theirs.uri, target=group.uri),
                 act(mallory, "Add", own["id"], target=f"{group.uri}/featured"),
                 act(mallory, "Add", mallory.uri, target=f"{group.uri}/moderators"),
                 act(mallory, "Remove", post["id"], target=f"{group.uri}/outbox"),
                 act(mallory, "Update", {**group.document, "name": "Mine"}),
                 act(mallory, "Undo", act(theirs, "Announce", post["id"]))):
        await wire.take(theirs, act(theirs, "Announce", deed))
        await wire.take(mallory, {**deed, "id": f"{deed['id']}-direct"})
    row, found = await there(wire, post["id"]), await place(wire, post["id"])
    assert (row.state, found.pinned, found.listed) == ("published", False, True)
    assert await log_of(wire) == []


async def test_what_is_added_to_a_community_is_fetched(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """A new moderator whom nobody here knows, and a pinned post that never came."""
    known = await subscribed(wire, alice, group)
    mod, carol = peer.person("mod"), other.person("carol")
    await wire.learn(mod)
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", act(mod, "Add", carol.uri, target=f"{group.uri}/moderators")),
                    act(group, "Announce", act(mod, "Add", post["id"], target=f"{group.uri}/featured")))
    assert (await place(wire, post["id"])).pinned
    deputy = await wire.actor(carol.uri)
    async with wire.db.read() as session:
        assert await roles.is_moderator(session, known.id, deputy.id)


async def test_a_moderators_mark_needs_a_moderator(wire: Wire, peer: Peer, group, alice) -> None:
    """`distinguished` is kept when it comes from one of the community's moderators."""
    known = await subscribed(wire, alice, group)
    mod, carol = peer.person("mod"), peer.person("carol")
    deputy = await wire.learn(mod)
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)),
                    act(group, "Announce", act(mod, "Add", mod.uri, target=f"{group.uri}/moderators")))
    said = [comment(person, group.uri, post["id"], distinguished=True) for person in (mod, carol)]
    await wire.take(group, *(act(group, "Announce", person.create(item))
                             for person, item in zip((mod, carol), said, strict=True)))
    marks = [(await there(wire, item["id"])).extra.get("distinguished", False) for item in said]
    assert marks == [True, False]
    assert deputy.id != known.id


async def test_a_community_does_not_speak_for_our_people(wire: Wire, peer: Peer, group, alice) -> None:
    """It may pass on votes without proof, but those of people here are known here: they are neither made nor undone."""
    await subscribed(wire, alice, group)
    carol = peer.person("carol")
    liked, other_post = page(carol, group.uri), page(carol, group.uri)
    await wire.take(group, *(act(group, "Announce", carol.create(post)) for post in (liked, other_post)))
    async with wire.db.write() as session:
        await reactions.react(session, alice, (await there(wire, liked["id"])).id, "like")
    await wire.deliver()
    peer.received.clear()

    def said(kind: str, what: Any) -> dict[str, Any]:
        return act(group, "Announce", {"id": f"{alice.uri}#{kind}", "type": kind, "actor": alice.uri, "object": what,
                                       "audience": group.uri, "to": [PUBLIC]})

    like = {"id": f"{alice.uri}#x", "type": "Like", "actor": alice.uri, "object": liked["id"]}
    await wire.take(group, said("Like", other_post["id"]), said("Undo", like), said("Lock", other_post["id"]))
    found = await wire.rows(select(Reaction.object_id))
    assert found == [(await there(wire, liked["id"])).id]
    assert not (await place(wire, other_post["id"])).locked
    await wire.deliver()
    assert [item for item in peer.received if item["actor"] == alice.uri] == []
