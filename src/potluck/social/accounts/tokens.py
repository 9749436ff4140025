"""Access tokens: given to applications for codes (OAuth 2 with PKCE), or made by hand; looked up on every API call.

Only hashes are kept. A look-up is one query and is remembered for some seconds in this process; revoking forgets it
here at once, and in other processes within those seconds.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import after_commit
from potluck.db.ids import ids
from potluck.social.accounts import activity, secret_values
from potluck.social.accounts.oauth_apps import (
    OUT_OF_BAND,
    by_client_id,
    may_redirect,
    register,
    secret_is_right,
)
from potluck.social.errors import Invalid, NotFound
from potluck.social.fading import FadingCache
from potluck.social.model import Actor, OAuthApp, OAuthCode, OAuthToken, User

__all__ = [
    "OUT_OF_BAND", "Access", "Issued", "authenticate", "authorized", "by_client_id", "exchange_code", "forget_user",
    "issue", "issue_code", "may_redirect", "register", "remembered", "revoke", "revoke_all", "revoke_app", "revoke_one",
    "revoke_secret", "secret_is_right", "use_code",
]

CODE_LIFETIME = timedelta(minutes=10)
_SECONDS = 10.0
_MOST = 10_000
_CHALLENGE_LENGTH = 43  # base64url of a SHA-256, without padding
_VERIFIER_LENGTHS = range(43, 129)  # RFC 7636 §4.1

_TOKEN: Any = OAuthToken.__table__
_CODE: Any = OAuthCode.__table__


@dataclass(frozen=True, slots=True)
class Access:
    """What a token stands for, as of some seconds ago at the most.

    The records are copies that belong to no session: read them, and load the row itself to change it.

    Attributes:
        user: the login, None for an application's own token.
        actor: its main actor, None likewise.
        scopes: what it may do.
        app: the application, None for a token made by hand.
        family: API family that issued it.
        token_id: its row.
        site_id: the profile or blog (an actor's id) it is for, None where nobody chose one.
        created_at: when it was given.
    """

    user: User | None
    actor: Actor | None
    scopes: frozenset[str]
    app: OAuthApp | None
    family: str
    token_id: int
    site_id: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token: its secret, which cannot be read again, and its row."""

    secret: str
    token: OAuthToken


_cache: FadingCache[str, Access] = FadingCache(_MOST, _SECONDS)


async def authenticate(session: AsyncSession, secret: str) -> Access | None:
    """What a token stands for; None when it is unknown or revoked, or its owner is gone.

    Whether the login is confirmed, approved and not disabled is for the API to say, in its own words.
    """
    found = remembered(secret)
    if found is not None:
        return found
    kept = secret_values.digest(secret)
    generation = _cache.generation
    found = await _look_up(session, kept)
    if found is not None:
        _cache.put(kept, found, generation)
        activity.note(user_id=found.user.id if found.user else None, token_id=found.token_id)
    return found


def remembered(secret: str) -> Access | None:
    """What a token stands for if it was looked up in the last seconds, without asking the database; None else."""
    found = _cache.get(secret_values.digest(secret))
    if found is not None:
        activity.note(user_id=found.user.id if found.user else None, token_id=found.token_id)
    return found


async def _look_up(session: AsyncSession, kept: str) -> Access | None:
    token, app, user, actor = (_TOKEN.alias(), OAuthApp.__table__, User.__table__, Actor.__table__)
    columns = [table.c for table in (token, app, user, actor)]
    row = (await session.execute(
        select(*(column for group in columns for column in group))
        .select_from(token.outerjoin(app, app.c.id == token.c.app_id).outerjoin(user, user.c.id == token.c.user_id)
                     .outerjoin(actor, actor.c.id == user.c.actor_id))
        .where(token.c.token_hash == kept, token.c.revoked_at.is_(None)))).mappings().one_or_none()
    if row is None or (row[token.c.user_id] is not None and (row[actor.c.id] is None or row[actor.c.deleted_at])):
        return None
    return Access(_copy(User, row), _copy(Actor, row), frozenset(row[token.c.scopes].split()), _copy(OAuthApp, row),
                  row[token.c.family], row[token.c.id], row[token.c.site_id], row[token.c.created_at])


def _copy(model: Any, row: RowMapping) -> Any:
    """The part of a joined row that belongs to a table, as a record of no session; None if nothing was joined."""
    if row[model.__table__.c.id] is None:
        return None
    return model(**{column.key: row[column] for column in model.__table__.c})


async def issue(
    session: AsyncSession,
    user: User | None,
    scopes: Collection[str],
    *,
    app: OAuthApp | None = None,
    family: str = "mastodon",
    name: str = "",
    code_id: int | None = None,
    site_id: int | None = None,
) -> Issued:
    """Make a token.

    Args:
        user: whom it stands for; None for an application's own.
        app: the application that gets it; None when made by hand.
        name: what a person calls a token made by hand.
        code_id: the code it was given for.
        site_id: the profile or blog it is for.
    """
    secret = secret_values.make()
    row = OAuthToken(
        id=ids.new(), token_hash=secret_values.digest(secret), family=family, app_id=app.id if app else None,
        code_id=code_id, user_id=user.id if user else None, scopes=" ".join(scopes), site_id=site_id, name=name[:100],
        created_at=now())
    session.add(row)
    await session.flush()
    return Issued(secret, row)


async def issue_code(
    session: AsyncSession, app: OAuthApp, user: User, redirect_uri: str, scopes: Collection[str],
    *, code_challenge: str | None = None, code_challenge_method: str = "S256", site_id: int | None = None,
) -> str:
    """Make an authorization code, once the person has consented.

    Args:
        redirect_uri: where it will be sent; the application must name the same when it redeems the code.
        code_challenge: PKCE (RFC 7636), S256 only.
        site_id: the profile or blog the person chose.

    Raises:
        Invalid: the redirect URI is not the application's, or the challenge is none.
    """
    if not may_redirect(app, redirect_uri):
        raise Invalid("redirect_uri", "The redirect URI is not one the application registered")
    if code_challenge is not None and (code_challenge_method != "S256" or len(code_challenge) != _CHALLENGE_LENGTH):
        raise Invalid("code_challenge", "The code challenge must be a SHA-256 (method S256)")
    secret = secret_values.make()
    session.add(OAuthCode(
        id=ids.new(), code_hash=secret_values.digest(secret), app_id=app.id, user_id=user.id,
        redirect_uri=redirect_uri, scopes=" ".join(scopes), code_challenge=code_challenge, site_id=site_id,
        created_at=now()))
    await session.flush()
    return secret


async def exchange_code(
    session: AsyncSession, app: OAuthApp, code: str, redirect_uri: str,
    *, verifier: str | None = None, client_secret: str | None = None,
) -> Issued | None:
    """Give a token for a code, once (see `use_code`).

    Returns:
        The token, or None (`invalid_grant`). None is no error to raise within the transaction, because that would
        undo what was revoked: answer after the commit.
    """
    row = await use_code(session, app, code, redirect_uri, verifier=verifier, client_secret=client_secret)
    if row is None:
        return None
    user = await session.get_one(User, row.user_id)
    return await issue(session, user, row.scopes.split(), app=app, family=app.family, code_id=row.id,
                       site_id=row.site_id)


async def use_code(
    session: AsyncSession, app: OAuthApp, code: str, redirect_uri: str,
    *, verifier: str | None = None, client_secret: str | None = None,
) -> OAuthCode | None:
    """Use a code up; None (`invalid_grant`) when it is not good.

    An application without its secret must have used PKCE. A code that comes a second time has leaked: the token given
    for it is revoked (RFC 6749 §4.1.2).
    """
    row: OAuthCode | None = await session.scalar(select(OAuthCode).where(
        OAuthCode.code_hash == secret_values.digest(code)))
    if row is None or row.app_id != app.id:
        return None
    first = await session.scalar(update(_CODE).where(_CODE.c.id == row.id, _CODE.c.used_at.is_(None))
                                 .values(used_at=now()).returning(_CODE.c.id))
    if first is None:
        await _revoke(session, _TOKEN.c.code_id == row.id, lambda access: _is_of(access, row))
        return None
    return row if _is_acceptable(row, app, redirect_uri, verifier, client_secret) else None


def _is_of(access: Access, code: OAuthCode) -> bool:
    return access.app is not None and access.app.id == code.app_id and \
        access.user is not None and access.user.id == code.user_id


def _is_acceptable(row: OAuthCode, app: OAuthApp, redirect_uri: str, verifier: str | None,
                   client_secret: str | None) -> bool:
    if row.created_at + CODE_LIFETIME < now() or not hmac.compare_digest(
            row.redirect_uri.encode(), redirect_uri.encode()):
        return False
    if client_secret is not None and not secret_is_right(app, client_secret):
        return False
    if row.code_challenge is None:
        return client_secret is not None and verifier is None
    return verifier is not None and _verifies(verifier, row.code_challenge)


def _verifies(verifier: str, challenge: str) -> bool:
    """Whether a PKCE verifier is the one the challenge was made of (RFC 7636 §4.6)."""
    if len(verifier) not in _VERIFIER_LENGTHS or not verifier.isascii():
        return False
    made = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode())


