"""Statuses as JSON bytes for one reader: kept parts, with the reader's own marks laid over them.

A page costs one query for versions (with the check of visibility), one for the reader's marks, and nothing per
status; only what is not kept yet is loaded in full, in bulk, through `social.views`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.apis.mastodon import entities_status, render_accounts
from potluck.apis.mastodon.cache import Cache
from potluck.apis.mastodon.entities import emoji
from potluck.apis.mastodon.entities_status import BOOST_BODY, Shell, boost_head, marks_bytes
from potluck.apis.mastodon.errors import not_found
from potluck.social.model import Actor, Announce, Follow, Object
from potluck.social.views import EntryRef, Marks, ObjectView, load_marks, load_objects
from potluck.social.visibility import visible_to

_encode = msgspec.json.Encoder().encode

_shells: Cache[Shell] = Cache(8000)

_VIEWER: Any = bindparam("viewer")
_IDS: Any = bindparam("ids", expanding=True)
_BOOSTER = aliased(Actor)


def _versions(viewer: Any) -> Select[Any]:
    return select(Object.id, Object.version, Object.author_id, *render_accounts.COLUMNS).join(
        Actor, Actor.id == Object.author_id).where(Object.id.in_(_IDS), visible_to(viewer))


_FOR_VIEWER = _versions(_VIEWER)
_FOR_NOBODY = _versions(None)
_BOOSTS: Any = select(
    Announce.id, Announce.uri, Announce.published, Announce.visibility, Announce.actor_id,
    _BOOSTER.updated_at, _BOOSTER.followers_count, _BOOSTER.following_count, _BOOSTER.posts_count,
).join(_BOOSTER, _BOOSTER.id == Announce.actor_id).where(
    Announce.id.in_(_IDS), _BOOSTER.suspended_at.is_(None), _BOOSTER.deleted_at.is_(None))


def forget() -> None:
    """Forget everything kept (for tests that change the server's address or database)."""
    _shells.clear()
    render_accounts.forget()


@dataclass(slots=True)
class _Page:
    """What is known of the statuses of one page while it is put together."""

    shells: dict[int, Shell]
    accounts: dict[int, bytes]
    marks: dict[int, Marks] = field(default_factory=dict)
    polls: dict[int, bytes] = field(default_factory=dict)
    followed: set[int] = field(default_factory=set)
    quotes: dict[int, bytes] = field(default_factory=dict)


async def by_ids(session: AsyncSession, object_ids: Iterable[int], viewer_id: int | None) -> dict[int, bytes]:
    """Statuses by object id, without those the viewer may not see."""
    wanted = set(object_ids)
    if not wanted:
        return {}
    page = await _gather(session, wanted, viewer_id)
    return {object_id: _status(page, object_id, viewer_id) for object_id in wanted if object_id in page.shells}


async def in_order(session: AsyncSession, object_ids: Sequence[int], viewer_id: int | None) -> list[bytes]:
    """Statuses by object id in the order given, without those the viewer may not see."""
    found = await by_ids(session, object_ids, viewer_id)
    return [found[object_id] for object_id in object_ids if object_id in found]


async def one(session: AsyncSession, status_id: int, viewer_id: int | None) -> bytes:
    """One status, by the id of an object or of a boost.

    Raises:
        ApiError: there is none the viewer may see (404).
    """
    found = await by_ids(session, [status_id], viewer_id)
    if status_id in found:
        return found[status_id]
    object_id = await session.scalar(select(Announce.object_id).where(Announce.id == status_id))
    rendered = await entries(session, [EntryRef(status_id, object_id, status_id)], viewer_id) if object_id else []
    if not rendered:
        raise not_found()
    return rendered[0]


async def entries(session: AsyncSession, refs: Sequence[EntryRef], viewer_id: int | None) -> list[bytes]:
    """Entries of a timeline in the order given: statuses, and boosts wrapped round theirs."""
    return list((await entries_by_id(session, refs, viewer_id)).values())


async def entries_by_id(session: AsyncSession, refs: Sequence[EntryRef], viewer_id: int | None) -> dict[int, bytes]:
    """Entries of a timeline by their id, in the order given."""
    if not refs:
        return {}
    page = await _gather(session, {ref.object_id for ref in refs}, viewer_id)
    boosts = await _boosts(session, [ref.announce_id for ref in refs if ref.announce_id])
    boosters = await _accounts(session, {row[4]: tuple(row[5:]) for row in boosts.values()})
    done: dict[int, bytes] = {}
    for ref in refs:
        if ref.object_id not in page.shells:
            continue
        if ref.announce_id is None:
            done[ref.entry_id] = _status(page, ref.object_id, viewer_id)
        elif ref.announce_id in boosts:
            row = boosts[ref.announce_id]
            done[ref.entry_id] = _boost(row, boosters[row[4]], page, ref.object_id, viewer_id)
    return done


async def _boosts(session: AsyncSession, announce_ids: list[int]) -> dict[int, Any]:
    if not announce_ids:
        return {}
    rows: Sequence[Any] = (await session.execute(_BOOSTS, {"ids": announce_ids})).all()
    return {row[0]: row for row in rows}


def _boost(row: Any, booster: bytes, page: _Page, object_id: int, viewer_id: int | None) -> bytes:
    parts = [boost_head(row[0], row[1], row[2], row[3]), booster, BOOST_BODY, page.shells[object_id].counts]
    if viewer_id is not None:
        parts.append(marks_bytes(page.marks.get(object_id), own=False))
    parts += [b',"reblog":', _status(page, object_id, viewer_id), b"}"]
    return b"".join(parts)


async def _gather(session: AsyncSession, wanted: Collection[int], viewer_id: int | None, *,
                  with_quotes: bool = True) -> _Page:
    """Everything for these statuses, a query per facet that occurs."""
    if viewer_id is None:
        rows = (await session.execute(_FOR_NOBODY, {"ids": list(wanted)})).all()
    else:
        rows = (await session.execute(_FOR_VIEWER, {"ids": list(wanted), "viewer": viewer_id})).all()
    shells = await _shells_of(session, {row[0]: row[1] for row in rows}, viewer_id)
    page = _Page(shells, await _accounts(session, {row[2]: tuple(row[3:]) for row in rows}))
    if viewer_id is not None:
        page.marks = await load_marks(session, {key: item.thread_root_id for key, item in shells.items()}, viewer_id)
    await _add_polls(session, page, viewer_id)
    await _add_followed(session, page, viewer_id)
    await _add_quotes(session, page, viewer_id, with_quotes)
    return page


async def _shells_of(session: AsyncSession, versions: dict[int, int], viewer_id: int | None) -> dict[int, Shell]:
    found: dict[int, Shell] = {}
    missing: list[int] = []
    for object_id, version in versions.items():
        kept = _shells.get(object_id)
        if kept is not None and kept.version == version:
            found[object_id] = kept
        else:
            missing.append(object_id)
    if missing:
        views = await load_objects(session, missing, viewer_id, with_marks=False)
        for object_id, view in views.items():
            found[object_id] = entities_status.shell(view)
            _shells.put(object_id, found[object_id])
    return found


async def _accounts(session: AsyncSession, stamps: dict[int, render_accounts.Stamp]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    missing: list[int] = []
    for actor_id, stamp in stamps.items():
        kept = render_accounts.kept(actor_id, stamp)
        if kept is None:
            missing.append(actor_id)
        else:
            found[actor_id] = kept
    return found | await render_accounts.by_ids(session, missing) if missing else found


async def _add_polls(session: AsyncSession, page: _Page, viewer_id: int | None) -> None:
    with_poll = [object_id for object_id, item in page.shells.items() if item.has_poll]
    if not with_poll:
        return
    views = await load_objects(session, with_poll, viewer_id, with_marks=False)
    for object_id, view in views.items():
        page.polls[object_id] = poll_bytes(view, viewer_id)


def poll_bytes(view: ObjectView, viewer_id: int | None) -> bytes:
    """The Poll of a status for a reader."""
    return _encode(entities_status.poll(
        view.kind_data.poll, view.object.id, [emoji(entry) for entry in view.object.emojis],
        signed_in=viewer_id is not None))


async def _add_followed(session: AsyncSession, page: _Page, viewer_id: int | None) -> None:
    authors = {item.author_id for item in page.shells.values() if item.quote_policy == "followers"}
    if authors and viewer_id is not None:
        found = await session.scalars(select(Follow.followed_id).where(
            Follow.follower_id == viewer_id, Follow.followed_id.in_(authors), Follow.state == "accepted"))
        page.followed = set(found.all())


async def _add_quotes(session: AsyncSession, page: _Page, viewer_id: int | None, with_quotes: bool) -> None:
    quoting = {key: item for key, item in page.shells.items() if item.quote_state is not None}
    if not quoting:
        return
    shown = {item.quote_id for item in quoting.values() if item.quote_state == "accepted" and item.quote_id}
    below = _Page({}, {})
    if shown and with_quotes:
        below = await _gather(session, shown, viewer_id, with_quotes=False)
    gone = await _gone(session, shown - below.shells.keys()) if with_quotes else set()
    for object_id, item in quoting.items():
        page.quotes[object_id] = _quote(item, below, gone, viewer_id, with_quotes)


async def _gone(session: AsyncSession, object_ids: set[int]) -> set[int]:
    if not object_ids:
        return set()
    found = await session.scalars(select(Object.id).where(Object.id.in_(object_ids), Object.deleted_at.is_not(None)))
    return set(found.all())


def _quote(item: Shell, below: _Page, gone: set[int], viewer_id: int | None, full: bool) -> bytes:
    state = item.quote_state or "pending"
    if not full:
        shown = str(item.quote_id) if item.quote_id and state == "accepted" else None
        return _encode({"state": state, "quoted_status_id": shown})
    quoted = b"null"
    if state == "accepted" and item.quote_id in below.shells:
        quoted = _status(below, item.quote_id, viewer_id)
    elif state == "accepted":
        state = "deleted" if item.quote_id in gone else "unauthorized"
    return b'{"state":"%s","quoted_status":%s}' % (state.encode(), quoted)


def _may_quote(item: Shell, page: _Page, viewer_id: int | None) -> bytes:
    if viewer_id is None:
        return b"unknown"
    if item.author_id == viewer_id or item.quote_policy == "public":
        return b"automatic"
    return b"automatic" if item.quote_policy == "followers" and item.author_id in page.followed else b"denied"


def _status(page: _Page, object_id: int, viewer_id: int | None) -> bytes:
    item = page.shells[object_id]
    parts = [item.head, page.accounts[item.author_id], item.body, _may_quote(item, page, viewer_id), b'"},"poll":',
             page.polls.get(object_id, b"null"), b',"quote":', page.quotes.get(object_id, b"null")]
    if viewer_id is not None:
        parts.append(marks_bytes(page.marks.get(object_id), own=item.author_id == viewer_id))
    parts.append(b"}")
    return b"".join(parts)


__all__ = ["by_ids", "entries", "entries_by_id", "forget", "in_order", "one", "poll_bytes"]
