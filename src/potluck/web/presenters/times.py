"""A moment as pages show it: machine-readable, short, and in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from babel.dates import format_date, format_datetime, format_skeleton

from potluck.db.base import now
from potluck.web.i18n import _, current


@dataclass(frozen=True, slots=True)
class Time:
    """ISO 8601 with zone; "3 h"; "3 May 2026, 14:05"."""

    iso: str
    short: str
    full: str


def shown_time(moment: datetime) -> Time:
    """The forms of `moment`; times for people are in UTC, scripts turn them into the reader's zone."""
    return Time(moment.astimezone(UTC).isoformat(timespec="seconds"), short_age(moment), full_time(moment))


def full_time(moment: datetime) -> str:
    """Date and time to the minute, in UTC."""
    return format_datetime(moment.astimezone(UTC), "medium", locale=current().locale)


def date_only(moment: datetime) -> str:
    """The day."""
    return format_date(moment.astimezone(UTC), "long", locale=current().locale)


def short_age(moment: datetime) -> str:
    """How long ago, in one unit; a date once it is more than a week; the full time for the future."""
    seconds = (now() - moment).total_seconds()
    if seconds < -60:
        return full_time(moment)
    if seconds < 60:
        return _("now")
    if seconds < 3600:
        return _("%(count)s min", count=int(seconds // 60))
    if seconds < 86400:
        return _("%(count)s h", count=int(seconds // 3600))
    if seconds < 7 * 86400:
        return _("%(count)s d", count=int(seconds // 86400))
    skeleton = "MMMd" if moment.year == now().year else "yMMMd"
    return format_skeleton(skeleton, moment.astimezone(UTC), locale=current().locale)
