"""Servers known here: what they run, whether they answer, and the policy towards them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response
from sqlalchemy import func, or_, select

from potluck.handlers import get, post
from potluck.settings import current
from potluck.social import audit, domain_policies
from potluck.social.errors import Invalid
from potluck.social.model import Actor, DomainPolicy, Server
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathWord, SentForm
from potluck.web.forms import choices
from potluck.web.i18n import _, _l, said
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SHOWN = 50
SEVERITIES = (
    ("none", _l("No policy")), ("allow", _l("Allowed (limited federation)")), ("noop", _l("Only the switches below")),
    ("silence", _l("Limited: seen only by followers")), ("suspend", _l("Blocked")),
)


@get("/admin/servers")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """Servers, found by part of their name; `only`: `failing` (silent), `limited` or `allowed` (by policy)."""
    words = request.query_params.get("q", "").strip().lower()[:253]
    only = request.query_params.get("only", "")
    page = page_of(request, SHOWN)
    if only in {"limited", "allowed"}:
        return await _by_policy(request, only, words)
    query = select(Server, DomainPolicy.severity).outerjoin(DomainPolicy, DomainPolicy.domain == Server.host)
    if words:
        query = query.where(Server.host.contains(words, autoescape=True))
    if only == "failing":
        query = query.where(or_(Server.failing_since.is_not(None), Server.gone_at.is_not(None)))
    if page.max_id:
        query = query.where(Server.id < page.max_id)
    async with request.app.state.db.read() as session:
        rows = (await session.execute(query.order_by(Server.id.desc()).limit(SHOWN))).all()
    shown = [{"host": row.host, "software": " ".join(filter(None, (row.software, row.version))),
              "seen": shown_time(row.last_seen_at) if row.last_seen_at else None,
              "failing": shown_time(row.failing_since) if row.failing_since else None, "gone": row.gone_at is not None,
              "severity": severity or ""} for row, severity in rows]
    return await pages.render(
        request, "admin/servers.html", heading=_("Servers"), up="/admin", rows=shown, words=words, only=only,
        closed=current().limited_federation,
        labels={value: _(label) for value, label in SEVERITIES},
        next_url=next_url(request, len(rows), rows[-1][0].id if rows else None, SHOWN))


async def _by_policy(request: AnyRequest, only: str, words: str) -> Response[Any]:
    """Domains with a policy, whether a server of that name is known or not."""
    page = page_of(request, SHOWN)
    allowed = DomainPolicy.severity == domain_policies.ALLOW
    query = select(DomainPolicy, Server).outerjoin(Server, Server.host == DomainPolicy.domain).where(
        allowed if only == "allowed" else ~allowed)
    if words:
        query = query.where(DomainPolicy.domain.contains(words, autoescape=True))
    if page.max_id:
        query = query.where(DomainPolicy.id < page.max_id)
    async with request.app.state.db.read() as session:
        rows = (await session.execute(query.order_by(DomainPolicy.id.desc()).limit(SHOWN))).all()
    shown = [{"host": policy.domain, "severity": policy.severity,
              "software": " ".join(filter(None, (server.software, server.version))) if server else "",
              "seen": shown_time(server.last_seen_at) if server and server.last_seen_at else None,
              "failing": shown_time(server.failing_since) if server and server.failing_since else None,
              "gone": bool(server and server.gone_at)} for policy, server in rows]
    return await pages.render(
        request, "admin/servers.html", heading=_("Servers"), up="/admin", rows=shown, words=words, only=only,
        closed=current().limited_federation, labels={value: _(label) for value, label in SEVERITIES},
        next_url=next_url(request, len(rows), rows[-1][0].id if rows else None, SHOWN))


@get("/admin/servers/{host:str}")
async def show(request: AnyRequest, staff: Me, host: PathWord) -> Response[Any]:
    """One server and the policy towards it."""
    return await _show(request, host, {})


async def _show(request: AnyRequest, host: str, errors: dict[str, str]) -> Response[Any]:
    async with request.app.state.db.read() as session:
        server = await session.scalar(select(Server).where(Server.host == host))
        policy = await session.scalar(select(DomainPolicy).where(DomainPolicy.domain == host))
        people = await session.scalar(select(func.count()).select_from(Actor).where(Actor.host == host)) or 0
    return await pages.render(
        request, "admin/server.html", heading=host, up="/admin/servers", server=server, policy=policy, people=people,
        host=host, host_path=quote(host, safe=""), errors=errors, status=422 if errors else 200,
        seen=shown_time(server.last_seen_at) if server and server.last_seen_at else None,
        failing=shown_time(server.failing_since) if server and server.failing_since else None,
        severities=choices(SEVERITIES))


@post("/admin/servers", status_code=303)
async def open_server(request: AnyRequest, staff: Me, form: SentForm) -> Response[Any]:
    """Go to the page of a server by its name, known here or not."""
    host = form.text("host", limit=253).lower().strip("/. ")
    if not host or "/" in host:
        return redirects.see_other("/admin/servers")
    return redirects.see_other(f"/admin/servers/{quote(host, safe='')}")


@post("/admin/servers/{host:str}", status_code=303)
async def save(request: AnyRequest, staff: Me, form: SentForm, host: PathWord) -> Response[Any]:
    """Set or lift the policy."""
    severity = form.one_of("severity", tuple(value for value, _label in SEVERITIES), "none")
    try:
        async with request.app.state.db.write() as session:
            if severity == "none":
                await domain_policies.remove(session, host)
            else:
                await domain_policies.set_policy(
                    session, host, severity=severity, reject_media=form.flag("reject_media"),
                    reject_reports=form.flag("reject_reports"), obfuscate=form.flag("obfuscate"),
                    public_comment=form.text("public_comment", limit=1000),
                    private_comment=form.text("private_comment", limit=1000))
            await audit.record(session, staff.user.id, "set_domain_policy", host, {"severity": severity})
    except Invalid as error:
        return await _show(request, host, {error.field: said(error)})
    return flashes.with_flash(redirects.see_other(f"/admin/servers/{quote(host, safe='')}"), "good", _("Saved."))


route_handlers = [index, show, open_server, save]
