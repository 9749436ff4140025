"""Applies a batch of activities in one transaction: one look-up for all, drafts stored at once, order per host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete, exc, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.federation import groups, journal
from potluck.federation.dispatch import announce, containers, create, handler_for, like, moderation, parts
from potluck.federation.dispatch.handler import Handler, check_origin
from potluck.federation.errors import FederationError
from potluck.federation.inbound import (
    Inbound,
    Irrelevant,
    Known,
    References,
    Unauthorised,
    in_pairs,
    look_up,
    parse,
    uri_hash,
)
from potluck.federation.model import Delivery, SeenActivity
from potluck.social.ballots import Ballot
from potluck.social.drafts import Draft
from potluck.social.errors import SocialError
from potluck.social.model import Server

log = structlog.get_logger(__name__)

_SEEN: Any = SeenActivity.__table__
_SERVER: Any = Server.__table__
_DELIVERY: Any = Delivery.__table__

KEEP_SEEN = timedelta(days=7)
_SELF_VERIFYING = frozenset({"Create", "Update", "Delete"})
_VOTES = frozenset({"Like", "Dislike", "EmojiReact", "EmojiReaction", "PollVote", "Undo"})
_ECHOES = frozenset({"Create", "Announce"})
"""What a community may say of our own people: that something of theirs is in it now."""


@dataclass(slots=True)
class Item:
    """A journal row on its way: what it holds, and what became of it."""

    id: int
    host: str
    attempts: int
    parts: list[Inbound] = field(default_factory=list)
    parked: str | None = None
    delayed: str | None = None


def item_of(row: Any) -> Item:
    """A journal row taken apart and read; what is unreadable or unsupported is dropped here already."""
    item = Item(row.id, row.host, row.attempts)
    try:
        for part in parts(parse(row)):
            check_origin(part)
            handler_for(part)
            item.parts.append(part)
    except FederationError as reason:
        dropped(row, reason)
    return item


def dropped(source: Any, reason: Exception, kind: str = "") -> None:
    """Say in the log why something was not acted upon."""
    log.info("activity_dropped", id=source.item_id if isinstance(source, Inbound) else source.id, host=source.host,
             type=kind or getattr(source, "type", None), reason=type(reason).__name__, detail=str(reason)[:500])


class Batch:
    """One batch in one transaction."""

    def __init__(self, session: AsyncSession, items: Sequence[Item]) -> None:
        self._session = session
        self._items = items
        self._known = Known()
        self._pending: list[tuple[Inbound, Draft]] = []
        self._pending_uris: set[str] = set()
        self._seen: set[tuple[int, int]] = set()
        self._reopened: set[tuple[int, int]] = set()
        self._votes: dict[Ballot, tuple[Item, Inbound]] = {}
        self._voted: set[tuple[int, int]] = set()

    async def run(self) -> list[bool]:
        """Apply what can be applied now.

        Returns:
            For each item whether it is done; False when it, or one of the same host before it, needs fetches first.
        """
        self._known = await look_up(self._session, self._references())
        self._seen = await self._find_seen()
        slow: set[str] = set()
        results: list[bool] = []
        for item in self._items:
            if item.host in slow or any(needs_fetch(part, self._known) for part in item.parts):
                slow.add(item.host)
                results.append(False)
                continue
            for part in item.parts:
                await self._apply(item, part)
            results.append(True)
        await self._flush()
        await self._flush_votes()
        await self._finish([item for item, is_done in zip(self._items, results, strict=True) if is_done])
        return results

    def _references(self) -> References:
        wanted = References()
        for item in self._items:
            for part in list(item.parts):
                try:
                    references([part], wanted)
                except FederationError as reason:
                    item.parts.remove(part)
                    dropped(part, reason)
        return wanted

    async def _find_seen(self) -> set[tuple[int, int]]:
        pairs = {pair for item in self._items for part in item.parts if (pair := self._pair(part))}
        found: set[tuple[int, int]] = set()
        wanted = sorted(pairs)
        for start in range(0, len(wanted), 100):
            rows = await self._session.execute(select(_SEEN.c.actor_id, _SEEN.c.uri_hash).where(
                in_pairs(_SEEN, wanted[start:start + 100])))
            found.update((actor_id, value) for actor_id, value in rows.all())
        return found

    def _pair(self, part: Inbound) -> tuple[int, int] | None:
        actor = self._known.actors.get(part.actor_uri)
        return None if actor is None or part.uri is None else (actor.id, uri_hash(part.uri))

    async def _apply(self, item: Item, part: Inbound) -> None:
        item.parked = item.delayed = None
        part.repeated = self._pair(part) in self._seen
        if not part.repeated or not handler_for(part).once:
            await self._attempt(item, part)

    async def _attempt(self, item: Item, part: Inbound, *, alone: bool = False) -> None:
        """Act upon an activity, or put it with others; what goes wrong is the item's matter alone."""
        pair = self._pair(part)
        try:
            believe(part, self._known)
            if not alone and like.is_plain(part, self._known):
                await self._gather(item, part)
            else:
                await self._dispatch(part, handler_for(part))
        except (FederationError, SocialError) as reason:
            dropped(part, reason)
        except exc.IntegrityError as error:
            item.delayed = f"{type(error).__name__}: {error.orig}"
        except (exc.OperationalError, exc.InterfaceError):
            raise  # the database is in trouble, not the item
        except Exception as error:
            log.exception("activity_failed", id=item.id, type=part.type)
            item.parked = f"{type(error).__name__}: {error}"
        else:
            if pair is not None:
                self._seen.add(pair)
                if part.reopened is not None:
                    again = pair[0], uri_hash(part.reopened)
                    self._seen.discard(again)
                    self._reopened.add(again)

    async def _gather(self, item: Item, part: Inbound) -> None:
        """Put a vote with others that are recorded together; who votes twice does so one after the other."""
        ballot = like.ballot_of(part, self._known)
        if part.announcer is None and any(part.host == other.host for other, _ in self._pending):
            await self._flush()
        if (ballot.actor_id, ballot.object_id) in self._voted:
            await self._flush_votes()
        self._votes[ballot] = item, part
        self._voted.add((ballot.actor_id, ballot.object_id))

    async def _flush_votes(self) -> None:
        """Record the votes gathered so far: together, or one by one where that fails."""
        votes, self._votes, self._voted = self._votes, {}, set()
        if not votes:
            return
        parts = {ballot: part for ballot, (_, part) in votes.items()}
        alone = {id(part) for part in parts.values()}
        try:
            async with self._session.begin_nested():
                left = {id(part) for part in await like.apply_many(self._session, parts, self._known)}
                await groups.after_votes(
                    self._session, [part for part in parts.values() if id(part) not in left], self._known)
            alone = left
        except (exc.OperationalError, exc.InterfaceError):
            raise
        except Exception:
            log.exception("votes_failed", count=len(votes))
        for item, part in votes.values():
            if id(part) in alone:
                self._seen.discard(self._pair(part) or (0, 0))
                await self._attempt(item, part, alone=True)

    async def _dispatch(self, part: Inbound, handler: Handler) -> None:
        if part.type == "Create" and announce.is_known_post(part, self._known):
            await announce.share(self._session, part, self._known)
            return
        if part.type == "Create" and not create.is_vote(create.embedded(part)):
            # Communities here pass on in order what a host sends; what others announce is in no order to each other.
            if part.announcer is None and any(part.host == other.host for _, other in self._votes.values()):
                await self._flush_votes()
            await self._collect(part)
            return
        await self._flush_votes()
        same_host = any(part.host == other.host for other, _ in self._pending)
        if same_host or (self._pending and self._touches_pending(part)):
            await self._flush()
        # A savepoint: whatever a handler had written when it refused is undone, and the batch goes on.
        async with self._session.begin_nested():
            await handler.apply(self._session, part, self._known)
            await groups.after(self._session, part, self._known)

    async def _collect(self, part: Inbound) -> None:
        """Admit a draft to those that are stored together."""
        draft = create.read(part)
        if draft is not None and self._pending_uris & {draft.uri, draft.in_reply_to_uri, draft.quote_uri}:
            await self._flush()
        admitted = create.admit(part, self._known)
        self._pending.append((part, admitted))
        self._pending_uris.add(admitted.uri or "")

    def _touches_pending(self, part: Inbound) -> bool:
        wanted = References()
        handler_for(part).references(part, wanted)
        return bool(wanted.objects & self._pending_uris)

    async def _flush(self) -> None:
        """Store the drafts gathered so far; what comes after them in the batch knows of them."""
        if not self._pending:
            return
        await create.store_many(self._session, self._pending, self._known)
        fresh = await look_up(self._session, References(objects=set(self._pending_uris)))
        self._known.objects.update(fresh.objects)
        self._known.actors.update(fresh.actors)
        self._known.by_id.update(fresh.by_id)
        self._pending, self._pending_uris = [], set()

    async def _finish(self, items: Sequence[Item]) -> None:
        """In the transaction of the effects: remove the journal rows, remember ids, note who is alive."""
        for item in items:
            if item.parked:
                await journal.park(self._session, item.id, item.parked)
            elif item.delayed:
                await journal.postpone(self._session, item.id, item.attempts, item.delayed)
        await journal.done(self._session, [item.id for item in items if not item.parked and not item.delayed])
        reopened = sorted(self._reopened)  # before those that were seen: one may have come again in this very batch
        for start in range(0, len(reopened), 100):
            await self._session.execute(delete(_SEEN).where(in_pairs(_SEEN, reopened[start:start + 100])))
        if self._seen:
            moment = now()
            await self._session.execute(insert_or_ignore(self._session, SeenActivity), [
                {"actor_id": actor_id, "uri_hash": value, "seen_at": moment} for actor_id, value in self._seen])
        await mark_alive(self._session, {item.host for item in items})


