"""What moderators do to accounts and posts, and the follows that end by it."""

import pytest
from sqlalchemy import select

from potluck.social import (
    appeals,
    domain_policies,
    moderation_queue,
    reports,
    search,
    severances,
    strikes,
    views,
)
from potluck.social.accounts import sessions, signin
from potluck.social.errors import Conflict, Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, AuditEntry, Notification, Object, SeveredFollow, Strike, User
from potluck.social.paging import Page
from potluck.social.strikes import Measure
from support.cast import Cast, ago


async def moderator(cast: Cast) -> User:
    async with cast.database.read() as session:
        return (await session.scalars(select(User).where(User.actor_id == cast.mona.id))).one()


async def take(cast: Cast, target: Actor, action: str, **more: object) -> Strike:
    user = await moderator(cast)
    async with cast.database.write() as session:
        return await strikes.take(session, user, await session.get_one(Actor, target.id), Measure(action, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(("action", "column"), [
    ("sensitive", "sensitized_at"), ("silence", "silenced_at"), ("suspend", "suspended_at")])
async def test_measures_are_taken_told_and_undone(cast: Cast, action: str, column: str) -> None:
    """A measure stands, is written down, notified, and gone after an accepted appeal."""
    strike = await take(cast, cast.eve, action, text="because")
    assert getattr(await cast.again(cast.eve), column) is not None
    user = await moderator(cast)
    async with cast.database.write() as session:
        told = (await session.scalars(select(Notification).where(Notification.reader_id == cast.eve.id))).one()
        assert (told.type, told.warning_id) == ("moderation_warning", strike.id)
        logged = (await session.scalars(select(AuditEntry))).one()
        assert (logged.action, logged.target) == (f"strike_{action}", "@eve@potluck.test")
        row = await session.get_one(Strike, strike.id)
        appeal = await appeals.make(session, cast.eve, row, "no")
        await appeals.decide(session, user, appeal, accept=True)
        with pytest.raises(Conflict):
            await appeals.decide(session, user, appeal, accept=False)
    assert getattr(await cast.again(cast.eve), column) is None


async def test_freezing_a_login(cast: Cast) -> None:
    """A frozen login is signed out and cannot come back; a remote account has none to freeze."""
    async with cast.database.write() as session:
        user = await session.get_one(User, cast.eve.owner_id)
        secret = await sessions.start(session, user)
    strike = await take(cast, cast.eve, "disable")
    async with cast.database.write() as session:
        assert await sessions.find(session, secret) is None
        await strikes.undo(session, await session.get_one(Strike, strike.id))
        found = await signin.find_user(session, "eve")
        assert found is not None
        assert found.disabled_at is None
    with pytest.raises(NotFound):
        await take(cast, cast.carol, "disable")


async def test_hidden_media(cast: Cast) -> None:
    """Posts of somebody whose media are hidden are shown as sensitive, without their rows being changed."""
    row = await cast.say(cast.eve, "cake")
    await take(cast, cast.eve, "sensitive")
    async with cast.database.read() as session:
        view = (await views.load_objects(session, [row.id], cast.alice.id))[row.id]
    assert view.author.sensitized_at is not None
    assert not view.object.sensitive


async def test_measures_about_posts(cast: Cast) -> None:
    """Posts are marked or deleted, only the target's own; marks of the moderators are undone, not the author's."""
    loud, own, others = (await cast.say(cast.eve, "loud"), await cast.say(cast.eve, "own", sensitive=True),
                         await cast.say(cast.alice, "others"))
    strike = await take(cast, cast.eve, "mark_statuses_as_sensitive", object_ids=[loud.id, own.id, others.id])
    assert strike.object_ids == [loud.id]
    assert not (await cast.again(others)).sensitive
    async with cast.database.write() as session:
        await strikes.undo(session, await session.get_one(Strike, strike.id))
    assert not (await cast.again(loud)).sensitive
    assert (await cast.again(own)).sensitive
    await take(cast, cast.eve, "delete_statuses", object_ids=[loud.id, others.id])
    assert (await cast.again(loud)).deleted_at is not None
    assert (await cast.again(others)).deleted_at is None


async def test_a_marked_post_is_found_as_what_it_is(cast: Cast) -> None:
    """Searches for sensitive posts know of the moderators' mark, and of its end."""
    row = await cast.say(cast.eve, "loud")

    async def sensitive() -> list[int]:
        async with cast.database.read() as session:
            return await search.statuses(session, "is:sensitive", viewer_id=cast.eve.id)

    strike = await take(cast, cast.eve, "mark_statuses_as_sensitive", object_ids=[row.id])
    assert await sensitive() == [row.id]
    async with cast.database.write() as session:
        await strikes.undo(session, await session.get_one(Strike, strike.id))
    assert await sensitive() == []


async def test_a_report_is_resolved_by_its_measure(cast: Cast) -> None:
    """Resolving says what was done; the reporter's name is nowhere in what the person learns."""
    async with cast.database.write() as session:
        report = await reports.create(session, cast.alice, cast.eve, comment="alice says so")
    strike = await take(cast, cast.eve, "none", text="Please stop", report=report)
    fresh = await cast.again(report)
    assert (fresh.outcome, fresh.resolved_at is not None) == ("none", True)
    async with cast.database.read() as session:
        told = (await session.scalars(select(Notification).where(Notification.reader_id == cast.eve.id))).one()
    assert (told.actor_id, told.report_id) == (cast.eve.id, None)
    assert "alice" not in strike.text


async def test_what_cannot_be_done(cast: Cast) -> None:
    """No unknown measure, none against one's own rank or oneself, no endless text."""
    with pytest.raises(Invalid):
        await take(cast, cast.eve, "exile")
    with pytest.raises(Invalid):
        await take(cast, cast.eve, "none", text="x" * 2001)
    with pytest.raises(NotAllowed):
        await take(cast, cast.mona, "none")
    await cast.change(await cast.again(await moderator_of(cast, cast.bob)), role="moderator")
    with pytest.raises(NotAllowed):
        await take(cast, cast.bob, "none")


async def moderator_of(cast: Cast, actor: Actor) -> User:
    async with cast.database.read() as session:
        return await session.get_one(User, actor.owner_id)


async def test_appeals_have_an_end(cast: Cast) -> None:
    """Three weeks later it is too late."""
    strike = await take(cast, cast.eve, "silence")
    await cast.change(strike, created_at=ago(days=21))
    async with cast.database.write() as session:
        with pytest.raises(NotAllowed):
            await appeals.make(session, cast.eve, await session.get_one(Strike, strike.id), "please")


async def test_the_queue(cast: Cast) -> None:
    """Everything that waits stands in one list, newest first, and is gone from it when done."""
    await cast.change(await moderator_of(cast, cast.bob), approved_at=None)
    strike = await take(cast, cast.eve, "silence")
    async with cast.database.write() as session:
        report = await reports.create(session, cast.alice, cast.dave)
        appeal = await appeals.make(session, cast.eve, await session.get_one(Strike, strike.id), "no")
    async with cast.database.read() as session:
        found = await moderation_queue.page(session, Page())
        assert [(entry.kind, entry.id) for entry in found] == [
            ("appeal", appeal.id), ("report", report.id), ("sign_up", cast.bob.owner_id)]
        assert (await moderation_queue.counts(session)).all == 3
        older = await moderation_queue.page(session, Page(max_id=appeal.id, limit=1))
        assert [entry.kind for entry in older] == ["report"]
        mine = await moderation_queue.page(session, Page(), user_id=(await moderator(cast)).id)
        assert mine == []


async def test_severed_follows(cast: Cast) -> None:
    """A blocked server is counted before, and each person gets their own list and one notification."""
    await cast.follow(cast.alice, cast.frank, languages=["de"])
    await cast.follow(cast.bob, cast.frank)
    there = select(Actor.id).where(Actor.host == cast.frank.host)
    async with cast.database.write() as session:
        before = await severances.count(session, there)
        assert (before.followers, before.following, before.people) == (1, 2, 2)
        await domain_policies.set_policy(session, cast.frank.host, severity="suspend")
        after = await severances.count(session, there)
        assert after.follows == 0
    async with cast.database.read() as session:
        event = (await severances.of_reader(session, cast.alice.id, Page()))[0]
        assert (event.type, event.target_name, event.followers_count, event.following_count) == (
            "domain_block", "frank.example", 1, 1)
        rows = (await session.scalars(select(SeveredFollow).where(SeveredFollow.severance_id == event.id)
                                      .order_by(SeveredFollow.incoming))).all()
        assert [(row.acct, row.incoming, row.languages) for row in rows] == [
            ("frank@frank.example", False, ["de"]), ("frank@frank.example", True, None)]
        told = (await session.scalars(select(Notification).where(
            Notification.type == "severed_relationships").order_by(Notification.reader_id))).all()
        assert {row.reader_id for row in told} == {cast.alice.id, cast.bob.id}
        with pytest.raises(NotFound):
            await severances.one(session, cast.bob.id, event.id)


async def test_deleting_a_remote_account(cast: Cast) -> None:
    """Everything known of it is removed, and it stays out."""
    row = await cast.say(cast.frank, "spam")
    await take(cast, cast.frank, "delete")
    async with cast.database.read() as session:
        assert (await session.get_one(Object, row.id)).deleted_at is not None
        gone = await session.get_one(Actor, cast.frank.id)
        assert gone.suspended_at is not None
        assert gone.deleted_at is not None
