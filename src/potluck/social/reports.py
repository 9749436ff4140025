"""Reports: somebody tells the moderators about an account, perhaps with posts; they take it on and resolve it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import events, notifications
from potluck.social.accounts import roles
from potluck.social.addresses import activity_uri
from potluck.social.communities import reporting
from potluck.social.errors import Invalid, NotAllowed
from potluck.social.model import Actor, Follow, Mention, ModerationNote, Object, Report, User
from potluck.social.notifications import Notice
from potluck.social.visibility import DIRECT, LOCAL, OPEN, visible_to

CATEGORIES = ("spam", "legal", "violation", "other")
MAX_COMMENT = 5000  # as long as Mastodon reads of a Flag
MAX_OBJECTS = 100
MAX_NOTE = 2000


async def create(
    session: AsyncSession,
    reporter: Actor,
    target: Actor,
    *,
    object_ids: Sequence[int] = (),
    comment: str = "",
    category: str = "other",
    rule_ids: Sequence[int] = (),
    forward: bool = False,
    uri: str | None = None,
) -> Report:
    """Make a report and tell the moderators.

    Args:
        reporter: who reports; an instance actor when it came from elsewhere.
        object_ids: posts of the target; those that are not, or that the reporter cannot see, are left out.
        comment: cut off beyond 5,000 characters when it came from elsewhere.
        forward: tell the target's own server too (without saying who reports), and the community elsewhere that it
            was said in (which is told who).
        uri: id of the Flag activity, when it came from elsewhere; the same Flag again gives the same report.

    Raises:
        NotAllowed: it is oneself.
        Invalid: the comment is too long or there is no such category.
    """
    if reporter.id == target.id:
        raise NotAllowed("You cannot report yourself")
    if category not in CATEGORIES:
        raise Invalid("category", "Validation failed: Category is not included in the list")
    if reporter.is_local and len(comment) > MAX_COMMENT:
        raise Invalid("comment", "Validation failed: Comment is too long (maximum is %(most)s characters)", "too_long",
                      most=MAX_COMMENT)
    if uri is not None:
        known: Report | None = await session.scalar(select(Report).where(Report.uri == uri))
        if known is not None:
            return known
    objects = await _objects(session, reporter, target, object_ids)
    elsewhere = not target.is_local or await _in_communities_elsewhere(session, objects)
    broken = list(dict.fromkeys(rule_ids))[:MAX_OBJECTS] if category == "violation" else []
    new_id = ids.new()
    row = Report(
        id=new_id, uri=uri or activity_uri(new_id), reporter_id=reporter.id, target_id=target.id,
        object_ids=[item.id for item in objects], comment=comment[:MAX_COMMENT].strip(), category=category,
        rule_ids=broken, forwarded=forward and elsewhere, created_at=now())
    session.add(row)
    await session.flush()
    await reporting.file(session, row, objects)
    await _tell_staff(session, row)
    await events.emit(session, events.Reported(row, target, objects, row.forwarded))
    return row


async def _in_communities_elsewhere(session: AsyncSession, objects: Sequence[Object]) -> bool:
    groups = {row.ruled_by for row in objects if row.ruled_by}
    if not groups:
        return False
    found = await session.scalar(select(Actor.id).where(Actor.id.in_(groups), Actor.host != "").limit(1))
    return found is not None


def _known_at(reporter: Actor) -> ColumnElement[bool]:
    """A condition on `Object`: the reporter's server can know of it. Often the server itself reports, for somebody.

    Of what is said elsewhere this server does not know who got it, but for letters: they are between those they name.
    """
    named, follower = aliased(Actor), aliased(Actor)
    addressed = exists().where(Mention.object_id == Object.id, named.id == Mention.actor_id,
                               named.host == reporter.host)
    told = exists().where(Follow.followed_id.in_((Object.author_id, Object.group_id)), Follow.state == "accepted",
                          follower.id == Follow.follower_id, follower.host == reporter.host)
    return or_(Object.visibility.in_(OPEN), addressed, and_(
        Object.visibility != DIRECT, Object.visibility != LOCAL, or_(~Object.local, told)))


async def _objects(session: AsyncSession, reporter: Actor, target: Actor, object_ids: Sequence[int]
                   ) -> Sequence[Object]:
    if not object_ids:
        return []
    wanted = list(dict.fromkeys(object_ids))[:MAX_OBJECTS]
    query = select(Object).where(Object.id.in_(wanted), Object.author_id == target.id)
    query = query.where(visible_to(reporter.id) if reporter.is_local else _known_at(reporter))
    return (await session.scalars(query.order_by(Object.id))).all()


async def _tell_staff(session: AsyncSession, row: Report) -> None:
    staff = await session.scalars(select(User.actor_id).where(
        User.role.in_(roles.STAFF), User.disabled_at.is_(None)))
    await notifications.notify(session, [
        Notice(actor_id, "admin.report", row.reporter_id, report_id=row.id) for actor_id in staff.all()])


async def assign(session: AsyncSession, report: Report, user: User | None) -> None:
    """A moderator takes a report on; None gives it back."""
    row = await session.get_one(Report, report.id)
    row.assigned_id = user.id if user else None
    await session.flush()


async def resolve(session: AsyncSession, report: Report, user: User, *, outcome: str = "") -> None:
    """A moderator is done with a report. `outcome`: what was done (an action of a strike), '' for nothing."""
    row = await session.get_one(Report, report.id)
    if row.resolved_at is None:
        row.resolved_at, row.resolved_by_id, row.outcome = now(), user.id, outcome
        await session.flush()


async def reopen(session: AsyncSession, report: Report) -> None:
    """A resolved report is looked at again."""
    row = await session.get_one(Report, report.id)
    row.resolved_at = row.resolved_by_id = None
    row.outcome = ""
    await session.flush()


async def note(session: AsyncSession, user: User, text: str, *, report: Report | None = None,
               actor: Actor | None = None) -> ModerationNote:
    """A moderator writes something about a report or an account, for the other moderators.

    Raises:
        Invalid: there is no text, or too much.
    """
    if not text.strip() or len(text) > MAX_NOTE:
        raise Invalid("note_text", "Please write between 1 and 2000 characters")
    row = ModerationNote(id=ids.new(), report_id=report.id if report else None, actor_id=actor.id if actor else None,
                         user_id=user.id, text=text.strip(), created_at=now())
    session.add(row)
    await session.flush()
    return row


async def notes(session: AsyncSession, *, report_id: int | None = None, actor_id: int | None = None
                ) -> Sequence[ModerationNote]:
    """The last hundred notes about a report or an account, oldest first."""
    condition = ModerationNote.report_id == report_id if report_id else ModerationNote.actor_id == actor_id
    rows = (await session.scalars(select(ModerationNote).where(condition)
                                  .order_by(ModerationNote.id.desc()).limit(100))).all()
    return rows[::-1]


async def remove_note(session: AsyncSession, user: User, note_id: int) -> None:
    """Take one's own note back; without it nothing happens."""
    await session.execute(delete(ModerationNote).where(ModerationNote.id == note_id, ModerationNote.user_id == user.id))


async def recategorise(session: AsyncSession, report: Report, category: str, rule_ids: Sequence[int] = ()) -> None:
    """A moderator sees it otherwise than the reporter.

    Raises:
        Invalid: there is no such category.
    """
    if category not in CATEGORIES:
        raise Invalid("category", "Validation failed: Category is not included in the list")
    row = await session.get_one(Report, report.id)
    row.category = category
    row.rule_ids = list(rule_ids)[:MAX_OBJECTS] if category == "violation" else []
    await session.flush()