def references(parts: Iterable[Inbound], wanted: References | None = None) -> References:
    """Everything that activities name.

    Raises:
        FederationError: one of them cannot be read.
    """
    wanted = wanted or References()
    for part in parts:
        wanted.add(actors=[part.actor_uri, part.signer_uri, part.announcer])
        handler_for(part).references(part, wanted)
    return wanted


def needs_fetch(part: Inbound, known: Known) -> bool:
    """Whether something must be fetched before `part` can be applied."""
    if part.prepared:
        return False
    containers.settle(part, known)
    if part.announcer is not None and not _announced_by_group(part, known):
        return False
    if part.type not in _SELF_VERIFYING:
        if not part.trusted and not _is_group_matter(part, known):
            return True
        if part.actor_uri not in known.actors:
            return True
    return handler_for(part).needs_fetch(part, known)


def believe(part: Inbound, known: Known) -> None:
    """Refuse what does not come from its actor, or from a group nobody here follows (protocol §7, forum §5).

    Raises:
        Dropped: it is not believed.
    """
    containers.settle(part, known)
    if part.announcer is not None and not _announced_by_group(part, known):
        raise Irrelevant(f"{part.announcer} is no group that anybody here follows")
    if part.announcer is not None and part.type not in _ECHOES and _is_ours(part.actor_uri, known):
        raise Irrelevant(f"what {part.actor_uri} does is known here, and nobody else can say it")
    if not part.trusted and part.type not in _SELF_VERIFYING and not _is_group_matter(part, known):
        raise Unauthorised(f"{part.type} of {part.actor_uri} sent by {part.signer_uri}")


