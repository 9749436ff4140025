"""Ids, names, times and numbers as WriteFreely's clients know them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from potluck.apis.errors import ApiError

Json = dict[str, Any]

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MOST = 2**53
VISIBILITIES = {0: "unlisted", 1: "public", 2: "private", 4: "password"}
FORMATS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")


def post_id(value: int) -> str:
    """An id in letters and digits."""
    found = ""
    while value:
        value, digit = divmod(value, 36)
        found = _DIGITS[digit] + found
    return found or "0"


def parse_post_id(word: str) -> int | None:
    """The id a word stands for, None if it can be none."""
    if not word.isascii() or not word.isalnum() or len(word) > 11:
        return None
    value = int(word, 36)
    return value if value < _MOST else None


def alias_of(name: str) -> str:
    """The name of a blog as these clients take it: they know hyphens, where our names have underscores."""
    return name.replace("_", "-")


def name_of(alias: str) -> str:
    """The name behind such an alias."""
    return alias.strip().lstrip("@").lower().replace("-", "_")


def as_time(moment: datetime) -> str:
    """A time to the second."""
    return moment.astimezone(UTC).strftime(FORMATS[0])


def moment_of(written: str) -> datetime | None:
    """A time as clients write it, in UTC; None for ''.

    Raises:
        ApiError: it is no time.
    """
    written = written.strip()
    if not written:
        return None
    for form in FORMATS:
        try:
            return datetime.strptime(written, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise ApiError(400, "Invalid created date") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
