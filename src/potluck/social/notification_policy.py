"""Whose notifications a person wants: told, set aside as a request, or dropped.

The rules follow Mastodon: nothing that people need to know (polls, edits, reports, warnings) is held back, nor what
comes from the moderators of this server or from someone once accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import live
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import (
    Actor,
    Follow,
    Notification,
    NotificationPermission,
    NotificationPolicy,
    NotificationRequest,
    Object,
    User,
)
from potluck.social.paging import Page, rows_of
from potluck.social.visibility import not_hidden_by

if TYPE_CHECKING:
    from potluck.social.notifications import Notice

RULES = ("for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions", "for_limited_accounts")
VALUES = ("accept", "filter", "drop")

_HELD_BACK = frozenset({"mention", "status", "reblog", "follow", "follow_request", "favourite", "reaction", "quote"})
_NEW_FOLLOWER = timedelta(days=3)
_NEW_ACCOUNT = timedelta(days=30)
_MOST_COUNTED = 1000
_CHUNK = 500
_NOTIFICATION: Any = Notification.__table__
_REQUEST: Any = NotificationRequest.__table__

Pair = tuple[int, int]
"""(reader, who caused it)."""


@dataclass(slots=True)
class _Facts:
    """What the rules ask about readers and those who would notify them."""

    policies: dict[int, NotificationPolicy]
    limited: set[int]
    new: set[int]
    exempt: set[int]  # staff of this server
    permitted: set[Pair] = field(default_factory=set)
    following: set[Pair] = field(default_factory=set)
    followers: set[Pair] = field(default_factory=set)
    private: set[int] = field(default_factory=set)  # ids of direct posts
    answers: set[tuple[int, int]] = field(default_factory=set)  # (reader, thread) in which the reader wrote privately


async def judge(session: AsyncSession, notices: Sequence[Notice]) -> list[str]:
    """For each notice: accept, filter or drop."""
    held = [notice for notice in notices if notice.type in _HELD_BACK]
    if not held:
        return ["accept"] * len(notices)
    facts = await _gather(session, held)
    if facts is None:
        return ["accept"] * len(notices)
    return [_verdict(notice, facts) if notice.type in _HELD_BACK else "accept" for notice in notices]


async def _gather(session: AsyncSession, notices: Sequence[Notice]) -> _Facts | None:
    """The facts; None when every reader accepts everything."""
    readers = {notice.reader_id for notice in notices}
    actor_ids = {notice.actor_id for notice in notices}
    policies = {row.actor_id: row for row in (await session.scalars(
        select(NotificationPolicy).where(NotificationPolicy.actor_id.in_(readers)))).all()}
    actors = (await session.execute(select(
        Actor.id, Actor.silenced_at, func.coalesce(Actor.published, Actor.created_at, type_=Actor.created_at.type))
        .where(Actor.id.in_(actor_ids)))).all()
    limited = {row[0] for row in actors if row[1] is not None}
    if not policies and not limited:
        return None
    fresh = now() - _NEW_ACCOUNT
    staff = await session.scalars(select(User.actor_id).where(User.actor_id.in_(actor_ids), User.role != "user"))
    facts = _Facts(policies, limited, {row[0] for row in actors if row[2] > fresh}, set(staff.all()))
    await _add_pairs(session, facts, {(notice.reader_id, notice.actor_id) for notice in notices})
    await _add_private(session, facts, [notice for notice in notices if notice.type == "mention"])
    return facts


async def _add_pairs(session: AsyncSession, facts: _Facts, pairs: set[Pair]) -> None:
    """How the people of each pair stand to each other."""
    readers, actors = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    permitted = await session.execute(select(NotificationPermission.reader_id, NotificationPermission.actor_id).where(
        NotificationPermission.reader_id.in_(readers), NotificationPermission.actor_id.in_(actors)))
    facts.permitted = {(reader, actor) for reader, actor in permitted.all()}
    long_ago = now() - _NEW_FOLLOWER
    rows = await session.execute(select(Follow.follower_id, Follow.followed_id, Follow.created_at).where(
        Follow.state == "accepted",
        or_(and_(Follow.follower_id.in_(readers), Follow.followed_id.in_(actors)),
            and_(Follow.follower_id.in_(actors), Follow.followed_id.in_(readers)))))
    for follower, followed, since in rows.all():
        facts.following.add((follower, followed))
        if since <= long_ago:
            facts.followers.add((followed, follower))


async def _add_private(session: AsyncSession, facts: _Facts, mentions: Sequence[Notice]) -> None:
    """Which mentions are private, and in which private threads their readers wrote themselves."""
    object_ids = {notice.object_id for notice in mentions if notice.object_id}
    if not object_ids:
        return
    rows = await session.execute(select(Object.id, Object.thread_root_id).where(
        Object.id.in_(object_ids), Object.visibility == "direct"))
    roots = {object_id: root or object_id for object_id, root in rows.all()}
    facts.private = set(roots)
    wanted = {(notice.reader_id, roots[notice.object_id]) for notice in mentions if notice.object_id in roots}
    if wanted:
        found = await session.execute(select(Object.author_id, Object.thread_root_id).distinct().where(
            Object.thread_root_id.in_({root for _, root in wanted}),
            Object.author_id.in_({reader for reader, _ in wanted}), Object.visibility == "direct"))
        facts.answers = {(author, root) for author, root in found.all() if root}


def _verdict(notice: Notice, facts: _Facts) -> str:
    pair = (notice.reader_id, notice.actor_id)
    if pair in facts.permitted or notice.actor_id in facts.exempt:
        return "accept"
    policy = facts.policies.get(notice.reader_id)
    strangers = pair not in facts.following
    unasked = notice.object_id in facts.private and (notice.reader_id, notice.thread_root_id) not in facts.answers
    holds = {
        "for_not_following": strangers, "for_not_followers": pair not in facts.followers,
        "for_new_accounts": notice.actor_id in facts.new, "for_private_mentions": strangers and unasked,
        "for_limited_accounts": strangers and notice.actor_id in facts.limited,
    }
    words = {value_of(policy, rule) for rule, applies in holds.items() if applies}
    return next((word for word in ("drop", "filter") if word in words), "accept")


def value_of(policy: NotificationPolicy | None, rule: str) -> str:
    """What a person wants by one rule: as they said, else the default."""
    if policy is None:
        return "filter" if rule == "for_limited_accounts" else "accept"
    word: str = getattr(policy, rule)
    return word


async def set_aside(session: AsyncSession, pairs: Collection[Pair]) -> None:
    """Note requests for notifications that were filtered: (reader, who)."""
    moment = now()
    rows = [{"id": ids.new(), "reader_id": reader, "actor_id": actor, "created_at": moment, "updated_at": moment}
            for reader, actor in set(pairs)]
    if rows:
        await session.execute(insert_or_ignore(session, _REQUEST), rows)
    for part in _chunks(list(set(pairs))):
        await session.execute(update(_REQUEST).where(
            tuple_(_REQUEST.c.reader_id, _REQUEST.c.actor_id).in_(part)).values(updated_at=moment))


def _chunks(pairs: list[Pair]) -> Iterable[list[Pair]]:
    """Parts small enough for one statement."""
    return (pairs[start:start + _CHUNK] for start in range(0, len(pairs), _CHUNK))


# ---- the policy -------------------------------------------------------------------------------------------------


async def policy_of(session: AsyncSession, reader_id: int) -> dict[str, str]:
    """What a person wants, by rule."""
    row = await session.get(NotificationPolicy, reader_id)
    return {rule: value_of(row, rule) for rule in RULES}


async def change_policy(session: AsyncSession, reader_id: int, changes: dict[str, str]) -> None:
    """Change some rules.

    Raises:
        Invalid: there is no such rule or value.
    """
    for rule, word in changes.items():
        if rule not in RULES or word not in VALUES:
            raise Invalid(rule, f"Validation failed: {rule.replace('_', ' ').capitalize()} is not included in the list",
                          "inclusion")
    await session.execute(insert_or_ignore(session, NotificationPolicy.__table__).values(actor_id=reader_id))
    row = await session.get_one(NotificationPolicy, reader_id)
    for rule, word in changes.items():
        setattr(row, rule, word)
    await session.flush()


# ---- requests ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """Someone's notifications that wait: how many, and the latest post they are about."""

    row: NotificationRequest
    count: int
    last_object_id: int | None


