"""The queue: everything that waits for a moderator, of every kind, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get
from potluck.social import moderation_queue as queue
from potluck.social import views
from potluck.social.model import Actor, Appeal, HeldObject, Report, Strike, User
from potluck.social.moderation_queue import Entry
from potluck.web import pages
from potluck.web.admin import words
from potluck.web.asking import Me
from potluck.web.feeds import Lens
from potluck.web.i18n import _
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.people import full_handle
from potluck.web.presenters.times import Time, shown_time
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest

SHOWN = 40
_EXCERPT = 160


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of the queue as the page shows it."""

    kind: str
    who: str
    what: str
    note: str
    time: Time
    url: str


@get("/admin/moderation")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """What waits; `only`: one kind, or `mine` for the reports one took on."""
    only = request.query_params.get("only", "")
    kind = only if only in queue.KINDS else ""
    async with request.app.state.db.read() as session:
        entries = await queue.page(session, page_of(request, SHOWN), kind=kind,
                                   user_id=staff.user.id if only == "mine" else None)
        counts = await queue.counts(session)
        rows = await _rows(session, entries)
    numbers = {"": counts.all, **{name: getattr(counts, name) for name in queue.KINDS}}
    chips = [Lens(f"/admin/moderation?only={name}" if name else "/admin/moderation",
                  f"{_(label)} ({numbers[name]})", "", name == only) for name, label in words.KINDS.items()]
    chips.append(Lens("/admin/moderation?only=mine", _("Mine"), "", only == "mine"))
    return await pages.render(
        request, "admin/moderation.html", heading=_("To do"), up="/admin", rows=rows, chips=chips,
        next_url=next_url(request, len(entries), entries[-1].id if entries else None, SHOWN))


async def _rows(session: AsyncSession, entries: Sequence[Entry]) -> list[Row]:
    """Each kind of entry in one or two queries, put back into the order of the queue."""
    by_kind: dict[str, list[int]] = {}
    for entry in entries:
        by_kind.setdefault(entry.kind, []).append(entry.id)
    found: dict[tuple[str, int], Row] = {}
    for kind, load in (("report", _reports), ("sign_up", _sign_ups), ("appeal", _appeals), ("held", _held)):
        if kind in by_kind:
            found |= {(kind, key): row for key, row in (await load(session, by_kind[kind])).items()}
    return [found[entry.kind, entry.id] for entry in entries if (entry.kind, entry.id) in found]


async def _reports(session: AsyncSession, wanted: list[int]) -> dict[int, Row]:
    rows = (await session.scalars(select(Report).where(Report.id.in_(wanted)))).all()
    people = await views.load_actors(session, {row.target_id for row in rows} | {row.reporter_id for row in rows})
    taken = dict((await session.execute(select(User.id, Actor.name).join(Actor, Actor.id == User.actor_id).where(
        User.id.in_({row.assigned_id for row in rows if row.assigned_id})))).all())
    return {row.id: Row(
        _(words.ONE_OF["report"]), full_handle(people[row.target_id]),
        f"{_(words.CATEGORIES.get(row.category, row.category))}: {row.comment[:_EXCERPT]}",
        _("%(name)s looks at it", name=f"@{taken[row.assigned_id]}") if row.assigned_id in taken else "",
        shown_time(row.created_at), f"/admin/reports/{row.id}") for row in rows}


async def _sign_ups(session: AsyncSession, wanted: list[int]) -> dict[int, Row]:
    rows = (await session.execute(select(User, Actor).join(Actor, Actor.id == User.actor_id).where(
        User.id.in_(wanted)))).all()
    return {user.id: Row(
        _(words.ONE_OF["sign_up"]), full_handle(actor), (user.signup_reason or "")[:_EXCERPT],
        "" if user.confirmed_at else _("address unconfirmed"), shown_time(user.created_at),
        f"/admin/people/{user.id}") for user, actor in rows}


async def _appeals(session: AsyncSession, wanted: list[int]) -> dict[int, Row]:
    rows = (await session.execute(select(Appeal, Strike, Actor).join(Strike, Strike.id == Appeal.strike_id).join(
        Actor, Actor.id == Strike.target_id).where(Appeal.id.in_(wanted)))).all()
    return {appeal.id: Row(
        _(words.ONE_OF["appeal"]), full_handle(actor), appeal.text[:_EXCERPT], _(words.ACTIONS[strike.action]),
        shown_time(appeal.created_at), f"/admin/appeals/{appeal.id}") for appeal, strike, actor in rows}


async def _held(session: AsyncSession, wanted: list[int]) -> dict[int, Row]:
    found = await views.load_for_moderation(session, wanted)
    reasons = dict((await session.execute(select(HeldObject.object_id, HeldObject.title).where(
        HeldObject.object_id.in_(wanted)))).all())
    return {object_id: Row(
        _(words.ONE_OF["held"]), full_handle(view.author),
        view.object.title or plain_text(view.object.content, _EXCERPT) or view.object.summary,
        reasons.get(object_id, ""), shown_time(view.object.created_at), f"/posts/{object_id}/moderate")
        for object_id, view in found.items()}


route_handlers = [index]
