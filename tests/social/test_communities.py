"""Communities: made here, posted to, voted in, listed in every order, looked after by moderators."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update

from potluck.db.base import now
from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social import feeds, follows, holding, objects, spam_rules, timelines, views
from potluck.social.communities import joining, listing, making, mod_log, moderating, posts, ranking, roles
from potluck.social.communities.listing import Wanted
from potluck.social.communities.making import Wishes
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, Community, FeedEntry, GroupPost, Object, User
from potluck.social.paging import Page
from potluck.social.spam_rules import Wish
from support.databases import statements


@pytest.fixture
async def people(session, local):
    """Alice, Bob and Charlie with logins of their own; Charlie belongs to the staff."""
    made = {}
    for number, name in enumerate(("alice", "bob", "charlie"), 1):
        actor = await local(name)
        session.add(User(id=number, email=f"{name}@mail.test", actor_id=actor.id, password_hash="x",
                         role="moderator" if name == "charlie" else "user"))
        actor.owner_id = number
        made[name] = actor
    await session.flush()
    return made


@pytest.fixture
async def soups(session, people, pairs) -> Actor:
    """A community that Alice leads."""
    return await making.create(session, people["alice"], "soups", Wishes("Soups", "All about *soup*"), pairs=pairs)


async def bring(session, author: Actor, group: Actor, title: str = "A broth", **changes) -> Object:
    return await links.compose(session, author, LinkRequest(group.id, title, **changes))


async def comment(session, author: Actor, parent: Object, text: str = "Mm") -> Object:
    return await notes.compose(session, author, NoteRequest(text, in_reply_to_id=parent.id))


async def listed(session, viewer: Actor | None, **wanted) -> list[int]:
    return (await listing.page(session, viewer.id if viewer else None, Wanted(**wanted))).object_ids


async def test_who_makes_a_community_leads_it_and_is_a_member(session, people, soups) -> None:
    """Its document has what its columns have no place for."""
    assert [actor.name for actor in await roles.moderators(session, soups.id)] == ["alice"]
    assert await roles.is_member(session, soups.id, people["alice"].id)
    assert (soups.type, soups.display_name, soups.summary) == ("Group", "Soups", "<p>All about <em>soup</em></p>")
    assert soups.extra["community"]["posting_restricted"] is False


@pytest.mark.parametrize(("changes", "field"), [
    ({"title": ""}, "title"), ({"title": "x" * 51}, "title"), ({"description": "x" * 10_001}, "description"),
    ({"posting": "nobody"}, "posting"), ({"visibility": "secret"}, "visibility"), ({"rules": ["x" * 301]}, "rules")])
async def test_wishes_are_checked(session, people, pairs, changes, field) -> None:
    """Each error names its field, and nothing is made."""
    with pytest.raises(Invalid) as refused:
        await making.create(session, people["alice"], "broths", Wishes(**{"title": "Broths", **changes}), pairs=pairs)
    assert refused.value.field == field
    assert await session.scalar(select(Actor.id).where(Actor.name == "broths")) is None


async def test_a_post_reaches_members_and_its_comments_do_not_flood_them(session, people, soups) -> None:
    """Home has the post once, for members alone; the post carries the discussion."""
    alice, bob = people["alice"], people["bob"]
    post = await bring(session, bob, soups, link="https://soup.example/broth")
    reply = await comment(session, bob, post)
    assert (post.kind, post.type, post.group_id, post.extra) == (
        "link", "Page", soups.id, {"link": "https://soup.example/broth"})
    assert reply.group_id == soups.id
    home = [ref.object_id for ref in await timelines.home(session, alice.id, Page())]
    assert home == [post.id]
    assert await timelines.home(session, people["charlie"].id, Page()) == []
    place = await session.get_one(GroupPost, post.id, populate_existing=True)
    assert (place.comments, place.link, place.local) == (1, "soup.example/broth", True)


async def test_what_a_rule_held_back_takes_its_place_once_it_is_released(session, people, soups) -> None:
    """Before, it is in no listing and no count; then post and comment are as if they had come at once."""
    spam_rules.forget()
    await spam_rules.save(session, Wish("pills", "words", "hold", ["cheap pills"]))
    staff = (await session.scalars(select(User).where(User.role == "moderator"))).one()
    spam_rules.forget()
    post = await bring(session, people["bob"], soups, "Cheap pills")
    other = await bring(session, people["alice"], soups)
    reply = await comment(session, people["bob"], other, "cheap pills")
    spam_rules.forget()
    assert (post.state, reply.state) == ("held", "held")
    assert await listed(session, people["alice"]) == [other.id]
    for row in (post, reply):
        await holding.release(session, staff, row)
    assert set(await listed(session, people["alice"])) == {post.id, other.id}
    community = await session.get_one(Community, soups.id, populate_existing=True)
    assert (community.posts_count, community.comments_count) == (2, 1)
    assert (await session.get_one(GroupPost, other.id, populate_existing=True)).comments == 1


async def test_joining_brings_the_newest_posts_home_and_leaving_takes_them_away(session, people, soups) -> None:
    """As with a person who is followed."""
    post = await bring(session, people["alice"], soups)
    await follows.follow(session, people["bob"], soups)
    entries = select(FeedEntry.object_id).where(FeedEntry.feed_id == people["bob"].id)
    assert list((await session.scalars(entries)).all()) == [post.id]
    await follows.unfollow(session, people["bob"], soups)
    assert list((await session.scalars(entries)).all()) == []


async def test_a_note_that_mentions_a_community_is_posted_to_it(session, people, soups) -> None:
    """Like a Mastodon post that names it; a quiet or private mention is none."""
    note = await notes.compose(session, people["bob"], NoteRequest("Look at this @soups"))
    private = await notes.compose(session, people["bob"], NoteRequest("psst @soups", visibility="direct"))
    assert (note.group_id, private.group_id) == (soups.id, None)
    assert await listed(session, None, scope="community", scope_id=soups.id) == [note.id]


async def test_votes_move_a_post(session, people, soups) -> None:
    """A vote up and one down exclude each other; the score follows; a community may take no downvotes."""
    post = await bring(session, people["alice"], soups)
    await joining.vote(session, people["bob"], post.id, 1)
    await joining.vote(session, people["charlie"], post.id, 1)
    place = await session.get_one(GroupPost, post.id, populate_existing=True)
    assert (place.score, place.votes) == (2, 2)
    await joining.vote(session, people["bob"], post.id, -1)
    await session.refresh(place)
    assert (place.score, place.votes) == (0, 2)
    assert place.controversy == pytest.approx(2.0)
    await joining.vote(session, people["bob"], post.id, 0)
    await session.refresh(place)
    assert (place.score, place.votes) == (1, 1)
    (await session.get_one(Community, soups.id)).downvotes = False
    with pytest.raises(NotAllowed):
        await joining.vote(session, people["bob"], post.id, -1)
    with pytest.raises(Invalid):
        await joining.vote(session, people["bob"], post.id, 7)


async def test_ranks_are_lemmys(session, people, soups) -> None:
    """`log10(max(2, score + 2)) / (hours + 2)^1.8`, and nothing after a week."""
    post = await bring(session, people["alice"], soups)
    await session.execute(update(GroupPost).values(published_s=ranking.seconds() - 7200, score=8))
    await ranking.refresh(session)
    place = await session.get_one(GroupPost, post.id, populate_existing=True)
    assert place.hot == pytest.approx(1.0 / 4**1.8, rel=0.01)
    assert place.scaled == pytest.approx(place.hot / 0.30103, rel=0.01)
    await session.execute(update(GroupPost).values(published_s=ranking.seconds() - 8 * 86400,
                                                   active_s=ranking.seconds() - 8 * 86400))
    await ranking.refresh(session)
    await session.refresh(place)
    assert (place.hot, place.hot_active) == (0.0, 0.0)


@pytest.fixture
async def three(session, people, soups) -> list[Object]:
    """Three posts, the first with a comment, the second voted up, the third the newest."""
    made = [await bring(session, people["alice"], soups, title) for title in ("First", "Second", "Third")]
    for number, post in enumerate(made):
        moment = ranking.seconds() - 3600 * (3 - number)
        await session.execute(update(GroupPost).where(GroupPost.object_id == post.id).values(
            published_s=moment, newest_comment_s=moment, active_s=moment))
    await comment(session, people["bob"], made[0])
    await joining.vote(session, people["bob"], made[1].id, 1)
    await joining.vote(session, people["charlie"], made[1].id, 1)
    await ranking.refresh(session)
    return made


@pytest.mark.parametrize(("sort", "order"), [
    ("new", [2, 1, 0]), ("old", [0, 1, 2]), ("most_comments", [0, 2, 1]), ("new_comments", [0, 2, 1]),
    ("top", [1, 2, 0]), ("hot", [1, 2, 0]), ("scaled", [1, 2, 0]), ("active", [0, 1, 2]), ("controversial", [2, 1, 0])])
async def test_orders(session, three, soups, sort, order) -> None:
    """Each of Lemmy's sorts; what is equal stands by age. A page goes on where the one before ended."""
    expected = [three[number].id for number in order]
    assert await listed(session, None, scope="community", scope_id=soups.id, sort=sort) == expected
    first = await listing.page(session, None, Wanted(sort=sort, limit=2))
    second = await listing.page(session, None, Wanted(sort=sort, limit=2, cursor=first.next_cursor))
    assert first.object_ids + second.object_ids == expected
    assert second.next_cursor is None


