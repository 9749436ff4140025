"""Web Push subscriptions: one for each token."""

from __future__ import annotations

from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint, token_of
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.params import Params
from potluck.social import push
from potluck.social.model import PushSubscription

_PATH = "/api/v1/push/subscription"


def _shown(row: PushSubscription, server_key: str) -> Json:
    """WebPushSubscription."""
    return {"id": str(row.id), "endpoint": row.endpoint, "standard": row.standard, "alerts": row.alerts,
            "policy": row.policy, "server_key": server_key}


def _alerts(data: Params) -> dict[str, bool]:
    alerts = data.nested("alerts")
    return {name: alerts.flag(name) for name in push.TYPES}


def _token_id(call: Call) -> int:
    if call.access is None:
        raise ApiError(401, "The access token is invalid")
    return call.access.token_id


@endpoint("POST", _PATH, scope="push")
async def create(call: Call) -> Answer:
    """Be told of notifications, instead of what this token had subscribed to before."""
    wanted, data = call.params.nested("subscription"), call.params.nested("data")
    keys = wanted.nested("keys")
    async with call.write() as session:
        row = await push.subscribe(
            session, _token_id(call), call.me.id, token_of(call.request, call.params),
            endpoint=wanted.text("endpoint"), keys=push.Keys(keys.text("p256dh"), keys.text("auth")),
            standard=wanted.flag("standard"), alerts=_alerts(data), policy=data.text("policy") or "all")
        key = await push.public_key(session)
    return answer(_shown(row, key))


@endpoint("GET", _PATH, scope="push")
async def show(call: Call) -> Answer:
    """What this token is told."""
    session = await call.reader()
    return answer(_shown(await push.of_token(session, _token_id(call)), await push.public_key(session)))


@endpoint("PUT", _PATH, scope="push")
async def change(call: Call) -> Answer:
    """Change what this token is told."""
    data = call.params.nested("data")
    policy = data.optional_text("policy") or call.params.optional_text("policy")
    async with call.write() as session:
        row = await push.change(session, _token_id(call), policy=policy,
                                alerts=_alerts(data) if "alerts" in data else None)
        key = await push.public_key(session)
    return answer(_shown(row, key))


@endpoint("DELETE", _PATH, scope="push")
async def remove(call: Call) -> Answer:
    """Be told no more."""
    async with call.write() as session:
        await push.unsubscribe(session, _token_id(call))
    return Answer(EMPTY)


route_handlers = [create, show, change, remove]
