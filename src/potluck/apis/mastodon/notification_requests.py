"""Whose notifications one wants, and those that were set aside until one decides."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from potluck.apis.mastodon import render, render_accounts
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json, stamp
from potluck.apis.mastodon.errors import not_found
from potluck.apis.mastodon.paging import links, page_of
from potluck.social import notification_policy
from potluck.social.notification_policy import RULES, Request

_OLD_RULES = {f"filter_{rule.removeprefix('for_')}": rule for rule in RULES if rule != "for_limited_accounts"}


async def _shown(call: Call, requests: Sequence[Request]) -> list[Json]:
    """NotificationRequests."""
    accounts = await render_accounts.by_ids(call.source, [item.row.actor_id for item in requests])
    statuses = await render.by_ids(call.source, [item.last_object_id for item in requests if item.last_object_id],
                                   call.viewer_id)
    return [{
        "id": str(item.row.id), "created_at": stamp(item.row.created_at), "updated_at": stamp(item.row.updated_at),
        "account": msgspec.Raw(accounts[item.row.actor_id]), "notifications_count": str(item.count),
        **({"last_status": msgspec.Raw(statuses[item.last_object_id])} if item.last_object_id in statuses else {}),
    } for item in requests if item.row.actor_id in accounts]


@endpoint("GET", "/api/v1/notifications/requests", scope="read:notifications")
async def all_(call: Call) -> Answer:
    """Those whose notifications wait for a decision."""
    page = page_of(call.params, 40, 80)
    rows = await notification_policy.requests(await call.reader(), call.me.id, page)
    return answer(await _shown(call, rows),
                  headers=dict(links(call, [item.row.id for item in rows], more=len(rows) >= page.limit)))


@endpoint("GET", "/api/v1/notifications/requests/merged", scope="read:notifications")
async def merged(_: Call) -> Answer:
    """Whether what was accepted is in the list: always, since it happens in the same step."""
    return answer({"merged": True})


@endpoint("GET", "/api/v1/notifications/requests/{id:str}", scope="read:notifications")
async def show(call: Call) -> Answer:
    """One of them."""
    found = await _shown(call, [await notification_policy.request(await call.reader(), call.me.id, call.ident())])
    if not found:
        raise not_found()
    return answer(found[0])


async def _accept(call: Call, request_ids: Collection[int]) -> Answer:
    async with call.write() as session:
        await notification_policy.accept(session, call.me.id, request_ids)
    return Answer(EMPTY)


async def _dismiss(call: Call, request_ids: Collection[int]) -> Answer:
    async with call.write() as session:
        await notification_policy.dismiss(session, call.me.id, request_ids)
    return Answer(EMPTY)


async def _known(call: Call) -> list[int]:
    """The one of the path.

    Raises:
        NotFound: it does not exist, or is someone else's.
    """
    return [(await notification_policy.request(await call.reader(), call.me.id, call.ident())).row.id]


@endpoint("POST", "/api/v1/notifications/requests/{id:str}/accept", scope="write:notifications")
async def accept(call: Call) -> Answer:
    """Take someone's notifications in, now and later."""
    return await _accept(call, await _known(call))


@endpoint("POST", "/api/v1/notifications/requests/{id:str}/dismiss", scope="write:notifications")
async def dismiss(call: Call) -> Answer:
    """Throw away what waits of someone."""
    return await _dismiss(call, await _known(call))


@endpoint("POST", "/api/v1/notifications/requests/accept", scope="write:notifications")
async def accept_several(call: Call) -> Answer:
    """Take several people's notifications in."""
    return await _accept(call, call.params.idents("id"))


@endpoint("POST", "/api/v1/notifications/requests/dismiss", scope="write:notifications")
async def dismiss_several(call: Call) -> Answer:
    """Throw away what waits of several people."""
    return await _dismiss(call, call.params.idents("id"))


async def _summary(call: Call) -> Json:
    people, held = await notification_policy.summary(await call.reader(), call.me.id)
    return {"pending_requests_count": people, "pending_notifications_count": held}


@endpoint("GET", "/api/v2/notifications/policy", scope="read:notifications")
async def policy(call: Call) -> Answer:
    """Whose notifications one wants."""
    return answer({**await notification_policy.policy_of(await call.reader(), call.me.id),
                   "summary": await _summary(call)})


@endpoint(["PATCH", "PUT"], "/api/v2/notifications/policy", scope="write:notifications")
async def change_policy(call: Call) -> Answer:
    """Change whose notifications one wants."""
    async with call.write() as session:
        await notification_policy.change_policy(
            session, call.me.id, {rule: call.params.text(rule) for rule in RULES if rule in call.params})
    return answer({**await notification_policy.policy_of(await call.reader(), call.me.id),
                   "summary": await _summary(call)})


async def _old_policy(call: Call) -> Answer:
    found = await notification_policy.policy_of(await call.reader(), call.me.id)
    return answer({**{old: found[rule] != "accept" for old, rule in _OLD_RULES.items()},
                   "summary": await _summary(call)})


@endpoint("GET", "/api/v1/notifications/policy", scope="read:notifications")
async def old_policy(call: Call) -> Answer:
    """Whose notifications one wants (the form of Mastodon 4.3 betas: set aside or not)."""
    return await _old_policy(call)


@endpoint(["PATCH", "PUT"], "/api/v1/notifications/policy", scope="write:notifications")
async def change_old_policy(call: Call) -> Answer:
    """Change whose notifications one wants (old form)."""
    wanted = {rule: call.params.flag(old) for old, rule in _OLD_RULES.items() if old in call.params}
    async with call.write() as session:
        await notification_policy.change_policy(
            session, call.me.id, {rule: "filter" if on else "accept" for rule, on in wanted.items()})
    return await _old_policy(call)


route_handlers = [all_, merged, show, accept, dismiss, accept_several, dismiss_several, policy, change_policy,
                  old_policy, change_old_policy]
