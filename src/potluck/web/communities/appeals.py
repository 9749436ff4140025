"""What moderators of communities decided about somebody, and appeals against it."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social.communities import appealing
from potluck.social.communities.appealing import Decision, Waiting
from potluck.social.errors import Conflict, Invalid, NotAllowed, NotFound
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import acting
from potluck.web.communities.mod_log_page import ACT_LABELS
from potluck.web.i18n import _, _l, said
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.people import shown_person
from potluck.web.presenters.times import shown_time
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest

_SHOWN = 40
_LABELS = {"remove": _l("Something you said was removed"), "ban": _l("You are banned"),
           "warn": _l("You were warned about something you said")}


def shown_decision(decision: Decision) -> dict[str, Any]:
    """A decision as its person and the moderators see it."""
    row, thing = decision.action, decision.object
    text = (thing.title or plain_text(thing.source or thing.content, 300)) if thing is not None else ""
    return {"id": row.id, "label": _(_LABELS[row.act]), "act": _(ACT_LABELS[row.act]), "reason": row.reason,
            "community": shown_person(decision.community), "time": shown_time(row.created_at),
            "until": shown_time(row.expires_at) if row.expires_at else None, "text": text,
            "state": _state(decision), "may_appeal": decision.may_appeal}


def _state(decision: Decision) -> str:
    appeal = decision.appeal
    if appeal is None:
        return "" if decision.in_force or decision.action.act == "warn" else _("taken back, or over")
    if appeal.decided_at is None:
        return _("You have appealed; the moderators will look at it.")
    return _("Your appeal was accepted: this is taken back.") if appeal.accepted else _(
        "Your appeal was looked at. The decision stands.")


def shown_waiting(found: Waiting) -> dict[str, Any]:
    """An appeal as moderators see it."""
    return {"id": found.appeal.id, "person": shown_person(found.person), "text": found.appeal.content,
            "time": shown_time(found.appeal.created_at), "decision": shown_decision(found.decision)}


async def _page(request: AnyRequest, me: Me, errors: dict[str, str], kept: tuple[int, str] = (0, "")) -> Response[Any]:
    async with request.app.state.db.read() as session:
        rows = await appealing.decisions(session, me.actor.id, page_of(request, _SHOWN))
    return await pages.render(
        request, "communities/decisions.html", rows=[shown_decision(row) for row in rows], errors=errors,
        kept={"id": kept[0], "text": kept[1]}, status=422 if errors else 200,
        next_url=next_url(request, len(rows), rows[-1].action.id if rows else None, _SHOWN))


@get("/communities/decisions")
async def decisions(request: AnyRequest, me: Me) -> Response[Any]:
    """What was decided about one, newest first."""
    return await _page(request, me, {})


@post("/communities/decisions/{action_id:int}/appeal", status_code=303)
async def appeal(request: AnyRequest, me: Me, form: SentForm, action_id: PathId) -> Response[Any]:
    """Say that it is a mistake."""
    text = form.text("text", limit=appealing.MAX_TEXT + 1)
    try:
        async with request.app.state.db.write() as session:
            await appealing.make(session, await acting(session, me), action_id, text)
    except (Invalid, NotAllowed, Conflict) as error:
        return await _page(request, me, {"text": said(error)}, (action_id, text))
    return flashes.with_flash(redirects.see_other("/communities/decisions"), "good",
                              _("Your appeal is on its way to the moderators."))


@post("/communities/appeals/{appeal_id:int}/{verb:str}", status_code=303)
async def decide(request: AnyRequest, me: Me, form: SentForm, appeal_id: PathId, verb: PathWord) -> Response[Any]:
    """Accept an appeal or refuse it."""
    if verb not in ("accept", "refuse"):
        raise NotFound
    back = redirects.safe_path(form.text("back"), "/communities/reports")
    try:
        async with request.app.state.db.write() as session:
            await appealing.decide(session, await acting(session, me), appeal_id, accept=verb == "accept")
    except Conflict as error:
        return flashes.with_flash(redirects.see_other(back), "bad", said(error))
    return flashes.with_flash(redirects.see_other(back), "good", _("Done."))


route_handlers = [decisions, appeal, decide]
