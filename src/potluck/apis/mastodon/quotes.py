"""Quotes of a status: who may, who does, and taking one's post out of one."""

from __future__ import annotations

from potluck.apis.mastodon import render
from potluck.apis.mastodon.endpoint import Answer, Call, endpoint
from potluck.apis.mastodon.paging import page_of
from potluck.apis.mastodon.statuses import view_of
from potluck.apis.mastodon.timelines import page_of_statuses
from potluck.social import quoting, timelines


@endpoint("GET", "/api/v1/statuses/{id:str}/quotes", scope="read:statuses")
async def quotes(call: Call) -> Answer:
    """Posts that quote a status with its author's consent."""
    page = page_of(call.params, 20, 40)
    session = await call.reader()
    view = await view_of(session, call.ident(), call.viewer_id)
    refs = await timelines.quotes_of(session, view.object.id, call.viewer_id, page)
    return await page_of_statuses(call, refs, page)


@endpoint("POST", "/api/v1/statuses/{id:str}/quotes/{quoting_id:str}/revoke", scope="write:statuses")
async def revoke(call: Call) -> Answer:
    """Take one's own status out of a quote, for good; the answer is the quoting status without it."""
    quoting_id = call.ident("quoting_id")
    async with call.write() as session:
        await quoting.revoke(session, await call.acting(session), call.ident(), quoting_id)
    return Answer(await render.one(call.source, quoting_id, call.viewer_id))


@endpoint("PUT", "/api/v1/statuses/{id:str}/interaction_policy", scope="write:statuses")
async def interaction_policy(call: Call) -> Answer:
    """Change who may quote one's own status from now on."""
    policy = call.params.required("quote_approval_policy")
    async with call.write() as session:
        await quoting.set_policy(session, await call.acting(session), call.ident(), policy)
    return Answer(await render.one(call.source, call.ident(), call.viewer_id))


route_handlers = [quotes, revoke, interaction_policy]
