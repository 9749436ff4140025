"""Communities on the wire: ours are hosted as Lemmy's are, others' are followed, and their moderators obeyed."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from potluck.federation.actor_documents import write_actor
from potluck.federation.outbound import document_of, view_of
from potluck.federation.vocabulary import first_id
from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest, PollRequest
from potluck.social import objects
from potluck.social.communities import claims, joining, making, moderating, roles, withdrawing
from potluck.social.communities.making import Wishes
from potluck.social.model import Actor, Mention, Object, Server

from .conftest import PAIRS, Wire
from .groups_cast import act, announced, comment, hosted, log_of, page, place, subscribed
from .peers import PUBLIC, Peer, ago


async def test_a_community_elsewhere_reaches_its_members(wire: Wire, peer: Peer, group, alice) -> None:
    """Posts come home with title, link and language; comments count but do not flood; votes move the score."""
    known = await subscribed(wire, alice, group)
    carol = peer.person("carol")
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)), act(group, "Announce", post["id"]))
    row = await wire.object(post["id"])
    assert row is not None
    assert (row.kind, row.title, row.language, row.group_id) == ("link", "On broth", "fr", known.id)
    assert row.extra["link"] == "https://soup.example/broth"
    assert await wire.home(alice) == [row.id]
    said = comment(carol, group.uri, post["id"])
    await wire.take(group, act(group, "Announce", carol.create(said)))
    dave = peer.person("dave")
    await wire.learn(dave)
    await wire.take(group, act(group, "Announce", act(dave, "Like", post["id"])),
                    act(group, "Announce", [act(carol, "Dislike", said["id"])]))
    assert await wire.home(alice) == [row.id]
    found = await place(wire, post["id"])
    assert (found.score, found.comments) == (1, 1)
    await wire.take(group, act(group, "Announce", act(dave, "Undo", act(dave, "Like", post["id"]))))
    assert (await place(wire, post["id"])).votes == 0


async def test_a_poll_in_a_community_is_a_question_with_a_title(wire: Wire, alice) -> None:
    """Its title stands in `name` and begins the text, for those who know no titles of questions."""
    async with wire.db.write() as session:
        me = await session.get_one(Actor, alice.id)
        group = await making.create(session, me, "soups", Wishes("Soups"), pairs=PAIRS[0])
        row = await links.compose(session, me, LinkRequest(
            group.id, "Which soup?", poll=PollRequest(["Bean", "Lentil"], 86400)))
    async with wire.db.read() as session:
        view = await view_of(session, row)
        assert view is not None
        document = document_of(view)
    assert (document["type"], document["name"]) == ("Question", "Which soup?")
    assert document["content"].startswith("<p><strong>Which soup?</strong>")
    assert group.uri in document["to"]
    assert [option["name"] for option in document["oneOf"]] == ["Bean", "Lentil"]


async def test_a_bare_post_is_claimed(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """NodeBB and Lotide announce the object, which may name no community: it is the announcer's from then on."""
    known = await subscribed(wire, alice, group)
    carol = other.person("carol")
    note = carol.note(1, "<p>no community named</p>", published=ago(minutes=1))
    await wire.take(group, act(group, "Announce", note["id"]))
    row = await wire.object(note["id"])
    assert row is not None
    assert row.group_id == known.id
    assert await wire.home(alice) == [row.id]
    assert row.boosts_count == 0