def _waiting(reader_id: int) -> Any:
    """Requests of people the reader has not hidden since, as far as something of theirs still waits."""
    waits = select(Notification.id).where(
        Notification.reader_id == reader_id, Notification.actor_id == NotificationRequest.actor_id,
        Notification.filtered).exists()
    return select(NotificationRequest).join(Actor, Actor.id == NotificationRequest.actor_id).where(
        NotificationRequest.reader_id == reader_id, Actor.suspended_at.is_(None), Actor.deleted_at.is_(None),
        not_hidden_by(reader_id, NotificationRequest.actor_id), waits)


async def _counted(session: AsyncSession, reader_id: int, rows: Sequence[NotificationRequest]) -> list[Request]:
    found: dict[int, tuple[int, int | None]] = {}
    if rows:
        counts = await session.execute(
            select(Notification.actor_id, func.count(), func.max(Notification.object_id)).where(
                Notification.reader_id == reader_id, Notification.filtered,
                Notification.actor_id.in_([row.actor_id for row in rows])).group_by(Notification.actor_id))
        found = {actor_id: (count, last) for actor_id, count, last in counts.all()}
    return [Request(row, *found.get(row.actor_id, (0, None))) for row in rows]


async def requests(session: AsyncSession, reader_id: int, part: Page) -> list[Request]:
    """A page of those whose notifications wait, last come first."""
    return await _counted(session, reader_id, await rows_of(session, _waiting(reader_id), NotificationRequest.id, part))


