"""Bringing an article to a community: which one a writer means, and whether it may be brought there.

What is typed (`name`, `!name@host`, an address) is looked up once, before a text is shown or goes out, and is kept as
a handle from then on: what waits for its time asks no other server again.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database
from potluck.social import actors, visibility
from potluck.social.communities import joining, roles
from potluck.social.drafts import Draft
from potluck.social.errors import Invalid, NotAllowed
from potluck.social.model import Actor, Object

MAX_TYPED = 500
_SECONDS = 8


class Finder(Protocol):
    """Finds communities on other servers (`potluck.federation.resolver.Federation`)."""

    async def resolve(self, text: str, viewer: Actor | None = None) -> Actor | Object | None:
        """What a handle or an address stands for, fetched if need be."""


def handle_of(group: Actor) -> str:
    """A community as people write it: `!name`, `!name@host`."""
    return f"!{group.acct}"


async def settle(db: Database, finder: Finder, typed: str) -> str:
    """Before the transaction: the handle of the community that somebody typed, '' for none.

    It is asked for in the server's name, not in the writer's: where their blog posts next, nobody shall have seen them.

    Raises:
        Invalid: there is none.
    """
    name = _handle(typed)
    if not name:
        return ""
    async with db.read() as session:
        found = await _there(session, name)
    if found is None and ("@" in name or "/" in name):
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await finder.resolve(name)
        except TimeoutError:
            answer = None
        found = answer if isinstance(answer, Actor) else None
    return handle_of(_checked(found))


async def community_of(session: AsyncSession, handle: str) -> Actor:
    """The community behind a settled handle.

    Raises:
        Invalid: it is not there (any more).
    """
    return _checked(await _there(session, _handle(handle)))


async def bring(session: AsyncSession, writer: Actor, author: Actor, community_id: int, draft: Draft, *,
                page: bool = False) -> None:
    """Make a draft a post of a community.

    Args:
        writer: who writes; a ban follows them into their blogs.
        author: in whose name it appears, theirs or their blog's.
        page: it is a page of a blog's menu.

    Raises:
        Invalid: it may not be brought there.
        NotFound: there is no such community.
    """
    if page:
        raise Invalid("community", "A page of a blog's menu is brought to no community")
    if draft.visibility not in visibility.OPEN:
        raise Invalid("community", "Only what everyone may read can be brought to a community")
    if writer.id != author.id and await roles.is_banned(session, community_id, writer.id):
        raise Invalid("community", "You are banned from this community")
    try:
        await joining.place(session, author, draft, community_id)
    except NotAllowed as error:
        raise Invalid("community", error.template, "not_allowed", **error.values) from error


async def keep_rules(session: AsyncSession, row: Object, draft: Draft) -> None:
    """A new version of what stands in a community obeys it as the first did."""
    if row.group_id is not None:
        group = await session.get_one(Actor, row.group_id)
        draft.sensitive = draft.sensitive or (await joining.settings_of(session, group)).sensitive


def _handle(typed: str) -> str:
    text = typed.strip()[:MAX_TYPED]
    return text if "://" in text else text.lstrip("!@").strip()


async def _there(session: AsyncSession, name: str) -> Actor | None:
    return await (actors.by_uri if "://" in name else actors.by_handle)(session, name)


def _checked(found: Actor | None) -> Actor:
    if found is None or found.type != "Group" or found.deleted_at is not None or found.suspended_at is not None:
        raise Invalid("community", "No community is known by this name")
    return found
