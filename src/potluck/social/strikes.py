"""What a moderator does to an account or to posts, with a reason: done, written down, told, open to appeal.

Actions are named as in Mastodon's API. A measure against somebody of another server is kept too, but nobody is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import (
    audit,
    events,
    leaving,
    live,
    notifications,
    objects,
    post_index,
    reports,
    severances,
    standing,
)
from potluck.social.accounts import deletion, roles
from potluck.social.accounts.email import Mail
from potluck.social.accounts.mail_texts import fill
from potluck.social.accounts.mailing import send_after_commit
from potluck.social.communities import posts
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, Object, Report, Strike, User
from potluck.social.notifications import Notice
from potluck.social.paging import Page, rows_of

NONE, SENSITIVE, DISABLE, SILENCE, SUSPEND, DELETE = "none", "sensitive", "disable", "silence", "suspend", "delete"
MARK_POSTS, DELETE_POSTS = "mark_statuses_as_sensitive", "delete_statuses"
ON_ACCOUNTS = (NONE, SENSITIVE, DISABLE, SILENCE, SUSPEND, DELETE)
ON_POSTS = (MARK_POSTS, DELETE_POSTS)
MAX_TEXT = 2000
_MOST = 80
_MOST_POSTS = 200

_SUBJECTS = {
    NONE: "A warning from the moderators", SENSITIVE: "Your media are hidden behind a click from now on",
    DISABLE: "Your account is frozen", SILENCE: "Your account is limited", SUSPEND: "Your account is suspended",
    DELETE: "Your account was deleted", MARK_POSTS: "Posts of yours were marked as sensitive",
    DELETE_POSTS: "Posts of yours were deleted",
}
_MAIL = """\
%(what)s (%(handle)s).

%(reason)s

