"""Accounts as JSON bytes: rendered once for each change of what they show, kept, and loaded for many at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import msgspec
from sqlalchemy import select

from potluck.apis.mastodon import entities, facts
from potluck.apis.mastodon.cache import Cache
from potluck.apis.source import Source
from potluck.social.model import Actor, User
from potluck.social.views import load_actors

_encode = msgspec.json.Encoder().encode

Stamp = tuple[int, int, int, int]
"""What changes whenever an account looks different: time of its last change, followers, following, posts."""

_cache: Cache[tuple[Stamp, bytes]] = Cache(5000)
_STAFF_SECONDS = 60


class _Staff:
    """Who moderates here: asked once a minute."""

    roles: ClassVar[dict[int, str]] = {}
    until = 0.0


async def staff(source: Source) -> dict[int, str]:
    """Main actor id -> role, of moderators and administrators."""
    if time.monotonic() >= _Staff.until:
        session = await source.session()
        found = await session.execute(select(User.actor_id, User.role).where(User.role != "user"))
        _Staff.roles = {row.actor_id: row.role for row in found.all()}
        _Staff.until = time.monotonic() + _STAFF_SECONDS
    return _Staff.roles


def forget() -> None:
    """Forget everything kept (for tests that change the server's address or database)."""
    _cache.clear()
    _Staff.until = 0.0


def stamp_of(actor: Actor) -> Stamp:
    """The stamp of a loaded actor."""
    return (facts.microseconds(actor.updated_at), actor.followers_count, actor.following_count, actor.posts_count)


def stamp_in(columns: Sequence[Any]) -> Stamp:
    """The stamp in the columns of a prepared statement."""
    return (facts.microseconds(columns[0]), columns[1], columns[2], columns[3])


def kept(actor_id: int, stamp: Stamp) -> bytes | None:
    """The bytes of an account, if they are kept and current."""
    found = _cache.get(actor_id)
    return found[1] if found is not None and found[0] == stamp else None


async def of_stamps(source: Source, stamps: dict[int, Stamp]) -> dict[int, bytes]:
    """Accounts whose stamps are known already, as bytes by id; what is not kept is loaded."""
    done: dict[int, bytes] = {}
    missing: list[int] = []
    for actor_id, stamp in stamps.items():
        found = kept(actor_id, stamp)
        if found is None:
            missing.append(actor_id)
        else:
            done[actor_id] = found
    if missing:
        rows = await load_actors(await source.session(), missing)
        done |= await _render(source, list(rows.values()))
    return done


async def of_actors(source: Source, actors: Iterable[Actor]) -> dict[int, bytes]:
    """Accounts of loaded actors, as bytes by id."""
    done: dict[int, bytes] = {}
    missing: list[Actor] = []
    for actor in actors:
        found = kept(actor.id, stamp_of(actor))
        if found is None:
            missing.append(actor)
        else:
            done[actor.id] = found
    return done | await _render(source, missing) if missing else done


async def _render(source: Source, actors: list[Actor]) -> dict[int, bytes]:
    roles = await staff(source)
    targets: dict[int, Actor] = {}
    moved_to = {actor.moved_to_id for actor in actors if actor.moved_to_id}
    if moved_to:
        targets = await load_actors(await source.session(), moved_to)
    done: dict[int, bytes] = {}
    for actor in actors:
        target = targets.get(actor.moved_to_id or 0)
        moved = entities.account(target, role=roles.get(target.id)) if target else None
        done[actor.id] = _encode(entities.account(actor, role=roles.get(actor.id), moved=moved))
        _cache.put(actor.id, (stamp_of(actor), done[actor.id]))
    return done


async def by_ids(source: Source, actor_ids: Iterable[int]) -> dict[int, bytes]:
    """Accounts by id, as bytes; unknown ids are absent. Kept ones cost one look at their stamps."""
    rows = await facts.stamps_of_actors(source, list(set(actor_ids)))
    return await of_stamps(source, {row[0]: stamp_in(row[1:]) for row in rows})


async def in_order(source: Source, actor_ids: Iterable[int]) -> list[bytes]:
    """Accounts by id, in the order given, unknown ones left out."""
    wanted = list(actor_ids)
    found = await by_ids(source, wanted)
    return [found[actor_id] for actor_id in wanted if actor_id in found]


async def one(source: Source, actor: Actor) -> bytes:
    """One account."""
    return (await of_actors(source, [actor]))[actor.id]
