"""Lists of people that concern oneself: follow requests, mutes, blocks, blocked servers, endorsements."""

from __future__ import annotations

import msgspec

from potluck.apis.mastodon import relationship, render_accounts
from potluck.apis.mastodon.accounts import actor_of, page_of_people
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint, json_list
from potluck.apis.mastodon.entities import optional_stamp
from potluck.apis.mastodon.paging import links, page_of
from potluck.social import blocks, endorsements, follows


@endpoint("GET", "/api/v1/follow_requests", scope=("read:follows", "follow"))
async def follow_requests(call: Call) -> Answer:
    """Who wants to follow."""
    page = page_of(call.params, 40, 80)
    return await page_of_people(call, await follows.requests(await call.reader(), call.me.id, page), page)


@endpoint("POST", "/api/v1/follow_requests/{id:str}/authorize", scope=("write:follows", "follow"))
async def authorize(call: Call) -> Answer:
    """Let someone follow."""
    async with call.write() as session:
        await follows.accept(session, await call.acting(session), await actor_of(session, call.ident()))
    return await relationship.show(call, call.ident())


@endpoint("POST", "/api/v1/follow_requests/{id:str}/reject", scope=("write:follows", "follow"))
async def reject(call: Call) -> Answer:
    """Do not let someone follow."""
    async with call.write() as session:
        await follows.reject(session, await call.acting(session), await actor_of(session, call.ident()))
    return await relationship.show(call, call.ident())


@endpoint("GET", "/api/v1/mutes", scope=("read:mutes", "follow"))
async def mutes(call: Call) -> Answer:
    """Whom one muted, and until when."""
    page = page_of(call.params, 40, 80)
    session = await call.reader()
    rows = await blocks.muted(session, call.me.id, page)
    accounts = await render_accounts.of_actors(call.source, [actor for _, actor in rows])
    items = [accounts[actor.id][:-1] + b',"mute_expires_at":'
             + msgspec.json.encode(optional_stamp(row.expires_at)) + b"}" for row, actor in rows]
    return json_list(items, links(call, [row.id for row, _ in rows], more=len(rows) >= page.limit))


@endpoint("GET", "/api/v1/blocks", scope=("read:blocks", "follow"))
async def blocked(call: Call) -> Answer:
    """Whom one blocked."""
    page = page_of(call.params, 40, 80)
    return await page_of_people(call, await blocks.blocked(await call.reader(), call.me.id, page), page)


@endpoint("GET", "/api/v1/domain_blocks", scope=("read:blocks", "follow"))
async def domain_blocks(call: Call) -> Answer:
    """Servers one blocked."""
    page = page_of(call.params, 100, 200)
    rows = await blocks.muted_domains(await call.reader(), call.me.id, page)
    return answer([host for _, host in rows],
                  headers=dict(links(call, [cursor for cursor, _ in rows], more=len(rows) >= page.limit)))


@endpoint("POST", "/api/v1/domain_blocks", scope=("write:blocks", "follow"))
async def block_domain(call: Call) -> Answer:
    """Block a server."""
    async with call.write() as session:
        await blocks.mute_domain(session, await call.acting(session), call.params.required("domain"))
    return Answer(EMPTY)


@endpoint("DELETE", "/api/v1/domain_blocks", scope=("write:blocks", "follow"))
async def unblock_domain(call: Call) -> Answer:
    """Block a server no longer."""
    async with call.write() as session:
        await blocks.unmute_domain(session, await call.acting(session), call.params.required("domain"))
    return Answer(EMPTY)


@endpoint("GET", "/api/v1/domain_blocks/preview", scope=("read:blocks", "follow"))
async def preview_domain_block(call: Call) -> Answer:
    """How many follows to and from a server would end if one blocked it."""
    following, followers = await blocks.follows_at(await call.reader(), call.me.id, call.params.required("domain"))
    return answer({"following_count": following, "followers_count": followers})


async def _endorsed(call: Call, actor_id: int) -> Answer:
    page = page_of(call.params, 40, 80)
    session = await call.reader()
    rows = await endorsements.endorsed(session, actor_id, page)
    accounts = await render_accounts.in_order(call.source, [row.actor.id for row in rows])
    return json_list(accounts, links(call, [row.cursor for row in rows], more=len(rows) >= page.limit))


@endpoint("GET", "/api/v1/endorsements", scope="read:accounts")
async def my_endorsements(call: Call) -> Answer:
    """Whom one shows on one's profile."""
    return await _endorsed(call, call.me.id)


@endpoint("GET", "/api/v1/accounts/{id:str}/endorsements", scope="read:accounts", who="anyone")
async def endorsements_of(call: Call) -> Answer:
    """Whom an account shows on its profile."""
    return await _endorsed(call, (await actor_of(await call.reader(), call.ident())).id)


route_handlers = [follow_requests, authorize, reject, mutes, blocked, domain_blocks, block_domain, unblock_domain,
                  preview_domain_block, my_endorsements, endorsements_of]
