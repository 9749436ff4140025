"""Reads outboxes: of someone who is followed from now on, and of those who spoke while we were away.

The first is quiet: a profile is not empty, and nobody is told of old things. The second puts what was missed before
its readers in its past order; what came by itself in the meantime is told of once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select

from potluck.federation import group_posts
from potluck.federation.errors import FederationError
from potluck.federation.inbound import Budget
from potluck.federation.items import items_of, turn
from potluck.federation.urls import host_of, same_host
from potluck.federation.vocabulary import Document, first_id, get, parse_time, type_of
from potluck.social import actors, objects, reactions
from potluck.social.errors import SocialError
from potluck.social.model import Announce, Object

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

log = structlog.get_logger(__name__)

ITEMS = 40
"""Of somebody who is followed from now on."""

PAGES = 3
MISSED_ITEMS = 100
MISSED_PAGES = 5
BOOSTS = 10
"""Boosted posts fetched of one outbox: they lie on other servers."""

GROUP_BOOSTS = 20
"""Of a community there is nothing else."""


@dataclass(slots=True)
class _Found:
    """What an outbox gave."""

    said: list[Object] = field(default_factory=list)
    boosted: list[tuple[Object, Document]] = field(default_factory=list)


async def read(federation: Federation, uri: str, data: Mapping[str, Any]) -> None:
    """Work off one wish for an outbox.

    Args:
        uri: of the outbox.
        data: `actor`: whose it is; `since`: only what is newer, put before its readers (after a time away).
    """
    owner = str(data.get("actor"))
    since = parse_time(data.get("since"))
    if not same_host(uri, owner):
        return
    async with federation.db.read() as session:
        actor = await actors.by_uri(session, owner)
    boosts = GROUP_BOOSTS if actor is not None and actor.type == "Group" else BOOSTS
    found = await _newest(federation, uri, owner, since, boosts)
    async with federation.db.write() as session:
        if since is not None:
            await objects.tell_missed(session, found.said)
    for row, document in found.boosted:
        await _boost(federation, owner, row, document, quiet=since is None)


async def _newest(federation: Federation, uri: str, owner: str, since: datetime | None, boosts: int) -> _Found:
    found = _Found()
    # The oldest first: what was said within the last minutes gets its place by the order in which it is stored.
    for item in reversed(await _items(federation, uri, since, boosts)):
        try:
            await _take(federation, owner, item, found)
        except (FederationError, SocialError) as reason:
            log.info("outbox_item_skipped", outbox=uri[:300], reason=str(reason)[:300])
    if since is not None:
        found.said = [row for row in found.said if row.published >= since]
    return found


async def _items(federation: Federation, uri: str, since: datetime | None, boosts: int) -> list[str | Document]:
    """The items of the first pages, newest first, without boosts beyond the first few."""
    most, pages = (ITEMS, PAGES) if since is None else (MISSED_ITEMS, MISSED_PAGES)
    found: list[str | Document] = []
    try:
        async for item in items_of(federation, uri, most, max_pages=pages):
            moment = parse_time(get(item, "published")) if isinstance(item, Mapping) else None
            if since is not None and moment is not None and moment < since:
                break
            is_boost = type_of(item) == "Announce"
            if not is_boost or boosts > 0:
                found.append(item)
            boosts -= is_boost
    except FederationError as reason:
        if not found:
            raise
        log.info("outbox_broken_off", outbox=uri[:300], reason=str(reason)[:300])
    return found


async def _take(federation: Federation, owner: str, item: str | Document, found: _Found) -> None:
    """One item: a post of the owner's own, or a boost."""
    document = item if not isinstance(item, str) else await federation.fetch_document(item, Budget())
    kind = type_of(document)
    if first_id(get(document, "actor")) not in (None, owner):
        return
    target = _said(document)
    if target is None:
        return
    inner = get(document, "object") if kind == "Create" else document
    async with turn(host_of(target)):
        # The owner's own host gave the outbox, so what stands in it by the owner is as good as fetched.
        row = await federation.object_by_uri(
            target, budget=Budget(), document=inner if isinstance(inner, Mapping) and kind != "Announce" else None,
            sender=owner)
    if row is None:
        return
    if kind == "Announce":
        found.boosted.append((row, document))
    else:
        found.said.append(row)


async def _boost(federation: Federation, owner: str, row: Object, document: Document, *, quiet: bool) -> None:
    uri = first_id(document)
    if uri is None or not same_host(uri, owner):
        return
    async with federation.db.write() as session:
        booster = await actors.by_uri(session, owner)
        known = await session.scalar(select(Announce.id).where(Announce.uri == uri))
        if booster is not None and booster.type == "Group":
            await group_posts.claim(session, await session.get_one(Object, row.id), booster)
            return
        if booster is None or known is not None:
            return
        try:
            await reactions.announce(session, booster, row.id, uri=uri, quiet=quiet,
                                     published=parse_time(get(document, "published")))
        except SocialError as reason:
            log.info("boost_not_taken", uri=uri[:300], reason=reason.text)


def _said(document: Document) -> str | None:
    """What an entry of an outbox is about; a community announces the Create of a post, not the post (FEP-1b12)."""
    if type_of(document) not in ("Create", "Announce"):
        return first_id(document)
    inner = get(document, "object")
    return _said(inner) if isinstance(inner, dict) and type_of(inner) == "Create" else first_id(inner)


def since_text(moment: datetime) -> str:
    """The moment as `data` carries it, a little earlier: clocks differ."""
    return (moment - timedelta(minutes=5)).isoformat()
