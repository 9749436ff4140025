"""The inboxes: one of each actor, one for all."""

from __future__ import annotations

from litestar.response import Response

from potluck.federation.endpoints import negotiate
from potluck.federation.endpoints.actors import local_actor
from potluck.federation.endpoints.negotiate import Answer, AnyRequest, federation_of
from potluck.federation.errors import Refusal, UnknownInbox
from potluck.federation.inbox import MAX_BODY
from potluck.handlers import post
from potluck.social import addresses


@post("/inbox", "/actor/inbox", status_code=202, max_body=MAX_BODY)
async def shared_inbox(request: AnyRequest) -> Answer:
    """The inbox for everybody here. It never answers 410: Misskey would take the whole server for dead."""
    return await _receive(request, None)


@post("/users/{name:str}/inbox", status_code=202, max_body=MAX_BODY)
async def personal_inbox(request: AnyRequest, name: str) -> Answer:
    """The inbox of one actor."""
    async with federation_of(request).db.read() as session:
        actor = await local_actor(session, name)
    if actor is None:
        return negotiate.refused(UnknownInbox("There is no such account here"))
    if actor.deleted_at is not None:
        return negotiate.gone(addresses.actor_uri(actor.name), actor.type)
    return await _receive(request, actor.id)


async def _receive(request: AnyRequest, actor_id: int | None) -> Answer:
    body = await request.body()
    content_type = request.headers.get("content-type", "")
    try:
        await federation_of(request).inbox.receive(negotiate.received(request, body), content_type, actor_id)
    except Refusal as refusal:
        return negotiate.refused(refusal)
    return Response(b"", status_code=202, media_type="application/json")


route_handlers = [shared_inbox, personal_inbox]