async def test_top_looks_back_as_far_as_asked(session, three) -> None:
    """The third post is an hour old."""
    assert await listed(session, None, sort="top", range="hour") == []
    assert await listed(session, None, sort="top", range="six_hours") == [three[1].id, three[2].id, three[0].id]


@pytest.mark.parametrize(("name", "hours"), [("day", 24), ("week", 168)])
async def test_the_best_of_a_day_or_week_are_those_of_its_slots(session, people, soups, name, hours) -> None:
    """Page after page as if all of it were sorted; it is read by an index of slots, and the week is not sorted."""
    post = await bring(session, people["bob"], soups)
    moment = ranking.seconds()
    place: Any = GroupPost.__table__
    values = dict((await session.execute(select(place).where(place.c.object_id == post.id))).mappings().one())
    await session.execute(delete(GroupPost))
    await session.execute(insert(Object), [
        {"id": 1000 + number, "uri": f"https://far.example/{number}", "kind": "link", "type": "Page",
         "author_id": people["bob"].id, "visibility": "public", "published": now()} for number in range(60)])
    rows = [{**values, "object_id": 1000 + number, "score": number * 7 % 11,
             "published_s": moment - number * 4 * 3600 - 60} for number in range(60)]
    await session.execute(insert(GroupPost), rows)
    best = sorted((row for row in rows if row["published_s"] > moment - hours * 3600),
                  key=lambda row: (row["score"], row["object_id"]), reverse=True)
    expected = [row["object_id"] for row in best]
    found, cursor = [], None
    for _ in range(20):
        page = await listing.page(session, None, Wanted(sort="top", range=name, limit=5, cursor=cursor))
        found += page.object_ids
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == expected
    assert await listed(session, None, sort="top", range=name, limit=4, offset=2) == expected[2:6]
    if session.get_bind().dialect.name == "sqlite":
        query = listing._slotted(Wanted(sort="top", range=name), [place.c.listed], 20, sqlite=True)
        written = str(query.compile(dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True}))
        plan = (await (await session.connection()).exec_driver_sql(f"EXPLAIN QUERY PLAN {written}")).all()
        assert any("ix_group_post_slot (<expr>=?" in row[3] for row in plan), plan