async def test_moderators_elsewhere_are_obeyed(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """Inside the community's Announce: removal, restoring, lock, pin, ban with expiry, appointment."""
    known = await subscribed(wire, alice, group)
    mod, carol = peer.person("mod"), other.person("carol")
    await wire.learn(mod)
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    removal = act(mod, "Delete", post["id"], summary="spam")
    await wire.take(group, act(group, "Announce", removal))
    row = await wire.object(post["id"])
    assert row is not None
    assert row.state == "removed"
    await wire.take(group, act(group, "Announce", act(mod, "Undo", removal)),
                    act(group, "Announce", act(mod, "Lock", post["id"])),
                    act(group, "Announce", act(mod, "Add", post["id"], target=f"{group.uri}/featured")),
                    act(group, "Announce", act(mod, "Add", mod.uri, target=f"{group.uri}/moderators")),
                    act(group, "Announce", act(mod, "Block", carol.uri, target=group.uri, summary="rude",
                                               removeData=True, endTime="2100-01-01T00:00:00Z")))
    found = await place(wire, post["id"])
    assert (found.locked, found.pinned, found.listed) == (True, True, False)
    async with wire.db.read() as session:
        assert await roles.is_moderator(session, known.id, (await wire.actor(mod.uri)).id)
        ((ban, banned),) = await roles.banned(session, known.id)
    assert (banned.uri, ban.reason, ban.expires_at.year) == (carol.uri, "rude", 2100)
    assert await log_of(wire) == ["remove", "restore", "lock", "pin", "add_moderator", "ban"]
    await wire.take(group, act(group, "Announce", act(mod, "Undo", act(mod, "Block", carol.uri, target=group.uri))),
                    act(group, "Announce", act(mod, "Undo", act(mod, "Lock", post["id"]))))
    assert (await log_of(wire))[-2:] == ["unban", "unlock"]


@pytest.mark.parametrize("kind", ["Delete", "Lock", "Add", "Block", "Undo"])
async def test_strangers_cannot_moderate(wire: Wire, peer: Peer, other: Peer, group, alice, kind) -> None:
    """Neither by themselves nor through another community's Announce."""
    await subscribed(wire, alice, group)
    carol, mallory = peer.person("carol"), other.person("mallory")
    theirs = other.person("theirs", type="Group")
    await subscribed(wire, alice, theirs)
    await wire.learn(mallory)
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    target = {"Add": f"{group.uri}/featured", "Block": group.uri}.get(kind)
    what = carol.uri if kind == "Block" else act(mallory, "Lock", post["id"]) if kind == "Undo" else post["id"]
    deed = act(mallory, kind, what, summary="mine", **({"target": target} if target else {}))
    await wire.take(mallory, deed)
    await wire.take(theirs, act(theirs, "Announce", {**deed, "id": f"{deed['id']}-again"}))
    row, found = await wire.object(post["id"]), await place(wire, post["id"])
    assert row is not None
    assert (row.state, found.locked, found.pinned) == ("published", False, False)
    assert await log_of(wire) == []


async def test_a_signed_moderator_needs_no_announce(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """Somebody in the community's list, or anybody of its own host, may send the act directly."""
    known = await subscribed(wire, alice, group)
    carol, host_mod, listed = other.person("carol"), peer.person("admin"), other.person("listed")
    await wire.learn(host_mod)
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    await wire.take(host_mod, act(host_mod, "Lock", post["id"]))
    assert (await place(wire, post["id"])).locked
    deputy = await wire.learn(listed)
    async with wire.db.write() as session:
        await roles.replace(session, known.id, [deputy.id])
    await wire.take(listed, act(listed, "Delete", post["id"], summary=""))
    row = await wire.object(post["id"])
    assert row is not None
    assert row.state == "removed"


async def test_what_a_community_says_of_itself_is_read(wire: Wire, peer: Peer, group, alice) -> None:
    """Moderators in order, pinned posts, and the newest of the outbox, whose items are announced Creates."""
    mod, carol = peer.person("mod"), peer.person("carol")
    old = page(carol, group.uri, name="An older one", published=ago(days=3))
    for name, items in (("moderators", [mod.uri, carol.uri]), ("featured", [old]),
                        ("outbox", [act(group, "Announce", carol.create(old))])):
        peer.serve({"id": f"{group.uri}/{name}", "type": "OrderedCollection", "totalItems": len(items),
                    "orderedItems": items})
    known = await subscribed(wire, alice, group)
    await wire.work()
    async with wire.db.read() as session:
        assert [actor.name for actor in await roles.moderators(session, known.id)] == ["mod", "carol"]
    assert (await place(wire, old["id"])).pinned


# Ours


async def test_our_communitys_document_is_one_lemmy_takes(wire: Wire, alice) -> None:
    """Required fields, strict shapes, and the collections at the addresses that Lemmy computes (forum §2)."""
    ours = await hosted(wire, alice, description="**stew**")
    document = write_actor(ours, ())
    assert (document["type"], document["preferredUsername"], document["name"]) == ("Group", "stews", "Stews")
    assert document["attributedTo"] == f"{ours.uri}/moderators"
    assert (document["featured"], document["followers"]) == (f"{ours.uri}/featured", f"{ours.uri}/followers")
    assert document["language"] == [{"identifier": "en", "name": "English"}]
    assert document["source"] == {"content": "**stew**", "mediaType": "text/markdown"}
    assert (document["postingRestrictedToMods"], document["sensitive"]) == (False, False)
    assert isinstance(document["outbox"], str)
    assert "sharedInbox" in document["endpoints"]


async def test_our_posts_have_lemmys_shape(wire: Wire, alice) -> None:
    """Group first, `audience` one string, `cc` there, attachments exactly as it takes them (forum §3)."""
    ours = await hosted(wire, alice)
    async with wire.db.write() as session:
        row = await links.compose(session, alice, LinkRequest(
            ours.id, "A stew", link="https://stew.example/", text="*hot*", language="en"))
        view = await view_of(session, row)
    assert view is not None
    document = document_of(view)
    assert document["type"] == "Page"
    assert document["to"] == [ours.uri, PUBLIC]
    assert document["audience"] == ours.uri
    assert isinstance(document["cc"], list)
    assert document["name"] == "A stew"
    assert document["attachment"] == [{"type": "Link", "href": "https://stew.example/"}]
    assert document["source"] == {"content": "*hot*", "mediaType": "text/markdown"}
    assert document["language"] == {"identifier": "en", "name": "English"}
    assert isinstance(document["tag"], list)
    assert "summary" not in document


async def test_a_member_elsewhere_posts_comments_and_votes(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """Everything accepted is announced to all members' servers as it came, in order, the author's own among them."""
    ours = await hosted(wire, alice)
    carol, dave = peer.person("carol"), other.person("dave")
    for person in (carol, dave):
        await wire.take(person, act(person, "Follow", ours.uri, to=[ours.uri]))
    await wire.deliver()
    accept = next(item for item in peer.received if item["type"] == "Accept")
    assert accept["object"]["type"] == "Follow"
    post = page(carol, ours.uri, unknown={"kept": True})
    create = carol.create(post)
    await wire.take(carol, create)
    said = comment(dave, ours.uri, post["id"])
    like, undo = act(dave, "Like", post["id"]), None
    undo = act(dave, "Undo", like)
    await wire.take(dave, dave.create(said), like, undo)
    for server in (peer, other):
        told = await announced(wire, server)
        inner = [item["object"] for item in told if item["actor"] == ours.uri]
        kinds = [item["type"] if isinstance(item, dict) else "bare" for item in inner]
        assert [kind for kind in kinds if kind != "Add"] == ["Create", "bare", "Create", "Like", "Undo"]
        assert next(item for item in inner if isinstance(item, dict) and item["type"] == "Create")["object"] == post
        assert all(PUBLIC in item["to"] and item["cc"] == [f"{ours.uri}/followers"] for item in told)
    assert (await place(wire, post["id"])).comments == 1


async def test_a_deletion_is_undone_by_its_author(wire: Wire, peer: Peer, alice) -> None:
    """Ours: Delete, then an Undo of it, each with an id of its own, through the community; meanwhile it is gone."""
    ours = await hosted(wire, alice)
    carol = peer.person("carol")
    await wire.take(carol, act(carol, "Follow", ours.uri, to=[ours.uri]))
    async with wire.db.write() as session:
        row = await links.compose(session, alice, LinkRequest(ours.id, "A stew"))
    for _ in range(2):
        async with wire.db.write() as session:
            await withdrawing.withdraw(session, alice, row.id)
        async with wire.db.write() as session:
            await withdrawing.put_back(session, alice, row.id)
    inner = [item["object"] for item in await announced(wire, peer) if isinstance(item["object"], dict)]
    told = [item for item in inner if item["type"] in ("Delete", "Undo")]
    assert [item["type"] for item in told] == ["Delete", "Undo"] * 2
    assert len({item["id"] for item in told}) == 4
    assert all(first_id(item["object"]) == row.uri for item in told[::2])
    assert all(first_id(item["object"]["object"]) == row.uri for item in told[1::2])
    assert all("summary" not in item and ours.uri in item["to"] for item in told)
    assert (await place(wire, row.uri)).listed


@pytest.mark.parametrize("software", ["lemmy", "mastodon"])
async def test_an_author_elsewhere_undoes_a_deletion(wire: Wire, peer: Peer, alice, software: str) -> None:
    """It is there again with its votes; of software that cannot undo one, nothing is kept."""
    ours = await hosted(wire, alice)
    carol, dave = peer.person("carol"), peer.person("dave")
    await wire.learn(carol)
    async with wire.db.write() as session:
        await session.execute(update(Server).where(Server.host == peer.host).values(software=software))
    post = page(carol, ours.uri)
    await wire.take(carol, carol.create(post), act(dave, "Like", post["id"]))
    await wire.take(dave, act(dave, "Like", post["id"]))
    await wire.take(carol, act(carol, "Delete", post["id"]))
    row = await wire.object(post["id"])
    assert row is not None
    assert (row.deleted_at is None, row.content == "") == ((True, False) if software == "lemmy" else (False, True))
    assert not (await place(wire, post["id"])).listed
    await wire.take(dave, act(dave, "Undo", act(carol, "Delete", post["id"])))
    assert not (await place(wire, post["id"])).listed
    await wire.take(carol, act(carol, "Undo", act(carol, "Delete", post["id"])))
    found = await place(wire, post["id"])
    assert (found.listed, found.score) == ((True, 1) if software == "lemmy" else (False, found.score))


async def test_a_community_elsewhere_passes_on_that_its_author_undid_a_deletion(
        wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """Its word counts for what is in it, and for nothing else."""
    await subscribed(wire, alice, group)
    carol = other.person("carol")
    await wire.learn(carol)
    async with wire.db.write() as session:
        await session.execute(update(Server).where(Server.host == other.host).values(software="lemmy"))
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    other.serve({"id": post["id"], "type": "Tombstone"}, status=410)
    await wire.take(group, act(group, "Announce", act(carol, "Delete", post["id"])))
    assert not (await place(wire, post["id"])).listed
    await wire.take(group, act(group, "Announce", act(carol, "Undo", act(carol, "Delete", post["id"]))))
    assert (await place(wire, post["id"])).listed


async def test_new_members_servers_are_told_of_moderators_and_pins(wire: Wire, peer: Peer, alice) -> None:
    """Once for each server: Lemmy 1.0 reads only some of it by itself (forum §10)."""
    ours = await hosted(wire, alice)
    async with wire.db.write() as session:
        row = await links.compose(session, alice, LinkRequest(ours.id, "Pinned"))
        await moderating.pin(session, alice, row.id)
    carol, dave = peer.person("carol"), peer.person("dave")
    for person in (carol, dave):
        await wire.take(person, act(person, "Follow", ours.uri, to=[ours.uri]))
    inner = [item["object"] for item in await announced(wire, peer)]
    assert [(item["type"], item["object"], item["target"]) for item in inner] == [
        ("Add", alice.uri, f"{ours.uri}/moderators"), ("Add", row.uri, f"{ours.uri}/featured")]


async def test_a_mastodon_post_that_mentions_our_community_is_posted_to_it(wire: Wire, peer: Peer, alice) -> None:
    """By its address among the recipients."""
    ours = await hosted(wire, alice)
    carol = peer.person("carol")
    note = carol.note(1, f'<p><a href="{ours.url}">@stews</a> hello</p>', cc=[carol.followers, ours.uri],
                      published=ago(minutes=1),
                      tag=[{"type": "Mention", "href": ours.uri, "name": "@stews@potluck.test"}])
    await wire.take(carol, carol.create(note))
    assert (await place(wire, note["id"])).community_id == ours.id


async def test_our_moderators_acts_go_out_through_the_community(wire: Wire, peer: Peer, alice) -> None:
    """As Lemmy says them: a removal is a Delete with a summary, a ban a Block with a target (forum §8)."""
    ours = await hosted(wire, alice)
    carol, mod = peer.person("carol"), peer.person("mod")
    await wire.take(carol, act(carol, "Follow", ours.uri, to=[ours.uri]))
    post = page(carol, ours.uri)
    await wire.take(carol, carol.create(post))
    known = await wire.actor(carol.uri)
    deputy = await wire.learn(mod)
    async with wire.db.write() as session:
        row = await objects.by_uri(session, post["id"])
        await moderating.lock(session, alice, row.id)
        await moderating.pin(session, alice, row.id)
        await moderating.remove(session, alice, row.id, "off topic")
        await moderating.restore(session, alice, row.id)
        await moderating.appoint(session, alice, ours, deputy)
        await moderating.ban(session, alice, ours, known, reason="rude")
        await moderating.unban(session, alice, ours, known)
        await making.update(session, alice, ours, Wishes("Thick stews"))
    inner = [item["object"] for item in await announced(wire, peer) if isinstance(item["object"], dict)]
    said = [(item["type"], item.get("summary")) for item in inner if item["actor"] == alice.uri]
    assert said == [("Add", None), ("Lock", None), ("Add", None), ("Delete", "off topic"), ("Undo", None),
                    ("Add", None), ("Block", "rude"), ("Undo", None), ("Update", None)]
    undo = [item for item in inner if item["type"] == "Undo"]
    assert [item["object"]["type"] for item in undo] == ["Delete", "Block"]
    assert inner[-1]["object"]["name"] == "Thick stews"


async def test_a_moderator_elsewhere_looks_after_our_community(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """Listed ones are obeyed and passed on as they came; anybody else is not."""
    ours = await hosted(wire, alice)
    carol, mod, mallory = peer.person("carol"), other.person("mod"), other.person("mallory")
    await wire.take(carol, act(carol, "Follow", ours.uri, to=[ours.uri]))
    post = page(carol, ours.uri)
    await wire.take(carol, carol.create(post))
    deputy = await wire.learn(mod)
    async with wire.db.write() as session:
        await moderating.appoint(session, alice, ours, deputy)
    await wire.take(mallory, act(mallory, "Lock", post["id"]), act(mallory, "Delete", post["id"], summary=""))
    row = await wire.object(post["id"])
    assert row is not None
    assert row.state == "published"
    lock, removal = act(mod, "Lock", post["id"]), act(mod, "Delete", post["id"], summary="spam")
    await wire.take(mod, lock, removal)
    row = await wire.object(post["id"])
    assert row is not None
    assert row.state == "removed"
    inner = [item["object"] for item in await announced(wire, peer)]
    assert [item for item in inner if isinstance(item, dict) and item["actor"] == mod.uri] == [lock, removal]


@pytest.mark.parametrize("what", ["post", "comment", "vote"])
async def test_the_banned_are_not_heard(wire: Wire, peer: Peer, alice, what) -> None:
    """Nothing of theirs is stored in the community, and nothing passed on."""
    ours = await hosted(wire, alice)
    carol = peer.person("carol")
    known = await wire.learn(carol)
    async with wire.db.write() as session:
        row = await links.compose(session, alice, LinkRequest(ours.id, "A stew"))
        await moderating.ban(session, alice, ours, known)
    document = page(carol, ours.uri) if what == "post" else comment(carol, ours.uri, row.uri)
    await wire.take(carol, act(carol, "Like", row.uri) if what == "vote" else carol.create(document))
    assert await wire.object(document["id"]) is None
    assert (await place(wire, row.uri)).score == 0
    told = [item["object"] for item in await announced(wire, peer)]
    assert [item for item in told if isinstance(item, dict) and item["actor"] == carol.uri] == []


async def test_who_may_not_post_still_speaks_to_their_followers(wire: Wire, peer: Peer, alice) -> None:
    """A post to a community for moderators is an ordinary one for those who follow its author."""
    ours = await hosted(wire, alice, posting="moderators")
    carol = peer.person("carol")
    await wire.follow(alice, await wire.learn(carol))
    post = page(carol, ours.uri)
    await wire.take(carol, carol.create(post))
    row = await wire.object(post["id"])
    assert row is not None
    assert row.group_id is None
    assert await wire.home(alice) == [row.id]


async def test_local_and_private_communities_stay_where_they_are(wire: Wire, peer: Peer, alice) -> None:
    """A local one tells nobody; a private one tells members, without Public."""
    async with wire.db.write() as session:
        here = await making.create(session, alice, "kitchen", Wishes("Kitchen", visibility="local"), pairs=PAIRS[0])
        row = await links.compose(session, alice, LinkRequest(here.id, "For us"))
        await joining.vote(session, alice, row.id, 1)
    assert await wire.deliveries() == []
    private = await hosted(wire, alice, visibility="private")
    carol = peer.person("carol")
    await wire.take(carol, act(carol, "Follow", private.uri, to=[private.uri]))
    await wire.follow(await wire.learn(carol), private)
    async with wire.db.write() as session:
        row = await links.compose(session, alice, LinkRequest(private.id, "For members"))
    told = [item for item in await announced(wire, peer) if item["object"].get("type") == "Create"]
    (create,) = told
    assert PUBLIC not in str(create)
    assert create["to"] == [private.uri, f"{private.uri}/followers"]
    assert create["object"]["object"]["name"] == "For members"


async def test_votes_and_comments_here_go_to_the_community_elsewhere(wire: Wire, peer: Peer, group, alice) -> None:
    """To the author and the community's server once; the community tells the others."""
    known = await subscribed(wire, alice, group)
    carol = peer.person("carol")
    post = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(post)))
    row = await wire.object(post["id"])
    assert row is not None
    async with wire.db.write() as session:
        await joining.vote(session, alice, row.id, -1)
        await notes.compose(session, alice, NoteRequest("But why?", in_reply_to_id=row.id))
        mine = await links.compose(session, alice, LinkRequest(known.id, "My own"))
        await joining.vote(session, alice, mine.id, 1)
    await wire.deliver()
    sent = [item for item in peer.received if item["actor"] == alice.uri and item["type"] != "Follow"]
    assert [item["type"] for item in sent] == ["Dislike", "Create", "Create", "Like"]
    note = sent[1]["object"]
    assert (note["to"][0], note["audience"], note["inReplyTo"]) == (group.uri, group.uri, post["id"])
    assert carol.uri in note["cc"]
    assert carol.uri in [tag.get("href") for tag in note["tag"]]


async def test_claiming_has_no_effect_twice(wire: Wire, peer: Peer, group, alice) -> None:
    """A post stays with its first community."""
    known = await subscribed(wire, alice, group)
    row = await wire.say(alice)
    async with wire.db.write() as session:
        found = await session.get_one(Object, row.id)
        assert not await claims.claim(session, found, known)  # it does not name the community
        session.add(Mention(object_id=found.id, actor_id=known.id))
        await session.flush()
        assert await claims.claim(session, found, known)
        assert not await claims.claim(session, found, known)
