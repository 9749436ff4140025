"""Lists of people, and who is on them."""

from __future__ import annotations

from sqlalchemy import select

from potluck.apis.mastodon import entities, render_accounts
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint, json_list
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.mastodon.paging import links, page_of
from potluck.social import lists
from potluck.social.model import ListMember
from potluck.social.paging import Page

_POLICIES = ("followed", "list", "none")
_ALL = 10_000


def _policy(call: Call) -> str | None:
    word = call.params.text("replies_policy")
    if word and word not in _POLICIES:
        raise ApiError(422, f"'{word[:40]}' is not a valid replies_policy")
    return word or None


@endpoint("GET", "/api/v1/lists", scope="read:lists")
async def all_(call: Call) -> Answer:
    """One's lists."""
    return answer([entities.list_(row) for row in await lists.of_owner(await call.reader(), call.me.id)])


@endpoint("POST", "/api/v1/lists", scope="write:lists")
async def create(call: Call) -> Answer:
    """Make a list."""
    title = call.params.text("title").strip()
    if not title:
        raise ApiError(422, "Validation failed: Title can't be blank")
    policy = _policy(call)
    async with call.write() as session:
        row = await lists.create(session, await call.acting(session), title, replies_policy=policy or "list",
                                 exclusive=call.params.flag("exclusive"))
        return answer(entities.list_(row))


@endpoint("GET", "/api/v1/lists/{id:str}", scope="read:lists")
async def show(call: Call) -> Answer:
    """One list."""
    return answer(entities.list_(await lists.one(await call.reader(), call.me.id, call.ident())))


@endpoint("PUT", "/api/v1/lists/{id:str}", scope="write:lists")
async def change(call: Call) -> Answer:
    """Rename a list, or change what comes into it."""
    policy = _policy(call)
    async with call.write() as session:
        row = await lists.one(session, call.me.id, call.ident())
        await lists.change(session, row, title=call.params.optional_text("title"), replies_policy=policy,
                           exclusive=call.params.optional_flag("exclusive"))
        return answer(entities.list_(row))


@endpoint("DELETE", "/api/v1/lists/{id:str}", scope="write:lists")
async def remove(call: Call) -> Answer:
    """Delete a list."""
    async with call.write() as session:
        await lists.delete(session, await lists.one(session, call.me.id, call.ident()))
    return Answer(EMPTY)


@endpoint("GET", "/api/v1/lists/{id:str}/accounts", scope="read:lists")
async def members(call: Call) -> Answer:
    """Who is on a list; `limit=0` is everyone."""
    page = page_of(call.params, 40, 80)
    if call.params.whole("limit") == 0:
        page = Page(limit=_ALL)
    session = await call.reader()
    row = await lists.one(session, call.me.id, call.ident())
    found = await lists.members(session, row.id, page)
    accounts = await render_accounts.in_order(call.source, [item.actor.id for item in found])
    return json_list(accounts, links(call, [item.cursor for item in found], more=len(found) >= page.limit))


@endpoint("POST", "/api/v1/lists/{id:str}/accounts", scope="write:lists")
async def add_members(call: Call) -> Answer:
    """Put people one follows on a list; who is on it already is a mistake, as in Mastodon."""
    async with call.write() as session:
        row = await lists.one(session, call.me.id, call.ident())
        wanted = call.params.idents("account_ids")
        if await session.scalar(select(ListMember.id).where(
                ListMember.list_id == row.id, ListMember.actor_id.in_(wanted)).limit(1)):
            raise ApiError(422, "Validation failed: Account has already been taken")
        await lists.add_members(session, row, wanted)
    return Answer(EMPTY)


@endpoint("DELETE", "/api/v1/lists/{id:str}/accounts", scope="write:lists")
async def remove_members(call: Call) -> Answer:
    """Take people off a list."""
    async with call.write() as session:
        row = await lists.one(session, call.me.id, call.ident())
        await lists.remove_members(session, row, call.params.idents("account_ids"))
    return Answer(EMPTY)


route_handlers = [all_, create, show, change, remove, members, add_members, remove_members]
