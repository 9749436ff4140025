"""Times as servers write them, and as we write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from potluck.federation.vocabulary.values import text

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,12}))?)?)?"
    r" ?([Zz]|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)


def parse_time(value: Any) -> datetime | None:
    """A time in UTC, out of ISO 8601 as servers write it: zone (else UTC), seconds and fraction may lack.

    Returns:
        None when it is no time, or lies outside of the years 1 to 9999 after moving to UTC.
    """
    written = text(value)
    match = _TIME.fullmatch(written.strip()) if written and len(written) < 64 else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    # A leap second does not exist in datetime; the second before it is near enough.
    clock = f"{hour or '00'}:{minute or '00'}:{min(int(second or 0), 59):02}.{micro:06}"
    offset = _offset(zone)
    try:
        return datetime.fromisoformat(f"{year}-{month}-{day}T{clock}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _offset(zone: str | None) -> str:
    if zone is None or zone in ("Z", "z", "UTC"):
        return "+00:00"
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}"


def format_time(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, the form every reader takes."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_precise_time(moment: datetime) -> str:
    """As `format_time` with milliseconds, so that two edits within a second can be told apart."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}Z"
