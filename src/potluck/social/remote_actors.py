"""Remote actors: stored as their documents say, those never heard of for many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import domain_policies, keys, post_index, suspensions
from potluck.social.addresses import is_local_uri
from potluck.social.domain_policies import Policy
from potluck.social.drafts import ActorDraft
from potluck.social.errors import Invalid
from potluck.social.model import Actor

_ACTOR: Any = Actor.__table__

# Columns of a draft that the public sees: when one changes, `updated_at` moves, and caches with it.
_SHOWN = (
    "type", "name", "host", "display_name", "summary", "fields", "url", "avatar_url", "avatar_description",
    "header_url", "header_description", "locked", "discoverable", "indexable", "memorial", "also_known_as",
    "moved_to_uri", "published",
)
_ADDRESSES = ("inbox", "shared_inbox", "outbox", "followers_uri", "following_uri", "featured_uri")

Found = tuple[ActorDraft, int | None]
"""What a document says, and the row of the server it comes from."""


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
    return (await upsert_remotes(session, [(draft, server_id)]))[0]


async def upsert_remotes(session: AsyncSession, found: Sequence[Found]) -> list[Actor]:
    """`upsert_remote` for many: strangers cost five statements together, those known already some each.

    Raises:
        Invalid: one of them claims to live here, or another process just took its handle; nothing is stored then.
    """
    for draft, _ in found:
        _check_elsewhere(draft)
    added = await _add_strangers(session, found)
    return [added.get(draft.uri) or await _upsert_known(session, draft, server_id) for draft, server_id in found]


async def _add_strangers(session: AsyncSession, found: Sequence[Found]) -> dict[str, Actor]:
    """Add those of whom neither id nor handle nor a key is known, here or twice among them."""
    strangers = await _strangers(session, found)
    if not strangers:
        return {}
    policies = await domain_policies.load(session)
    moment = now()
    rows = {draft.uri: _row(draft, server_id, policies.of(draft.host), moment) for draft, server_id in strangers}
    await session.execute(insert_or_ignore(session, _ACTOR), list(rows.values()))
    # Another process may have been faster with one of them: that row has another id.
    query = select(Actor).where(Actor.id.in_([row["id"] for row in rows.values()]))
    added = {actor.uri: actor for actor in (await session.scalars(query)).all()}
    await keys.add_remote(session, [(added[draft.uri].id, draft.keys) for draft, _ in strangers if draft.uri in added])
    return added


async def _strangers(session: AsyncSession, found: Sequence[Found]) -> list[Found]:
    names = Counter(name for draft, _ in found for name in _names(draft))
    uris, handles = [draft.uri for draft, _ in found], [_handle(draft) for draft, _ in found]
    known = await session.execute(select(_ACTOR.c.uri, _ACTOR.c.handle).where(
        or_(_ACTOR.c.uri.in_(uris), _ACTOR.c.handle.in_(handles))))
    taken = {name for row in known.all() for name in row}
    taken |= await keys.known(session, [uri for draft, _ in found for uri, _, _ in draft.keys])
    return [(draft, server_id) for draft, server_id in found
            if not any(name in taken or names[name] > 1 for name in _names(draft))]


def _names(draft: ActorDraft) -> set[str]:
    """Everything about an actor that nobody else may have."""
    return {draft.uri, _handle(draft), *(uri for uri, _, _ in draft.keys)}


def _handle(draft: ActorDraft) -> str:
    return f"{draft.name}@{draft.host}".lower()


def _row(draft: ActorDraft, server_id: int | None, policy: Policy, moment: datetime) -> dict[str, Any]:
    """The row of somebody new."""
    since = policy.since or moment
    suspended_at = since if policy.is_suspended else moment if draft.suspended else None
    by_origin = draft.suspended and not policy.is_suspended
    return {
        "id": ids.new(), "uri": draft.uri, "handle": _handle(draft), "server_id": server_id, **_shown(draft, policy),
        **{name: getattr(draft, name) for name in _ADDRESSES},
        "extra": suspensions.marked(draft.extra, by_origin=by_origin),
        "silenced_at": since if policy.is_silenced else None, "suspended_at": suspended_at,
        "created_at": moment, "updated_at": moment, "fetched_at": moment,
    }


def _check_elsewhere(draft: ActorDraft) -> None:
    if is_local_uri(draft.uri) or draft.host.lower() in {"", current().domain.lower(), current().host.lower()}:
        raise Invalid("uri", "A remote account cannot have an address of this server")


async def _upsert_known(session: AsyncSession, draft: ActorDraft, server_id: int | None) -> Actor:
    handle = _handle(draft)
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
    policy = await domain_policies.policy_for(session, draft.host)
    if actor.fetched_at is None:
        _apply_policy(actor, policy)
    wanted_to_be_found = actor.indexable
    _take_over(actor, draft, policy)
    if actor.indexable != wanted_to_be_found:
        await post_index.author_changed(session, actor.id)
    await _point(session, actor)
    actor.handle, actor.server_id, actor.fetched_at, actor.deleted_at = handle, server_id, moment, None
    await session.flush()
    await keys.replace_remote(session, actor.id, draft.keys)
    return actor


async def _point(session: AsyncSession, actor: Actor) -> None:
    """Where the account has moved, as its document says: if that account is known, and says that it is this one too.

    Followers come along only by a Move (`moving`).
    """
    actor.moved_to_id = None
    if actor.moved_to_uri:
        target = await session.scalar(select(Actor).where(Actor.uri == actor.moved_to_uri, Actor.id != actor.id))
        if target is not None and actor.uri in target.also_known_as:
            actor.moved_to_id = target.id


def _apply_policy(actor: Actor, policy: Policy) -> None:
    """Someone new from a limited or suspended server is limited or suspended from the start."""
    if policy.is_silenced:
        actor.silenced_at = policy.since or now()
    if policy.is_suspended:
        actor.suspended_at = policy.since or now()


def _take_over(actor: Actor, draft: ActorDraft, policy: Policy) -> None:
    """Copy what the document says into the row."""
    shown = _shown(draft, policy)
    if any(getattr(actor, name) != value for name, value in shown.items()):
        actor.updated_at = now()
    for name in _ADDRESSES:
        setattr(actor, name, getattr(draft, name))
    for name, value in shown.items():
        setattr(actor, name, value)
    by_origin = suspensions.is_by_origin(actor.extra)
    if draft.suspended and actor.suspended_at is None:
        actor.suspended_at, actor.updated_at, by_origin = now(), now(), True
    elif not draft.suspended and by_origin:
        actor.suspended_at, actor.updated_at, by_origin = None, now(), False
    actor.extra = suspensions.marked(draft.extra, by_origin=by_origin)


def _shown(draft: ActorDraft, policy: Policy) -> dict[str, Any]:
    emojis = [{"shortcode": emoji.shortcode, "url": emoji.url} for emoji in draft.emojis]
    pictures = {"avatar_url": None, "header_url": None} if policy.reject_media else {}
    return {name: getattr(draft, name) for name in _SHOWN} | {
        "emojis": emojis, "host": draft.host.lower(), **pictures}
