"""Keys of actors: an RSA pair for HTTP signatures and an Ed25519 pair for object proofs, made, stored, rotated."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import base58
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import events
from potluck.social.errors import NotFound
from potluck.social.model import Actor, ActorKey

_KEY: Any = ActorKey.__table__

RSA_BITS = 2048
_ED25519_PREFIX = b"\xed\x01"  # multicodec of an Ed25519 public key


@dataclass(frozen=True, slots=True)
class KeyPairs:
    """Fresh keys that belong to nobody yet. Making them takes a while: make them before the transaction."""

    rsa_public: str  # PEM, SubjectPublicKeyInfo
    rsa_private: str  # PEM, PKCS#8
    ed25519_public: str  # multibase (base58-btc) with multicodec prefix
    ed25519_private: str  # PEM, PKCS#8


def make_pairs() -> KeyPairs:
    """Make both pairs. Blocks for about a tenth of a second; in a coroutine use `generate`."""
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    rsa_public = rsa_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    ed_key = ed25519.Ed25519PrivateKey.generate()
    ed_public = ed_key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return KeyPairs(rsa_public.decode(), _private_pem(rsa_key),
                    "z" + base58.b58encode(_ED25519_PREFIX + ed_public).decode(), _private_pem(ed_key))


def _private_pem(key: PrivateKeyTypes) -> str:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption()).decode()


async def generate() -> KeyPairs:
    """Make both pairs without holding up the event loop."""
    return await asyncio.to_thread(make_pairs)


def _rows(actor: Actor, pairs: KeyPairs, suffix: str) -> list[dict[str, Any]]:
    moment = now()
    return [
        {"id": ids.new(), "actor_id": actor.id, "uri": f"{actor.uri}#main-key{suffix}", "algorithm": "rsa",
         "public_key": pairs.rsa_public, "private_key": pairs.rsa_private, "created_at": moment},
        {"id": ids.new(), "actor_id": actor.id, "uri": f"{actor.uri}#ed25519-key{suffix}", "algorithm": "ed25519",
         "public_key": pairs.ed25519_public, "private_key": pairs.ed25519_private, "created_at": moment},
    ]


async def add(session: AsyncSession, actor: Actor, pairs: KeyPairs) -> None:
    """Give a new local actor its first keys: `#main-key` (RSA) and `#ed25519-key`."""
    await session.execute(_KEY.insert(), _rows(actor, pairs, ""))


async def all_of(session: AsyncSession, actor_id: int) -> Sequence[ActorKey]:
    """Every key of an actor, oldest first; retired ones too."""
    return (await session.scalars(select(ActorKey).where(ActorKey.actor_id == actor_id).order_by(ActorKey.id))).all()


async def signing_key(session: AsyncSession, actor_id: int, algorithm: str = "rsa") -> ActorKey:
    """The key a local actor signs with now.

    Raises:
        NotFound: there is none (a remote or deleted actor).
    """
    row: ActorKey | None = await session.scalar(select(ActorKey).where(
        ActorKey.actor_id == actor_id, ActorKey.algorithm == algorithm, ActorKey.private_key.is_not(None),
        ActorKey.retired_at.is_(None)).order_by(ActorKey.id.desc()).limit(1))
    if row is None:
        raise NotFound("This account has no key to sign with")
    return row


async def rotate(session: AsyncSession, actor: Actor, pairs: KeyPairs | None = None) -> None:
    """Retire the keys of a local actor and give it new ones.

    Servers learn of it by an Update that the old key signs (protocol §13); that is the subscriber's business.
    """
    pairs = pairs or await generate()
    had = await session.scalar(select(func.count()).select_from(ActorKey).where(
        ActorKey.actor_id == actor.id, ActorKey.algorithm == "rsa")) or 0
    # Through the ORM, so that rows this session has loaded know it: the subscriber looks for the retired key.
    await session.execute(update(ActorKey).where(ActorKey.actor_id == actor.id, ActorKey.retired_at.is_(None))
                          .values(retired_at=now()))
    await session.execute(_KEY.insert(), _rows(actor, pairs, f"-{had + 1}"))
    await session.execute(update(Actor).where(Actor.id == actor.id).values(updated_at=now()))
    await events.emit(session, events.ProfileChanged(actor, old_key=True))


async def replace_remote(session: AsyncSession, actor_id: int, keys: Sequence[tuple[str, str, str]]) -> None:
    """Give a remote actor exactly the keys its document has: (key uri, algorithm, public key) each.

    A key uri that another living actor holds stays with that one, so that nobody takes over a foreign key's name.
    """
    wanted = {uri: (algorithm, public) for uri, algorithm, public in keys}
    rows = (await session.execute(
        select(ActorKey.id, ActorKey.uri, ActorKey.algorithm, ActorKey.public_key, ActorKey.actor_id,
               Actor.deleted_at, Actor.handle)
        .join(Actor, Actor.id == ActorKey.actor_id)
        .where(or_(ActorKey.actor_id == actor_id, ActorKey.uri.in_(wanted))))).all()
    foreign = {row.uri for row in rows if row.actor_id != actor_id and row.deleted_at is None and row.handle}
    kept = {row.uri for row in rows
            if row.actor_id == actor_id and wanted.get(row.uri) == (row.algorithm, row.public_key)}
    stale = [row.id for row in rows if row.uri not in kept and row.uri not in foreign]
    if stale:
        await session.execute(delete(_KEY).where(_KEY.c.id.in_(stale)))
    fresh = [_remote_row(actor_id, uri, algorithm, public)
             for uri, (algorithm, public) in wanted.items() if uri not in kept and uri not in foreign]
    if fresh:
        await session.execute(_KEY.insert(), fresh)


def _remote_row(actor_id: int, uri: str, algorithm: str, public: str) -> dict[str, Any]:
    return {"id": ids.new(), "actor_id": actor_id, "uri": uri, "algorithm": algorithm, "public_key": public,
            "private_key": None, "created_at": now()}


async def known(session: AsyncSession, uris: Collection[str]) -> set[str]:
    """Those of the key uris that some actor has."""
    if not uris:
        return set()
    return set((await session.scalars(select(_KEY.c.uri).where(_KEY.c.uri.in_(uris)))).all())


async def add_remote(session: AsyncSession, found: Iterable[tuple[int, Sequence[tuple[str, str, str]]]]) -> None:
    """Add the keys of actors that are new: (actor id, keys as for `replace_remote`) each."""
    rows = [_remote_row(actor_id, uri, algorithm, public)
            for actor_id, its_keys in found for uri, algorithm, public in its_keys]
    if rows:
        await session.execute(insert_or_ignore(session, _KEY), rows)
