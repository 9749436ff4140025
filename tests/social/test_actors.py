"""Actors: made, learned, renamed, changed, moved, limited, gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from potluck.db.base import now
from potluck.social import actors, blocks, domain_policies, events, follows, keys, lists, reactions
from potluck.social.drafts import MentionDraft
from potluck.social.errors import Invalid
from potluck.social.model import (
    Actor,
    ActorKey,
    Block,
    Conversation,
    FeedEntry,
    Follow,
    ListMember,
    Notification,
    Object,
    Tombstone,
)
from support.drafts import remote_draft


async def fresh(session, actor: Actor) -> Actor:
    return (await session.scalars(select(Actor).where(Actor.id == actor.id).execution_options(
        populate_existing=True))).one()


async def test_a_local_actor_has_addresses_and_two_keys(session, alice) -> None:
    """RSA for HTTP signatures, Ed25519 for proofs, both under the actor's id."""
    assert alice.uri == "https://potluck.test/users/alice"
    assert alice.inbox == f"{alice.uri}/inbox"
    found = {row.algorithm: row for row in await keys.all_of(session, alice.id)}
    assert found["rsa"].uri == f"{alice.uri}#main-key"
    assert found["rsa"].public_key.startswith("-----BEGIN PUBLIC KEY-----")
    assert found["ed25519"].public_key.startswith("z6Mk")


@pytest.mark.parametrize(("name", "code"), [
    ("", "blank"), ("al", "invalid"), ("123", "invalid"), ("search", "reserved"), ("a b", "invalid"),
    ("äöü", "invalid"), ("alice", "taken"), ("ALICE", "taken")])
async def test_names_that_cannot_be_had(session, alice, name, code) -> None:
    """Too short, all digits, an API's word, other letters, taken in any case."""
    with pytest.raises(Invalid) as refused:
        await actors.create_local(session, name)
    assert (refused.value.field, refused.value.code) == ("username", code)


async def test_a_name_is_never_given_twice(session, alice, pairs) -> None:
    """Who takes over the name of someone who left would take over their mail too."""
    await actors.delete_local(session, alice)
    with pytest.raises(Invalid):
        await actors.create_local(session, "alice", pairs=pairs)


async def test_rotated_keys_verify_but_no_longer_sign(session, alice, pairs, heard) -> None:
    """New keys get new ids; the old ones are retired, and servers are told by the old one."""
    before = await keys.signing_key(session, alice.id)
    await keys.rotate(session, alice, pairs)
    after = await keys.signing_key(session, alice.id)
    assert after.uri != before.uri
    retired = [row.uri for row in await keys.all_of(session, alice.id) if row.retired_at]
    assert f"{alice.uri}#main-key" in retired
    assert heard == [events.ProfileChanged(alice, old_key=True)]


async def test_the_instance_actor_is_made_once(session) -> None:
    """It bears the domain's name, and there is one."""
    first = await actors.instance_actor(session)
    assert (first.type, first.name, first.uri) == ("Application", "potluck.test", "https://potluck.test/actor")
    assert (await actors.instance_actor(session)).id == first.id


async def test_a_remote_actor_is_known_by_its_id(session, dora) -> None:
    """The same id again is the same row, with what the document says now."""
    again = await actors.upsert_remote(session, remote_draft("dora", "remote.test", display_name="Dora!"), None)
    assert again.id == dora.id
    assert (await fresh(session, dora)).display_name == "Dora!"


async def test_pictures_nobody_wants_do_not_make_a_profile_look_changed(session, dora) -> None:
    """Read again from a server whose media are not taken, a profile that says the same stays as it was."""
    await domain_policies.set_policy(session, "remote.test", severity="noop", reject_media=True)
    domain_policies._cache.clear()
    draft = remote_draft("dora", "remote.test", avatar_url="https://remote.test/a.png")
    await actors.upsert_remote(session, draft, None)
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    await session.execute(update(Actor).values(updated_at=long_ago))
    await actors.upsert_remote(session, draft, None)
    domain_policies._cache.clear()
    again = await fresh(session, dora)
    assert (again.avatar_url, again.updated_at) == (None, long_ago)


async def test_a_handle_goes_to_the_newer_id(session, dora) -> None:
    """An account made anew under the same name: the old id loses the handle (protocol §8)."""
    draft = remote_draft("dora", "remote.test")
    draft.uri = "https://remote.test/ap/users/17"
    new = await actors.upsert_remote(session, draft, None)
    assert (await actors.by_handle(session, "dora@remote.test")).id == new.id
    assert (await fresh(session, dora)).handle is None


@pytest.mark.parametrize("change", [{"host": "potluck.test"}, {"uri": "https://potluck.test/users/mallory"}])
async def test_nobody_elsewhere_can_claim_to_live_here(session, change) -> None:
    """Neither by handle nor by id."""
    draft = remote_draft("mallory", "evil.test")
    for name, value in change.items():
        setattr(draft, name, value)
    with pytest.raises(Invalid):
        await actors.upsert_remote(session, draft, None)


