"""Who may see what: every visibility against every relationship, through every way in which a post can be met."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.social import conversations, notifications, reactions, threads, timelines, views
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Follow, List, ListMember, Object
from potluck.social.paging import Page
from potluck.social.visibility import visible_to
from support.cast import Cast, local_actor

VISIBILITIES = ("public", "unlisted", "followers", "direct", "local", "group")

VIEWERS = {
    "self": "alice", "follower": "bob", "stranger": "eve", "mentioned": "mia", "blocked": "dave",
    "logged out": None, "remote follower": "frank", "remote stranger": "carol", "moderator": "mona",
}
"""Relationship to Alice, who says everything, and who stands for it. Mia is mentioned in each post."""

SIGNED_IN = [relation for relation, name in VIEWERS.items() if name]

EVERYONE = set(VIEWERS) - {"blocked"}
MAY_SEE = {
    "public": EVERYONE,
    "unlisted": EVERYONE,
    "followers": {"self", "follower", "remote follower", "mentioned"},
    "direct": {"self", "mentioned"},
    "local": {"self", "follower", "stranger", "mentioned", "moderator"},
    "group": {"self", "mentioned"},
}
"""The rule in full. Logged out people see blocked people's view of the web; a block hides from the one signed in."""


@dataclass
class Stage:
    """Alice has said one thing of each visibility, mentioning Mia and blocked Dave alike, in reply to Bob's post."""

    cast: Cast
    root: Object
    posts: dict[str, Object]
    lists: dict[str, int]

    def viewer(self, relation: str) -> tuple[int | None, bool]:
        """Id of who stands for a relationship, and whether they are local."""
        name = VIEWERS[relation]
        if name is None:
            return None, True
        actor: Actor = getattr(self.cast, name)
        return actor.id, actor.is_local

    def seen(self, found: Iterable[int | None]) -> set[str]:
        """Visibilities of those of the posts whose ids were found."""
        found = set(found)
        return {visibility for visibility, row in self.posts.items() if row.id in found}


@pytest.fixture
async def stage(cast: Cast, database: Database) -> Stage:
    """See `Stage`."""
    group = local_actor("cooks", type="Group")
    async with database.write() as session:
        session.add(group)
    root = await cast.say(cast.bob, "what shall we cook?")
    lists = {}
    async with database.write() as session:
        for relation, name in VIEWERS.items():
            if name and getattr(cast, name).is_local:
                made = List(id=ids.new(), owner_id=getattr(cast, name).id, title="x", replies_policy="followed")
                session.add(made)
                await session.flush()
                session.add(ListMember(id=ids.new(), list_id=made.id, actor_id=cast.alice.id))
                lists[relation] = made.id
        session.add(Follow(id=ids.new(), follower_id=cast.bob.id, followed_id=cast.bob.id, state="pending"))
    posts = {}
    for visibility in VISIBILITIES:
        posts[visibility] = await cast.reply(
            cast.alice, root, visibility, visibility=visibility, mentions=[cast.mia, cast.dave], hashtags=["dinner"],
            group_id=group.id if visibility == "group" else None)
    return Stage(cast, root, posts, lists)


def _allowed(relation: str) -> set[str]:
    return {visibility for visibility in VISIBILITIES if relation in MAY_SEE[visibility]}


async def test_visible_to(stage: Stage) -> None:
    """The condition itself gives exactly what the table says."""
    for relation in VIEWERS:
        viewer, local = stage.viewer(relation)
        async with stage.cast.database.read() as session:
            found = (await session.scalars(select(Object.id).where(visible_to(viewer, viewer_is_local=local)))).all()
        assert stage.seen(found) == _allowed(relation), relation


async def test_views(stage: Stage) -> None:
    """Views are made only of what the viewer may see, whatever ids are asked for."""
    for relation in VIEWERS:
        viewer, local = stage.viewer(relation)
        wanted = [row.id for row in stage.posts.values()]
        async with stage.cast.database.read() as session:
            found = await views.load_objects(session, wanted, viewer, viewer_is_local=local)
            entries = await views.load_entries(
                session, [views.EntryRef(value, value) for value in wanted], viewer, viewer_is_local=local)
        assert stage.seen(found) == _allowed(relation), relation
        assert stage.seen(entry.object.object.id for entry in entries) == _allowed(relation), relation


