"""Who is kept out: networks, domains of e-mail addresses, single mailboxes."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import audit, gatekeeping
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import CanonicalEmailBlock, EmailDomainBlock, IpBlock
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.composing import form_errors
from potluck.web.feeds import Lens
from potluck.web.forms import Form, choices
from potluck.web.i18n import _, _l
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SHOWN = 50
KINDS = {"networks": _l("Networks"), "domains": _l("Domains of e-mail addresses"), "mailboxes": _l("Single mailboxes")}
SEVERITIES = {gatekeeping.APPROVAL: _l("Sign-ups need approval"), gatekeeping.NO_SIGN_UP: _l("No sign-ups"),
              gatekeeping.NO_ACCESS: _l("No access at all")}
TIMES = {"0": _l("For ever"), "86400": _l("A day"), "604800": _l("A week"), "2592000": _l("A month"),
         "31536000": _l("A year")}
_MODELS: dict[str, Any] = {"networks": IpBlock, "domains": EmailDomainBlock, "mailboxes": CanonicalEmailBlock}


@get("/admin/blocks")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """The blocks of one kind (`only`), and the form for a new one."""
    only = request.query_params.get("only", "networks")
    return await _index(request, only if only in KINDS else "networks", {}, {})


async def _index(request: AnyRequest, only: str, errors: dict[str, str], values: dict[str, str]) -> Response[Any]:
    page = page_of(request, SHOWN)
    lists: dict[str, Any] = {"networks": gatekeeping.ip_blocks, "domains": gatekeeping.email_domains,
                             "mailboxes": gatekeeping.mailboxes}
    async with request.app.state.db.read() as session:
        rows: list[Any] = await lists[only](session, page)
    return await pages.render(
        request, "admin/blocks.html", heading=_("Blocks"), up="/admin", only=only, errors=errors, values=values,
        rows=[_row(row) for row in rows], status=422 if errors else 200,
        chips=[Lens(f"/admin/blocks?only={name}", _(label), "", name == only) for name, label in KINDS.items()],
        severities=choices(SEVERITIES),
        times=choices(TIMES),
        next_url=next_url(request, len(rows), rows[-1].id if rows else None, SHOWN))


def _row(row: IpBlock | EmailDomainBlock | CanonicalEmailBlock) -> dict[str, Any]:
    found: dict[str, Any] = {"id": row.id, "since": shown_time(row.created_at), "until": None}
    if isinstance(row, IpBlock):
        return found | {"name": row.network, "how": _(SEVERITIES[row.severity]), "note": row.comment,
                        "until": shown_time(row.expires_at) if row.expires_at else None}
    if isinstance(row, EmailDomainBlock):
        tries = sum(row.attempts.values())
        return found | {"name": row.domain, "how": "", "note": _("%(count)s refused in a week", count=tries)}
    return found | {"name": row.digest[:16] + "…", "how": "", "note": ""}


@post("/admin/blocks/{kind:str}", status_code=303)
async def add(request: AnyRequest, staff: Me, form: SentForm, kind: PathWord) -> Response[Any]:
    """Block a network, a domain or a mailbox."""
    if kind not in KINDS:
        raise NotFound
    try:
        async with request.app.state.db.write() as session:
            name = await _add(session, kind, form)
            await audit.record(session, staff.user.id, f"block_{kind}", name)
    except Invalid as error:
        return await _index(request, kind, form_errors(error), form.kept("ip", "domain", "email", "comment"))
    return flashes.with_flash(redirects.see_other(f"/admin/blocks?only={kind}"), "good", _("Saved."))


async def _add(session: Any, kind: str, form: Form) -> str:
    if kind == "networks":
        return (await gatekeeping.block_network(
            session, form.text("ip"), form.text("severity"), comment=form.text("comment", limit=5000),
            lasts=form.whole("lasts", 0))).network
    if kind == "domains":
        return (await gatekeeping.block_email_domain(session, form.text("domain"))).domain
    return (await gatekeeping.block_mailbox(session, email=form.text("email"))).digest


@post("/admin/blocks/{kind:str}/{block_id:int}/remove", status_code=303)
async def remove(request: AnyRequest, staff: Me, kind: PathWord, block_id: PathId) -> Response[Any]:
    """Lift a block."""
    if kind not in KINDS:
        raise NotFound
    async with request.app.state.db.write() as session:
        name = await gatekeeping.remove(session, _MODELS[kind], block_id)
        await audit.record(session, staff.user.id, f"unblock_{kind}", name)
    return flashes.with_flash(redirects.see_other(f"/admin/blocks?only={kind}"), "good", _("Done."))


route_handlers = [index, add, remove]
