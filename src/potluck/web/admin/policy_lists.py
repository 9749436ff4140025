"""Shared lists of servers to limit or block: looked through before they count, taken over, given on."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck import jobs
from potluck.handlers import get, post
from potluck.social import domain_policies, policy_lists
from potluck.social.errors import Invalid
from potluck.transfer import policies
from potluck.web import flashes, pages, redirects
from potluck.web.admin.servers import SEVERITIES
from potluck.web.asking import Me, SentForm
from potluck.web.composing import form_errors
from potluck.web.i18n import _, _l
from potluck.web.types import AnyRequest

SHOWN = 500
_STATES = {"new": _l("new"), "same": _l("as before"), "changed": _l("other switches"), "stronger": _l("stronger"),
           "weaker": _l("weaker")}


@get("/admin/servers/list")
async def show(request: AnyRequest, staff: Me) -> Response[Any]:
    """The form for a list."""
    return await pages.render(request, "admin/policy_list.html", heading=_("Shared lists"), up="/admin/servers",
                              text="", rows=None, errors={}, unusable=[], total=None)


@get("/admin/servers/list.csv")
async def export(request: AnyRequest, staff: Me) -> Response[Any]:
    """The policies of this server in the common form, without notes for moderators."""
    async with request.app.state.db.read() as session:
        rows = [row for row in await domain_policies.all_(session) if row.severity != domain_policies.ALLOW]
    return Response(policy_lists.lines(rows), media_type="text/csv", headers={
        "Content-Disposition": 'attachment; filename="domain_blocks.csv"', "Cache-Control": "no-store"})


@post("/admin/servers/list/preview", status_code=200)
async def preview(request: AnyRequest, staff: Me, form: SentForm) -> Response[Any]:
    """What a list would change, and which follows would end."""
    text = await _sent(request, form.kept("text")["text"])
    try:
        found = policy_lists.read(text)
    except Invalid as error:
        return await pages.render(request, "admin/policy_list.html", heading=_("Shared lists"), up="/admin/servers",
                                  text="", rows=None, errors=form_errors(error), unusable=[], total=None, status=422)
    async with request.app.state.db.read() as session:
        compared = await policy_lists.compare(session, found.entries)
    labels = dict(SEVERITIES)
    rows = [{"domain": item.entry.domain, "severity": _(labels[item.entry.severity]), "state": _(_STATES[item.state]),
             "before": _(labels[item.before]) if item.before else "-", "followers": item.followers,
             "following": item.following, "comment": item.entry.public_comment}
            for item in sorted(compared, key=lambda item: -(item.followers + item.following))[:SHOWN]]
    total = {"entries": len(compared), "new": sum(item.state == "new" for item in compared),
             "followers": sum(item.followers for item in compared),
             "following": sum(item.following for item in compared)}
    return await pages.render(
        request, "admin/policy_list.html", heading=_("Shared lists"), up="/admin/servers", rows=rows, errors={},
        text=policy_lists.lines(found.entries), unusable=found.unusable[:50], total=total)


async def _sent(request: AnyRequest, typed: str) -> str:
    """What was typed, or the file."""
    if typed.strip():
        return typed
    sent = (await request.form()).get("file")
    if sent is None or isinstance(sent, str):
        return ""
    data: bytes = await sent.read(policy_lists.MAX_TEXT + 1)
    return data.decode("utf-8", "replace")


@post("/admin/servers/list", status_code=303)
async def take_over(request: AnyRequest, staff: Me, form: SentForm) -> Response[Any]:
    """Take a list over, in the background."""
    text = form.text("text", limit=policy_lists.MAX_TEXT)
    found = policy_lists.read(text)
    if not found.entries:
        return redirects.see_other("/admin/servers/list")
    async with request.app.state.db.write() as session:
        await jobs.enqueue(session, policies.NAME, policy_lists.lines(found.entries), staff.user.id,
                           form.flag("overwrite"), owner_id=staff.actor.id,
                           subject=_("%(count)s servers", count=len(found.entries)))
    return flashes.with_flash(redirects.see_other("/settings/jobs"), "good", _("The list is being taken over."))


route_handlers = [show, export, preview, take_over]
