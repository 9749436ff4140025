"""Statuses as JSON bytes for one reader: kept parts, with the reader's own marks laid over them.

A page costs one prepared statement (versions, stamps of authors, the reader's marks, with the check of visibility) and
nothing per status; only what is not kept yet is loaded in full, in bulk, through `social.views`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import select

from potluck.apis.mastodon import entities_status, facts, render_accounts
from potluck.apis.mastodon.cache import Cache
from potluck.apis.mastodon.entities import emoji
from potluck.apis.mastodon.entities_status import BOOST_BODY, Shell, boost_head, marks_bytes
from potluck.apis.mastodon.errors import not_found
from potluck.apis.source import Source
from potluck.social import filtering, policies
from potluck.social.filtering import Compiled, Match
from potluck.social.model import Announce, Object
from potluck.social.paging import Page
from potluck.social.views import EntryRef, ObjectView, load_objects

_encode = msgspec.json.Encoder().encode

_shells: Cache[Shell] = Cache(8000)


def forget() -> None:
    """Forget everything kept (for tests that change the server's address or database)."""
    _shells.clear()
    render_accounts.forget()
    filtering.forget_all()


@dataclass(slots=True)
class _Sheet:
    """What is known of the statuses of one page while it is put together."""

    viewer_id: int | None
    shells: dict[int, Shell]
    accounts: dict[int, bytes]
    marks: dict[int, Sequence[Any]]
    polls: dict[int, bytes] = field(default_factory=dict)
    standings: dict[int, set[str]] = field(default_factory=dict)  # what the reader is to authors
    quotes: dict[int, bytes] = field(default_factory=dict)
    caught: dict[int, Sequence[Match]] = field(default_factory=dict)  # by the reader's filters
    context: str = ""  # of filters that hide

    def shows(self, object_id: int) -> bool:
        """Whether a status is there, and no filter wants it gone from here."""
        return object_id in self.shells and not (
            object_id in self.caught and filtering.hides(self.caught[object_id], self.context))


async def by_ids(source: Source, object_ids: Iterable[int], viewer_id: int | None, *,
                 context: str = "") -> dict[int, bytes]:
    """Statuses by object id, without those the viewer may not see, or hides from this context by a filter."""
    wanted = list(set(object_ids))
    if not wanted:
        return {}
    sheet = await _gather(source, await facts.of_statuses(source, wanted, viewer_id), viewer_id, context=context)
    return {object_id: _status(sheet, object_id) for object_id in sheet.shells if sheet.shows(object_id)}


async def in_order(source: Source, object_ids: Sequence[int], viewer_id: int | None, *,
                   context: str = "") -> list[bytes]:
    """Statuses by object id in the order given, without those the viewer may not see."""
    found = await by_ids(source, object_ids, viewer_id, context=context)
    return [found[object_id] for object_id in object_ids if object_id in found]


async def one(source: Source, status_id: int, viewer_id: int | None) -> bytes:
    """One status, by the id of an object or of a boost.

    Raises:
        ApiError: there is none the viewer may see (404).
    """
    found = await by_ids(source, [status_id], viewer_id)
    if status_id in found:
        return found[status_id]
    session = await source.session()
    object_id = await session.scalar(select(Announce.object_id).where(Announce.id == status_id))
    rendered = await entries(source, [EntryRef(status_id, object_id, status_id)], viewer_id) if object_id else []
    if not rendered:
        raise not_found()
    return rendered[0]


async def entries(source: Source, refs: Sequence[EntryRef], viewer_id: int | None, *,
                  context: str = "") -> list[bytes]:
    """Entries of a timeline in the order given: statuses, and boosts wrapped round theirs."""
    return list((await entries_by_id(source, refs, viewer_id, context=context)).values())


async def entries_by_id(source: Source, refs: Sequence[EntryRef], viewer_id: int | None, *,
                        context: str = "") -> dict[int, bytes]:
    """Entries of a timeline by their id, in the order given."""
    if not refs:
        return {}
    rows = await facts.of_statuses(source, list({ref.object_id for ref in refs}), viewer_id)
    boosts = {row[facts.BOOST_ID]: row for row in await facts.of_boosts(
        source, [ref.announce_id for ref in refs if ref.announce_id])}
    return await of_facts(source, refs, rows, boosts, viewer_id, context=context)


async def of_facts(source: Source, refs: Sequence[EntryRef], rows: Sequence[facts.Row], boosts: dict[int, facts.Row],
                   viewer_id: int | None, *, context: str = "") -> dict[int, bytes]:
    """Entries of a timeline by their id, where what the database says of them is known already."""
    sheet = await _gather(source, rows, viewer_id, boosts.values(), context=context)
    done: dict[int, bytes] = {}
    for ref in refs:
        if not sheet.shows(ref.object_id):
            continue
        if ref.announce_id is None:
            done[ref.entry_id] = _status(sheet, ref.object_id)
        elif ref.announce_id in boosts:
            done[ref.entry_id] = _boost(sheet, boosts[ref.announce_id], ref.object_id)
    return done


async def feed(source: Source, feed_id: int, viewer_id: int, page: Page) -> tuple[list[bytes], list[int]]:
    """A page of a home or list: the entries, newest first, and the ids of all rows read (for paging)."""
    rows = await facts.of_feed(source, feed_id, viewer_id, page)
    boosts = [row[facts.BOOST] for row in rows if row[facts.BOOST][facts.BOOST_ID] is not None]
    sheet = await _gather(source, rows, viewer_id, boosts, context="home")
    items = []
    for row in rows:
        object_id, boost = row[facts.OBJECT], row[facts.BOOST]
        if sheet.shows(object_id):
            items.append(_status(sheet, object_id) if boost[facts.BOOST_ID] is None
                         else _boost(sheet, boost, object_id))
    return items, [row[facts.ENTRY] for row in rows]


async def public(source: Source, viewer_id: int | None, page: Page, *, local: bool = False, remote: bool = False,
                 only_media: bool = False) -> tuple[list[bytes], list[int]]:
    """A page of everyone's public posts: the statuses, newest first, and the ids of all rows read (for paging)."""
    rows = await facts.of_public(source, viewer_id, page, local=local, remote=remote, only_media=only_media)
    sheet = await _gather(source, rows, viewer_id, context="public")
    found = [row[facts.OBJECT] for row in rows]
    return [_status(sheet, object_id) for object_id in found if sheet.shows(object_id)], found


async def caught(source: Source, object_ids: Iterable[int], viewer_id: int) -> dict[int, Sequence[Match]]:
    """Which of the viewer's filters catch statuses that were rendered just now."""
    filters = await _filters_of(source, viewer_id)
    return _judged(filters, {key: item for key in set(object_ids) if (item := _shells.get(key))}) if filters else {}


async def _gather(source: Source, rows: Sequence[facts.Row], viewer_id: int | None,
                  boosts: Collection[facts.Row] = (), *, with_quotes: bool = True, context: str = "") -> _Sheet:
    """Everything for these statuses, a query for each facet that occurs and is not kept."""
    stamps = {row[facts.AUTHOR]: render_accounts.stamp_in(row[facts.AUTHOR_STAMP]) for row in rows}
    for row in boosts:
        stamps[row[facts.BOOSTER]] = render_accounts.stamp_in(row[facts.BOOSTER_STAMP])
    shells = await _shells_of(source, rows, viewer_id)
    sheet = _Sheet(viewer_id, shells, await render_accounts.of_stamps(source, stamps),
                   {row[facts.OBJECT]: row[facts.MARKS] for row in rows}, context=context)
    if viewer_id is not None and (filters := await _filters_of(source, viewer_id)):
        sheet.caught = _judged(filters, shells)
    for item in shells.values():
        if item.has_poll or item.quote_state is not None or item.quote_rule.depends:
            await _add_rare(source, sheet, with_quotes=with_quotes)
            break
    return sheet


async def _filters_of(source: Source, viewer_id: int) -> Compiled:
    kept = filtering.remembered(viewer_id)
    if kept is not None:
        return kept
    generation = filtering.generation()
    if not await source.db.fetch(filtering.HAS_ANY, owner=viewer_id):
        return filtering.keep_none(viewer_id, generation)
    return await filtering.of_reader(await source.session(), viewer_id)


def _judged(filters: Compiled, shells: dict[int, Shell]) -> dict[int, Sequence[Match]]:
    """What the reader's filters catch among these statuses; none catches one's own."""
    found: dict[int, Sequence[Match]] = {}
    for object_id, item in shells.items():
        if item.author_id != filters.owner_id:
            matches = filters.known(object_id, item.version)
            if matches is None:
                matches = filters.judge(object_id, item.version, item.text)
            if matches:
                found[object_id] = matches
    return found


async def _shells_of(source: Source, rows: Sequence[facts.Row], viewer_id: int | None) -> dict[int, Shell]:
    found: dict[int, Shell] = {}
    missing: list[int] = []
    for row in rows:
        object_id = row[facts.OBJECT]
        shell = _shells.get(object_id)
        if shell is not None and shell.version == row[facts.VERSION]:
            found[object_id] = shell
        else:
            missing.append(object_id)
    if missing:
        views = await load_objects(await source.session(), missing, viewer_id, with_marks=False)
        for object_id, view in views.items():
            found[object_id] = entities_status.shell(view)
            _shells.put(object_id, found[object_id])
    return found


async def _add_rare(source: Source, sheet: _Sheet, *, with_quotes: bool) -> None:
    """What only some statuses have and what depends on the reader: polls, quotes, who may quote."""
    await _add_polls(source, sheet)
    await _add_followed(source, sheet)
    await _add_quotes(source, sheet, with_quotes)


async def _add_polls(source: Source, sheet: _Sheet) -> None:
    with_poll = [object_id for object_id, item in sheet.shells.items() if item.has_poll]
    if with_poll:
        views = await load_objects(await source.session(), with_poll, sheet.viewer_id, with_marks=False)
        sheet.polls = {object_id: poll_bytes(view, sheet.viewer_id) for object_id, view in views.items()}


def poll_bytes(view: ObjectView, viewer_id: int | None) -> bytes:
    """The Poll of a status for a reader."""
    poll = getattr(view.kind_data, "poll", None)
    if poll is None:
        return b"null"
    return _encode(entities_status.poll(poll, view.object.id, [emoji(entry) for entry in view.object.emojis],
                                        signed_in=viewer_id is not None))


async def _add_followed(source: Source, sheet: _Sheet) -> None:
    authors = {item.author_id for item in sheet.shells.values() if item.quote_rule.depends}
    if authors and sheet.viewer_id is not None:
        sheet.standings = await policies.standings(await source.session(), sheet.viewer_id, authors)


async def _add_quotes(source: Source, sheet: _Sheet, with_quotes: bool) -> None:
    quoting = {key: item for key, item in sheet.shells.items() if item.quote_state is not None}
    shown = {item.quote_id for item in quoting.values() if item.quote_state == "accepted" and item.quote_id}
    below = _Sheet(sheet.viewer_id, {}, {}, {})
    gone: set[int] = set()
    if shown and with_quotes:
        rows = await facts.of_statuses(source, list(shown), sheet.viewer_id)
        below = await _gather(source, rows, sheet.viewer_id, with_quotes=False)
        gone = await _gone(source, shown - below.shells.keys())
    for object_id, item in quoting.items():
        sheet.quotes[object_id] = _quote(item, below, gone) if with_quotes else _shallow_quote(item)


async def _gone(source: Source, object_ids: set[int]) -> set[int]:
    if not object_ids:
        return set()
    session = await source.session()
    found = await session.scalars(select(Object.id).where(Object.id.in_(object_ids), Object.deleted_at.is_not(None)))
    return set(found.all())


def _shallow_quote(item: Shell) -> bytes:
    shown = str(item.quote_id) if item.quote_id and item.quote_state == "accepted" else None
    return _encode({"state": item.quote_state, "quoted_status_id": shown})


def _quote(item: Shell, below: _Sheet, gone: set[int]) -> bytes:
    state = item.quote_state or "pending"
    quoted = b"null"
    if state == "accepted" and item.quote_id in below.shells:
        quoted = _status(below, item.quote_id)
    elif state == "accepted":
        state = "deleted" if item.quote_id in gone else "unauthorized"
    return b'{"state":"%s","quoted_status":%s}' % (state.encode(), quoted)


def _may_quote(item: Shell, sheet: _Sheet) -> bytes:
    if sheet.viewer_id is None:
        return b"unknown"
    if item.quote_rule.is_open or item.author_id == sheet.viewer_id:
        return b"automatic"
    return item.quote_rule.verdict(sheet.standings.get(item.author_id, ())).encode()


def _status(sheet: _Sheet, object_id: int) -> bytes:
    item = sheet.shells[object_id]
    marks = b""
    if sheet.viewer_id is not None:
        marks = marks_bytes(sheet.marks[object_id], own=item.author_id == sheet.viewer_id,
                            caught=sheet.caught.get(object_id, ()))
    return b"".join((
        item.head, sheet.accounts[item.author_id], item.body, _may_quote(item, sheet), b'"},"poll":',
        sheet.polls.get(object_id, b"null"), b',"quote":', sheet.quotes.get(object_id, b"null"), marks, b"}"))


def _boost(sheet: _Sheet, row: facts.Row, object_id: int) -> bytes:
    marks = b"" if sheet.viewer_id is None else marks_bytes(
        sheet.marks[object_id], own=False, caught=sheet.caught.get(object_id, ()))
    head = boost_head(row[facts.BOOST_ID], row[facts.BOOST_URI], facts.moment(row[facts.BOOST_TIME]),
                      row[facts.BOOST_VISIBILITY])
    return b"".join((head, sheet.accounts[row[facts.BOOSTER]], BOOST_BODY, sheet.shells[object_id].counts, marks,
                     b',"reblog":', _status(sheet, object_id), b"}"))
