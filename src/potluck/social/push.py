"""Web Push: where apps want to be told of notifications, and the queue of what is to be told.

A message is a row written with its notification; the engine sends it. The server's VAPID key is made once and kept.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import kept_values, live
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Follow, OAuthToken, PushMessage, PushSubscription
from potluck.text.addresses import parts_of

TYPES = ("mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "quote",
         "quoted_update", "admin.sign_up", "admin.report")
POLICIES = ("all", "followed", "follower", "none")
TOPIC = "push"
MAX_ENDPOINT = 2048
MAX_FAILURES = 20
"""After so many failures in a row an endpoint is taken for dead."""

_SHOWN_AS = {"reaction": "favourite"}
_KEY_NAME = "vapid_private_key"
_MAX_ATTEMPTS = 6
_FIRST_RETRY = timedelta(seconds=30)
_LATEST = timedelta(hours=48)
_LEASE = timedelta(minutes=2)
_MESSAGE: Any = PushMessage.__table__
_SUBSCRIPTION: Any = PushSubscription.__table__


@dataclass(frozen=True, slots=True)
class Keys:
    """What an app's messages are encrypted for, base64url."""

    p256dh: str
    auth: str


# ---- the server's key -------------------------------------------------------------------------------------------


def shown_type(name: str) -> str:
    """A notification's type as apps know it: an emoji reaction shows as a favourite, which it counts as."""
    return _SHOWN_AS.get(name, name)


def _new_key() -> str:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


async def private_key(session: AsyncSession) -> ec.EllipticCurvePrivateKey:
    """The key that tells push services who is speaking; made the first time (the session must be for writing then)."""
    return _loaded(await kept_values.ensure(session, _KEY_NAME, _new_key))


@lru_cache(maxsize=4)
def _loaded(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the kept VAPID key is no P-256 key")
    return key


async def public_key(session: AsyncSession) -> str:
    """The public half, as apps want it: an uncompressed point, base64url. Empty before the key was made."""
    pem = await kept_values.get(session, _KEY_NAME)
    return encode(public_bytes(_loaded(pem))) if pem else ""


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half as an uncompressed point."""
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def encode(value: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Bytes out of base64url or plain base64, with or without padding.

    Raises:
        ValueError: it is neither.
    """
    plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


# ---- the token that messages carry ------------------------------------------------------------------------------


def _sealer() -> AESGCM:
    """Apps want their own token in each message; it is kept encrypted, since only its hash is kept elsewhere."""
    return AESGCM(HKDF(hashes.SHA256(), 32, None, b"potluck push tokens").derive(current().secret.encode()))


def seal(token: str) -> str:
    """A token as it is kept."""
    nonce = ids.new().to_bytes(12, "big")
    return encode(nonce + _sealer().encrypt(nonce, token.encode(), None))


def unseal(sealed: str) -> str:
    """The token; empty if the server's secret has changed since."""
    try:
        raw = decode(sealed)
        return _sealer().decrypt(raw[:12], raw[12:], None).decode()
    except (InvalidTag, ValueError):
        return ""


# ---- subscriptions ----------------------------------------------------------------------------------------------


async def of_token(session: AsyncSession, token_id: int) -> PushSubscription:
    """The subscription of a token.

    Raises:
        NotFound: it has none.
    """
    row: PushSubscription | None = await session.scalar(select(PushSubscription).where(
        PushSubscription.token_id == token_id))
    if row is None:
        raise NotFound
    return row


async def subscribe(
    session: AsyncSession, token_id: int, actor_id: int, token: str, *, endpoint: str, keys: Keys, standard: bool,
    alerts: Mapping[str, bool], policy: str = "all",
) -> PushSubscription:
    """Tell an app of notifications from now on, in place of what it had subscribed to before.

    Raises:
        Invalid: the address or a key cannot be used.
    """
    _check_endpoint(endpoint)
    _check_keys(keys)
    await session.execute(delete(_SUBSCRIPTION).where(_SUBSCRIPTION.c.token_id == token_id))
    row = PushSubscription(
        id=ids.new(), token_id=token_id, actor_id=actor_id, endpoint=endpoint, p256dh=encode(decode(keys.p256dh)),
        auth=encode(decode(keys.auth)), standard=standard, alerts=_alerts(alerts), policy=_policy(policy),
        sealed_token=seal(token), failures=0, created_at=now(), updated_at=now())
    session.add(row)
    await session.flush()
    return row


def _check_endpoint(endpoint: str) -> None:
    parts = parts_of(endpoint)
    schemes = ("https", "http") if current().allow_private else ("https",)
    if parts.scheme not in schemes or not parts.hostname or parts.username or len(endpoint) > MAX_ENDPOINT:
        raise Invalid("endpoint", "Validation failed: Endpoint is not a valid URL")


def _check_keys(keys: Keys) -> None:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(keys.p256dh))
        good = len(decode(keys.auth)) == 16
    except ValueError:
        good = False
    if not good:
        raise Invalid("keys", "Validation failed: Subscription keys are invalid")


def _alerts(wanted: Mapping[str, bool]) -> dict[str, Any]:
    return {name: bool(wanted.get(name, False)) for name in TYPES}