async def test_acting(stage: Stage) -> None:
    """What someone may not see they cannot find by acting on it either."""
    for relation in SIGNED_IN:
        actor: Actor = getattr(stage.cast, VIEWERS[relation] or "")
        async with stage.cast.database.read() as session:
            found = [row.id for row in stage.posts.values() if await _reachable(session, actor, row)]
        assert stage.seen(found) == _allowed(relation), relation


async def _reachable(session: AsyncSession, actor: Actor, row: Object) -> bool:
    try:
        await reactions.visible_object(session, actor, row.id)
    except NotFound:
        return False
    return True


async def test_threads(stage: Stage) -> None:
    """The conversation shows exactly those replies that the viewer may see."""
    for relation in VIEWERS:
        viewer, local = stage.viewer(relation)
        async with stage.cast.database.read() as session:
            _, below = await threads.context(session, stage.root.id, viewer, viewer_is_local=local)
            above, _ = await threads.context(session, stage.posts["direct"].id, viewer, viewer_is_local=local)
        assert stage.seen(below) == _allowed(relation), relation
        assert above == [stage.root.id]


async def test_profile(stage: Stage) -> None:
    """A profile shows exactly what the viewer may see of it."""
    for relation in VIEWERS:
        viewer, local = stage.viewer(relation)
        async with stage.cast.database.read() as session:
            refs = await timelines.profile(session, stage.cast.alice.id, viewer, Page(), viewer_is_local=local)
            tagged = await timelines.profile(session, stage.cast.alice.id, viewer, Page(), tagged="dinner",
                                             viewer_is_local=local)
        assert stage.seen(ref.object_id for ref in refs) == _allowed(relation), relation
        assert stage.seen(ref.object_id for ref in tagged) == _allowed(relation), relation


async def test_timelines_of_everyone(stage: Stage) -> None:
    """Public timelines and hashtags hold public posts only, and none of who blocked the viewer."""
    post = await stage.cast.say(stage.cast.alice, "no reply", mentions=[stage.cast.mia])
    for relation in VIEWERS:
        viewer, _ = stage.viewer(relation)
        async with stage.cast.database.read() as session:
            everyone = await timelines.public(session, viewer, Page())
            tagged = await timelines.hashtag(session, viewer, ["dinner"], Page())
        welcome = relation != "blocked"
        assert [ref.object_id for ref in everyone] == [post.id] * welcome + [stage.root.id], relation
        assert stage.seen(ref.object_id for ref in tagged) == ({"public"} if welcome else set()), relation


async def test_home_and_lists(stage: Stage) -> None:
    """Homes and lists are written only for those who may see a post: its author and local followers."""
    expected = {"self": set(VISIBILITIES), "follower": {"public", "unlisted", "followers", "local"}}
    for relation in SIGNED_IN:
        viewer, local = stage.viewer(relation)
        async with stage.cast.database.read() as session:
            home = await timelines.home(session, viewer or 0, Page(limit=80))
            listed = await timelines.list_(session, stage.lists[relation], Page(limit=80)) if local else []
        assert stage.seen(ref.object_id for ref in home) == expected.get(relation, set()), relation
        assert stage.seen(ref.object_id for ref in listed) <= _allowed(relation), relation
        assert bool(listed) == (relation == "follower"), relation


async def test_notifications(stage: Stage) -> None:
    """Only the mentioned are notified, and a block keeps notifications away."""
    for relation in SIGNED_IN:
        viewer, _ = stage.viewer(relation)
        async with stage.cast.database.read() as session:
            found = await notifications.page(session, viewer or 0, Page(limit=80))
        assert stage.seen(row.object_id for row in found) == (set(VISIBILITIES) if relation == "mentioned" else set())


async def test_conversations(stage: Stage) -> None:
    """Private conversations belong to those who take part in them; a block keeps them away."""
    for relation in SIGNED_IN:
        viewer, _ = stage.viewer(relation)
        async with stage.cast.database.read() as session:
            found = await conversations.page(session, viewer or 0, Page())
        assert stage.seen(row.last_object_id for row in found) == (
            {"direct"} if relation in ("self", "mentioned") else set())


async def test_followers_of_the_group_see_its_posts(stage: Stage) -> None:
    """A post to a community is readable by the community's followers, and by nobody by following its author."""
    async with stage.cast.database.write() as session:
        session.add(Follow(id=ids.new(), follower_id=stage.cast.eve.id, followed_id=stage.posts["group"].group_id,
                           state="accepted"))
    async with stage.cast.database.read() as session:
        assert stage.posts["group"].id in await views.load_objects(
            session, [stage.posts["group"].id], stage.cast.eve.id)


