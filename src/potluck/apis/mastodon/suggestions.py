"""Whom one might want to follow."""

from __future__ import annotations

import msgspec

from potluck.apis.mastodon import render_accounts
from potluck.apis.mastodon.accounts import actor_of
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint, json_list
from potluck.apis.mastodon.paging import limit_of, offset_of
from potluck.social import suggestions
from potluck.social.suggestions import FRIENDS, Suggestion

_OLD_SOURCE = {FRIENDS: "past_interactions"}


async def _wanted(call: Call) -> list[Suggestion]:
    return await suggestions.for_reader(await call.reader(), call.me.id, limit=limit_of(call.params, 40, 80),
                                        offset=offset_of(call.params))


@endpoint("GET", "/api/v2/suggestions", scope="read:accounts")
async def all_(call: Call) -> Answer:
    """Suggestions, with why."""
    found = await _wanted(call)
    accounts = await render_accounts.of_actors(call.source, [item.actor for item in found])
    return answer([{"source": _OLD_SOURCE.get(item.source, "global"), "sources": [item.source],
                    "account": msgspec.Raw(accounts[item.actor.id])} for item in found])


@endpoint("GET", "/api/v1/suggestions", scope="read:accounts")
async def old(call: Call) -> Answer:
    """Suggested accounts (old form)."""
    found = await _wanted(call)
    accounts = await render_accounts.of_actors(call.source, [item.actor for item in found])
    return json_list([accounts[item.actor.id] for item in found])


@endpoint("DELETE", "/api/v1/suggestions/{id:str}", scope="write:accounts")
async def dismiss(call: Call) -> Answer:
    """Have someone suggested no more."""
    actor = await actor_of(await call.reader(), call.ident())
    async with call.write() as session:
        await suggestions.dismiss(session, call.me.id, actor.id)
    return Answer(EMPTY)


route_handlers = [all_, old, dismiss]