async def test_keys_follow_the_document_but_not_over_others(session, dora) -> None:
    """Gone keys go, and the name of somebody else's key cannot be taken."""
    mine = (f"{dora.uri}#main-key", "rsa", "PEM 1")
    await actors.upsert_remote(session, remote_draft("dora", "remote.test", keys=[mine]), None)
    thief = remote_draft("mallory", "remote.test", keys=[(mine[0], "rsa", "PEM of a thief")])
    await actors.upsert_remote(session, thief, None)
    rows = (await session.scalars(select(ActorKey).where(ActorKey.uri == mine[0]))).all()
    assert [(row.actor_id, row.public_key) for row in rows] == [(dora.id, "PEM 1")]
    await actors.upsert_remote(session, remote_draft("dora", "remote.test", keys=[]), None)
    assert await session.scalar(select(func.count()).select_from(ActorKey).where(ActorKey.actor_id == dora.id)) == 0


async def test_many_are_stored_at_once_as_one_by_one(session, dora) -> None:
    """Strangers, somebody known, somebody twice and a thief of a key: each ends up as it would have alone."""
    key = (f"{dora.uri}#main-key", "rsa", "PEM 1")
    await actors.upsert_remote(session, remote_draft("dora", "remote.test", keys=[key]), None)
    drafts = [
        remote_draft("erin", "remote.test", display_name="Erin", keys=[("https://remote.test/erin#k", "rsa", "PEM 2")]),
        remote_draft("dora", "remote.test", display_name="Dora!", keys=[key]),
        remote_draft("fred", "other.test", suspended=True),
        remote_draft("mallory", "remote.test", keys=[(key[0], "rsa", "PEM of a thief")]),
        remote_draft("gina", "other.test", display_name="Gina 1"),
        remote_draft("gina", "other.test", display_name="Gina 2"),
    ]
    found = await actors.upsert_remotes(session, [(draft, None) for draft in drafts])
    erin, known, fred, mallory, gina, gina_again = [await fresh(session, row) for row in found]
    assert [row.uri for row in found] == [draft.uri for draft in drafts]
    assert (erin.display_name, erin.handle, erin.fetched_at is None) == ("Erin", "erin@remote.test", False)
    assert [row.public_key for row in await keys.all_of(session, erin.id)] == ["PEM 2"]
    assert (known.id, known.display_name) == (dora.id, "Dora!")
    assert fred.suspended_at is not None
    assert await keys.all_of(session, mallory.id) == []
    assert [row.public_key for row in await keys.all_of(session, dora.id)] == ["PEM 1"]
    assert (gina.id, gina.display_name) == (gina_again.id, "Gina 2")


async def test_a_suspension_by_the_origin_ends_with_it_but_ours_stays(session, dora) -> None:
    """What a moderator here decided is not lifted by a document from elsewhere."""
    await actors.upsert_remote(session, remote_draft("dora", "remote.test", suspended=True), None)
    assert (await fresh(session, dora)).suspended_at is not None
    await actors.upsert_remote(session, remote_draft("dora", "remote.test"), None)
    assert (await fresh(session, dora)).suspended_at is None
    await actors.suspend(session, dora)
    await actors.upsert_remote(session, remote_draft("dora", "remote.test"), None)
    assert (await fresh(session, dora)).suspended_at is not None


async def test_a_profile_is_rendered_and_told(session, alice, heard) -> None:
    """Text becomes safe HTML, fields keep what was typed, and servers learn of it."""
    await actors.update_profile(
        session, alice, display_name="  Alice  A ", note="Hi <b>there</b> #soup", bot=True,
        fields=[("Web", "https://alice.test"), ("", "")])
    row = await fresh(session, alice)
    assert (row.display_name, row.type, row.summary_source) == ("Alice A", "Service", "Hi <b>there</b> #soup")
    assert "&lt;b&gt;" in row.summary
    assert "/tags/soup" in row.summary
    assert [field["source"] for field in row.fields] == ["https://alice.test"]
    assert 'href="https://alice.test"' in row.fields[0]["value"]
    assert [type(event) for event in heard] == [events.ProfileChanged]


@pytest.mark.parametrize("change", [
    {"display_name": "x" * 101}, {"note": "x" * 2001}, {"fields": [("a", "b")] * 9}, {"fields": [("a", "b" * 256)]},
    {"attribution_domains": ["not a domain"]}])
async def test_profiles_have_limits(session, alice, change) -> None:
    """Each with an error that names the field."""
    with pytest.raises(Invalid) as refused:
        await actors.update_profile(session, alice, **change)
    assert refused.value.field in change


async def test_a_move_takes_followers_here_along(session, alice, bob, dora, emil) -> None:
    """With their wishes; who blocked the new account stays; lists and blocks count for the new one too."""
    for follower in (alice, bob):
        await follows.follow(session, follower, dora, show_boosts=False)
        await follows.accept(session, dora, follower)
    await blocks.block(session, bob, emil)
    emil.also_known_as = [dora.uri]
    await session.flush()
    await actors.mark_moved(session, dora, emil)
    link = await follows.find(session, alice.id, emil.id)
    assert (link.state, link.show_boosts) == ("pending", False)
    assert await follows.find(session, alice.id, dora.id) is None
    assert await follows.find(session, bob.id, dora.id) is not None
    assert (await fresh(session, dora)).moved_to_id == emil.id


