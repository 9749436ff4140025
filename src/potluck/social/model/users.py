"""Users (logins) and everything that lets them in: sessions, passkeys, app passwords, OAuth."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class User(Base):
    """A login. It has one main actor and may own more (blogs, channels, communities)."""

    __tablename__ = "user_account"

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id"), unique=True)  # main actor
    email: Mapped[str] = mapped_column(unique=True)  # lower-case
    password_hash: Mapped[str]  # argon2id
    role: Mapped[str] = mapped_column(default="user")  # user, moderator, admin, owner
    locale: Mapped[str] = mapped_column(default="en")  # of pages and mail
    confirmed_at: Mapped[datetime | None]  # e-mail address confirmed
    approved_at: Mapped[datetime | None]  # sign-up accepted
    disabled_at: Mapped[datetime | None]  # may not sign in
    signup_reason: Mapped[str | None]
    invite_id: Mapped[int | None]
    totp_secret: Mapped[str | None]  # base32; counts once totp_enabled_at is set
    totp_enabled_at: Mapped[datetime | None]
    totp_last_step: Mapped[int] = mapped_column(default=0)  # last accepted time step: a code works once
    recovery_codes: Mapped[list[str]] = mapped_column(default=list)  # hashes of unused codes
    preferences: Mapped[dict[str, Any]] = mapped_column(default=dict)  # see social.preferences
    media_quota: Mapped[int | None]  # bytes of files; None: what the settings give to the role
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_active_at: Mapped[datetime | None]  # day precision


class WebSession(Base):
    """A browser that is signed in."""

    __tablename__ = "web_session"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)  # SHA-256 of the cookie's secret
    ip: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class Passkey(Base):
    """A WebAuthn credential."""

    __tablename__ = "passkey"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(unique=True)  # base64url
    public_key: Mapped[bytes] = mapped_column(LargeBinary)  # COSE
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]


class AppPassword(Base):
    """A named, revocable password for apps of one API family that know no browser sign-in."""

    __tablename__ = "app_password"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    family: Mapped[str]  # peertube, lemmy, writefreely, subsonic, metaweblog, caldav
    secret_hash: Mapped[str] = mapped_column(unique=True)  # SHA-256 of the random secret
    secret: Mapped[str | None]  # kept readable only for families whose protocol needs it (subsonic)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]


class Invite(Base):
    """A link that lets someone sign up."""

    __tablename__ = "invite"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(default="user")  # 'admin' for the one-time set-up link
    max_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class EmailToken(Base):
    """A single-use secret sent by mail: confirmation, password reset, change of address."""

    __tablename__ = "email_token"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str]  # confirm, reset, change
    token_hash: Mapped[str] = mapped_column(unique=True)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=now)


class OAuthApp(Base):
    """A registered client application."""

    __tablename__ = "oauth_app"

    id: Mapped[Id]
    family: Mapped[str] = mapped_column(default="mastodon")  # API family whose registration made it
    name: Mapped[str]
    website: Mapped[str | None]
    client_id: Mapped[str] = mapped_column(unique=True)
    client_secret: Mapped[str]  # shown again by no API, but compared on each token call
    redirect_uris: Mapped[list[str]]
    scopes: Mapped[str]  # space-separated
    created_at: Mapped[datetime] = mapped_column(default=now)


class OAuthCode(Base):
    """An authorization code, used once within ten minutes."""

    __tablename__ = "oauth_code"

    id: Mapped[Id]
    code_hash: Mapped[str] = mapped_column(unique=True)
    app_id: Mapped[int] = mapped_column(ForeignKey("oauth_app.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    redirect_uri: Mapped[str]
    scopes: Mapped[str]
    code_challenge: Mapped[str | None]  # PKCE, S256
    site_id: Mapped[int | None]  # as in the token
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class OAuthToken(Base):
    """An access token; it carries the API family that issued it."""

    __tablename__ = "oauth_token"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(unique=True)  # SHA-256
    family: Mapped[str] = mapped_column(default="mastodon")
    app_id: Mapped[int | None] = mapped_column(ForeignKey("oauth_app.id", ondelete="CASCADE"), index=True)
    code_id: Mapped[int | None]  # the code it came from, so that a replayed code revokes it
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[str]
    site_id: Mapped[int | None]  # the profile or blog it is for, where the person chose one (IndieAuth)
    name: Mapped[str] = mapped_column(default="")  # for tokens made by hand
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
