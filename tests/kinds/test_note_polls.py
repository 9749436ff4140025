"""Polls: who may vote, what is shown of the tallies, when they end and when they are sent."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from potluck.db.base import now
from potluck.kinds.note import polls
from potluck.kinds.note.model import Poll, PollDraft, PollView, PollVote
from potluck.social import events, notifications, objects, views
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, LiveEvent, Object
from potluck.social.paging import Page
from support.cast import Cast

HOUR = timedelta(hours=1)


@pytest.fixture
def heard() -> Iterator[list[events.Event]]:
    """Votes and edits, as the wire hears them."""
    found: list[events.Event] = []

    async def listen(_session: object, event: events.Event) -> None:
        found.append(event)

    for kind in (events.PollVoted, events.ObjectEdited):
        events.subscribe(kind, listen)
    yield found
    for kind in (events.PollVoted, events.ObjectEdited):
        events._handlers[kind].remove(listen)


async def _ask(cast: Cast, author: Actor, *titles: str, multiple: bool = False, hide: bool = False,
               ends: timedelta | None = HOUR, **changes: object) -> Object:
    poll = PollDraft([(title, 0) for title in titles or ("soup", "pie", "cake")], multiple, hide,
                     now() + ends if ends is not None else None, 0)
    return await cast.say(author, "what shall we eat?", type="Question", kind_data=poll, **changes)


async def _vote(cast: Cast, actor: Actor, row: Object, *choices: int) -> None:
    async with cast.database.write() as session:
        await polls.vote(session, actor, row.id, choices)


async def _receive(cast: Cast, actor: Actor, row: Object, *titles: str) -> bool:
    async with cast.database.write() as session:
        return await polls.receive_votes(session, actor, await session.get_one(Object, row.id), titles)


async def _seen(cast: Cast, row: Object, viewer: Actor | None = None) -> PollView:
    async with cast.database.read() as session:
        view = (await views.load_objects(session, [row.id], viewer.id if viewer else None))[row.id]
    poll: PollView = view.kind_data.poll
    return poll


async def _end(cast: Cast, row: Object) -> None:
    async with cast.database.write() as session:
        await session.execute(update(Poll).where(Poll.object_id == row.id).values(expires_at=now() - HOUR / 60))


def _tallies(poll: PollView) -> Sequence[int | None]:
    return [votes for _, votes in poll.options]


async def test_a_vote(cast: Cast, heard: list[events.Event]) -> None:
    """A vote counts, is shown to who gave it as theirs, goes out with its choice, and is a live event."""
    row = await _ask(cast, cast.carol)
    await _vote(cast, cast.alice, row, 1)
    poll = await _seen(cast, row, cast.alice)
    assert (_tallies(poll), poll.votes_count, poll.voters_count) == ([0, 1, 0], 1, 1)
    assert (poll.own_votes, poll.voted) == ([1], True)
    assert not (await _seen(cast, row, cast.bob)).voted
    [event] = heard
    assert isinstance(event, events.PollVoted)
    assert (event.choices, len(event.vote_ids), event.author.name) == (["pie"], 1, "carol")
    assert (await cast.again(row)).version == 2
    async with cast.database.read() as session:
        types = (await session.scalars(select(LiveEvent.type).order_by(LiveEvent.id))).all()
    assert types[-1] == "status.update"


async def test_several_choices(cast: Cast) -> None:
    """Where several may be chosen one person is one voter with several votes; the same twice is one."""
    row = await _ask(cast, cast.carol, multiple=True)
    await _vote(cast, cast.alice, row, 2, 0, 2)
    poll = await _seen(cast, row, cast.alice)
    assert (_tallies(poll), poll.votes_count, poll.voters_count, poll.own_votes) == ([1, 0, 1], 2, 1, [0, 2])


@pytest.mark.parametrize(("choices", "words"), [
    ((), "does not exist"), ((3,), "does not exist"), ((-1,), "does not exist"), ((0, 1), "Only one option"),
])
async def test_impossible_choices(cast: Cast, choices: tuple[int, ...], words: str) -> None:
    """Choices that the poll does not offer are refused, and nothing is counted."""
    row = await _ask(cast, cast.carol)
    with pytest.raises(Invalid, match=words):
        await _vote(cast, cast.alice, row, *choices)
    assert (await _seen(cast, row)).votes_count == 0


async def test_one_vote_each(cast: Cast) -> None:
    """Nobody votes twice, not even where several options may be chosen."""
    for multiple in (False, True):
        row = await _ask(cast, cast.carol, multiple=multiple)
        await _vote(cast, cast.alice, row, 0)
        with pytest.raises(Invalid, match="already voted"):
            await _vote(cast, cast.alice, row, 1)


async def test_ones_own_poll(cast: Cast) -> None:
    """Who asks does not answer."""
    row = await _ask(cast, cast.alice)
    with pytest.raises(Invalid, match="your own"):
        await _vote(cast, cast.alice, row, 0)


async def test_too_late(cast: Cast) -> None:
    """After the end nobody votes."""
    row = await _ask(cast, cast.carol)
    await _end(cast, row)
    with pytest.raises(Invalid, match="ended"):
        await _vote(cast, cast.alice, row, 0)


async def test_without_end(cast: Cast) -> None:
    """A poll without an end stays open."""
    row = await _ask(cast, cast.carol, ends=None)
    await _vote(cast, cast.alice, row, 0)
    poll = await _seen(cast, row)
    assert (poll.expires_at, poll.expired) == (None, False)
    async with cast.database.write() as session:
        assert await polls.close_due(session, now() + timedelta(days=9999)) == 0


async def test_no_poll_and_no_access(cast: Cast) -> None:
    """There is nothing to vote on in a plain note, nor in one that the voter may not see."""
    for row in (await cast.say(cast.carol), await _ask(cast, cast.carol, visibility="followers")):
        with pytest.raises(NotFound):
            await _vote(cast, cast.alice, row, 0)


async def test_hidden_totals(cast: Cast) -> None:
    """Hidden tallies are shown to nobody before the end, and to everyone after it."""
    row = await _ask(cast, cast.alice, hide=True)
    await _vote(cast, cast.bob, row, 0)
    for viewer in (None, cast.alice, cast.bob):
        assert _tallies(await _seen(cast, row, viewer)) == [None, None, None]
    assert (await _seen(cast, row, cast.bob)).own_votes == [0]
    await _end(cast, row)
    assert _tallies(await _seen(cast, row)) == [1, 0, 0]


async def test_remote_votes(cast: Cast) -> None:
    """Votes from elsewhere count once each: one activity per choice, or several at once; the voter counts once."""
    row = await _ask(cast, cast.alice, multiple=True)
    assert await _receive(cast, cast.carol, row, "soup")
    assert await _receive(cast, cast.carol, row, "pie")
    assert await _receive(cast, cast.carol, row, "pie")
    assert await _receive(cast, cast.frank, row, "pie", "cake")
    poll = await _seen(cast, row)
    assert (_tallies(poll), poll.votes_count, poll.voters_count) == ([1, 2, 1], 4, 2)


async def test_remote_votes_that_do_not_count(cast: Cast) -> None:
    """A second choice where one is allowed, and a vote that is too late, are votes but change nothing."""
    row = await _ask(cast, cast.alice)
    assert await _receive(cast, cast.carol, row, "soup")
    assert await _receive(cast, cast.carol, row, "pie")
    assert await _receive(cast, cast.frank, row, "pie", "cake")
    await _end(cast, row)
    assert await _receive(cast, cast.frank, row, "pie")
    assert _tallies(await _seen(cast, row)) == [1, 0, 0]


async def test_what_is_no_vote(cast: Cast) -> None:
    """An unknown option, or a note without a poll, make it an answer; nothing is counted."""
    row = await _ask(cast, cast.alice)
    assert not await _receive(cast, cast.carol, row, "salad")
    assert not await _receive(cast, cast.carol, row, "soup", "salad")
    assert not await _receive(cast, cast.carol, row)
    assert not await _receive(cast, cast.carol, await cast.say(cast.alice), "soup")
    assert (await _seen(cast, row)).votes_count == 0


async def test_remote_votes_without_access(cast: Cast) -> None:
    """Who may not see the poll cannot vote in it; who is blocked neither."""
    row = await _ask(cast, cast.alice, visibility="followers")
    assert await _receive(cast, cast.frank, row, "soup")
    with pytest.raises(NotFound):
        await _receive(cast, cast.carol, row, "soup")
    assert (await _seen(cast, row, cast.bob)).votes_count == 1


async def test_votes_in_the_polls_of_others(cast: Cast) -> None:
    """A vote in another server's poll that is sent here is none of our business: that server counts."""
    row = await _ask(cast, cast.carol)
    assert await _receive(cast, cast.frank, row, "soup")
    assert (await _seen(cast, row)).votes_count == 0


