"""The log of what moderators and administrators did."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy import select

from potluck.handlers import get
from potluck.social import audit
from potluck.social.accounts import roles
from potluck.social.model import Actor, User
from potluck.web import pages
from potluck.web.admin.presenting import moderators
from potluck.web.asking import Me
from potluck.web.forms import choices, query_whole
from potluck.web.i18n import _, _l
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SHOWN = 50
ACTS = (("", _l("Everything")), ("strike", _l("Measures")), ("lift", _l("Measures lifted")), ("report", _l("Reports")),
        ("user", _l("Accounts")), ("set_domain_policy", _l("Servers")), ("block", _l("Blocks")),
        ("spam_rule", _l("Rules")), ("trend", _l("Trends")), ("text", _l("Texts")),
        ("queue", _l("Queues")))


@get("/admin/audit")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """Who did what to whom; by moderator, by kind of act, by name."""
    by = query_whole(request, "by")
    act = request.query_params.get("act", "")[:40]
    words = request.query_params.get("q", "").strip()[:200]
    async with request.app.state.db.read() as session:
        rows = await audit.page(session, page_of(request, SHOWN), user_id=by, action=act, words=words)
        names = await moderators(session, {row.user_id for row in rows if row.user_id})
        staffs = (await session.execute(select(User.id, Actor.name).join(Actor, Actor.id == User.actor_id).where(
            User.role.in_(roles.STAFF)).order_by(Actor.name).limit(100))).all()
    shown = [{"by": names.get(row.user_id, _("(gone)")) if row.user_id else _("command line"), "action": row.action,
              "target": row.target, "time": shown_time(row.created_at),
              "details": ", ".join(f"{key}: {value}" for key, value in row.details.items() if value not in ("", None))}
             for row in rows]
    people = [{"value": "", "label": _("Everyone")},
              *({"value": str(key), "label": f"@{name}"} for key, name in staffs)]
    return await pages.render(
        request, "admin/audit.html", heading=_("Log"), up="/admin", rows=shown, by=str(by or ""), act=act, words=words,
        people=people, acts=choices(ACTS),
        next_url=next_url(request, len(rows), rows[-1].id if rows else None, SHOWN))


route_handlers = [index]
