"""Rules against spam, asked for every new post: words, many links or mentions, new accounts, strangers.

A process keeps the rules compiled in memory; without rules nothing is asked of the database, and with them only where a
text has what a rule looks for. What a rule holds back has the state `held`: only its author and moderators see it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social import audit
from potluck.social.drafts import Draft
from potluck.social.errors import NotAllowed
from potluck.social.model import Actor, Follow, HeldObject, Object, SpamRule, User
from potluck.social.spam_rules import HOLD, REJECT, SILENCE, Kept, current_rules
from potluck.text.sanitise import to_plain_text

log = structlog.get_logger(__name__)

_LINK = re.compile(r'<a [^>]*href="https?://[^"]{1,2000}"[^>]{0,2000}>')
_NO_LINK = re.compile(r'class="[^"]*(?:mention|hashtag)')
_WHY = "A rule against spam met a post of this account."
_READ = 20_000  # characters of a text that are looked at
_STRENGTH = {SILENCE: 0, HOLD: 1, REJECT: 2}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says about a draft."""

    rule: Kept
    action: str


def _text(draft: Draft) -> str:
    return "\n".join((draft.title or "", draft.summary, to_plain_text(draft.content[:_READ])))


def _links(draft: Draft) -> int:
    return sum(1 for link in _LINK.findall(draft.content[:_READ]) if not _NO_LINK.search(link))


def _mentions(draft: Draft) -> int:
    return sum(1 for mention in draft.mentions if not mention.silent)


def _meets(rule: Kept, draft: Draft, text: str) -> bool:
    """Whether what a draft says is what a rule looks for."""
    if rule.origin == ("remote" if draft.uri is None else "local"):
        return False
    if rule.kind == "words":
        return rule.pattern is not None and rule.pattern.search(text) is not None
    return (_links(draft) if rule.kind == "links" else _mentions(draft)) >= max(1, rule.threshold)


async def screen(session: AsyncSession, drafts: Sequence[Draft]) -> dict[int, Verdict]:
    """What the rules say about drafts, by `id(draft)`: of several rules the most severe.

    Old posts that somebody brings along (quiet ones of people here) are passed over.
    """
    rules = await current_rules(session)
    if not rules:
        return {}
    hits: list[tuple[Draft, Kept]] = []
    for draft in drafts:
        if not (draft.quiet and draft.uri is None):
            text = _text(draft) if any(rule.kind == "words" for rule in rules) else ""
            hits += [(draft, rule) for rule in rules if _meets(rule, draft, text)]
    if not hits:
        return {}
    hits = await _by_authors(session, hits)
    if not hits:
        return {}
    verdicts: dict[int, Verdict] = {}
    for draft, rule in hits:
        known = verdicts.get(id(draft))
        if known is None or _STRENGTH[rule.action] > _STRENGTH[known.action]:
            verdicts[id(draft)] = Verdict(rule, rule.action)
    await _count(session, verdicts.values())
    return verdicts


async def _by_authors(session: AsyncSession, hits: list[tuple[Draft, Kept]]) -> list[tuple[Draft, Kept]]:
    """Those hits that hold for the author too: known for few days, a stranger. Moderators are never concerned."""
    wanted = {draft.author_id for draft, _ in hits if draft.author_id}
    since = {row.id: row.created_at for row in (await session.execute(
        select(Actor.id, Actor.created_at).where(Actor.id.in_(wanted)))).all()}
    staff = set((await session.scalars(select(User.actor_id).where(
        User.actor_id.in_(wanted), User.role != "user"))).all())
    followed: set[int] = set()
    if any(rule.strangers_only for _, rule in hits):
        followed = set((await session.scalars(select(Follow.followed_id).join(
            Actor, Actor.id == Follow.follower_id).where(
            Follow.followed_id.in_(wanted), Follow.state == "accepted", Actor.host == "").distinct())).all())
    moment = now()

    def holds(draft: Draft, rule: Kept) -> bool:
        author = draft.author_id or 0
        if author in staff or (rule.strangers_only and author in followed):
            return False
        return not rule.new_days or moment - since.get(author, moment) < timedelta(days=rule.new_days)

    return [(draft, rule) for draft, rule in hits if holds(draft, rule)]


async def _count(session: AsyncSession, verdicts: Iterable[Verdict]) -> None:
    counted = Counter(verdict.rule.id for verdict in verdicts)
    table: Any = SpamRule.__table__
    await (await session.connection()).execute(
        update(table).where(table.c.id == bindparam("b_id")).values(hits=table.c.hits + bindparam("n")),
        [{"b_id": rule_id, "n": number} for rule_id, number in sorted(counted.items())])


def admit(drafts: Sequence[Draft], verdicts: dict[int, Verdict]) -> list[Draft]:
    """The drafts that may be stored; those to be held back get the state.

    Raises:
        NotAllowed: one of somebody here is refused.
    """
    found = []
    for draft in drafts:
        verdict = verdicts.get(id(draft))
        if verdict is not None and verdict.action == REJECT:
            if draft.uri is None:
                raise NotAllowed("This server does not take such posts. If you think that is wrong, ask its moderators")
            log.info("post_rejected", uri=draft.uri, rule=verdict.rule.title)
            continue
        if verdict is not None and verdict.action == HOLD:
            draft.state = "held"
        found.append(draft)
    return found


async def follow_up(session: AsyncSession, pairs: Sequence[tuple[Object, Draft]], verdicts: dict[int, Verdict]) -> None:
    """After storing: note why posts are held, and limit authors."""
    found = [(row, verdicts[id(draft)]) for row, draft in pairs if id(draft) in verdicts]
    held = [{"object_id": row.id, "rule_id": verdict.rule.id, "title": verdict.rule.title, "created_at": now()}
            for row, verdict in found if verdict.action == HOLD]
    if held:
        await session.execute(insert(HeldObject), held)
    from potluck.social import strikes  # it stores and deletes posts itself, which are screened here

    limited = {row.author_id: verdict for row, verdict in found if verdict.action == SILENCE}
    if limited:
        for actor in (await session.scalars(select(Actor).where(
                Actor.id.in_(limited), Actor.silenced_at.is_(None)))).all():
            await strikes.take(session, None, actor, strikes.Measure(strikes.SILENCE, _WHY))
            await audit.record(session, None, "spam_rule_silence", audit.handle(actor),
                               {"rule": limited[actor.id].rule.title})


async def check_edit(session: AsyncSession, draft: Draft) -> None:
    """An edit may not bring in what the rules hold back or refuse.

    Raises:
        NotAllowed: it would.
    """
    verdict = (await screen(session, [draft])).get(id(draft))
    if verdict is not None and verdict.action in {HOLD, REJECT}:
        raise NotAllowed("This server does not take such posts. If you think that is wrong, ask its moderators")

