"""The first page of administration: what needs a look, and how the queues stand."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from litestar import Response
from sqlalchemy import func, select

from potluck.handlers import get
from potluck.settings import Settings, current
from potluck.social import moderation_queue
from potluck.social.model import Object, Server, User
from potluck.web import pages
from potluck.web.asking import Me
from potluck.web.i18n import _
from potluck.web.ports import ports
from potluck.web.types import AnyRequest


@dataclass(frozen=True, slots=True)
class Tile:
    """See `stat_tiles` in `components/table.html`."""

    label: str
    number: int
    url: str = ""
    note: str = ""
    tone: str = ""


def _tone(number: int, bad: bool = False) -> str:
    return "" if not number else "bad" if bad else "warn"


@get("/admin")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """Numbers that matter, each leading to its page."""
    async with request.app.state.db.read() as session:
        waiting = await moderation_queue.counts(session)
        people = await session.scalar(select(func.count()).select_from(User)) or 0
        posts = await session.scalar(select(func.count()).select_from(Object).where(
            Object.local, Object.deleted_at.is_(None))) or 0
        failing = await session.scalar(select(func.count()).select_from(Server).where(
            Server.failing_since.is_not(None))) or 0
        queue = await ports(request).queues.state(session)
    tiles = [
        Tile(_("Open reports"), waiting.report, "/admin/moderation?only=report", tone=_tone(waiting.report)),
        Tile(_("Waiting for approval"), waiting.sign_up, "/admin/moderation?only=sign_up",
             tone=_tone(waiting.sign_up)),
        Tile(_("Appeals"), waiting.appeal, "/admin/moderation?only=appeal", tone=_tone(waiting.appeal)),
        Tile(_("Posts held back"), waiting.held, "/admin/moderation?only=held", tone=_tone(waiting.held)),
        Tile(_("People"), people, "/admin/people"), Tile(_("Posts from here"), posts),
        Tile(_("Servers that do not answer"), failing, "/admin/servers?only=failing", tone=_tone(failing)),
        Tile(_("Inbox: waiting"), queue.inbox_waiting, "/admin/queues"),
        Tile(_("Inbox: parked"), queue.inbox_parked, "/admin/queues", tone=_tone(queue.inbox_parked, bad=True)),
        Tile(_("Deliveries: waiting"), queue.deliveries_waiting, "/admin/queues"),
        Tile(_("Deliveries: given up"), queue.deliveries_failed, "/admin/queues",
             tone=_tone(queue.deliveries_failed)),
    ]
    return await pages.render(request, "admin/index.html", tiles=tiles, is_admin=staff.is_admin)


@get("/admin/settings")
async def settings(request: AnyRequest, admin: Me) -> Response[Any]:
    """The settings in force, secrets hidden; they are changed in the environment or `potluck.toml`."""
    values = current()
    rows = [[f"POTLUCK_{item.name.upper()}", _shown(item.metadata, getattr(values, item.name)), item.metadata["doc"]]
            for item in fields(Settings)]
    return await pages.render(request, "admin/settings.html", heading=_("Server settings"), up="/admin", rows=rows)


def _shown(metadata: Any, value: object) -> str:
    if metadata["secret"]:
        return _("(set)") if value else _("(not set)")
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


route_handlers = [index, settings]
