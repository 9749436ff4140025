"""Actors: made here, learned from elsewhere, found, changed. The large acts live in modules of their own."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import events, keys
from potluck.social.addresses import (
    actor_uri,
    instance_actor_uri,
    profile_url,
    shared_inbox_uri,
)
from potluck.social.errors import Invalid, NotFound
from potluck.social.keys import KeyPairs
from potluck.social.leaving import delete_local, delete_remote
from potluck.social.model import Actor
from potluck.social.moving import mark_moved, undo_redirect
from potluck.social.profiles import check_display_name, update_profile
from potluck.social.remote_actors import upsert_remote, upsert_remotes
from potluck.social.standing import silence, suspend, unsilence, unsuspend
from potluck.text.names import NameError_, check_local_name, parse_handle

__all__ = [
    "MAX_ALIASES", "add_alias", "by_handle", "by_id", "by_uri", "by_uris", "check_name", "create_local",
    "delete_local", "delete_remote", "handle_key", "instance_actor", "mark_moved", "owned_by", "remove_alias",
    "silence", "suspend", "undo_redirect", "unsilence", "unsuspend", "update_profile", "upsert_remote",
    "upsert_remotes",
]

MAX_ALIASES = 20
_CHUNK = 1000

_NAME_TEXTS = {
    "length": ("A name has 3 to 30 characters", "invalid"),
    "characters": ("A name may only have small letters a to z, digits and underscores", "invalid"),
    "digits": ("A name may not be a number", "invalid"),
    "reserved": ("This name is reserved", "reserved"),
}


async def check_name(session: AsyncSession, name: str) -> str:
    """The name in lower case, if a new local actor may have it.

    Raises:
        Invalid: it is no name, reserved, or taken (also by someone who left: names are never given twice).
    """
    name = name.strip().lower()
    try:
        check_local_name(name)
    except NameError_ as error:
        text, code = _NAME_TEXTS[error.reason]
        raise Invalid("username", text, "blank" if not name else code) from error
    if await session.scalar(select(Actor.id).where(Actor.handle == name)):
        raise Invalid("username", "This name is taken", "taken")
    return name


async def create_local(
    session: AsyncSession,
    name: str,
    *,
    type: str = "Person",  # noqa: A002 - the word of the field
    owner_id: int | None = None,
    display_name: str = "",
    pairs: KeyPairs | None = None,
) -> Actor:
    """Make a local actor with its keys.

    Args:
        name: name of the handle; all kinds of local actors share one namespace.
        type: Person, Group, Service, Organization.
        owner_id: user that owns it.
        pairs: keys from `keys.generate()`; made here when missing.

    Raises:
        Invalid: the name cannot be used.
    """
    name = await check_name(session, name)
    actor = _local_row(name, actor_uri(name), type)
    actor.owner_id, actor.display_name = owner_id, check_display_name(display_name)
    session.add(actor)
    await session.flush()
    await keys.add(session, actor, pairs or await keys.generate())
    return actor


def _local_row(name: str, uri: str, type_name: str) -> Actor:
    moment = now()
    return Actor(
        id=ids.new(), uri=uri, type=type_name, name=name, host="", handle=name, display_name="", summary="",
        url=profile_url(name), inbox=f"{uri}/inbox", shared_inbox=shared_inbox_uri(), outbox=f"{uri}/outbox",
        followers_uri=f"{uri}/followers", following_uri=f"{uri}/following", featured_uri=f"{uri}/featured",
        fields=[], emojis=[], also_known_as=[], extra={}, avatar_description="", header_description="",
        locked=False, discoverable=False, indexable=False, hide_collections=False, memorial=False,
        followers_count=0, following_count=0, posts_count=0, created_at=moment, updated_at=moment, published=moment)


async def instance_actor(session: AsyncSession) -> Actor:
    """The actor of the server itself, made the first time (in a session that may write)."""
    uri = instance_actor_uri()
    found = await by_uri(session, uri)
    if found is not None:
        return found
    actor = _local_row(current().domain, uri, "Application")
    actor.url = f"{current().url}/about"
    actor.locked = True
    session.add(actor)
    await session.flush()
    await keys.add(session, actor, await keys.generate())
    return actor


async def by_id(session: AsyncSession, actor_id: int) -> Actor:
    """An actor that is not gone.

    Raises:
        NotFound: no such actor, or it was deleted.
    """
    found = await session.get(Actor, actor_id)
    if found is None or found.deleted_at is not None:
        raise NotFound
    return found


def handle_key(text: str) -> str | None:
    """The key under which a written handle is stored: our own domain is left out. None if it is no handle."""
    handle = parse_handle(text)
    if handle is None:
        return None
    if handle.host in {current().domain.lower(), current().host.lower()}:
        return handle.name.lower()
    return handle.key


async def by_handle(session: AsyncSession, text: str) -> Actor | None:
    """The actor with a handle (`name`, `@name`, `name@host`, `acct:…`), as far as it is known here.

    Deleted and suspended actors are found too: whoever asks decides what to answer.
    """
    key = handle_key(text)
    if key is None:
        return None
    found: Actor | None = await session.scalar(select(Actor).where(Actor.handle == key))
    return found


async def by_uri(session: AsyncSession, uri: str) -> Actor | None:
    """The actor with an ActivityPub id, as far as it is known here."""
    found: Actor | None = await session.scalar(select(Actor).where(Actor.uri == uri))
    return found


async def by_uris(session: AsyncSession, uris: Collection[str]) -> dict[str, Actor]:
    """Actors by ActivityPub id; unknown ones are left out."""
    found: dict[str, Actor] = {}
    wanted = sorted(set(uris))
    for start in range(0, len(wanted), _CHUNK):
        rows = await session.scalars(select(Actor).where(Actor.uri.in_(wanted[start:start + _CHUNK])))
        found.update((row.uri, row) for row in rows)
    return found


async def add_alias(session: AsyncSession, actor: Actor, uri: str) -> None:
    """Say that another account is also this person's: the condition for moving from there to here.

    Raises:
        Invalid: it is this account itself, or there are too many.
    """
    row = await session.get_one(Actor, actor.id)
    if uri == row.uri:
        raise Invalid("alias", "This is the account itself")
    if uri in row.also_known_as:
        return
    if len(row.also_known_as) >= MAX_ALIASES:
        raise Invalid("alias", "An account can have %(most)s aliases at most", most=MAX_ALIASES)
    await _set_aliases(session, row, [*row.also_known_as, uri])


async def remove_alias(session: AsyncSession, actor: Actor, uri: str) -> None:
    """Take an alias back."""
    row = await session.get_one(Actor, actor.id)
    if uri in row.also_known_as:
        await _set_aliases(session, row, [known for known in row.also_known_as if known != uri])


async def _set_aliases(session: AsyncSession, row: Actor, aliases: list[str]) -> None:
    row.also_known_as, row.updated_at = aliases, now()
    await session.flush()
    await events.emit(session, events.ProfileChanged(row))


async def owned_by(session: AsyncSession, user_id: int) -> list[Actor]:
    """The actors a user owns (main one, blogs, channels, communities), oldest first."""
    rows = await session.scalars(select(Actor).where(Actor.owner_id == user_id, Actor.deleted_at.is_(None))
                                 .order_by(Actor.id))
    return list(rows.all())


