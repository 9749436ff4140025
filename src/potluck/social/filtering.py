"""Holds posts against a person's filters: compiled once for each reader, kept, and forgotten when they change.

Every reading process keeps the filters of its readers. A change is told as the live event `filters_changed`, upon
which all processes forget; should one miss it, what is kept fades after a minute.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import after_commit
from potluck.db.prepared import Prepared
from potluck.social import live
from potluck.social.fading import FadingCache
from potluck.social.model import Filter, FilterKeyword, FilterStatus, LiveEvent
from potluck.social.views import ObjectView
from potluck.text.filters import MAX_TEXT, Keyword, KeywordFilter, fold
from potluck.text.sanitise import to_plain_text

_SECONDS = 60
_READERS = 10_000
_VERDICTS = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """A filter made ready."""

    id: int
    title: str
    contexts: tuple[str, ...]
    action: str
    expires_at: datetime | None
    words: KeywordFilter
    object_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Match:
    """A filter that catches a post: by these of its words, or because the post itself is named."""

    rule: Rule
    object_id: int
    words: tuple[str, ...]
    named: bool


class Compiled:
    """All filters of a person that are in force. False when there are none."""

    __slots__ = ("_verdicts", "owner_id", "rules", "until")

    def __init__(self, owner_id: int, rules: Sequence[Rule]) -> None:
        self.owner_id = owner_id
        self.rules = tuple(rules)
        self.until = min((rule.expires_at for rule in rules if rule.expires_at), default=None)
        self._verdicts: dict[int, tuple[int, tuple[Match, ...]]] = {}

    def __bool__(self) -> bool:
        return bool(self.rules)

    def known(self, object_id: int, version: int) -> tuple[Match, ...] | None:
        """The verdict on a version of a post, if it was held against these filters before."""
        found = self._verdicts.get(object_id)
        return found[1] if found is not None and found[0] == version else None

    def judge(self, object_id: int, version: int, text: str) -> tuple[Match, ...]:
        """The filters that catch a post with this text (see `searchable`); the verdict is kept."""
        found = []
        folded = fold(text[:MAX_TEXT])
        for rule in self.rules:
            words = rule.words.matches_folded(folded)
            named = object_id in rule.object_ids
            if words or named:
                found.append(Match(rule, object_id, tuple(words), named))
        if len(self._verdicts) >= _VERDICTS:
            self._verdicts.clear()
        self._verdicts[object_id] = (version, tuple(found))
        return tuple(found)

    def of_view(self, view: ObjectView) -> tuple[Match, ...]:
        """The filters that catch a post; none catches one's own."""
        row = view.object
        if not self.rules or row.author_id == self.owner_id:
            return ()
        found = self.known(row.id, row.version)
        return self.judge(row.id, row.version, text_of(view)) if found is None else found


def hides(matches: Iterable[Match], context: str) -> bool:
    """Whether one of the filters wants the post gone from this context."""
    return any(match.rule.action == "hide" and context in match.rule.contexts for match in matches)


def warning(matches: Iterable[Match], context: str) -> Match | None:
    """The filter of this context that wants the post covered, if any (pages show its title)."""
    return next((match for match in matches if match.rule.action != "hide" and context in match.rule.contexts), None)


def searchable(html: str, *texts: str | None) -> str:
    """The text of a post that filters search: its words without markup, and further plain texts."""
    return "\n".join((to_plain_text(html), *(text for text in texts if text)))


def text_of(view: ObjectView) -> str:
    """What filters search of a post: title, warning, words, descriptions of pictures, options of a poll."""
    row = view.object
    poll = getattr(view.kind_data, "poll", None)
    return searchable(row.content, row.title, row.summary, *(item.description for item in view.media),
                      *(title for title, _ in (poll.options if poll else ())))


_kept: FadingCache[int, Compiled] = FadingCache(_READERS, _SECONDS)


def remembered(reader_id: int) -> Compiled | None:
    """The filters of a reader, if they are kept and none of them has expired since."""
    found = _kept.get(reader_id)
    return found if found is not None and (found.until is None or found.until > now()) else None


HAS_ANY = Prepared(select(Filter.id).where(Filter.owner_id == bindparam("owner", type_=Filter.owner_id.type)).limit(1))
"""Most people filter nothing: asked before anything is compiled, where it has to be fast."""


def generation() -> int:
    """What `keep_none` wants, taken before asking."""
    return _kept.generation


def keep_none(reader_id: int, asked_at: int) -> Compiled:
    """Remember that a reader has no filters, unless something changed since `asked_at`."""
    found = Compiled(reader_id, ())
    _kept.put(reader_id, found, asked_at)
    return found


async def of_reader(session: AsyncSession, reader_id: int) -> Compiled:
    """The filters of a reader that are in force; kept for the next time."""
    found = remembered(reader_id)
    if found is None:
        generation = _kept.generation
        found = (await of_readers(session, [reader_id])).get(reader_id) or Compiled(reader_id, ())
        _kept.put(reader_id, found, generation)
    return found


async def of_readers(session: AsyncSession, reader_ids: Collection[int]) -> dict[int, Compiled]:
    """The filters in force of those readers who have any, read anew (for processes that hear of no changes)."""
    moment = now()
    rows = [row for row in (await session.scalars(
        select(Filter).where(Filter.owner_id.in_(reader_ids)).order_by(Filter.id))).all()
        if row.expires_at is None or row.expires_at > moment]
    words: dict[int, list[Keyword]] = {row.id: [] for row in rows}
    posts: dict[int, set[int]] = {row.id: set() for row in rows}
    if rows:
        for filter_id, text, whole in (await session.execute(select(
                FilterKeyword.filter_id, FilterKeyword.keyword, FilterKeyword.whole_word).where(
                FilterKeyword.filter_id.in_(words)).order_by(FilterKeyword.id))).all():
            words[filter_id].append(Keyword(text, whole))
        for filter_id, object_id in (await session.execute(select(
                FilterStatus.filter_id, FilterStatus.object_id).where(FilterStatus.filter_id.in_(posts)))).all():
            posts[filter_id].add(object_id)
    rules: dict[int, list[Rule]] = defaultdict(list)
    for row in rows:
        rules[row.owner_id].append(Rule(
            row.id, row.title, tuple(row.contexts), row.action, row.expires_at, KeywordFilter(words[row.id]),
            frozenset(posts[row.id])))
    return {reader_id: Compiled(reader_id, found) for reader_id, found in rules.items()}


def forget(reader_id: int) -> None:
    """Compile the filters of a reader anew at the next look."""
    _kept.drop(reader_id)


def forget_after_commit(session: AsyncSession, reader_id: int) -> None:
    """Forget them in this process as soon as the change is there."""
    after_commit(session, lambda: forget(reader_id))


def forget_all() -> None:
    """Forget everything (tests)."""
    _kept.clear()


def _on_event(event: LiveEvent) -> None:
    if event.reader_id is not None:
        forget(event.reader_id)


live.observe("filters_changed", _on_event)
