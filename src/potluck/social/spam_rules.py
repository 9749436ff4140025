"""Rules against spam as moderators write them, and as a process keeps them for `screening`.

Words are no regular expressions: plain phrases, in which `*` at the beginning or end of a word stands for any letters.
Nothing anybody can type makes looking for them slow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import after_commit
from potluck.db.ids import ids
from potluck.social.errors import Invalid, NotFound
from potluck.social.fading import FadingCache
from potluck.social.model import SpamRule

KINDS = ("words", "links", "mentions")
HOLD, SILENCE, REJECT = "hold", "silence", "reject"
ACTIONS = (HOLD, SILENCE, REJECT)
ORIGINS = ("all", "local", "remote")
MOST = 100
MAX_PATTERNS = 500
MAX_PATTERN = 100
MAX_TITLE = 100
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule ready for use."""

    id: int
    title: str
    kind: str
    pattern: re.Pattern[str] | None
    threshold: int
    new_days: int
    strangers_only: bool
    action: str
    origin: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a moderator wants a rule to be."""

    title: str
    kind: str
    action: str
    patterns: Sequence[str] = ()
    threshold: int = 0
    new_days: int = 0
    strangers_only: bool = False
    origin: str = "all"
    enabled: bool = True


_cache: FadingCache[object, tuple[Kept, ...]] = FadingCache(most=8, seconds=_SECONDS)


async def current_rules(session: AsyncSession) -> tuple[Kept, ...]:
    """The rules that are switched on, as of some seconds ago at the most."""
    key = session.get_bind().engine.url
    found = _cache.get(key)
    if found is None:
        generation = _cache.generation
        rows = (await session.scalars(select(SpamRule).where(SpamRule.enabled).order_by(SpamRule.id).limit(MOST))).all()
        found = tuple(Kept(row.id, row.title, row.kind, compiled(row.patterns) if row.kind == "words" else None,
                           row.threshold, row.new_days, row.strangers_only, row.action, row.origin) for row in rows)
        _cache.put(key, found, generation)
    return found


def compiled(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """One expression for all phrases: at the borders of words, in any case, any white space between words."""
    found = [_expression(pattern) for pattern in patterns if pattern.strip(" *")]
    return re.compile("|".join(found), re.IGNORECASE) if found else None


def _expression(phrase: str) -> str:
    words = phrase.split()
    before = r"(?<!\w)" if words[0][0].isalnum() else ""
    after = r"(?!\w)" if words[-1][-1].isalnum() else ""
    return before + r"\s+".join(_word(word, first=place == 0) for place, word in enumerate(words)) + after


def _word(word: str, *, first: bool) -> str:
    """A star before the first word needs nothing: any letters may stand there. One after a word takes all it can."""
    before = r"\w{0,40}" if word.startswith("*") and not first else ""
    after = r"\w{0,40}+" if word.endswith("*") else ""
    return before + re.escape(word.strip("*")) + after


def _check(wish: Wish) -> dict[str, Any]:
    patterns = list(dict.fromkeys(" ".join(line.split()) for line in wish.patterns if line.strip(" *\n")))
    if not wish.title.strip() or len(wish.title) > MAX_TITLE:
        raise Invalid("title", "Please name the rule, in at most 100 characters", "blank")
    if wish.kind not in KINDS or wish.action not in ACTIONS or wish.origin not in ORIGINS:
        raise Invalid("kind", "Please choose one of the list")
    if wish.kind == "words" and not patterns:
        raise Invalid("patterns", "Please write at least one word or phrase", "blank")
    if any("*" in word.strip("*") or not word.strip("*") for line in patterns for word in line.split()):
        raise Invalid("patterns", "A star may stand at the beginning or end of a word only")
    if len(patterns) > MAX_PATTERNS or any(len(line) > MAX_PATTERN for line in patterns):
        raise Invalid("patterns", "At most 500 phrases of at most 100 characters", "too_long")
    if wish.kind != "words" and not 1 <= wish.threshold <= 1000:
        raise Invalid("threshold", "Please give a number between 1 and 1000")
    if not 0 <= wish.new_days <= 3650:
        raise Invalid("new_days", "Please give a number of days, at most 3650")
    return {"title": wish.title.strip(), "kind": wish.kind, "patterns": patterns if wish.kind == "words" else [],
            "threshold": wish.threshold, "new_days": wish.new_days, "strangers_only": wish.strangers_only,
            "action": wish.action, "origin": wish.origin, "enabled": wish.enabled}


async def all_(session: AsyncSession) -> Sequence[SpamRule]:
    """Every rule, oldest first."""
    return (await session.scalars(select(SpamRule).order_by(SpamRule.id).limit(MOST))).all()


async def one(session: AsyncSession, rule_id: int) -> SpamRule:
    """A rule.

    Raises:
        NotFound: there is none.
    """
    row = await session.get(SpamRule, rule_id)
    if row is None:
        raise NotFound
    return row


async def save(session: AsyncSession, wish: Wish, rule_id: int | None = None) -> SpamRule:
    """Make a rule, or change one.

    Raises:
        Invalid: a value cannot be used, or there are too many rules.
        NotFound: there is none to change.
    """
    values = _check(wish)
    if rule_id is None:
        if len(await all_(session)) >= MOST:
            raise Invalid("title", "There are many rules already: remove one first", "too_long")
        row = SpamRule(id=ids.new(), hits=0, created_at=now(), **values)
        session.add(row)
    else:
        row = await one(session, rule_id)
        for name, value in values.items():
            setattr(row, name, value)
    await session.flush()
    after_commit(session, _cache.clear)
    return row


async def remove(session: AsyncSession, rule_id: int) -> None:
    """Take a rule away; what it holds back stays so until a moderator looks at it."""
    await session.execute(delete(SpamRule).where(SpamRule.id == rule_id))
    after_commit(session, _cache.clear)


def forget() -> None:
    """Look the rules up anew (tests)."""
    _cache.clear()
