"""What several pages of the administration show: where an account stands, its strikes, moderators' notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import reports, strikes
from potluck.social.model import Actor, Strike, User
from potluck.web.admin import words
from potluck.web.auth import Viewer
from potluck.web.i18n import _
from potluck.web.presenters.times import Time, shown_time


@dataclass(frozen=True, slots=True)
class Standing:
    """Which measures are in force against an account."""

    actor_id: int
    local: bool
    sensitive: bool
    disable: bool
    silence: bool
    suspend: bool
    user_id: int | None

    @property
    def in_force(self) -> list[dict[str, str]]:
        """Those that can be lifted."""
        return [{"value": name, "label": _(words.ACTIONS[name])}
                for name in ("sensitive", "disable", "silence", "suspend") if getattr(self, name)]

    def choices(self, *, posts: bool, is_admin: bool) -> list[dict[str, str]]:
        """Measures that can be taken now."""
        names = ["none", *(("mark_statuses_as_sensitive", "delete_statuses") if posts else ()), "sensitive"]
        names += [*(("disable",) if self.user_id else ()), "silence", "suspend", *(("delete",) if is_admin else ())]
        return [{"value": name, "label": _(words.ACTIONS[name]), "hint": _(words.HINTS[name]) if name in words.HINTS
                 else ""} for name in names if not getattr(self, name, False)]


async def standing_of(session: AsyncSession, actor: Actor) -> Standing:
    """Where an account stands."""
    user = await strikes.user_of(session, actor)
    return Standing(actor.id, actor.is_local, actor.sensitized_at is not None,
                    user is not None and user.disabled_at is not None, actor.silenced_at is not None,
                    actor.suspended_at is not None, user.id if user else None)


@dataclass(frozen=True, slots=True)
class ShownStrike:
    """A line of the list of strikes."""

    id: int
    label: str
    text: str
    overruled: bool
    time: Time


def shown_strikes(rows: Sequence[Strike]) -> list[ShownStrike]:
    """Strikes as lines."""
    return [ShownStrike(row.id, _(words.ACTIONS.get(row.action, row.action)), row.text, row.overruled_at is not None,
                        shown_time(row.created_at)) for row in rows]


async def shown_notes(session: AsyncSession, staff: Viewer, *, report_id: int | None = None,
                      actor_id: int | None = None) -> list[dict[str, Any]]:
    """Notes with who wrote them."""
    rows = await reports.notes(session, report_id=report_id, actor_id=actor_id)
    names = await moderators(session, {row.user_id for row in rows if row.user_id})
    return [{"id": row.id, "by": names.get(row.user_id or 0, ""), "text": row.text, "time": shown_time(row.created_at),
             "own": row.user_id == staff.user.id} for row in rows]


async def moderators(session: AsyncSession, user_ids: set[int]) -> dict[int, str]:
    """Names of moderators by the id of their login."""
    if not user_ids:
        return {}
    rows = await session.execute(select(User.id, Actor.name).join(Actor, Actor.id == User.actor_id).where(
        User.id.in_(user_ids)))
    return {user_id: f"@{name}" for user_id, name in rows.all()}