def _policy(word: str) -> str:
    if word not in POLICIES:
        raise Invalid("policy", "Validation failed: Policy is not included in the list", "inclusion")
    return word


async def change(session: AsyncSession, token_id: int, *, alerts: Mapping[str, bool] | None = None,
                 policy: str | None = None) -> PushSubscription:
    """Change what an app is told.

    Raises:
        NotFound: it has no subscription.
        Invalid: there is no such policy.
    """
    row = await of_token(session, token_id)
    if alerts is not None:
        row.alerts = _alerts(alerts)
    if policy is not None:
        row.policy = _policy(policy)
    row.updated_at = now()
    await session.flush()
    return row


async def unsubscribe(session: AsyncSession, token_id: int) -> None:
    """Tell an app nothing more."""
    await session.execute(delete(_SUBSCRIPTION).where(_SUBSCRIPTION.c.token_id == token_id))


# ---- the queue --------------------------------------------------------------------------------------------------


async def queue(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Queue messages for new notifications (as written): to each app that wants this type from this person."""
    readers = {row["reader_id"] for row in rows}
    if not readers:
        return
    found = (await session.execute(
        select(_SUBSCRIPTION.c.id, _SUBSCRIPTION.c.actor_id, _SUBSCRIPTION.c.alerts, _SUBSCRIPTION.c.policy)
        .join(OAuthToken, OAuthToken.id == _SUBSCRIPTION.c.token_id)
        .where(_SUBSCRIPTION.c.actor_id.in_(readers), _SUBSCRIPTION.c.policy != "none",
               OAuthToken.revoked_at.is_(None)))).all()
    if not found:
        return
    pairs = await _follows(session, {item.actor_id for item in found if item.policy != "all"},
                           {row["actor_id"] for row in rows})
    moment = now()
    messages = [
        {"id": ids.new(), "subscription_id": item.id, "notification_id": row["id"], "attempts": 0, "due_at": moment}
        for item in found for row in rows
        if item.actor_id == row["reader_id"] and item.alerts.get(shown_type(row["type"]))
        and _welcome(item.policy, row["reader_id"], row["actor_id"], pairs)]
    if messages:
        await session.execute(insert(_MESSAGE), messages)
        await live.wake(session, TOPIC)


async def _follows(session: AsyncSession, readers: Collection[int], actors: Collection[int]) -> set[tuple[int, int]]:
    if not readers:
        return set()
    rows = await session.execute(select(Follow.follower_id, Follow.followed_id).where(
        Follow.state == "accepted",
        (Follow.follower_id.in_(readers) & Follow.followed_id.in_(actors))
        | (Follow.followed_id.in_(readers) & Follow.follower_id.in_(actors))))
    return {(follower, followed) for follower, followed in rows.all()}


def _welcome(policy: str, reader: int, actor: int, pairs: set[tuple[int, int]]) -> bool:
    if policy == "followed":
        return (reader, actor) in pairs
    return policy == "all" or (actor, reader) in pairs


async def claim(session: AsyncSession, limit: int) -> Sequence[PushMessage]:
    """Take messages whose time has come, oldest first. Should they not be settled, they are due again soon."""
    rows = (await session.scalars(select(PushMessage).where(PushMessage.due_at <= now()).order_by(
        PushMessage.due_at, PushMessage.id).limit(limit).with_for_update(skip_locked=True))).all()
    if rows:
        await session.execute(update(_MESSAGE).where(_MESSAGE.c.id.in_([row.id for row in rows])).values(
            due_at=now() + _LEASE))
    return rows


async def sent(session: AsyncSession, message_ids: Sequence[int], subscription_ids: Collection[int]) -> None:
    """Remove messages that were taken; their endpoints are well."""
    await session.execute(delete(_MESSAGE).where(_MESSAGE.c.id.in_(message_ids)))
    await session.execute(update(_SUBSCRIPTION).where(
        _SUBSCRIPTION.c.id.in_(subscription_ids), _SUBSCRIPTION.c.failures > 0).values(failures=0))


async def drop(session: AsyncSession, message_ids: Sequence[int]) -> None:
    """Forget messages that nobody can be told any more."""
    await session.execute(delete(_MESSAGE).where(_MESSAGE.c.id.in_(message_ids)))


async def failed(session: AsyncSession, message_id: int, *, retry_after: float | None = None) -> None:
    """Try a message again later, at most six times; an endpoint that fails twenty times in a row is removed."""
    row = await session.get(PushMessage, message_id)
    if row is None:
        return
    subscription = await session.get_one(PushSubscription, row.subscription_id)
    subscription.failures += 1
    row.attempts += 1
    if subscription.failures >= MAX_FAILURES:
        await session.delete(subscription)
    elif row.attempts >= _MAX_ATTEMPTS:
        await session.delete(row)
    else:
        wait = _FIRST_RETRY * 4 ** (row.attempts - 1)
        row.due_at = now() + min(max(wait, timedelta(seconds=retry_after or 0)), _LATEST)
    await session.flush()


async def gone(session: AsyncSession, subscription_id: int) -> None:
    """Forget an endpoint that its service says is no more, with all that waits for it."""
    await session.execute(delete(_SUBSCRIPTION).where(_SUBSCRIPTION.c.id == subscription_id))
