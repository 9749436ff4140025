"""The public log of what moderators did, per community and for the whole server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.ids import ids
from potluck.social.model import Actor, Community, ModAction, Object
from potluck.social.paging import Page, rows_of
from potluck.social.views import load_actors

ACTS = ("remove", "restore", "lock", "unlock", "pin", "unpin", "site_pin", "site_unpin", "ban", "unban",
        "add_moderator", "remove_moderator", "lead", "update", "remove_community", "restore_community",
        "distinguish", "undistinguish", "warn")
MAX_REASON = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log with everyone it names."""

    action: ModAction
    community: Actor | None
    moderator: Actor | None
    target: Actor | None
    object: Object | None


async def write(
    session: AsyncSession, act: str, *, community_id: int | None, moderator_id: int | None,
    object_id: int | None = None, target_id: int | None = None, reason: str = "", expires_at: datetime | None = None,
) -> ModAction:
    """Add a line."""
    row = ModAction(id=ids.new(), community_id=community_id, moderator_id=moderator_id, act=act, object_id=object_id,
                    target_id=target_id, reason=reason[:MAX_REASON], expires_at=expires_at)
    session.add(row)
    await session.flush()
    return row


async def read(
    session: AsyncSession, page: Page, *, community_id: int | None = None, acts: Sequence[str] = (),
    open_only: bool = False, moderator_id: int | None = None, target_id: int | None = None,
    person_id: int | None = None, object_id: int | None = None, posts: bool | None = None, offset: int = 0,
) -> list[Entry]:
    """A page of the log, newest first; of one community or of all (with `open_only` but those for members).

    Args:
        acts: only these.
        moderator_id: only what this moderator did.
        target_id: only what was done to this person, or to something of theirs.
        person_id: only what this person did or what was done to them, or to something of theirs.
        object_id: only what was done to this post or comment.
        posts: True for what was done to posts, False for comments; None for everything.
    """
    query = select(ModAction)
    if open_only:
        closed = select(Community.actor_id).where(Community.visibility != "public")
        query = query.where(ModAction.community_id.not_in(closed))
    for column, value in ((ModAction.community_id, community_id), (ModAction.moderator_id, moderator_id),
                          (ModAction.object_id, object_id)):
        if value is not None:
            query = query.where(column == value)
    if acts:
        query = query.where(ModAction.act.in_(acts))
    if target_id is not None or posts is not None or person_id is not None:
        query = query.outerjoin(Object, Object.id == ModAction.object_id)
    if target_id is not None:
        query = query.where(or_(ModAction.target_id == target_id, Object.author_id == target_id))
    if person_id is not None:
        query = query.where(or_(ModAction.moderator_id == person_id, ModAction.target_id == person_id,
                                Object.author_id == person_id))
    if posts is not None:
        query = query.where(Object.in_reply_to_uri.is_(None) if posts else Object.in_reply_to_uri.is_not(None))
    query = query.offset(offset or None)
    rows = await rows_of(session, query, ModAction.id, page.at_most(100))
    actors = await load_actors(session, {value for row in rows
                                         for value in (row.community_id, row.moderator_id, row.target_id) if value})
    wanted = {row.object_id for row in rows if row.object_id}
    objects = {row.id: row for row in (await session.scalars(
        select(Object).where(Object.id.in_(wanted)))).all()} if wanted else {}
    return [Entry(row, actors.get(row.community_id or 0), actors.get(row.moderator_id or 0),
                  actors.get(row.target_id or 0), objects.get(row.object_id or 0)) for row in rows]