@pytest.mark.parametrize("signed_in", [False, True])
async def test_a_page_of_one_community_walks_along_its_index(session, database, people, soups, signed_in) -> None:
    """Among thousands of posts it reads those it shows, in either database, and sorts nothing."""
    post = await bring(session, people["bob"], soups)
    place: Any = GroupPost.__table__
    values = dict((await session.execute(select(place).where(place.c.object_id == post.id))).mappings().one())
    numbers = range(1000, 4000)
    await session.execute(insert(Object), [
        {"id": number, "uri": f"https://far.example/{number}", "kind": "link", "type": "Page",
         "author_id": people["bob"].id, "visibility": "public", "published": now()} for number in numbers])
    await session.execute(insert(GroupPost), [
        {**values, "object_id": number, "hot": number % 97} for number in numbers])
    await session.execute(text("ANALYZE"))
    with statements(database) as sent:
        found = await listing.page(session, people["alice"].id if signed_in else None, Wanted("community", soups.id))
    assert len(found.object_ids) == 20
    sqlite = session.get_bind().dialect.name == "sqlite"
    connection = await session.connection()
    if sqlite:
        rows = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent[-1]}", (0,) * sent[-1].count("?"))).all()
        plan = "\n".join(row[3] for row in rows)
    else:
        query = listing._ordered(Wanted("community", soups.id), [
            place.c.community_id == soups.id, *listing._readable(
                people["alice"].id if signed_in else None, Wanted("community", soups.id))], 21)
        written = query.compile(dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True})
        plan = "\n".join((await connection.exec_driver_sql(f"EXPLAIN {written}")).scalars().all())
    assert "ix_group_post_community_hot" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("wanted", [
    {"sort": "best"}, {"scope": "mine"}, {"range": "eon"}, {"cursor": "?"}, {"cursor": "W10"}, {"offset": -1},
    {"cursor": "WzFlNTAsIDFd"}, {"scope": "community"}])
