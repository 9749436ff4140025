"""Reports about accounts and statuses."""

from __future__ import annotations

import msgspec

from potluck.apis.mastodon import entities, render_accounts
from potluck.apis.mastodon.accounts import actor_of
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import ApiError
from potluck.social import act_limits, reports

_CATEGORIES = ("spam", "legal", "violation", "other")
_MOST_CHARACTERS = 1000


@endpoint("POST", "/api/v1/reports", scope="write:reports")
async def create(call: Call) -> Answer:
    """Report an account, perhaps with statuses, to the moderators here and (`forward`) of its own server."""
    params = call.params
    comment = params.text("comment")
    if len(comment) > _MOST_CHARACTERS:
        raise ApiError(422, f"Validation failed: Comment is too long (maximum is {_MOST_CHARACTERS} characters)")
    rules = params.idents("rule_ids")
    category = params.text("category") or ("violation" if rules else "other")
    if category not in _CATEGORIES:
        raise ApiError(422, "Validation failed: Category is not included in the list")
    wanted = params.ident("account_id")
    if wanted is None:
        raise ApiError(400, "Missing parameter: account_id")
    async with call.write() as session:
        target, me = await actor_of(session, wanted), await call.acting(session)
        await act_limits.take(session, me, "reports")
        row = await reports.create(session, me, target, object_ids=params.idents("status_ids"),
                                   comment=comment, category=category, rule_ids=rules,
                                   forward=params.flag("forward"))
    shown = msgspec.Raw(await render_accounts.one(call.source, target))
    return answer(entities.report(row, shown))


route_handlers = [create]
