"""Reading accounts: one, several, by handle, their statuses, followers, and how one stands to them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon import entities, facts, render_accounts
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint, json_list
from potluck.apis.mastodon.errors import not_found
from potluck.apis.mastodon.paging import limit_of, links, offset_of, page_of
from potluck.apis.mastodon.relationship import relationships_of
from potluck.apis.mastodon.resolving import resolve
from potluck.apis.mastodon.tags import featured_tag
from potluck.apis.mastodon.timelines import page_of_statuses, tag_names
from potluck.social import actors, follows, hashtags, lists, remote_counts, search, timelines
from potluck.social.model import Actor
from potluck.social.paging import Page
from potluck.social.views import load_actors

_MOST_AT_ONCE = 100


async def actor_of(session: AsyncSession, actor_id: int) -> Actor:
    """An account by id.

    Raises:
        ApiError: there is none, or it is gone (404).
    """
    found = await session.get(Actor, actor_id)
    if found is None or found.deleted_at is not None:
        raise not_found()
    return found


@endpoint("GET", "/api/v1/accounts/{id:str}", scope="read:accounts", who="anyone")
async def show(call: Call) -> Answer:
    """One account."""
    found = await render_accounts.by_ids(call.source, [call.ident()])
    if not found:
        raise not_found()
    await _want_counts(call)
    return Answer(found[call.ident()])


async def _want_counts(call: Call) -> None:
    """Have the numbers of someone elsewhere asked for, now and then, when somebody here looks at them."""
    if call.viewer_id is not None and await facts.want_counts(call.source, call.ident()):
        async with call.write() as session:
            await remote_counts.want(session, call.ident())


@endpoint("GET", "/api/v1/accounts", scope="read:accounts", who="anyone")
async def several(call: Call) -> Answer:
    """Several accounts by id; unknown ones are left out."""
    return json_list(await render_accounts.in_order(call.source, call.params.idents("id")[:_MOST_AT_ONCE]))


@endpoint("GET", "/api/v1/accounts/lookup", scope="read:accounts", who="anyone")
async def lookup(call: Call) -> Answer:
    """An account by handle; never fetched from elsewhere."""
    session = await call.reader()
    found = await actors.by_handle(session, call.params.required("acct"))
    if found is None or found.deleted_at is not None:
        raise not_found()
    return Answer(await render_accounts.one(call.source, found))


@endpoint("GET", "/api/v1/accounts/search", scope="read:accounts")
async def find(call: Call) -> Answer:
    """Accounts by name or handle; with `resolve` also fetched from elsewhere."""
    query = call.params.required("q").strip()
    if call.params.flag("resolve"):
        found = await resolve(call, query)
        if isinstance(found, Actor):
            return json_list([await render_accounts.one(call.source, found)])
    session = await call.reader()
    rows = await search.accounts(
        session, query, viewer_id=call.me.id, limit=limit_of(call.params, 40, 80),
        offset=offset_of(call.params), following=call.params.flag("following"))
    return json_list(await render_accounts.in_order(call.source, [row.id for row in rows]))


@endpoint("GET", "/api/v1/accounts/relationships", scope="read:follows")
async def relationships(call: Call) -> Answer:
    """How one stands to accounts, in the order asked."""
    wanted = call.params.idents("id")[:_MOST_AT_ONCE]
    session = await call.reader()
    known = await load_actors(session, wanted)
    return answer(await relationships_of(session, call.me.id, [value for value in wanted if value in known]))


@endpoint("GET", "/api/v1/accounts/familiar_followers", scope="read:follows")
async def familiar_followers(call: Call) -> Answer:
    """Whom one follows among the followers of accounts."""
    wanted = call.params.idents("id")[:40]
    session = await call.reader()
    found = await follows.familiar_followers(session, call.me.id, wanted)
    people = {actor.id: actor for item in found for actor in item.actors}
    rendered = await render_accounts.of_actors(call.source, people.values())
    return answer([{"id": str(item.id), "accounts": [msgspec.Raw(rendered[actor.id]) for actor in item.actors]}
                   for item in found])


@endpoint("GET", "/api/v1/accounts/{id:str}/statuses", scope="read:statuses", who="anyone")
async def statuses(call: Call) -> Answer:
    """What an account said and boosted."""
    session = await call.reader()
    actor = await actor_of(session, call.ident())
    page = page_of(call.params, 20, 40)
    tagged = tag_names([call.params.text("tagged")])
    refs = await timelines.profile(
        session, actor.id, call.viewer_id, page, replies=not call.params.flag("exclude_replies"),
        boosts=not call.params.flag("exclude_reblogs"), only_media=call.params.flag("only_media"),
        tagged=tagged[0] if tagged else None, pinned=call.params.flag("pinned"))
    return await page_of_statuses(call, refs, page, "account")


async def page_of_people(call: Call, rows: Sequence[tuple[int, Actor]], page: Page) -> Answer:
    """A page of accounts with its Link header: (cursor, actor) each."""
    accounts = await render_accounts.of_actors(call.source, [actor for _, actor in rows])
    return json_list([accounts[actor.id] for _, actor in rows],
                     links(call, [cursor for cursor, _ in rows], more=len(rows) >= page.limit))


async def _connected(call: Call, *, followers: bool) -> Answer:
    session = await call.reader()
    actor = await actor_of(session, call.ident())
    page = page_of(call.params, 40, 80)
    if actor.hide_collections and actor.id != call.viewer_id:
        return json_list([])
    read = follows.followers if followers else follows.following
    return await page_of_people(call, await read(session, actor.id, page), page)


@endpoint("GET", "/api/v1/accounts/{id:str}/followers", scope="read:accounts", who="anyone")
async def followers(call: Call) -> Answer:
    """Who follows an account, as far as known; empty when it hides them."""
    return await _connected(call, followers=True)


@endpoint("GET", "/api/v1/accounts/{id:str}/following", scope="read:accounts", who="anyone")
async def following(call: Call) -> Answer:
    """Whom an account follows, as far as known; empty when it hides them."""
    return await _connected(call, followers=False)


@endpoint("GET", "/api/v1/accounts/{id:str}/featured_tags", scope="read:accounts", who="anyone")
async def featured_tags(call: Call) -> Answer:
    """Hashtags an account shows on its profile."""
    session = await call.reader()
    actor = await actor_of(session, call.ident())
    return answer([featured_tag(actor.name, row) for row in await hashtags.featured(session, actor.id)])


@endpoint("GET", "/api/v1/accounts/{id:str}/lists", scope="read:lists")
async def on_lists(call: Call) -> Answer:
    """One's own lists that an account is on."""
    session = await call.reader()
    actor = await actor_of(session, call.ident())
    return answer([entities.list_(row) for row in await lists.with_member(session, call.me.id, actor.id)])


@endpoint("GET", "/api/v1/accounts/{id:str}/identity_proofs", scope="read:accounts", who="anyone")
async def identity_proofs(call: Call) -> Answer:
    """Nothing, as in Mastodon since 3.5."""
    await actor_of(await call.reader(), call.ident())
    return json_list([])


route_handlers = [show, several, lookup, find, relationships, familiar_followers, statuses, followers, following,
                  featured_tags, on_lists, identity_proofs]
