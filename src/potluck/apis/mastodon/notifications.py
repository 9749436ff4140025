"""Notifications, one by one (v1) and in groups (v2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select

from potluck.apis.mastodon import entities, render, render_accounts
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint, json_list
from potluck.apis.mastodon.entities import Json, stamp
from potluck.apis.mastodon.errors import not_found
from potluck.apis.mastodon.paging import limit_of, links, page_of
from potluck.apis.source import Source
from potluck.social import appeals, notifications
from potluck.social.model import Marker, Notification, Report, Severance, Strike
from potluck.social.notifications import GROUPED, Group
from potluck.social.paging import Page
from potluck.social.push import shown_type

_STORED_AS = {"favourite": ("favourite", "reaction")}
_PARTIAL = ("id", "acct", "url", "avatar", "avatar_static", "locked", "bot")


def _stored_types(words: Sequence[str]) -> list[str]:
    return [stored for word in words for stored in _STORED_AS.get(word, (word,))]


def _filters(call: Call) -> dict[str, Any]:
    return {
        "types": _stored_types(call.params.texts("types")),
        "exclude_types": [*_stored_types(call.params.texts("exclude_types")), *notifications.SITE_ONLY],
        "actor_id": call.params.ident("account_id"), "include_filtered": call.params.flag("include_filtered"),
    }


@dataclass(slots=True)
class _Sides:
    """What notifications speak of, loaded for a page at once."""

    accounts: dict[int, bytes]
    statuses: dict[int, bytes]
    about: dict[tuple[str, int], Json]

    def more(self, row: Notification) -> Json:
        """The report, warning or event of a notification, if it is about one."""
        keys = (("report", row.report_id), ("moderation_warning", row.warning_id), ("event", row.event_id))
        return {key: self.about[key, ident] for key, ident in keys if ident and (key, ident) in self.about}


async def _sides(source: Source, rows: Sequence[Notification], viewer_id: int,
                 more_actors: Sequence[int] = ()) -> _Sides:
    report_ids = {row.report_id for row in rows if row.report_id}
    reports: list[Report] = []
    if report_ids:
        session = await source.session()
        reports = list((await session.scalars(select(Report).where(Report.id.in_(report_ids)))).all())
    accounts = await render_accounts.by_ids(
        source, {row.actor_id for row in rows} | set(more_actors) | {row.target_id for row in reports})
    statuses = await render.by_ids(source, {row.object_id for row in rows if row.object_id}, viewer_id,
                                   context="notifications")
    about = {("report", row.id): entities.report(row, msgspec.Raw(accounts[row.target_id])) for row in reports
             if row.target_id in accounts}
    return _Sides(accounts, statuses, about | await _decisions(source, rows, accounts))


async def _decisions(source: Source, rows: Sequence[Notification], accounts: dict[int, bytes]
                     ) -> dict[tuple[str, int], Json]:
    """Warnings and severed follows; both are about the reader, whose account is among the notifications' own."""
    found: dict[tuple[str, int], Json] = {}
    strike_ids = {row.warning_id for row in rows if row.warning_id}
    if strike_ids:
        session = await source.session()
        appealed = await appeals.of_strikes(session, list(strike_ids))
        for strike in (await session.scalars(select(Strike).where(Strike.id.in_(strike_ids)))).all():
            if strike.target_id in accounts:
                found["moderation_warning", strike.id] = entities.account_warning(
                    strike, msgspec.Raw(accounts[strike.target_id]), appealed.get(strike.id))
    severance_ids = {row.event_id for row in rows if row.event_id}
    if severance_ids:
        session = await source.session()
        for event in (await session.scalars(select(Severance).where(Severance.id.in_(severance_ids)))).all():
            found["event", event.id] = entities.severance(event)
    return found


