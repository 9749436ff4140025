"""Whom a person might want to follow: people their people follow, then those many here follow.

Only who wants to be found is suggested, and nobody the person follows, asked, hides, or waved away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.social.errors import NotFound
from potluck.social.fading import FadingCache
from potluck.social.model import Actor, Follow, SuggestionDismissal
from potluck.social.visibility import not_hidden_by

FRIENDS = "friends_of_friends"
MOST_FOLLOWED = "most_followed"

_KEPT = 100
_LATEST_FOLLOWS = 200
_LEAST_FRIENDS = 2
_ACTIVE = timedelta(days=90)
_ranked: FadingCache[int, list[tuple[int, str]]] = FadingCache(most=5000, seconds=900)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Someone, and why they are suggested."""

    actor: Actor
    source: str


def forget_all() -> None:
    """Rank anew at the next look (tests)."""
    _ranked.clear()


async def for_reader(session: AsyncSession, reader_id: int, *, limit: int = 40,
                     offset: int = 0) -> list[Suggestion]:
    """Suggestions for a person, best first. They are ranked every quarter of an hour at the most."""
    ranked = _ranked.get(reader_id)
    if ranked is None:
        ranked = await _rank(session, reader_id)
        _ranked.put(reader_id, ranked)
    if not ranked:
        return []
    actors = {row.id: row for row in (await session.scalars(select(Actor).where(
        Actor.id.in_([actor_id for actor_id, _ in ranked]), *_fits(reader_id)))).all()}
    found = [Suggestion(actors[actor_id], source) for actor_id, source in ranked if actor_id in actors]
    return found[offset:offset + limit]


def _fits(reader_id: int) -> tuple[ColumnElement[bool], ...]:
    """Conditions on `Actor`."""
    return (
        *_may_be_suggested(reader_id), Actor.type != "Application", ~Actor.memorial,
        not_hidden_by(reader_id, Actor.id),
        ~exists().where(Follow.follower_id == reader_id, Follow.followed_id == Actor.id),
        ~exists().where(SuggestionDismissal.actor_id == reader_id, SuggestionDismissal.target_id == Actor.id),
    )


async def _rank(session: AsyncSession, reader_id: int) -> list[tuple[int, str]]:
    friends = await _friends_of_friends(session, reader_id)
    found = dict.fromkeys(friends, FRIENDS)
    for actor_id in await _most_followed(session, reader_id):
        found.setdefault(actor_id, MOST_FOLLOWED)
    return list(found.items())[:_KEPT]


async def _friends_of_friends(session: AsyncSession, reader_id: int) -> Sequence[int]:
    """Whom at least two of the reader's latest follows follow. Their number bounds the work."""
    latest = (await session.scalars(select(Follow.followed_id).where(
        Follow.follower_id == reader_id, Follow.state == "accepted").order_by(Follow.id.desc())
        .limit(_LATEST_FOLLOWS))).all()
    if not latest:
        return []
    friends = func.count()
    query: Any = (
        select(Follow.followed_id).join(Actor, Actor.id == Follow.followed_id)
        .where(Follow.follower_id.in_(latest), Follow.state == "accepted", *_may_be_suggested(reader_id))
        .group_by(Follow.followed_id, Actor.followers_count).having(friends >= _LEAST_FRIENDS)
        .order_by(friends.desc(), Actor.followers_count, Follow.followed_id).limit(_KEPT))
    return (await session.scalars(query)).all()


def _may_be_suggested(reader_id: int) -> tuple[ColumnElement[bool], ...]:
    """The cheap ones of `_fits`: the rest is asked when they are shown."""
    return (and_(Actor.discoverable.is_(True), Actor.suspended_at.is_(None), Actor.silenced_at.is_(None),
                 Actor.deleted_at.is_(None), Actor.moved_to_id.is_(None)), Actor.id != reader_id)


async def _most_followed(session: AsyncSession, reader_id: int) -> Sequence[int]:
    """Active people of this server with many followers."""
    return (await session.scalars(select(Actor.id).where(
        Actor.host == "", Actor.last_post_at > now() - _ACTIVE, *_may_be_suggested(reader_id))
        .order_by(Actor.followers_count.desc(), Actor.id).limit(_KEPT))).all()


async def dismiss(session: AsyncSession, reader_id: int, target_id: int) -> None:
    """Suggest someone to this person no more.

    Raises:
        NotFound: nobody has this id.
    """
    if await session.get(Actor, target_id) is None:
        raise NotFound
    await session.execute(insert_or_ignore(session, SuggestionDismissal.__table__).values(
        actor_id=reader_id, target_id=target_id))