async def test_a_pending_follow_shows_nothing(cast: Cast) -> None:
    """Who asked to follow and was not accepted yet is a stranger."""
    await cast.follow(cast.eve, cast.alice, state="pending")
    row = await cast.say(cast.alice, visibility="followers")
    async with cast.database.read() as session:
        assert await views.load_objects(session, [row.id], cast.eve.id) == {}
        assert await timelines.home(session, cast.eve.id, Page()) == []


async def test_a_silent_mention_may_read(cast: Cast) -> None:
    """Who is in the audience without being named may read what was sent to them."""
    row = await cast.say(cast.carol, visibility="direct", silent=[cast.eve])
    async with cast.database.read() as session:
        assert row.id in await views.load_objects(session, [row.id], cast.eve.id)
        assert row.id not in await views.load_objects(session, [row.id], cast.bob.id)


@pytest.mark.parametrize("column", ["suspended_at", "deleted_at"])
async def test_nobody_sees_suspended_and_deleted_authors(cast: Cast, column: str) -> None:
    """What someone said who is suspended or gone is seen by nobody, not even by the mentioned."""
    row = await cast.say(cast.alice, mentions=[cast.mia])
    await cast.change(cast.alice, **{column: row.published})
    async with cast.database.read() as session:
        for viewer in (None, cast.bob.id, cast.mia.id, cast.mona.id):
            assert await views.load_objects(session, [row.id], viewer) == {}
            assert await timelines.public(session, viewer, Page()) == []
        assert await notifications.page(session, cast.mia.id, Page()) == []


async def test_silenced_authors_are_readable_but_in_no_public_timeline(cast: Cast) -> None:
    """A limited account keeps its followers and its pages, and loses the streams of everyone."""
    row = await cast.say(cast.alice, hashtags=["dinner"])
    await cast.change(cast.alice, silenced_at=row.published)
    async with cast.database.read() as session:
        assert row.id in await views.load_objects(session, [row.id], None)
        assert await timelines.public(session, None, Page()) == []
        assert await timelines.hashtag(session, cast.eve.id, ["dinner"], Page()) == []


async def test_unfinished_things_are_seen_by_nobody(cast: Cast) -> None:
    """A post whose media are still processed is not there yet, in any way."""
    row = await cast.say(cast.alice, state="processing")
    async with cast.database.read() as session:
        for viewer in (None, cast.alice.id, cast.bob.id):
            assert await views.load_objects(session, [row.id], viewer) == {}
        assert await timelines.home(session, cast.bob.id, Page()) == []


async def test_boosts_are_no_way_round(cast: Cast) -> None:
    """A boost meant for followers is not shown to strangers, and none of a booster to whom they blocked."""
    post = await cast.say(cast.carol)
    async with cast.database.write() as session:
        private = await reactions.announce(session, cast.alice, post.id, "followers")
    ref = views.EntryRef(private.id, post.id, private.id)
    expected = {None: 0, cast.eve.id: 0, cast.dave.id: 0, cast.bob.id: 1, cast.alice.id: 1}
    async with cast.database.read() as session:
        for viewer, count in expected.items():
            assert len(await views.load_entries(session, [ref], viewer)) == count
            assert len(await timelines.profile(session, cast.alice.id, viewer, Page())) == count
    other = await cast.say(cast.carol, "another")
    async with cast.database.write() as session:
        await reactions.unannounce(session, cast.alice, post.id)
        public = await reactions.announce(session, cast.alice, other.id)
    async with cast.database.read() as session:
        for viewer, count in {None: 1, cast.eve.id: 1, cast.dave.id: 0}.items():
            refs = await timelines.profile(session, cast.alice.id, viewer, Page())
            assert [ref.announce_id for ref in refs] == [public.id] * count


async def test_a_quote_is_no_way_round(cast: Cast) -> None:
    """A quoted post is shown only to those who may see it themselves, and not to who has hidden its author."""
    private = await cast.say(cast.alice, visibility="followers")
    public = await cast.say(cast.carol)
    quoting = [await cast.say(cast.alice, quote_id=row.id, quote_state="accepted") for row in (private, public)]
    await cast.mute(cast.eve, cast.carol)

    async def shown(viewer: int | None) -> list[bool]:
        async with cast.database.read() as session:
            found = await views.load_objects(session, [row.id for row in quoting], viewer)
        return [found[row.id].quote is not None for row in quoting]

    assert await shown(cast.bob.id) == [True, True]
    assert await shown(None) == [False, True]
    assert await shown(cast.eve.id) == [False, False]
