"""What the server says about itself: the long description, the privacy policy, the terms of service."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from litestar import Response

from potluck import jobs, terms_mails
from potluck.db.base import now
from potluck.handlers import get, post
from potluck.social import audit, site_texts, terms
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Terms
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer
from potluck.web.composing import form_errors
from potluck.web.forms import Form
from potluck.web.i18n import _, _l
from potluck.web.types import AnyRequest

TEXTS = {site_texts.EXTENDED_DESCRIPTION: _l("About this server"), site_texts.PRIVACY_POLICY: _l("Privacy policy")}
_USUAL_NOTICE = timedelta(days=14)


@get("/admin/texts")
async def index(request: AnyRequest, admin: Me) -> Response[Any]:
    """The texts and their forms."""
    return await _index(request, {}, {}, 200)


async def _index(request: AnyRequest, values: dict[str, str], errors: dict[str, str], status: int) -> Response[Any]:
    async with request.app.state.db.read() as session:
        rows = [{"name": name, "label": _(label), "row": await site_texts.text(session, name)}
                for name, label in TEXTS.items()]
    return await pages.render(request, "admin/texts.html", heading=_("Texts"), up="/admin", rows=rows, values=values,
                              errors=errors, most=site_texts.MAX_TEXT, status=status)


@post("/admin/texts/{name:str}", status_code=303)
async def save(request: AnyRequest, admin: Me, form: SentForm, name: PathWord) -> Response[Any]:
    """Write a text; an empty one is removed."""
    if name not in TEXTS:
        raise NotFound
    source = form.text("text", limit=site_texts.MAX_TEXT + 1)
    try:
        async with request.app.state.db.write() as session:
            await site_texts.save_text(session, name, source)
            await audit.record(session, admin.user.id, "text_save", name)
    except Invalid as error:
        return await _index(request, {name: source}, {name: form_errors(error)["text"]}, 422)
    return flashes.with_flash(redirects.see_other("/admin/texts"), "good", _("Saved."))


# ---- terms of service ---------------------------------------------------------------------------------------------


@get("/admin/terms")
async def versions(request: AnyRequest, admin: Me) -> Response[Any]:
    """All versions of the terms, and the form for the next one."""
    return await _versions(request, None, {})


async def _versions(request: AnyRequest, values: dict[str, str] | None, errors: dict[str, str]) -> Response[Any]:
    async with request.app.state.db.read() as session:
        rows = await terms.published(session)
        draft = await terms.draft(session)
    holds = terms.in_force(rows)
    today = now().date()
    return await pages.render(
        request, "admin/terms.html", heading=_("Terms of service"), up="/admin", errors=errors,
        values=values or _values(draft, rows), draft=draft, status=422 if errors else 200, today=today.isoformat(),
        rows=[{"id": row.id, "day": row.effective_date.isoformat(), "url": f"/terms-of-service/{row.effective_date}",
               "holds": row is holds and row.effective_date <= today, "later": row.effective_date > today}
              for row in rows])


def _values(draft: Terms | None, rows: list[Terms]) -> dict[str, str]:
    """The draft; without one the newest version, to be changed."""
    usual = now().date() + (_USUAL_NOTICE if rows else timedelta())
    base = draft or (rows[0] if rows else None)
    return {"text": base.source if base else "", "changelog": draft.changelog if draft else "",
            "effective_date": (draft.effective_date if draft else usual).isoformat()}


@post("/admin/terms", status_code=303)
async def write(request: AnyRequest, admin: Me, form: SentForm) -> Response[Any]:
    """Keep the next version as a draft, or publish it and tell everyone."""
    try:
        await _write(request, admin, form)
    except Invalid as error:
        return await _versions(request, form.kept("text", "changelog", "effective_date"), form_errors(error))
    return flashes.with_flash(redirects.see_other("/admin/terms"), "good", _("Saved."))


async def _write(request: AnyRequest, admin: Viewer, form: Form) -> None:
    publish = form.text("act") == "publish"
    async with request.app.state.db.write() as session:
        row = await terms.save(session, form.text("text", limit=site_texts.MAX_TEXT + 1), _day(form),
                               form.text("changelog", limit=terms.MAX_CHANGELOG + 1), publish=publish)
        await audit.record(session, admin.user.id, "text_terms_publish" if publish else "text_terms_draft",
                           row.effective_date.isoformat())
        if publish and form.flag("announce"):
            await terms.announce(session, row)
        if publish and form.flag("mail"):
            await jobs.enqueue(session, terms_mails.NAME, row.id, owner_id=admin.actor.id, key=f"terms {row.id}",
                               subject=row.effective_date.isoformat())


def _day(form: Form) -> date:
    try:
        return date.fromisoformat(form.text("effective_date", limit=20))
    except ValueError as error:
        raise Invalid("effective_date", "Validation failed: Effective date is not a day") from error


@post("/admin/terms/{terms_id:int}/withdraw", status_code=303)
async def withdraw(request: AnyRequest, admin: Me, terms_id: PathId) -> Response[Any]:
    """Take a version back that does not hold yet."""
    async with request.app.state.db.write() as session:
        row = await terms.withdraw(session, terms_id)
        await audit.record(session, admin.user.id, "text_terms_withdraw", row.effective_date.isoformat())
    return flashes.with_flash(redirects.see_other("/admin/terms"), "good", _("Done."))


route_handlers = [index, save, versions, write, withdraw]