def _notification(row: Notification, sides: _Sides) -> bytes | None:
    """Notification; None when what it speaks of is not there for the reader any more."""
    if row.type in notifications.SITE_ONLY or row.actor_id not in sides.accounts:
        return None
    if row.object_id and row.object_id not in sides.statuses:
        return None
    found: Json = {"id": str(row.id), "type": shown_type(row.type), "created_at": stamp(row.created_at),
                   "group_key": row.group_key, "account": msgspec.Raw(sides.accounts[row.actor_id])}
    if row.object_id:
        found["status"] = msgspec.Raw(sides.statuses[row.object_id])
    found |= sides.more(row)
    if row.filtered:
        found["filtered"] = True
    return msgspec.json.encode(found)


async def rendered(source: Source, rows: Sequence[Notification], viewer_id: int) -> list[bytes]:
    """Notifications as JSON, without those whose status is gone."""
    return list((await rendered_by_id(source, rows, viewer_id)).values())


async def rendered_by_id(source: Source, rows: Sequence[Notification], viewer_id: int) -> dict[int, bytes]:
    """Notifications as JSON by id, in the order given, without those whose status is gone."""
    sides = await _sides(source, rows, viewer_id)
    items = ((row.id, _notification(row, sides)) for row in rows)
    return {key: item for key, item in items if item is not None}


@endpoint("GET", "/api/v1/notifications", scope="read:notifications")
async def all_(call: Call) -> Answer:
    """A page of notifications."""
    page = page_of(call.params, 40, 80)
    rows = await notifications.page(await call.reader(), call.me.id, page, **_filters(call))
    return json_list(await rendered(call.source, rows, call.me.id),
                     links(call, [row.id for row in rows], more=len(rows) >= page.limit))


@endpoint("GET", "/api/v1/notifications/{id:str}", scope="read:notifications")
async def show(call: Call) -> Answer:
    """One notification."""
    row = await notifications.one(await call.reader(), call.me.id, call.ident())
    found = await rendered(call.source, [row], call.me.id)
    if not found:
        raise not_found()
    return Answer(found[0])


@endpoint("POST", "/api/v1/notifications/clear", "/api/v2/notifications/clear", scope="write:notifications")
async def clear(call: Call) -> Answer:
    """Forget all notifications."""
    async with call.write() as session:
        await notifications.clear(session, call.me.id)
    return Answer(EMPTY)


async def _dismiss(call: Call, notification_id: int) -> Answer:
    async with call.write() as session:
        await notifications.dismiss(session, call.me.id, [notification_id])
    return Answer(EMPTY)


@endpoint("POST", "/api/v1/notifications/{id:str}/dismiss", scope="write:notifications")
async def dismiss(call: Call) -> Answer:
    """Forget one notification."""
    return await _dismiss(call, call.ident())


@endpoint("POST", "/api/v1/notifications/dismiss", scope="write:notifications")
async def dismiss_old(call: Call) -> Answer:
    """Forget one notification (an old call)."""
    return await _dismiss(call, call.params.ident("id") or 0)


@endpoint("GET", "/api/v1/notifications/unread_count", scope="read:notifications")
async def unread_count(call: Call) -> Answer:
    """How many notifications are newer than the marker."""
    filters = _filters(call)
    count = await notifications.unread_count(
        await call.reader(), call.me.id, most=limit_of(call.params, 100, 1000), types=filters["types"],
        exclude_types=filters["exclude_types"])
    return answer({"count": count})


# ---- groups -----------------------------------------------------------------------------------------------------


def _group(group: Group, part: Sequence[int] | None) -> Json:
    """NotificationGroup. `part`: newest and oldest id on this page, left out where there is no page."""
    found: Json = {
        "group_key": group.key, "notifications_count": group.count, "type": shown_type(group.type),
        "most_recent_notification_id": str(group.newest.id),
        "sample_account_ids": [str(value) for value in group.actor_ids],
    }
    if part is not None:
        found |= {"page_min_id": str(part[1]), "page_max_id": str(part[0]),
                  "latest_page_notification_at": stamp(group.newest.created_at)}
    if group.newest.object_id:
        found["status_id"] = str(group.newest.object_id)
    return found


