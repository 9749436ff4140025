"""Keys of local actors: one RSA key for HTTP signatures, one Ed25519 key for object proofs (FEP-521a, FEP-8b32)."""

from __future__ import annotations

import base58
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import events
from potluck.social.model import Actor, ActorKey

RSA = "rsa"
ED25519 = "ed25519"
_MULTICODEC_ED25519 = b"\xed\x01"


def make_keys(actor_id: int, uri: str, *, suffix: str = "") -> list[ActorKey]:
    """A fresh RSA-2048 and Ed25519 key for an actor. `suffix` tells rotated keys from the first ones."""
    signing, proving = rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()
    return [
        ActorKey(id=ids.new(), actor_id=actor_id, uri=f"{uri}#main-key{suffix}", algorithm=RSA,
                 public_key=signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
                 private_key=_private_pem(signing)),
        ActorKey(id=ids.new(), actor_id=actor_id, uri=f"{uri}#ed25519-key{suffix}", algorithm=ED25519,
                 public_key=_multikey(proving.public_key()), private_key=_private_pem(proving)),
    ]


def _private_pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _multikey(key: ed25519.Ed25519PublicKey) -> str:
    return "z" + base58.b58encode(_MULTICODEC_ED25519 + key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


async def signing_key(session: AsyncSession, actor_id: int, algorithm: str = RSA) -> ActorKey | None:
    """The newest key of a local actor that is in use, None for actors without one."""
    found: ActorKey | None = await session.scalar(
        select(ActorKey).where(ActorKey.actor_id == actor_id, ActorKey.algorithm == algorithm,
                               ActorKey.private_key.is_not(None), ActorKey.retired_at.is_(None))
        .order_by(ActorKey.id.desc()).limit(1))
    return found


async def public_keys(session: AsyncSession, actor_id: int) -> list[ActorKey]:
    """The keys an actor's document shows, oldest first."""
    rows = await session.scalars(select(ActorKey).where(
        ActorKey.actor_id == actor_id, ActorKey.retired_at.is_(None)).order_by(ActorKey.id))
    return list(rows.all())


async def rotate(session: AsyncSession, actor: Actor) -> list[ActorKey]:
    """Give a local actor new keys; the old ones are retired. The change is announced signed by the old key."""
    moment = now()
    await session.execute(update(ActorKey).where(
        ActorKey.actor_id == actor.id, ActorKey.retired_at.is_(None)).values(retired_at=moment))
    made = make_keys(actor.id, actor.uri, suffix=f"-{int(moment.timestamp())}")
    session.add_all(made)
    actor.updated_at = moment
    await session.flush()
    await events.emit(session, events.ProfileChanged(actor, old_key=True))
    return made