async def revoke(session: AsyncSession, app: OAuthApp, secret: str) -> bool:
    """An application gives a token back; one that is unknown is no error (RFC 7009 §2.2).

    Returns:
        False when it is another application's token.
    """
    kept = secret_values.digest(secret)
    owner = (await session.execute(select(OAuthToken.id, OAuthToken.app_id).where(
        OAuthToken.token_hash == kept))).one_or_none()
    if owner is None:
        return True
    if owner.app_id != app.id:
        return False
    await _revoke(session, _TOKEN.c.id == owner.id, lambda access: access.token_id == owner.id)
    return True


async def revoke_secret(session: AsyncSession, secret: str, family: str) -> bool:
    """Whoever holds a token of a family gives it back; False when there is no such token."""
    found = await session.scalar(select(OAuthToken.id).where(
        OAuthToken.token_hash == secret_values.digest(secret), OAuthToken.family == family))
    if found is None:
        return False
    await _revoke(session, _TOKEN.c.id == found, lambda access: access.token_id == found)
    return True


async def revoke_one(session: AsyncSession, user_id: int, token_id: int) -> None:
    """A person takes one token back.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    known = await session.scalar(select(OAuthToken.id).where(OAuthToken.id == token_id, OAuthToken.user_id == user_id))
    if known is None:
        raise NotFound
    await _revoke(session, _TOKEN.c.id == token_id, lambda access: access.token_id == token_id)


async def revoke_app(session: AsyncSession, user_id: int, app_id: int) -> None:
    """A person takes every token of an application back, and its codes."""
    await session.execute(delete(_CODE).where(_CODE.c.app_id == app_id, _CODE.c.user_id == user_id))
    await _revoke(session, (_TOKEN.c.app_id == app_id) & (_TOKEN.c.user_id == user_id), lambda access: (
        access.app is not None and access.app.id == app_id and access.user is not None and access.user.id == user_id))


async def revoke_all(session: AsyncSession, user_id: int) -> None:
    """Take every token of a user back (password reset, suspension, leaving)."""
    await session.execute(delete(_CODE).where(_CODE.c.user_id == user_id))
    await _revoke(session, _TOKEN.c.user_id == user_id,
                  lambda access: access.user is not None and access.user.id == user_id)


async def _revoke(session: AsyncSession, condition: Any, matches: Callable[[Access], bool]) -> None:
    await session.execute(update(_TOKEN).where(condition, _TOKEN.c.revoked_at.is_(None)).values(revoked_at=now()))
    after_commit(session, lambda: _cache.forget(matches))


def forget_user(session: AsyncSession, user_id: int) -> None:
    """After this transaction, look the user's tokens up anew: login or profile changed."""
    after_commit(session, lambda: _cache.forget(lambda access: access.user is not None and access.user.id == user_id))


async def authorized(session: AsyncSession, user_id: int) -> Sequence[tuple[OAuthToken, OAuthApp | None]]:
    """A user's living tokens with their applications, newest first."""
    rows = await session.execute(
        select(OAuthToken, OAuthApp).outerjoin(OAuthApp, OAuthApp.id == OAuthToken.app_id)
        .where(OAuthToken.user_id == user_id, OAuthToken.revoked_at.is_(None)).order_by(OAuthToken.id.desc()))
    return rows.all()
