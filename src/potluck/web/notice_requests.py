"""Who may notify somebody: the rules, and the notifications that wait because of them."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import notification_policy, views
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.forms import choices
from potluck.web.i18n import _, _l
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.people import shown_person
from potluck.web.types import AnyRequest

RULES = {
    "for_not_following": _l("People you do not follow"), "for_not_followers": _l("People who do not follow you"),
    "for_new_accounts": _l("New accounts"), "for_private_mentions": _l("Private mentions nobody asked for"),
    "for_limited_accounts": _l("Accounts limited by the moderators"),
}
CHOICES = (("accept", _l("take in")), ("filter", _l("let wait")), ("drop", _l("throw away")))
PAGE = 40


@get("/notifications/requests")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """The rules, and whose notifications wait."""
    async with request.app.state.db.read() as session:
        rules = await notification_policy.policy_of(session, me.actor.id)
        found = await notification_policy.requests(session, me.actor.id, page_of(request, PAGE))
        people = await views.load_actors(session, {item.row.actor_id for item in found})
    return await pages.render(
        request, "notifications/requests.html",
        rules=[{"name": name, "label": _(label), "value": rules[name]} for name, label in RULES.items()],
        choices=choices(CHOICES),
        rows=[{"id": item.row.id, "person": shown_person(people[item.row.actor_id]), "count": item.count}
              for item in found if item.row.actor_id in people],
        next_url=next_url(request, len(found), found[-1].row.id if found else None, PAGE))


@post("/notifications/requests", status_code=303)
async def answer(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Take in or throw away what waits of some people."""
    chosen = form.wholes("request")
    async with request.app.state.db.write() as session:
        if form.flag("accept"):
            await notification_policy.accept(session, me.actor.id, chosen)
        elif form.flag("dismiss"):
            await notification_policy.dismiss(session, me.actor.id, chosen)
    return flashes.with_flash(redirects.see_other("/notifications/requests"), "good", _("Done."))


@post("/notifications/policy", status_code=303)
async def change(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Save the rules."""
    values = tuple(value for value, _label in CHOICES)
    changes = {name: form.one_of(name, values, "accept") for name in RULES}
    async with request.app.state.db.write() as session:
        await notification_policy.change_policy(session, me.actor.id, changes)
    return flashes.with_flash(redirects.see_other("/notifications/requests"), "good", _("Your changes are saved."))


route_handlers = [index, answer, change]
