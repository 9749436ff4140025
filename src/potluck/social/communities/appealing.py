"""Appeals against what moderators of a community here decided: a removal or a ban, once, within twenty days.

Any moderator decides, or staff; where there are several, another one than who took the measure should, but need not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import appeals, notifications
from potluck.social.communities import moderating, roles
from potluck.social.errors import Conflict, Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, CommunityAppeal, ModAction, Moderator, Object
from potluck.social.notifications import Notice
from potluck.social.paging import Page, rows_of

MAX_TEXT = appeals.MAX_TEXT
_MOST = 100


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about somebody, what it is about, and their appeal.

    Attributes:
        in_force: it has not been taken back or run out.
    """

    action: ModAction
    community: Actor
    object: Object | None
    appeal: CommunityAppeal | None
    in_force: bool

    @property
    def may_appeal(self) -> bool:
        """Whether an appeal is possible now."""
        young = now() - self.action.created_at < appeals.TIME
        return self.in_force and young and self.appeal is None and self.community.is_local


@dataclass(frozen=True, slots=True)
class Waiting:
    """An appeal that waits, and what it is about."""

    appeal: CommunityAppeal
    decision: Decision
    person: Actor


def _about(actor_id: int) -> Any:
    """A condition on `ModAction`: it was done to this person, or to something they said."""
    said = select(Object.id).where(Object.author_id == actor_id, Object.group_id.is_not(None))
    return or_(and_(ModAction.act == "ban", ModAction.target_id == actor_id),
               and_(ModAction.act.in_(("remove", "warn")), ModAction.object_id.in_(said)))


async def decisions(session: AsyncSession, actor_id: int, part: Page) -> list[Decision]:
    """A page of what moderators of communities decided about somebody, newest first."""
    query = select(ModAction).where(_about(actor_id))
    return await _decisions(session, await rows_of(session, query, ModAction.id, part.at_most(_MOST)))


async def _decisions(session: AsyncSession, rows: Sequence[ModAction]) -> list[Decision]:
    if not rows:
        return []
    groups = {row.id: row for row in (await session.scalars(select(Actor).where(
        Actor.id.in_({row.community_id for row in rows})))).all()}
    objects = {row.id: row for row in (await session.scalars(select(Object).where(
        Object.id.in_({row.object_id for row in rows if row.object_id})))).all()}
    asked = {row.action_id: row for row in (await session.scalars(select(CommunityAppeal).where(
        CommunityAppeal.action_id.in_([row.id for row in rows])))).all()}
    banned = await roles.bans_in_force(session, {(row.community_id or 0, row.target_id or 0) for row in rows
                                                 if row.act == "ban"})
    found = []
    for row in rows:
        thing = objects.get(row.object_id or 0)
        in_force = (row.community_id or 0, row.target_id or 0) in banned if row.act == "ban" else (
            thing is not None and thing.state == moderating.REMOVED and thing.deleted_at is None)
        found.append(Decision(row, groups[row.community_id or 0], thing, asked.get(row.id), in_force))
    return found


async def one(session: AsyncSession, actor_id: int, action_id: int) -> Decision:
    """A decision about somebody.

    Raises:
        NotFound: there is none.
    """
    row = await session.scalar(select(ModAction).where(ModAction.id == action_id, _about(actor_id)))
    if row is None:
        raise NotFound
    return (await _decisions(session, [row]))[0]


async def make(session: AsyncSession, actor: Actor, action_id: int, text: str) -> CommunityAppeal:
    """Appeal against a decision about oneself, once.

    Raises:
        NotFound: there is no such decision.
        NotAllowed: it is too late, taken back already, or of a community elsewhere.
        Conflict: there is an appeal already.
        Invalid: there is no text, or too much.
    """
    decision = await one(session, actor.id, action_id)
    if decision.appeal is not None:
        raise Conflict("You have appealed against this already")
    if not decision.may_appeal:
        raise NotAllowed("It is too late to appeal against this")
    if not text.strip():
        raise Invalid("text", "Please say why it is a mistake", "blank")
    if len(text) > MAX_TEXT:
        raise Invalid("text", "This is too long", "too_long")
    row = CommunityAppeal(id=ids.new(), action_id=action_id, community_id=decision.community.id, actor_id=actor.id,
                          content=text.strip(), created_at=now())
    session.add(row)
    await session.flush()
    return row


async def waiting(session: AsyncSession, viewer: Actor, *, community_id: int | None = None) -> list[Waiting]:
    """Appeals that wait in the communities somebody looks after, the oldest first."""
    mine: Any = CommunityAppeal.community_id.in_(select(Moderator.community_id).where(
        Moderator.actor_id == viewer.id))
    if community_id is not None and await roles.is_staff(session, viewer):
        mine = CommunityAppeal.community_id == community_id
    query = select(CommunityAppeal).where(mine, CommunityAppeal.decided_at.is_(None))
    if community_id is not None:
        query = query.where(CommunityAppeal.community_id == community_id)
    rows = (await session.scalars(query.order_by(CommunityAppeal.id).limit(_MOST))).all()
    if not rows:
        return []
    actions = {row.id: row for row in (await session.scalars(select(ModAction).where(
        ModAction.id.in_([row.action_id for row in rows])))).all()}
    found = {decision.action.id: decision for decision in await _decisions(session, list(actions.values()))}
    people = {row.id: row for row in (await session.scalars(select(Actor).where(
        Actor.id.in_({row.actor_id for row in rows})))).all()}
    return [Waiting(row, found[row.action_id], people[row.actor_id]) for row in rows]


async def decide(session: AsyncSession, moderator: Actor, appeal_id: int, *, accept: bool) -> CommunityAppeal:
    """Accept an appeal, which takes the measure back, or refuse it; the person is told.

    Raises:
        NotFound: there is none.
        NotAllowed: somebody else looks after the community, or it is one's own appeal.
        Conflict: it is decided already.
    """
    row = await session.get(CommunityAppeal, appeal_id)
    if row is None:
        raise NotFound
    group, person = await session.get_one(Actor, row.community_id), await session.get_one(Actor, row.actor_id)
    await roles.check_moderates(session, moderator, group)
    if row.actor_id == moderator.id:
        raise NotAllowed("Somebody else has to look at your appeal")
    if row.decided_at is not None:
        raise Conflict("This appeal is decided already")
    row.accepted, row.decided_at, row.decider_id = accept, now(), moderator.id
    await session.flush()
    decision = await one(session, person.id, row.action_id)
    if accept and decision.in_force:
        if decision.action.act == "ban":
            await moderating.unban(session, moderator, group, person)
        elif decision.object is not None:
            await moderating.restore(session, moderator, decision.object.id)
    await notifications.notify(session, [Notice(person.id, "community_measure", group.id)])
    return row
