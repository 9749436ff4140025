"""Passkeys (WebAuthn): sign in by what the device knows of its owner; user verification is always demanded.

Each ceremony has two halves with a challenge between them, which the caller keeps for the browser in a signed cookie.
A challenge ends after five minutes and signs in once. The library (8 MiB, with OpenSSL) is loaded by
the first ceremony.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social.accounts import secret_values
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, EmailToken, Passkey, User

LIFETIME = timedelta(minutes=5)
MAX_NAME = 100
MOST = 20

_PASSKEY: Any = Passkey.__table__
_TIME_BYTES = 8
_MAX_RESPONSE = 100_000


def _challenge() -> bytes:
    """Random bytes, and behind them the second in which they end."""
    until = int(time.time() + LIFETIME.total_seconds())
    return secrets.token_bytes(32) + until.to_bytes(_TIME_BYTES, "big")


def _is_over(challenge: bytes) -> bool:
    return len(challenge) != 32 + _TIME_BYTES or int.from_bytes(challenge[32:], "big") < time.time()


def _rp_id() -> str:
    return urlsplit(current().url).hostname or "localhost"


async def all_of(session: AsyncSession, user_id: int) -> Sequence[Passkey]:
    """A user's passkeys, oldest first."""
    return (await session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id))).all()


async def begin_registration(session: AsyncSession, user: User) -> tuple[str, bytes]:
    """First half of adding a passkey.

    Returns:
        Options for `navigator.credentials.create` as JSON, and the challenge to keep.

    Raises:
        Invalid: there are twenty already.
    """
    import webauthn
    from webauthn.helpers import structs

    known = await all_of(session, user.id)
    if len(known) >= MOST:
        raise Invalid("name", "You can have %(most)s passkeys at most", most=MOST)
    actor = await session.get_one(Actor, user.actor_id)
    challenge = _challenge()
    options = webauthn.generate_registration_options(
        rp_id=_rp_id(), rp_name=current().title, user_name=actor.name, user_id=str(user.id).encode(),
        user_display_name=actor.display_name or actor.name, challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(
            id=webauthn.base64url_to_bytes(row.credential_id)) for row in known])
    return webauthn.options_to_json(options), challenge


async def finish_registration(session: AsyncSession, user: User, response: str, challenge: bytes, name: str,
                              ) -> Passkey:
    """Second half: keep the new passkey.

    Args:
        response: what the browser answered, as JSON.
        challenge: from the first half.
        name: what the person calls it.

    Raises:
        Invalid: the answer is not right, or the passkey is known already.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    if _is_over(challenge) or len(response) > _MAX_RESPONSE:
        raise Invalid("passkey", "This took too long. Please try again")
    try:
        made = webauthn.verify_registration_response(
            credential=response, expected_challenge=challenge, expected_rp_id=_rp_id(),
            expected_origin=current().url, require_user_verification=True)
    except (WebAuthnException, ValueError) as error:
        raise Invalid("passkey", "The device's answer is not right") from error
    new_id = ids.new()
    result: Any = await session.execute(insert_or_ignore(session, _PASSKEY).values(
        id=new_id, user_id=user.id, credential_id=webauthn.helpers.bytes_to_base64url(made.credential_id),
        public_key=made.credential_public_key, sign_count=made.sign_count,
        name=" ".join(name.split())[:MAX_NAME] or "Passkey", created_at=now()))
    if result.rowcount == 0:
        raise Invalid("passkey", "This passkey is known already")
    return await session.get_one(Passkey, new_id)


async def remove(session: AsyncSession, user_id: int, passkey_id: int) -> None:
    """Forget a passkey.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    gone = await session.scalar(delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
                                .returning(Passkey.id))
    if gone is None:
        raise NotFound


def begin_sign_in() -> tuple[str, bytes]:
    """First half of signing in; the device knows for whom.

    Returns:
        Options for `navigator.credentials.get` as JSON, and the challenge to keep.
    """
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    challenge = _challenge()
    options = webauthn.generate_authentication_options(
        rp_id=_rp_id(), challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED)
    return webauthn.options_to_json(options), challenge


async def finish_sign_in(session: AsyncSession, response: str, challenge: bytes) -> User:
    """Second half: who it is. A passkey is two factors in one, so no code is asked for besides.

    Args:
        response: what the browser answered, as JSON.
        challenge: from the first half.

    Raises:
        Invalid: the answer is not right, was given before, or the login may not be used.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    if _is_over(challenge) or len(response) > _MAX_RESPONSE:
        raise Invalid("passkey", "This took too long. Please try again")
    try:
        credential = webauthn.helpers.parse_authentication_credential_json(response)
        row = await session.scalar(select(Passkey).where(
            Passkey.credential_id == webauthn.helpers.bytes_to_base64url(credential.raw_id)))
        if row is None:
            raise Invalid("passkey", "This passkey is not known here")
        done = webauthn.verify_authentication_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=_rp_id(),
            expected_origin=current().url, credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count, require_user_verification=True)
    except (WebAuthnException, ValueError) as error:
        raise Invalid("passkey", "The device's answer is not right") from error
    await _use_up(session, row.user_id, challenge)
    await session.execute(update(_PASSKEY).where(_PASSKEY.c.id == row.id).values(
        sign_count=done.new_sign_count, last_used_at=now()))
    user = await session.get_one(User, row.user_id)
    if user.disabled_at is not None:
        raise Invalid("passkey", "This account is disabled")
    return user


async def _use_up(session: AsyncSession, user_id: int, challenge: bytes) -> None:
    """Many devices count no signatures, so a challenge is remembered until it ends by itself."""
    result: Any = await session.execute(insert_or_ignore(session, EmailToken).values(
        id=ids.new(), user_id=user_id, purpose="passkey", token_hash=secret_values.digest(challenge.hex()), data={},
        expires_at=now() + LIFETIME, created_at=now()))
    if result.rowcount == 0:
        raise Invalid("passkey", "This sign-in was used already")