async def test_a_move_needs_the_other_side(session, dora, emil) -> None:
    """The new account must name the old one, and one cannot move every day."""
    with pytest.raises(Invalid):
        await actors.mark_moved(session, dora, emil)
    emil.also_known_as = [dora.uri]
    dora.moved_at = now() - timedelta(days=6)
    await session.flush()
    with pytest.raises(Invalid):
        await actors.mark_moved(session, dora, emil)


async def test_an_alias_is_told_to_the_world(session, alice, dora, heard) -> None:
    """It is in the document that the other server checks before a move."""
    await actors.add_alias(session, alice, dora.uri)
    await actors.add_alias(session, alice, dora.uri)
    assert (await fresh(session, alice)).also_known_as == [dora.uri]
    assert len(heard) == 1
    await actors.remove_alias(session, alice, dora.uri)
    assert (await fresh(session, alice)).also_known_as == []


async def test_suspending_hides_at_once_and_keeps_everything(session, alice, bob, post) -> None:
    """Out of feeds and notifications; nothing of theirs is deleted."""
    await follows.follow(session, alice, bob)
    row = await post(bob)
    await actors.suspend(session, bob)
    assert await session.scalar(select(func.count()).select_from(FeedEntry).where(FeedEntry.feed_id == alice.id)) == 0
    assert (await session.get_one(Object, row.id)).content
    await actors.unsuspend(session, bob)
    assert (await fresh(session, bob)).suspended_at is None


async def test_who_leaves_leaves_nothing(session, alice, bob, charlie, dora, post, heard) -> None:
    """Posts, likes, boosts, follows, feeds and conversations go, counts of others are right, ids are remembered."""
    await follows.follow(session, alice, bob)
    await follows.follow(session, bob, alice)
    await follows.follow(session, dora, bob, uri="https://remote.test/f/1")
    mine, theirs = await post(alice), await post(bob)
    await post(bob, in_reply_to_id=mine.id, in_reply_to_uri=mine.uri)
    await post(bob, "<p>psst</p>", visibility="direct",
               mentions=[MentionDraft(alice.uri, "@alice", actor_id=alice.id)])
    await reactions.react(session, bob, mine.id)
    await reactions.react(session, bob, mine.id, "emoji", "🍲")
    await reactions.announce(session, bob, mine.id)
    await reactions.react(session, alice, theirs.id)
    heard.clear()
    await actors.delete_local(session, bob)
    assert isinstance(heard[0], events.ActorDeleted)
    left = (await session.execute(select(Object.replies_count, Object.likes_count, Object.boosts_count).where(
        Object.id == mine.id))).one()
    assert tuple(left) == (0, 0, 0)
    after = await fresh(session, alice)
    assert (after.followers_count, after.following_count) == (0, 0)
    gone = (await session.execute(select(Object.content, Object.source, Object.deleted_at).where(
        Object.author_id == bob.id))).all()
    assert len(gone) == 3
    assert all(row.content == "" and row.source is None and row.deleted_at for row in gone)
    for table in (Follow, Conversation):
        assert await session.scalar(select(func.count()).select_from(table)) == 0
    assert await session.scalar(select(func.count()).select_from(Notification)) == 0
    assert set((await session.scalars(select(FeedEntry.object_id))).all()) == {mine.id}
    kept = set((await session.scalars(select(Tombstone.uri))).all())
    assert {bob.uri, theirs.uri} <= kept
    assert (await fresh(session, bob)).deleted_at is not None


async def test_a_block_outlives_the_one_it_is_about(session, alice, dora) -> None:
    """Someone blocked who leaves and comes back under the same id is blocked still."""
    await blocks.block(session, alice, dora)
    await actors.delete_remote(session, dora)
    assert await session.scalar(select(func.count()).select_from(Block)) == 1


async def test_deleting_twice_tells_once(session, alice, heard) -> None:
    """Idempotent."""
    await actors.delete_local(session, alice)
    await actors.delete_local(session, alice)
    assert len(heard) == 1


async def test_lists_forget_who_left(session, alice, bob) -> None:
    """Their memberships go too."""
    await follows.follow(session, alice, bob)
    row = await lists.create(session, alice, "friends")
    await lists.add_members(session, row, [bob.id])
    await actors.delete_local(session, bob)
    assert await session.scalar(select(func.count()).select_from(ListMember)) == 0


async def test_a_suspension_by_the_origin_changes_what_is_shown(session, remote) -> None:
    """Kept renderings of an account are made anew when its own server suspends it or takes that back."""
    dora = await remote("dora@remote.test")
    for suspended in (True, False):
        before = dora.updated_at
        dora = await remote("dora@remote.test", suspended=suspended)
        assert (dora.suspended_at is not None) is suspended
        assert dora.updated_at > before
