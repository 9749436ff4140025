"""Accounts as JSON bytes: rendered once for each change of what they show, kept, and loaded for many at once."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Any, ClassVar

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon import entities
from potluck.apis.mastodon.cache import Cache
from potluck.social.model import Actor, User
from potluck.social.views import load_actors

_encode = msgspec.json.Encoder().encode

Stamp = tuple[Any, ...]
"""What changes whenever an account looks different: `columns` of its row."""

COLUMNS: tuple[Any, ...] = (Actor.updated_at, Actor.followers_count, Actor.following_count, Actor.posts_count)

_cache: Cache[tuple[Stamp, bytes]] = Cache(5000)
_STAFF_SECONDS = 60


class _Staff:
    """Who moderates here: asked once a minute."""

    roles: ClassVar[dict[int, str]] = {}
    until = 0.0


async def staff(session: AsyncSession) -> dict[int, str]:
    """Main actor id -> role, of moderators and administrators."""
    if time.monotonic() >= _Staff.until:
        found = await session.execute(select(User.actor_id, User.role).where(User.role != "user"))
        _Staff.roles = dict(found.tuples().all())
        _Staff.until = time.monotonic() + _STAFF_SECONDS
    return _Staff.roles


def forget() -> None:
    """Forget everything kept (for tests that change the server's address or database)."""
    _cache.clear()
    _Staff.until = 0.0


def stamp_of(actor: Actor) -> Stamp:
    """The stamp of a loaded actor."""
    return (actor.updated_at, actor.followers_count, actor.following_count, actor.posts_count)


def kept(actor_id: int, stamp: Stamp) -> bytes | None:
    """The bytes of an account, if they are kept and current."""
    found = _cache.get(actor_id)
    return found[1] if found is not None and found[0] == stamp else None


async def of_actors(session: AsyncSession, actors: Collection[Actor]) -> dict[int, bytes]:
    """Accounts of loaded actors, as bytes by id."""
    done: dict[int, bytes] = {}
    missing: list[Actor] = []
    for actor in actors:
        found = kept(actor.id, stamp_of(actor))
        if found is None:
            missing.append(actor)
        else:
            done[actor.id] = found
    if missing:
        done |= await _render(session, missing)
    return done


async def _render(session: AsyncSession, actors: list[Actor]) -> dict[int, bytes]:
    roles = await staff(session)
    targets = await load_actors(session, {actor.moved_to_id for actor in actors if actor.moved_to_id})
    done: dict[int, bytes] = {}
    for actor in actors:
        target = targets.get(actor.moved_to_id or 0)
        moved = entities.account(target, role=roles.get(target.id)) if target else None
        done[actor.id] = _encode(entities.account(actor, role=roles.get(actor.id), moved=moved))
        _cache.put(actor.id, (stamp_of(actor), done[actor.id]))
    return done


_STAMPS = select(Actor.id, *COLUMNS).where(Actor.id.in_(bindparam("ids", expanding=True)))


async def by_ids(session: AsyncSession, actor_ids: Iterable[int]) -> dict[int, bytes]:
    """Accounts by id, as bytes; unknown ids are absent. Kept ones cost one look at their stamps."""
    wanted = set(actor_ids)
    if not wanted:
        return {}
    done: dict[int, bytes] = {}
    for row in (await session.execute(_STAMPS, {"ids": list(wanted)})).all():
        found = kept(row[0], tuple(row[1:]))
        if found is not None:
            done[row[0]] = found
    missing = wanted - done.keys()
    if missing:
        done |= await of_actors(session, list((await load_actors(session, missing)).values()))
    return done


async def in_order(session: AsyncSession, actor_ids: Iterable[int]) -> list[bytes]:
    """Accounts by id, in the order given, unknown ones left out."""
    wanted = list(actor_ids)
    found = await by_ids(session, wanted)
    return [found[actor_id] for actor_id in wanted if actor_id in found]


async def one(session: AsyncSession, actor: Actor) -> bytes:
    """One account."""
    return (await of_actors(session, [actor]))[actor.id]