async def _grouped(call: Call, groups: Sequence[Group], *, paged: bool) -> Json:
    sides = await _sides(call.source, [group.newest for group in groups], call.me.id,
                         [actor_id for group in groups for actor_id in group.actor_ids])
    shown = [group for group in groups
             if not group.newest.object_id or group.newest.object_id in sides.statuses]
    items = []
    for group in shown:
        item = _group(group, (group.newest.id, group.oldest_id) if paged else None)
        items.append(item | sides.more(group.newest))
    return {"accounts": [], "statuses": [msgspec.Raw(sides.statuses[value]) for value in dict.fromkeys(
        group.newest.object_id for group in shown if group.newest.object_id)],
        "notification_groups": items, **_side_accounts(call, shown, sides)}


def _side_accounts(call: Call, groups: Sequence[Group], sides: _Sides) -> Json:
    """Each account once; with `expand_accounts=partial_avatars` only the first of each group in full."""
    wanted = list(dict.fromkeys(value for group in groups for value in group.actor_ids if value in sides.accounts))
    if call.params.text("expand_accounts") != "partial_avatars":
        return {"accounts": [msgspec.Raw(sides.accounts[value]) for value in wanted]}
    full = {group.actor_ids[0] for group in groups if group.actor_ids}
    decoded = [msgspec.json.decode(sides.accounts[value]) for value in wanted if value not in full]
    return {"accounts": [msgspec.Raw(sides.accounts[value]) for value in wanted if value in full],
            "partial_accounts": [{key: item[key] for key in _PARTIAL} for item in decoded]}


def _grouped_types(call: Call) -> Sequence[str]:
    return _stored_types(call.params.texts("grouped_types")) if "grouped_types" in call.params else sorted(GROUPED)


@endpoint("GET", "/api/v2/notifications", scope="read:notifications")
async def groups(call: Call) -> Answer:
    """A page of notification groups."""
    page = page_of(call.params, 40, 80)
    found = await notifications.groups(await call.reader(), call.me.id, page, grouped_types=_grouped_types(call),
                                       **_filters(call))
    cursors = [value for group in found for value in (group.newest.id, group.oldest_id)]
    return answer(await _grouped(call, found, paged=True),
                  headers=dict(links(call, cursors, more=len(found) >= page.limit)))


async def _one_group(call: Call) -> list[Notification]:
    rows = await notifications.in_group(await call.reader(), call.me.id, call.word("key"))
    if not rows:
        raise not_found()
    return rows


@endpoint("GET", "/api/v2/notifications/{key:str}", scope="read:notifications")
async def group(call: Call) -> Answer:
    """One group."""
    rows = await _one_group(call)
    found = Group(call.word("key"), rows[0].type, len(rows), rows[0], rows[-1].id,
                  list(dict.fromkeys(row.actor_id for row in rows))[:8])
    return answer(await _grouped(call, [found], paged=False))


@endpoint("GET", "/api/v2/notifications/{key:str}/accounts", scope="read:notifications")
async def group_accounts(call: Call) -> Answer:
    """Everyone in a group."""
    rows = await _one_group(call)
    return json_list(await render_accounts.in_order(call.source, dict.fromkeys(row.actor_id for row in rows)))


@endpoint("POST", "/api/v2/notifications/{key:str}/dismiss", scope="write:notifications")
async def dismiss_group(call: Call) -> Answer:
    """Forget a group."""
    async with call.write() as session:
        await notifications.dismiss_group(session, call.me.id, call.word("key"))
    return Answer(EMPTY)


@endpoint("GET", "/api/v2/notifications/unread_count", scope="read:notifications")
async def unread_groups(call: Call) -> Answer:
    """How many groups have something newer than the marker."""
    session = await call.reader()
    read_up_to = await session.scalar(select(Marker.last_read_id).where(
        Marker.actor_id == call.me.id, Marker.timeline == "notifications"))
    filters = _filters(call)
    page = Page(since_id=read_up_to, limit=limit_of(call.params, 100, 1000))
    found = await notifications.groups(session, call.me.id, page, grouped_types=_grouped_types(call), **filters)
    return answer({"count": len(found)})


route_handlers = [all_, show, clear, dismiss, dismiss_old, unread_count, groups, group, group_accounts, dismiss_group,
                  unread_groups]