async def test_tallies_are_pushed(cast: Cast, heard: list[events.Event]) -> None:
    """Changed tallies of a local poll go out as a silent edit, at most every few minutes; remote ones never."""
    mine, other = await _ask(cast, cast.alice), await _ask(cast, cast.carol)
    await _vote(cast, cast.bob, mine, 0)
    await _vote(cast, cast.bob, other, 0)
    heard.clear()
    for passed, sent in ((timedelta(0), 0), (polls.PUSH_EVERY + HOUR / 60, 1), (2 * polls.PUSH_EVERY + HOUR / 60, 0)):
        async with cast.database.write() as session:
            assert await polls.push_tallies(session, now() + passed) == sent
    [event] = heard
    assert isinstance(event, events.ObjectEdited)
    assert (event.object.id, event.silent) == (mine.id, True)


async def test_closing(cast: Cast, heard: list[events.Event]) -> None:
    """At the end author and voters here are told once, and the final tallies of a local poll go out."""
    row = await _ask(cast, cast.alice)
    await _vote(cast, cast.bob, row, 0)
    await _receive(cast, cast.frank, row, "pie")
    await _end(cast, row)
    heard.clear()
    for closed in (1, 0):
        async with cast.database.write() as session:
            assert await polls.close_due(session, now()) == closed
    [event] = heard
    assert isinstance(event, events.ObjectEdited)
    assert (event.object.id, event.silent) == (row.id, True)
    async with cast.database.read() as session:
        for reader, count in ((cast.alice, 1), (cast.bob, 1), (cast.eve, 0)):
            assert [item.type for item in await notifications.page(session, reader.id, Page())] == ["poll"] * count