async def test_nonsense_is_refused(session, wanted) -> None:
    """In words, before the database is asked."""
    with pytest.raises(Invalid):
        await listing.page(session, None, Wanted(**wanted))


async def test_pins_stand_first_but_not_by_time(session, people, soups, three) -> None:
    """In their community; a pin of the site stands first in the listings of the site."""
    await moderating.pin(session, people["alice"], three[0].id)
    assert (await listed(session, None, scope="community", scope_id=soups.id, sort="top"))[0] == three[0].id
    assert (await listed(session, None, sort="top"))[0] == three[1].id
    assert (await listed(session, None, scope="community", scope_id=soups.id, sort="new"))[0] == three[2].id
    await moderating.pin_to_site(session, people["charlie"], three[0].id)
    assert (await listed(session, None, sort="top"))[0] == three[0].id
    with pytest.raises(NotAllowed):
        await moderating.pin(session, people["bob"], three[1].id)
    with pytest.raises(NotAllowed):
        await moderating.pin_to_site(session, people["bob"], three[1].id)


async def test_listings_keep_what_is_not_for_the_reader(session, people, soups, pairs) -> None:
    """Private and removed communities, adult posts, blocked people and communities, what was read already."""
    alice, bob = people["alice"], people["bob"]
    secret = await making.create(session, alice, "pantry", Wishes("Pantry", visibility="private"), pairs=pairs)
    hidden = await bring(session, alice, secret)
    adult = await bring(session, alice, soups, "Adult", sensitive=True)
    plain = await bring(session, alice, soups, "Plain")
    assert hidden.visibility == "group"
    assert await listed(session, None) == [plain.id]
    assert await listed(session, bob) == [plain.id]
    assert set(await listed(session, alice, sensitive=True)) == {hidden.id, adult.id, plain.id}
    assert await views.load_objects(session, [hidden.id], bob.id) == {}
    await listing.mark_read(session, bob.id, [plain.id])
    assert await listed(session, bob, unread=True) == []
    assert await listed(session, bob, scope="subscribed") == []
    await moderating.remove_community(session, people["charlie"], soups)
    assert await listed(session, bob) == []
    with pytest.raises(NotAllowed):
        await bring(session, alice, soups)


async def test_removing_and_restoring(session, people, soups) -> None:
    """Nobody sees what was removed, in no listing, home or thread; restored it is back; the log tells both."""
    alice, bob = people["alice"], people["bob"]
    post = await bring(session, bob, soups)
    with pytest.raises(NotAllowed):
        await moderating.remove(session, bob, post.id)
    await moderating.remove(session, alice, post.id, "off topic")
    assert await listed(session, None) == []
    assert await views.load_objects(session, [post.id], alice.id) == {}
    assert await timelines.home(session, alice.id, Page()) == []
    await moderating.restore(session, alice, post.id)
    assert await listed(session, None) == [post.id]
    log = await mod_log.read(session, Page(), community_id=soups.id)
    assert [(entry.action.act, entry.action.reason, entry.moderator) for entry in log] == [
        ("restore", "", alice), ("remove", "off topic", alice)]


async def test_locks_and_bans_hold(session, people, soups) -> None:
    """A locked post takes no comments but from moderators; the banned neither post, comment nor vote."""
    alice, bob = people["alice"], people["bob"]
    post = await bring(session, alice, soups)
    await moderating.lock(session, alice, post.id)
    with pytest.raises(NotAllowed):
        await comment(session, bob, post)
    await comment(session, alice, post)
    await moderating.lock(session, alice, post.id, locked=False)
    said = await comment(session, bob, post)
    await moderating.ban(session, alice, soups, bob, reason="rude", with_content=True)
    assert (await session.get_one(Object, said.id)).state == "removed"
    with pytest.raises(NotAllowed):
        await comment(session, bob, post)
    with pytest.raises(NotAllowed):
        await bring(session, bob, soups)
    with pytest.raises(NotAllowed):
        await joining.vote(session, bob, post.id, 1)
    await moderating.unban(session, alice, soups, bob)
    await comment(session, bob, post)


