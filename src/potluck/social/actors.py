"""Actors: made here, learned from elsewhere, found, changed. The large acts live in modules of their own."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import domain_policies, events, keys, post_index
from potluck.social.addresses import (
    actor_uri,
    instance_actor_uri,
    is_local_uri,
    profile_url,
    shared_inbox_uri,
)
from potluck.social.drafts import ActorDraft
from potluck.social.errors import Invalid, NotFound
from potluck.social.keys import KeyPairs
from potluck.social.leaving import delete_local, delete_remote
from potluck.social.model import Actor
from potluck.social.moving import mark_moved, undo_redirect
from potluck.social.profiles import check_display_name, update_profile
from potluck.social.standing import silence, suspend, unsilence, unsuspend
from potluck.text.names import NameError_, check_local_name, parse_handle

__all__ = [
    "MAX_ALIASES", "add_alias", "by_handle", "by_id", "by_uri", "by_uris", "check_name", "create_local",
    "delete_local", "delete_remote", "handle_key", "instance_actor", "mark_moved", "owned_by", "remove_alias",
    "silence", "suspend", "undo_redirect", "unsilence", "unsuspend", "update_profile", "upsert_remote",
]

MAX_ALIASES = 20
_CHUNK = 1000

_NAME_TEXTS = {
    "length": ("A name has 3 to 30 characters", "invalid"),
    "characters": ("A name may only have small letters a to z, digits and underscores", "invalid"),
    "digits": ("A name may not be a number", "invalid"),
    "reserved": ("This name is reserved", "reserved"),
}

# Columns of a draft that the public sees: when one changes, `updated_at` moves, and caches with it.
_SHOWN = (
    "type", "name", "host", "display_name", "summary", "fields", "url", "avatar_url", "avatar_description",
    "header_url", "header_description", "locked", "discoverable", "indexable", "memorial", "also_known_as",
    "moved_to_uri", "published",
)
_ADDRESSES = ("inbox", "shared_inbox", "outbox", "followers_uri", "following_uri", "featured_uri")


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


async def upsert_remote(session: AsyncSession, draft: ActorDraft, server_id: int | None) -> Actor:
    """Store a remote actor as its document says, or bring the known row up to date.

    A handle belongs to whom it was confirmed for last: an older actor with the same handle loses it (an account that
    was made anew under the same name, protocol §8).

    Args:
        draft: its handle (`name`@`host`) has been confirmed.
        server_id: row of the host its id lives on.

    Raises:
        Invalid: it claims to live here.
    """
    if is_local_uri(draft.uri) or draft.host.lower() in {"", current().domain.lower(), current().host.lower()}:
        raise Invalid("uri", "A remote account cannot have an address of this server")
    handle = f"{draft.name}@{draft.host}".lower()
    await session.execute(update(Actor).where(Actor.handle == handle, Actor.uri != draft.uri).values(handle=None))
    moment = now()
    await session.execute(insert_or_ignore(session, Actor).values(
        id=ids.new(), uri=draft.uri, name=draft.name, host=draft.host.lower(), handle=handle, type=draft.type,
        server_id=server_id, display_name="", summary="", fields=[], emojis=[], also_known_as=[], extra={},
        created_at=moment, updated_at=moment))
    actor = await session.scalar(select(Actor).where(Actor.uri == draft.uri)
                                 .execution_options(populate_existing=True))
    if actor is None:
        raise Invalid("uri", "This handle is taken by another account")
    if actor.fetched_at is None:
        await _apply_policy(session, actor)
    wanted_to_be_found = actor.indexable
    _take_over(actor, draft)
    if actor.indexable != wanted_to_be_found:
        await post_index.author_changed(session, actor.id)
    if actor.moved_to_uri is None:
        actor.moved_to_id = None
    actor.handle, actor.server_id, actor.fetched_at, actor.deleted_at = handle, server_id, moment, None
    await session.flush()
    await keys.replace_remote(session, actor.id, draft.keys)
    return actor


async def _apply_policy(session: AsyncSession, actor: Actor) -> None:
    """Someone new from a limited or suspended server is limited or suspended from the start."""
    policy = await domain_policies.policy_for(session, actor.host)
    if policy.is_silenced:
        actor.silenced_at = policy.since or now()
    if policy.is_suspended:
        actor.suspended_at = policy.since or now()


def _take_over(actor: Actor, draft: ActorDraft) -> None:
    """Copy what the document says into the row."""
    emojis = [{"shortcode": emoji.shortcode, "url": emoji.url} for emoji in draft.emojis]
    shown = {name: getattr(draft, name) for name in _SHOWN} | {"emojis": emojis, "host": draft.host.lower()}
    if any(getattr(actor, name) != value for name, value in shown.items()):
        actor.updated_at = now()
    for name in _ADDRESSES:
        setattr(actor, name, getattr(draft, name))
    for name, value in shown.items():
        setattr(actor, name, value)
    by_origin = bool(actor.extra.get("suspended_by_origin"))
    if draft.suspended and actor.suspended_at is None:
        actor.suspended_at, by_origin = now(), True
    elif not draft.suspended and by_origin:
        actor.suspended_at, by_origin = None, False
    actor.extra = draft.extra | ({"suspended_by_origin": True} if by_origin else {})


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
        raise Invalid("alias", f"An account can have {MAX_ALIASES} aliases at most")
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