def _is_ours(uri: str, known: Known) -> bool:
    ref = known.actors.get(uri)
    return ref is not None and ref.is_local


def _announced_by_group(part: Inbound, known: Known) -> bool:
    group = known.actor(part.announcer)
    return group is not None and group.type == "Group" and group.id in known.followed


def _is_group_matter(part: Inbound, known: Known) -> bool:
    """What a group's own word is enough for: votes on its posts, and what its moderators do in it."""
    return _is_group_vote(part, known) or moderation.concerns_group(part, known)


def _is_group_vote(part: Inbound, known: Known) -> bool:
    """A group may pass on votes on what was posted to it without showing a signature (as Lemmy does)."""
    group = known.actor(part.announcer)
    if group is None or part.type not in _VOTES:
        return False
    inner = part.activity.get("object")
    uri = part.object_uri if part.type != "Undo" else (
        inner.get("object") if isinstance(inner, dict) and inner.get("type") in _VOTES else None)
    row = known.object(uri if isinstance(uri, str) else None)
    if row is None:  # nothing can be undone of what is not here, so nobody needs to be asked
        return part.type == "Undo" and isinstance(uri, str)
    return row.ruled_by == group.id


async def mark_alive(session: AsyncSession, hosts: Iterable[str]) -> None:
    """Hosts that were heard of: what waits for them is delivered at once (protocol §10)."""
    moment = now()
    wanted = sorted(hosts)
    if not wanted:
        return
    stale = (await session.execute(select(_SERVER.c.host, _SERVER.c.failing_since).where(
        _SERVER.c.host.in_(wanted),
        (_SERVER.c.failing_since.is_not(None)) | (_SERVER.c.gone_at.is_not(None))
        | (_SERVER.c.last_seen_at.is_(None)) | (_SERVER.c.last_seen_at < moment - timedelta(hours=1))))).all()
    if not stale:
        return
    await session.execute(update(_SERVER).where(_SERVER.c.host.in_([row.host for row in stale])).values(
        last_seen_at=moment, failures=0, failing_since=None, retry_at=None, gone_at=None))
    failing = [row.host for row in stale if row.failing_since is not None]
    if failing:
        await session.execute(update(_DELIVERY).where(
            _DELIVERY.c.host.in_(failing), _DELIVERY.c.failed_at.is_(None)).values(next_at=moment))


async def trim_seen(session: AsyncSession) -> None:
    """Forget ids after a week: by then nobody repeats them."""
    await session.execute(delete(_SEEN).where(_SEEN.c.seen_at < now() - KEEP_SEEN))

