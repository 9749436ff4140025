"""Taking one's lists over from another server: CSV files, done in the background."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck import jobs
from potluck.handlers import get, post
from potluck.social.accounts.rate_limits import Limiter
from potluck.social.errors import Invalid
from potluck.transfer import csv_files, lists_in
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.auth import check_may_post
from potluck.web.composing import form_errors
from potluck.web.forms import choices
from potluck.web.i18n import _, _l
from potluck.web.types import AnyRequest

KINDS = {csv_files.FOLLOWING: _l("Whom I follow"), csv_files.LISTS: _l("Lists"), csv_files.BLOCKS: _l("Blocked people"),
         csv_files.MUTES: _l("Muted people"), csv_files.DOMAINS: _l("Hidden servers"),
         csv_files.BOOKMARKS: _l("Bookmarks")}
_imports = Limiter(burst=20, seconds_each=300)


@get("/settings/import")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """The form."""
    return await _page(request, {}, csv_files.FOLLOWING)


async def _page(request: AnyRequest, errors: dict[str, str], kind: str) -> Response[Any]:
    return await pages.render(
        request, "settings/import.html", heading=_("Import"), errors=errors, kind=kind, status=422 if errors else 200,
        kinds=choices(KINDS))


@post("/settings/import", status_code=303)
async def take_over(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Read a file and do what it says, in the background."""
    check_may_post(me)
    _imports.take(str(me.user.id))
    kind = form.text("kind")
    try:
        found = _usable(csv_files.read(kind, await _file(request)))
    except Invalid as error:
        return await _page(request, form_errors(error), kind)
    async with request.app.state.db.write() as session:
        await jobs.enqueue(session, lists_in.NAME, kind, found.rows, form.text("mode") == "overwrite",
                           owner_id=me.actor.id, subject=f"{_(KINDS[kind])} ({len(found.rows)})")
    text = _("%(count)s entries are being taken over.", count=len(found.rows))
    if found.unusable:
        text += " " + _("%(count)s lines cannot be used.", count=found.unusable)
    return flashes.with_flash(redirects.see_other("/settings/jobs"), "good", text)


def _usable(found: csv_files.Read) -> csv_files.Read:
    if not found.rows:
        raise Invalid("file", "There is nothing in this file that can be used")
    return found


async def _file(request: AnyRequest) -> bytes:
    sent = (await request.form()).get("file")
    if sent is None or isinstance(sent, str):
        raise Invalid("file", "Please choose a file", "blank")
    data: bytes = await sent.read(csv_files.MAX_BYTES + 1)
    return data


route_handlers = [show, take_over]