async def test_closing_a_remote_poll(cast: Cast, heard: list[events.Event]) -> None:
    """Who voted elsewhere is told of the end too; its author is not ours to tell, and nothing is sent."""
    row = await _ask(cast, cast.carol)
    await _vote(cast, cast.bob, row, 0)
    await _end(cast, row)
    heard.clear()
    async with cast.database.write() as session:
        assert await polls.close_due(session, now()) == 1
    async with cast.database.read() as session:
        assert [item.type for item in await notifications.page(session, cast.bob.id, Page())] == ["poll"]
    assert heard == []


async def test_closing_a_deleted_poll(cast: Cast) -> None:
    """A poll goes with its note, and nobody is told of its end."""
    row = await _ask(cast, cast.alice)
    await _vote(cast, cast.bob, row, 0)
    async with cast.database.write() as session:
        await objects.delete(session, row.id, cast.alice)
        assert await polls.close_due(session, now() + 2 * HOUR) == 0
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(PollVote)) == 0


async def _edit(cast: Cast, row: Object, poll: PollDraft | None, author: Actor, *, silent: bool = False) -> None:
    async with cast.database.write() as session:
        draft = cast.draft(author, "changed", type="Question", kind_data=poll)
        await objects.edit(session, row.id, draft, author, silent=silent)


async def test_refreshed_tallies(cast: Cast) -> None:
    """An update with the same options takes over the tallies of a remote poll, and keeps one's own vote."""
    row = await _ask(cast, cast.carol, "soup", "pie")
    await _vote(cast, cast.alice, row, 1)
    await _edit(cast, row, PollDraft([("soup", 30), ("pie", 12)], expires_at=now() + HOUR, voters_count=40), cast.carol,
                silent=True)
    poll = await _seen(cast, row, cast.alice)
    assert (_tallies(poll), poll.votes_count, poll.voters_count, poll.own_votes) == ([30, 12], 42, 40, [1])


async def test_tallies_of_a_local_poll_are_our_own(cast: Cast) -> None:
    """An edit of a local note with the same options does not touch its votes."""
    row = await _ask(cast, cast.alice, "soup", "pie")
    await _vote(cast, cast.bob, row, 1)
    await _edit(cast, row, PollDraft([("soup", 0), ("pie", 0)], expires_at=now() + 2 * HOUR), cast.alice)
    poll = await _seen(cast, row, cast.bob)
    assert (_tallies(poll), poll.own_votes) == ([0, 1], [1])
    assert poll.expires_at > now() + HOUR


async def test_changed_options_begin_anew(cast: Cast) -> None:
    """Other options make another poll: old votes are gone, and all may vote again."""
    row = await _ask(cast, cast.carol, "soup", "pie")
    await _vote(cast, cast.alice, row, 1)
    await _edit(cast, row, PollDraft([("pie", 1), ("soup", 2), ("cake", 0)], expires_at=now() + HOUR), cast.carol)
    poll = await _seen(cast, row, cast.alice)
    assert ([title for title, _ in poll.options], poll.voted) == (["pie", "soup", "cake"], False)
    await _vote(cast, cast.alice, row, 2)


async def test_a_prolonged_poll_ends_again(cast: Cast) -> None:
    """A poll whose end is put off after it was over is open again, and its new end is told."""
    row = await _ask(cast, cast.alice, "soup", "pie")
    await _end(cast, row)
    async with cast.database.write() as session:
        await polls.close_due(session, now())
    await _edit(cast, row, PollDraft([("soup", 0), ("pie", 0)], expires_at=now() + HOUR), cast.alice)
    await _vote(cast, cast.bob, row, 0)
    async with cast.database.write() as session:
        assert await polls.close_due(session, now() + 2 * HOUR) == 1


async def test_a_poll_taken_away(cast: Cast) -> None:
    """A note edited into one without a poll has none."""
    row = await _ask(cast, cast.alice)
    await _edit(cast, row, None, cast.alice)
    async with cast.database.read() as session:
        assert (await views.load_objects(session, [row.id], None))[row.id].kind_data is None


async def test_an_old_poll_is_over_when_it_arrives(cast: Cast) -> None:
    """A poll that ended before it was fetched is shown as over, and its end is told to nobody."""
    row = await _ask(cast, cast.carol, ends=-HOUR)
    assert (await _seen(cast, row)).expired
    async with cast.database.write() as session:
        assert await polls.close_due(session, now()) == 0