async def request(session: AsyncSession, reader_id: int, request_id: int) -> Request:
    """One request of a reader.

    Raises:
        NotFound: it does not exist, or is someone else's.
    """
    rows = (await session.scalars(_waiting(reader_id).where(NotificationRequest.id == request_id))).all()
    if not rows:
        raise NotFound
    return (await _counted(session, reader_id, rows))[0]


async def summary(session: AsyncSession, reader_id: int) -> tuple[int, int]:
    """How many requests wait, and how many notifications in them, each counted up to a thousand."""
    waiting = _waiting(reader_id).with_only_columns(NotificationRequest.actor_id).limit(_MOST_COUNTED).subquery()
    people = await session.scalar(select(func.count()).select_from(waiting)) or 0
    held = select(Notification.id).where(
        Notification.reader_id == reader_id, Notification.filtered,
        Notification.actor_id.in_(select(waiting.c.actor_id))).limit(_MOST_COUNTED).subquery()
    return people, await session.scalar(select(func.count()).select_from(held)) or 0


async def _people(session: AsyncSession, reader_id: int, request_ids: Collection[int]) -> list[int]:
    return list((await session.scalars(select(NotificationRequest.actor_id).where(
        NotificationRequest.reader_id == reader_id, NotificationRequest.id.in_(request_ids)))).all())


async def accept(session: AsyncSession, reader_id: int, request_ids: Collection[int]) -> None:
    """Take what waits of these requests in, and from now on everything of these people."""
    people = await _people(session, reader_id, request_ids)
    if not people:
        return
    await session.execute(insert_or_ignore(session, NotificationPermission.__table__),
                          [{"reader_id": reader_id, "actor_id": actor_id} for actor_id in people])
    await session.execute(update(_NOTIFICATION).where(
        _NOTIFICATION.c.reader_id == reader_id, _NOTIFICATION.c.actor_id.in_(people), _NOTIFICATION.c.filtered)
        .values(filtered=False))
    await _forget(session, reader_id, people)
    await live.publish(session, "notifications_merged", reader_id=reader_id)


async def dismiss(session: AsyncSession, reader_id: int, request_ids: Collection[int]) -> None:
    """Throw away what waits of these requests; what comes later waits anew."""
    people = await _people(session, reader_id, request_ids)
    if people:
        await session.execute(delete(_NOTIFICATION).where(
            _NOTIFICATION.c.reader_id == reader_id, _NOTIFICATION.c.actor_id.in_(people), _NOTIFICATION.c.filtered))
        await _forget(session, reader_id, people)


async def _forget(session: AsyncSession, reader_id: int, people: Sequence[int]) -> None:
    await session.execute(delete(_REQUEST).where(_REQUEST.c.reader_id == reader_id, _REQUEST.c.actor_id.in_(people)))