async def test_bans_end_by_themselves(session, people, soups) -> None:
    """One that is over has no effect, and is swept."""
    await roles.ban(session, soups.id, people["bob"].id, "", now() - timedelta(seconds=1))
    assert not await roles.is_banned(session, soups.id, people["bob"].id)
    await roles.expire(session)
    assert await roles.banned(session, soups.id) == []
    with pytest.raises(Invalid):
        await moderating.ban(session, people["alice"], soups, people["bob"], expires_at=now() - timedelta(days=1))


async def test_moderators_stand_in_an_order(session, people, soups) -> None:
    """The later one cannot dismiss or ban the earlier; the last one stays; leading can be handed over."""
    alice, bob = people["alice"], people["bob"]
    await moderating.appoint(session, alice, soups, bob)
    for act in (moderating.dismiss, moderating.ban):
        with pytest.raises(NotAllowed):
            await act(session, bob, soups, alice)
    with pytest.raises(NotAllowed):
        await moderating.transfer(session, bob, soups, bob)
    await moderating.transfer(session, alice, soups, bob)
    assert [actor.name for actor in await roles.moderators(session, soups.id)] == ["bob", "alice"]
    await moderating.dismiss(session, alice, soups, alice)
    with pytest.raises(NotAllowed):
        await moderating.dismiss(session, bob, soups, bob)


@pytest.mark.parametrize(("posting", "allowed"), [
    ("everyone", {"alice", "bob", "charlie"}), ("members", {"alice", "bob"}), ("moderators", {"alice"})])
async def test_who_may_post(session, people, pairs, posting, allowed) -> None:
    """Bob is a member, Charlie is not."""
    group = await making.create(session, people["alice"], "stews", Wishes("Stews", posting=posting), pairs=pairs)
    await follows.follow(session, people["bob"], group)
    able = set()
    for name, actor in people.items():
        try:
            await bring(session, actor, group)
            able.add(name)
        except NotAllowed:
            pass
    assert able == allowed


async def test_a_community_elsewhere_says_that_only_moderators_post(session, people, remote) -> None:
    """Refused before somebody writes, too; comments are free."""
    group = await remote("chowder@stew.example", type="Group", extra={"posting_restricted": True})
    with pytest.raises(NotAllowed):
        await roles.check_may_post(session, people["bob"], group)
    await roles.check_may_post(session, people["bob"], group, reply_to=1)
    await roles.appoint(session, group.id, people["bob"].id)
    await roles.check_may_post(session, people["bob"], group)


@pytest.mark.parametrize(("changes", "field"), [
    ({"title": "ab"}, "title"), ({"title": "x" * 201}, "title"), ({"link": "javascript:alert(1)"}, "link"),
    ({"link": "ftp://x.example"}, "link"), ({"link": "https://x.example/" + "y" * 2000}, "link"),
    ({"text": "x" * 50_001}, "text"), ({"content_type": "text/html"}, "content_type")])
async def test_posts_are_checked(session, people, soups, changes, field) -> None:
    """Each error names its field, and nothing is stored."""
    with pytest.raises(Invalid) as refused:
        await bring(session, people["bob"], soups, **{"title": "A broth", **changes})
    assert refused.value.field == field
    assert await listed(session, None) == []


async def test_no_such_community(session, people) -> None:
    """A person is none."""
    with pytest.raises(NotFound):
        await bring(session, people["bob"], people["alice"])


@pytest.mark.parametrize(("one", "other"), [
    ("https://www.soup.example/a/", "http://soup.example/a"),
    ("https://soup.example/a?utm_source=x&b=1", "https://soup.example/a?b=1#top")])
def test_addresses_that_are_the_same(one, other) -> None:
    """Scheme, www, a slash at the end, fragments and tracking make no difference."""
    assert posts.normalised_link(one) == posts.normalised_link(other)
    assert posts.normalised_link("https://other.example/a") != posts.normalised_link(one)


@pytest.mark.parametrize("nonsense", ["", None, "magnet:?xt=1", "https://", "http://[::1", "https://x:99999/"])
def test_addresses_that_are_none(nonsense) -> None:
    """They equal nothing."""
    assert posts.normalised_link(nonsense) is None


