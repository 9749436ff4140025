"""Polls: stored and loaded in bulk, voted in, closed when their time is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.kinds.note.model import NoteData, Poll, PollDraft, PollOption, PollView, PollVote
from potluck.social import events, live
from potluck.social.drafts import Draft
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, Object
from potluck.social.notifications import Notice, notify
from potluck.social.reactions import visible_object

_POLL: Any = Poll.__table__
_OPTION: Any = PollOption.__table__
_OBJECT: Any = Object.__table__

PUSH_EVERY = timedelta(minutes=3)
"""Tallies of a local poll are sent out at most so often, as Mastodon does."""


async def store(session: AsyncSession, pairs: Sequence[tuple[Object, Draft]]) -> None:
    """Write the polls of new notes."""
    polls = [(row.id, draft.kind_data) for row, draft in pairs if isinstance(draft.kind_data, PollDraft)]
    if not polls:
        return
    await session.execute(insert(_POLL), [_poll_row(object_id, poll) for object_id, poll in polls])
    await session.execute(insert(_OPTION), [
        {"object_id": object_id, "position": position, "title": title, "votes": votes}
        for object_id, poll in polls for position, (title, votes) in enumerate(poll.options)])


async def words(session: AsyncSession, rows: Sequence[Object]) -> dict[int, list[str]]:
    """Polls are found by their answers, too."""
    polls = [row.id for row in rows if row.type == "Question"]
    if not polls:
        return {}
    found: dict[int, list[str]] = {}
    options = await session.execute(select(PollOption.object_id, PollOption.title).where(
        PollOption.object_id.in_(polls)).order_by(PollOption.object_id, PollOption.position))
    for object_id, title in options.all():
        found.setdefault(object_id, []).append(title)
    return found


def _poll_row(object_id: int, poll: PollDraft) -> dict[str, Any]:
    over = poll.expires_at is not None and poll.expires_at <= now()
    return {"object_id": object_id, "multiple": poll.multiple, "hide_totals": poll.hide_totals,
            "expires_at": poll.expires_at, "closed_at": poll.expires_at if over else None,
            "votes_count": sum(votes for _, votes in poll.options), "voters_count": poll.voters_count,
            "pushed_at": now(), "stale": False}


async def update_poll(session: AsyncSession, row: Object, draft: Draft) -> None:
    """A note was edited or its tallies refreshed. Changed options begin the poll anew, the same ones only recount."""
    before = await _options(session, row.id)
    poll = draft.kind_data if isinstance(draft.kind_data, PollDraft) else None
    if poll is None:
        if draft.uri is not None or draft.content:
            await session.execute(delete(_POLL).where(_POLL.c.object_id == row.id))
        return
    if [title for title, _ in before] != [title for title, _ in poll.options]:
        await session.execute(delete(_POLL).where(_POLL.c.object_id == row.id))
        await store(session, [(row, draft)])
        return
    changes: dict[str, Any] = {
        "expires_at": poll.expires_at, "hide_totals": poll.hide_totals, "multiple": poll.multiple}
    if poll.expires_at is None or poll.expires_at > now():
        changes["closed_at"] = None  # prolonged: its end is told again
    if not row.local:
        changes |= {"votes_count": sum(votes for _, votes in poll.options), "voters_count": poll.voters_count}
        for position, (_, votes) in enumerate(poll.options):
            await session.execute(update(_OPTION).where(
                _OPTION.c.object_id == row.id, _OPTION.c.position == position).values(votes=votes))
    await session.execute(update(_POLL).where(_POLL.c.object_id == row.id).values(**changes))


async def forget(session: AsyncSession, object_ids: Sequence[int]) -> None:
    """Notes were deleted: their polls go, with every vote."""
    await session.execute(delete(_POLL).where(_POLL.c.object_id.in_(object_ids)))


async def _options(session: AsyncSession, object_id: int) -> list[tuple[str, int]]:
    rows = await session.execute(select(PollOption.title, PollOption.votes).where(
        PollOption.object_id == object_id).order_by(PollOption.position))
    return list(rows.all())


async def load(session: AsyncSession, object_ids: Sequence[int], viewer_id: int | None) -> dict[int, Any]:
    """Polls of those notes that have one, as the viewer sees them, in three queries at the most."""
    polls = {row.object_id: row for row in (await session.scalars(
        select(Poll).where(Poll.object_id.in_(object_ids)))).all()}
    if not polls:
        return {}
    options: dict[int, list[tuple[str, int | None]]] = {}
    rows = await session.execute(select(PollOption.object_id, PollOption.title, PollOption.votes).where(
        PollOption.object_id.in_(polls)).order_by(PollOption.object_id, PollOption.position))
    for object_id, title, votes in rows.all():
        options.setdefault(object_id, []).append((title, votes))
    own: dict[int, list[int]] = {}
    if viewer_id is not None:
        votes_of = await session.execute(select(PollVote.object_id, PollVote.position).where(
            PollVote.object_id.in_(polls), PollVote.actor_id == viewer_id).order_by(PollVote.position))
        for object_id, position in votes_of.all():
            own.setdefault(object_id, []).append(position)
    return {object_id: NoteData(_view(row, options.get(object_id, []), own.get(object_id, [])))
            for object_id, row in polls.items()}


def _view(row: Poll, options: list[tuple[str, int | None]], own: list[int]) -> PollView:
    expired = row.expires_at is not None and row.expires_at <= now()
    if row.hide_totals and not expired:
        options = [(title, None) for title, _ in options]
    return PollView(options, row.multiple, row.expires_at, expired, row.votes_count, row.voters_count, own, bool(own))


async def vote(session: AsyncSession, actor: Actor, object_id: int, choices: Sequence[int]) -> Object:
    """A local person votes.

    Args:
        choices: positions of the chosen options.

    Raises:
        NotFound: no such poll for this person.
        Invalid: it is over, was voted in before, is one's own, or the choice is not possible.
    """
    row = await visible_object(session, actor, object_id)
    poll = await session.get(Poll, object_id)
    if poll is None:
        raise NotFound
    wanted = sorted(set(choices))
    options = await _options(session, object_id)
    _check_vote(poll, row, actor, wanted, len(options))
    if await session.scalar(select(PollVote.id).where(
            PollVote.object_id == object_id, PollVote.actor_id == actor.id).limit(1)):
        raise Invalid("choices", "Validation failed: You have already voted on this poll")
    vote_ids = await _record(session, row, poll, actor, wanted)
    author = await session.get_one(Actor, row.author_id)
    await events.emit(session, events.PollVoted(actor, row, author, [options[item][0] for item in wanted], vote_ids))
    return row


def _check_vote(poll: Poll, row: Object, actor: Actor, wanted: list[int], options: int) -> None:
    if poll.expires_at is not None and poll.expires_at <= now():
        raise Invalid("choices", "Validation failed: The poll has already ended")
    if row.author_id == actor.id:
        raise Invalid("choices", "Validation failed: You cannot vote in your own poll")
    if not wanted or any(not 0 <= item < options for item in wanted):
        raise Invalid("choices", "Validation failed: The chosen vote option does not exist")
    if len(wanted) > 1 and not poll.multiple:
        raise Invalid("choices", "Validation failed: Only one option can be chosen")


async def receive_votes(session: AsyncSession, voter: Actor, row: Object, choices: Sequence[str]) -> bool:
    """A remote vote in a poll that is here (Mastodon sends one option an activity, GoToSocial several).

    Returns:
        False where it is no vote: the object has no poll, or no such options (it may be a reply then). A vote too
        late or given twice is one, but does not count; nor does one in a poll of another server, which counts itself.
    """
    poll = await session.get(Poll, row.id)
    if poll is None or not choices:
        return False
    titles = [option for option, _ in await _options(session, row.id)]
    if any(choice not in titles for choice in choices):
        return False
    await visible_object(session, voter, row.id)
    before = set((await session.scalars(select(PollVote.position).where(
        PollVote.object_id == row.id, PollVote.actor_id == voter.id))).all())
    wanted = sorted({titles.index(choice) for choice in choices} - before)
    late = poll.expires_at is not None and poll.expires_at <= now()
    too_many = not poll.multiple and (before or len(wanted) > 1)
    if row.local and wanted and not late and not too_many and row.author_id != voter.id:
        await _record(session, row, poll, voter, wanted, again=bool(before))
    return True


async def _record(session: AsyncSession, row: Object, poll: Poll, actor: Actor, wanted: Sequence[int], *,
                  again: bool = False) -> list[int]:
    vote_ids = [ids.new() for _ in wanted]
    await session.execute(insert(PollVote.__table__), [  # type: ignore[arg-type]
        {"id": vote_id, "object_id": row.id, "position": position, "actor_id": actor.id, "created_at": now()}
        for vote_id, position in zip(vote_ids, wanted, strict=True)])
    await session.execute(update(_OPTION).where(
        _OPTION.c.object_id == row.id, _OPTION.c.position.in_(wanted)).values(votes=_OPTION.c.votes + 1))
    voters = _POLL.c.voters_count if again else func.coalesce(_POLL.c.voters_count, 0) + 1
    await session.execute(update(_POLL).where(_POLL.c.object_id == row.id).values(
        votes_count=_POLL.c.votes_count + len(wanted), voters_count=voters, stale=row.local))
    await session.execute(update(_OBJECT).where(_OBJECT.c.id == row.id).values(version=_OBJECT.c.version + 1))
    await session.refresh(poll)
    await live.publish(session, "status.update", object_id=row.id)
    return vote_ids


async def push_tallies(session: AsyncSession, moment: datetime) -> int:
    """Send out tallies of local polls that changed, each at most every three minutes. Returns how many."""
    due = (await session.scalars(select(Poll.object_id).where(
        Poll.stale, or_(Poll.pushed_at.is_(None), Poll.pushed_at <= moment - PUSH_EVERY)).limit(50))).all()
    await _tell_edited(session, due)
    if due:
        await session.execute(update(_POLL).where(_POLL.c.object_id.in_(due)).values(pushed_at=moment, stale=False))
    return len(due)


async def close_due(session: AsyncSession, moment: datetime) -> int:
    """Polls whose time is over: tell their author and voters here, and send the final tallies of local ones."""
    due = (await session.scalars(select(Poll.object_id).where(
        Poll.closed_at.is_(None), Poll.expires_at <= moment).limit(50))).all()
    if not due:
        return 0
    rows = (await session.scalars(select(Object).where(Object.id.in_(due), Object.deleted_at.is_(None)))).all()
    voters = (await session.execute(select(PollVote.object_id, PollVote.actor_id).distinct().join(
        Actor, Actor.id == PollVote.actor_id).where(PollVote.object_id.in_(due), Actor.host == ""))).all()
    by_id = {row.id: row for row in rows}
    notices = [Notice(actor_id, "poll", by_id[object_id].author_id, object_id, by_id[object_id].thread_root_id)
               for object_id, actor_id in voters if object_id in by_id]
    await notify(session, notices)
    await notify_own(session, [row for row in rows if row.local])
    await session.execute(update(_POLL).where(_POLL.c.object_id.in_(due)).values(
        closed_at=moment, pushed_at=moment, stale=False))
    await session.execute(update(_OBJECT).where(_OBJECT.c.id.in_(due)).values(version=_OBJECT.c.version + 1))
    await _tell_edited(session, [row.id for row in rows if row.local])
    return len(due)


async def notify_own(session: AsyncSession, rows: Sequence[Object]) -> None:
    """Tell authors that their own poll is over (the one notification people get of themselves)."""
    await notify(session, [Notice(row.author_id, "poll", row.author_id, row.id, row.thread_root_id) for row in rows])


async def _tell_edited(session: AsyncSession, object_ids: Sequence[int]) -> None:
    if not object_ids:
        return
    rows = (await session.execute(select(Object, Actor).join(Actor, Actor.id == Object.author_id).where(
        Object.id.in_(object_ids), Object.local, Object.deleted_at.is_(None)))).all()
    for row, author in rows:
        await events.emit(session, events.ObjectEdited(row, author, silent=True))
