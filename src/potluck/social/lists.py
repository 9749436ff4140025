"""Lists of people one follows, each with a timeline of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete as delete_from
from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import feeds
from potluck.social.errors import Invalid, NotFound
from potluck.social.follows import Listed
from potluck.social.model import Actor, FeedEntry, Follow, List, ListMember
from potluck.social.paging import Page, in_order, paged

MAX_TITLE = 255
MAX_LISTS = 100
MAX_MEMBERS = 2000
POLICIES = ("followed", "list", "none")

_ENTRY: Any = FeedEntry.__table__
_MEMBER: Any = ListMember.__table__


async def of_owner(session: AsyncSession, owner_id: int) -> Sequence[List]:
    """A person's lists, oldest first."""
    return (await session.scalars(select(List).where(List.owner_id == owner_id).order_by(List.id))).all()


async def one(session: AsyncSession, owner_id: int, list_id: int) -> List:
    """One list of a person.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    row: List | None = await session.scalar(select(List).where(List.id == list_id, List.owner_id == owner_id))
    if row is None:
        raise NotFound
    return row


async def with_member(session: AsyncSession, owner_id: int, actor_id: int) -> Sequence[List]:
    """A person's lists that someone is on, oldest first."""
    return (await session.scalars(
        select(List).join(ListMember, ListMember.list_id == List.id)
        .where(List.owner_id == owner_id, ListMember.actor_id == actor_id).order_by(List.id))).all()


def _title(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise Invalid("title", "Validation failed: Title can't be blank", "blank")
    if len(text) > MAX_TITLE:
        raise Invalid("title", "Validation failed: Title is too long (maximum is %(most)s characters)", "too_long",
                      most=MAX_TITLE)
    return text


def _policy(word: str) -> str:
    if word not in POLICIES:
        raise Invalid("replies_policy", "Validation failed: Replies policy is not included in the list")
    return word


async def create(session: AsyncSession, owner: Actor, title: str, *, replies_policy: str = "list",
                 exclusive: bool = False) -> List:
    """Make a list.

    Args:
        replies_policy: whose replies it shows: to anyone the owner follows (followed), to members (list), none.
        exclusive: members' posts come here instead of home.

    Raises:
        Invalid: the title or policy cannot be used, or there are too many lists.
    """
    many = await session.scalar(select(func.count()).select_from(List).where(List.owner_id == owner.id)) or 0
    if many >= MAX_LISTS:
        raise Invalid("title", "Validation failed: You can have %(most)s lists at most", "too_long", most=MAX_LISTS)
    row = List(id=ids.new(), owner_id=owner.id, title=_title(title), replies_policy=_policy(replies_policy),
               exclusive=exclusive, created_at=now())
    session.add(row)
    await session.flush()
    return row


async def change(session: AsyncSession, row: List, *, title: str | None = None, replies_policy: str | None = None,
                 exclusive: bool | None = None) -> None:
    """Rename a list, or change what comes into it; what is None stays.

    Raises:
        Invalid: the title or policy cannot be used.
    """
    if title is not None:
        row.title = _title(title)
    if replies_policy is not None:
        row.replies_policy = _policy(replies_policy)
    was = row.exclusive
    if exclusive is not None:
        row.exclusive = exclusive
    await session.flush()
    if row.exclusive and not was:
        await _leave_home(session, row)


async def _leave_home(session: AsyncSession, row: List) -> None:
    """Posts of the members of an exclusive list are taken out of home."""
    members = select(ListMember.actor_id).where(ListMember.list_id == row.id)
    await session.execute(delete_from(_ENTRY).where(_ENTRY.c.feed_id == row.owner_id, _ENTRY.c.source_id.in_(members)))


async def delete(session: AsyncSession, row: List) -> None:
    """Delete a list with its timeline."""
    await session.execute(delete_from(_ENTRY).where(_ENTRY.c.feed_id == row.id))
    await session.execute(delete_from(_MEMBER).where(_MEMBER.c.list_id == row.id))
    await session.execute(delete_from(List).where(List.id == row.id))


async def members(session: AsyncSession, list_id: int, page: Page) -> list[Listed]:
    """A page of those on a list, latest first (the cursor is the membership's id)."""
    query: Any = select(ListMember.id, Actor).join(Actor, Actor.id == ListMember.actor_id).where(
        ListMember.list_id == list_id, Actor.deleted_at.is_(None))
    rows = (await session.execute(paged(query, ListMember.id, page.at_most(MAX_MEMBERS)))).all()
    return in_order([Listed(*item) for item in rows], page)


async def add_members(session: AsyncSession, row: List, actor_ids: Sequence[int], *,
                      requested: bool = False) -> None:
    """Put people on a list, with their posts that are in home already.

    Args:
        requested: also those who were only asked yet whether they may be followed (imports).

    Raises:
        NotFound: one of them is not followed (nor oneself).
        Invalid: the list is full.
    """
    wanted = list(dict.fromkeys(actor_ids))
    followed = exists().where(Follow.follower_id == row.owner_id, Follow.followed_id == Actor.id,
                              Follow.state.in_(("accepted", "pending") if requested else ("accepted",)))
    known = set((await session.scalars(select(Actor.id).where(
        Actor.id.in_(wanted), or_(followed, Actor.id == row.owner_id)))).all())
    if len(known) != len(wanted):
        raise NotFound
    present = set((await session.scalars(select(ListMember.actor_id).where(ListMember.list_id == row.id))).all())
    fresh = [actor_id for actor_id in wanted if actor_id not in present]
    if len(present) + len(fresh) > MAX_MEMBERS:
        raise Invalid("account_ids", "Validation failed: A list can have %(most)s members at most", "too_long",
                      most=MAX_MEMBERS)
    if fresh:
        await session.execute(insert_or_ignore(session, _MEMBER), [
            {"id": ids.new(), "list_id": row.id, "actor_id": actor_id} for actor_id in fresh])
        await feeds.backfill_list(session, row.id, row.owner_id, fresh)


async def remove_members(session: AsyncSession, row: List, actor_ids: Sequence[int]) -> None:
    """Take people off a list, with their posts."""
    await session.execute(delete_from(_MEMBER).where(_MEMBER.c.list_id == row.id, _MEMBER.c.actor_id.in_(actor_ids)))
    await session.execute(delete_from(_ENTRY).where(_ENTRY.c.feed_id == row.id, _ENTRY.c.source_id.in_(actor_ids)))