async def test_the_same_link_elsewhere_is_found(session, people, soups, pairs) -> None:
    """Cross-posts, but not those of private communities."""
    other = await making.create(session, people["alice"], "stews", Wishes("Stews"), pairs=pairs)
    private = Wishes("Pantry", visibility="private")
    secret = await making.create(session, people["alice"], "pantry", private, pairs=pairs)
    first = await bring(session, people["alice"], soups, link="https://soup.example/a")
    second = await bring(session, people["alice"], other, link="https://www.soup.example/a/")
    await bring(session, people["alice"], secret, link="https://soup.example/a")
    place = await session.get_one(GroupPost, first.id)
    assert await listing.same_link(session, place) == [second.id]


async def test_deleting_counts_back(session, people, soups) -> None:
    """The community's totals and the post's number of comments."""
    post = await bring(session, people["alice"], soups)
    said = await comment(session, people["bob"], post)
    await objects.delete(session, said.id, people["bob"])
    community = await session.get_one(Community, soups.id, populate_existing=True)
    place = await session.get_one(GroupPost, post.id, populate_existing=True)
    assert (community.posts_count, community.comments_count, place.comments) == (1, 0, 0)
    await objects.delete(session, post.id, people["alice"])
    await session.refresh(community)
    assert community.posts_count == 0
    assert await listed(session, None) == []


async def test_bundles(session, people, soups, pairs) -> None:
    """Several communities read as one; names are checked, others' bundles are nobody's."""
    other = await making.create(session, people["alice"], "stews", Wishes("Stews"), pairs=pairs)
    post, far = await bring(session, people["alice"], soups), await bring(session, people["alice"], other)
    mine = await joining.make_bundle(session, people["bob"].id, "Hot food")
    await joining.put_in_bundle(session, mine, soups)
    assert await listed(session, people["bob"], scope="bundle", scope_id=mine.id) == [post.id]
    await joining.put_in_bundle(session, mine, other)
    assert set(await listed(session, people["bob"], scope="bundle", scope_id=mine.id)) == {post.id, far.id}
    await joining.put_in_bundle(session, mine, soups, inside=False)
    assert [actor.name for actor in await joining.bundled(session, mine.id)] == ["stews"]
    with pytest.raises(Invalid):
        await joining.make_bundle(session, people["bob"].id, "Hot food")
    with pytest.raises(NotFound):
        await joining.bundle(session, people["alice"].id, mine.id)


async def test_many_communities_are_read_in_two_ways_alike(session, people, soups, pairs, monkeypatch) -> None:
    """One by one and merged, or among all posts: the same pages in every order, also from a cursor or an offset on."""
    bob = people["bob"]
    groups = [soups] + [await making.create(session, bob, name, Wishes(name), pairs=pairs) for name in ("dips", "pies")]
    await follows.follow(session, bob, soups)
    made = [await bring(session, bob, groups[number % 3], f"Post {number}") for number in range(9)]
    for number, row in enumerate(made):
        await session.execute(update(GroupPost).where(GroupPost.object_id == row.id).values(
            score=number % 4, hot=number % 5 / 10, comments=number % 2, controversy=number % 3))
    await listing.page(session, bob.id, Wanted("subscribed"))

    async def pages(**wanted) -> list[list[int]]:
        first = await listing.page(session, bob.id, Wanted("subscribed", limit=4, **wanted))
        second = await listing.page(session, bob.id, Wanted("subscribed", limit=4, cursor=first.next_cursor, **wanted))
        later = await listing.page(session, bob.id, Wanted("subscribed", limit=3, offset=5, **wanted))
        return [first.object_ids, second.object_ids, later.object_ids]

    asked = [{"sort": sort} for sort in listing.SORTS] + [{"sort": "top", "range": "week"}]
    merged = [await pages(**wanted) for wanted in asked]
    monkeypatch.setattr(listing, "MOST_MERGED", 0)
    assert [await pages(**wanted) for wanted in asked] == merged
    assert all(len(set(first + second)) == 8 for first, second, _ in merged)


async def test_feeds_are_written_once(session, people, soups) -> None:
    """Who follows the author and the community has the post once."""
    await follows.follow(session, people["alice"], people["bob"])
    post = await bring(session, people["bob"], soups)
    await feeds.add_to_members(session, [post.id])
    assert [ref.object_id for ref in await timelines.home(session, people["alice"].id, Page())] == [post.id]