%(link)s"""
_MORE = "Read more, and say if you think it is a mistake:"


@dataclass(frozen=True, slots=True)
class Measure:
    """What is to be done.

    Attributes:
        action: one of `ON_ACCOUNTS` or `ON_POSTS`.
        text: what the person is told.
        report: the report it answers; it is resolved by this, and the target's other open ones with it.
        object_ids: posts concerned.
        tell: send a mail (the notification comes in any case).
    """

    action: str
    text: str = ""
    report: Report | None = None
    object_ids: Sequence[int] = ()
    tell: bool = True


async def take(session: AsyncSession, moderator: User | None, target: Actor, measure: Measure) -> Strike:
    """Do it, write it down, tell the person. The only way in which measures are taken.

    Args:
        moderator: None for the command line, and for rules.

    Raises:
        Invalid: no such action, or a text that is too long.
        NotAllowed: the target is of the moderator's own rank or above.
        NotFound: the target has no login here, for what concerns logins.
    """
    if measure.action not in (*ON_ACCOUNTS, *ON_POSTS):
        raise Invalid("type", "Validation failed: Type is not included in the list")
    if len(measure.text) > MAX_TEXT:
        raise Invalid("text", "This is too long", "too_long")
    if moderator is not None:
        await roles.check_over(session, moderator, target)
    by = moderator.id if moderator else None
    user = await user_of(session, target)
    locale = user.locale if user else current().language
    row = Strike(id=ids.new(), target_id=target.id, user_id=by, action=measure.action, text=measure.text,
                 report_id=measure.report.id if measure.report else None, object_ids=[], created_at=now())
    session.add(row)
    row.object_ids = await _act(session, moderator, target, user, measure)
    await session.flush()
    await audit.record(session, by, f"strike_{measure.action}", audit.handle(target),
                       {"strike_id": row.id, "text": measure.text})
    if measure.report is not None and moderator is not None:
        await reports.resolve(session, measure.report, moderator, outcome=measure.action)
    if target.is_local:
        await _tell(session, row, target, user.email if user and measure.tell else "", locale)
    return row


async def user_of(session: AsyncSession, actor: Actor) -> User | None:
    """The login a local actor belongs to."""
    if not actor.is_local:
        return None
    found: User | None = await session.scalar(select(User).where(
        (User.actor_id == actor.id) | (User.id == (actor.owner_id or 0))))
    return found


async def _act(session: AsyncSession, moderator: User | None, target: Actor, user: User | None, measure: Measure,
               ) -> list[int]:
    match measure.action:
        case "sensitive":
            await standing.sensitize(session, target)
        case "disable":
            if user is None:
                raise NotFound("This account has no login here")
            await standing.disable(session, user)
        case "silence":
            await standing.silence(session, target)
        case "suspend":
            if not target.is_local:  # people here keep theirs, in case the suspension is taken back
                await severances.of_account(session, target)
            await standing.suspend(session, target)
        case "delete":
            await delete_for_good(session, target, user)
        case "mark_statuses_as_sensitive" | "delete_statuses":
            return await _act_on_posts(session, moderator, target, measure)
        case _:
            pass
    return [row.id for row in await _posts(session, target, measure.object_ids)]


async def delete_for_good(session: AsyncSession, target: Actor, user: User | None) -> None:
    """Delete an account with everything it said: the login of a local one too."""
    if user is not None and user.actor_id == target.id:
        await deletion.delete_account(session, user)
    elif target.is_local:
        await leaving.delete_local(session, target)
    else:
        await standing.suspend(session, target)
        await leaving.delete_remote(session, target)


async def _posts(session: AsyncSession, target: Actor, object_ids: Sequence[int]) -> Sequence[Object]:
    if not object_ids:
        return []
    return (await session.scalars(select(Object).where(
        Object.id.in_(list(object_ids)[:_MOST_POSTS]), Object.author_id == target.id,
        Object.deleted_at.is_(None)).order_by(Object.id))).all()


async def _act_on_posts(session: AsyncSession, moderator: User | None, target: Actor, measure: Measure,
                        ) -> list[int]:
    found = await _posts(session, target, measure.object_ids)
    if measure.action == DELETE_POSTS:
        by = await session.get_one(Actor, moderator.actor_id) if moderator else target
        for row in found:  # each is an activity of its own
            await objects.delete(session, row.id, by)
        return [row.id for row in found]
    changed = [row for row in found if not row.sensitive]
    await _mark(session, target, changed, sensitive=True)
    return [row.id for row in changed]


async def _mark(session: AsyncSession, author: Actor, rows: Sequence[Object], *, sensitive: bool) -> None:
    for row in rows:  # other servers learn of each
        row.sensitive = sensitive
        row.version += 1
        await session.flush()
        await live.publish(session, "status.update", object_id=row.id)
        if row.local:
            await events.emit(session, events.ObjectEdited(row, author, silent=True))
        await posts.revise(session, row)
    await post_index.refresh(session, [row.id for row in rows])


async def _tell(session: AsyncSession, row: Strike, target: Actor, email: str, locale: str) -> None:
    await notifications.notify(session, [Notice(target.id, "moderation_warning", target.id, warning_id=row.id)])
    if not email:
        return
    what = fill(locale, _SUBJECTS[row.action])
    link = "" if row.action == DELETE else f"{fill(locale, _MORE)}\n{current().url}/strikes/{row.id}"
    send_after_commit(session, Mail(email, f"{current().title}: {what}", fill(
        locale, _MAIL, what=what, handle=f"@{target.name}@{current().domain}", reason=row.text, link=link).strip()))


async def undo(session: AsyncSession, row: Strike) -> None:
    """Take back what a strike did, as far as that can be done: deleted posts and accounts do not come back."""
    target = await session.get_one(Actor, row.target_id)
    user = await user_of(session, target)
    match row.action:
        case "sensitive":
            await standing.unsensitize(session, target)
        case "disable" if user is not None:
            await standing.enable(session, user)
        case "silence":
            await standing.unsilence(session, target)
        case "suspend":
            await standing.unsuspend(session, target)
        case "mark_statuses_as_sensitive":
            await _mark(session, target, await _posts(session, target, row.object_ids), sensitive=False)
        case _:
            pass
    row.overruled_at = now()
    await session.flush()


async def lift(session: AsyncSession, moderator: User | None, target: Actor, action: str) -> None:
    """Lift a standing measure without an appeal: sensitive, disable, silence or suspend.

    Args:
        moderator: None for the command line.

    Raises:
        Invalid: it is none of these.
        NotAllowed: the target is of the moderator's own rank or above.
    """
    if action not in (SENSITIVE, DISABLE, SILENCE, SUSPEND):
        raise Invalid("type", "Validation failed: Type is not included in the list")
    if moderator is not None:
        await roles.check_over(session, moderator, target)
    user = await user_of(session, target)
    if action == DISABLE and user is not None:
        await standing.enable(session, user)
    elif action != DISABLE:
        await {SENSITIVE: standing.unsensitize, SILENCE: standing.unsilence,
               SUSPEND: standing.unsuspend}[action](session, target)
    await audit.record(session, moderator.id if moderator else None, f"lift_{action}", audit.handle(target))


async def of(session: AsyncSession, actor_id: int, part: Page) -> list[Strike]:
    """A page of an account's strikes, newest first."""
    query = select(Strike).where(Strike.target_id == actor_id)
    return await rows_of(session, query, Strike.id, part.at_most(_MOST))


async def one(session: AsyncSession, actor_id: int, strike_id: int) -> Strike:
    """A strike of an account.

    Raises:
        NotFound: it does not exist or is somebody else's.
    """
    row = await session.get(Strike, strike_id)
    if row is None or row.target_id != actor_id:
        raise NotFound
    return row
