"""Likes and dislikes of people elsewhere, many at once: a fixed number of statements for any number of them.

What is not plain (a vote that is changed, something private, a block) is left to `reactions.react`, one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import notifications
from potluck.social.communities import ranking
from potluck.social.model import Actor, Block, Object, Reaction
from potluck.social.notifications import Notice
from potluck.social.visibility import OPEN, live

_OBJECT: Any = Object.__table__
_REACTION: Any = Reaction.__table__

KINDS = ("like", "dislike")


@dataclass(frozen=True, slots=True)
class Ballot:
    """Somebody elsewhere likes or dislikes something. The actor is known, and in good standing."""

    actor_id: int
    object_id: int
    kind: str
    uri: str | None


async def cast(session: AsyncSession, ballots: Sequence[Ballot]) -> set[Ballot]:
    """Record votes; nobody votes twice on one object among them.

    No event is emitted: those are for what people here do.

    Returns:
        Those that were not recorded and are to be tried one by one.
    """
    targets = await _targets(session, {ballot.object_id for ballot in ballots})
    blocked = await _blocked(session, targets.values(), {ballot.actor_id for ballot in ballots})
    given = await _given(session, ballots)
    taken = await _taken(session, [ballot.uri for ballot in ballots if ballot.uri])
    plain = [ballot for ballot in ballots if ballot.object_id in targets and ballot.uri not in taken
             and (targets[ballot.object_id].author_id, ballot.actor_id) not in blocked
             and (ballot.actor_id, ballot.object_id) not in given]
    if plain:
        await session.execute(insert(_REACTION), [
            {"id": ids.new(), "uri": ballot.uri, "actor_id": ballot.actor_id, "object_id": ballot.object_id,
             "kind": ballot.kind, "emoji": "", "emoji_url": None, "created_at": now()} for ballot in plain])
        await _count(session, plain, targets)
        await notifications.notify(session, [
            Notice(targets[ballot.object_id].author_id, "favourite", ballot.actor_id, ballot.object_id,
                   targets[ballot.object_id].thread_root_id)
            for ballot in plain if ballot.kind == "like" and not targets[ballot.object_id].host])
    return set(ballots) - set(plain)


async def _targets(session: AsyncSession, object_ids: Collection[int]) -> dict[int, Any]:
    """Objects that everybody may see, of authors in good standing."""
    rows = await session.execute(
        select(Object.id, Object.author_id, Object.group_id, Object.thread_root_id, Actor.host)
        .join(Actor, Actor.id == Object.author_id).where(
            Object.id.in_(object_ids), live(), Object.visibility.in_(OPEN), Actor.suspended_at.is_(None),
            Actor.deleted_at.is_(None)))
    return {row.id: row for row in rows}


async def _blocked(session: AsyncSession, targets: Collection[Any], voters: Collection[int]) -> set[tuple[int, int]]:
    """Pairs of author and voter where the author blocks the voter."""
    rows = await session.execute(select(Block.blocker_id, Block.blocked_id).where(
        Block.blocker_id.in_({row.author_id for row in targets}), Block.blocked_id.in_(voters)))
    return {(row.blocker_id, row.blocked_id) for row in rows}


async def _given(session: AsyncSession, ballots: Sequence[Ballot]) -> set[tuple[int, int]]:
    """Pairs of voter and object with a vote that is there already."""
    rows = await session.execute(select(Reaction.actor_id, Reaction.object_id).where(
        Reaction.actor_id.in_({ballot.actor_id for ballot in ballots}),
        Reaction.object_id.in_({ballot.object_id for ballot in ballots}), Reaction.kind.in_(KINDS)))
    return {(row.actor_id, row.object_id) for row in rows}


async def _taken(session: AsyncSession, uris: Sequence[str]) -> set[str | None]:
    """Ids that other reactions have, or that come twice."""
    found = set((await session.scalars(select(Reaction.uri).where(Reaction.uri.in_(uris)))).all()) if uris else set()
    return found | {uri for uri, count in Counter(uris).items() if count > 1}


async def _count(session: AsyncSession, ballots: Sequence[Ballot], targets: Mapping[int, Any]) -> None:
    steps: dict[int, Counter[str]] = {ballot.object_id: Counter() for ballot in sorted(
        ballots, key=lambda ballot: ballot.object_id)}
    for ballot in ballots:
        steps[ballot.object_id][ballot.kind] += 1
    await (await session.connection()).execute(
        update(_OBJECT).where(_OBJECT.c.id == bindparam("b_id")).values(
            likes_count=_OBJECT.c.likes_count + bindparam("up"),
            dislikes_count=_OBJECT.c.dislikes_count + bindparam("down"), version=_OBJECT.c.version + 1),
        [{"b_id": object_id, "up": step["like"], "down": step["dislike"]} for object_id, step in steps.items()])
    in_communities = [object_id for object_id in steps if targets[object_id].group_id is not None]
    if in_communities:
        await ranking.recount_all(session, in_communities)
