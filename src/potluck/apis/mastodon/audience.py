"""Everyone who listens in this process, and what a new post is to each of them: asked of the database once for all.

Each listener draws its own events, but five hundred of them would ask five hundred times whether they may see a post
and what they did with it. The first one to need it asks for everybody.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from potluck.apis.mastodon import facts
from potluck.apis.mastodon.facts import Row
from potluck.db.engine import Database

_KEPT = 200


@dataclass(slots=True)
class Answer:
    """What one event's object is to those who were asked for."""

    asked: frozenset[int]
    rows: dict[int, Row] = field(default_factory=dict)  # by viewer; absent: may not see it
    boosts: Sequence[Row] = ()


class Audience:
    """The listeners of one process, by actor id."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._viewers: Counter[int] = Counter()
        self._answers: OrderedDict[tuple[int, int, int], asyncio.Task[Answer]] = OrderedDict()

    @contextmanager
    def joined(self, viewer_id: int) -> Iterator[None]:
        """Be one of them while the block runs."""
        self._viewers[viewer_id] += 1
        try:
            yield
        finally:
            self._viewers[viewer_id] -= 1
            if not self._viewers[viewer_id]:
                del self._viewers[viewer_id]

    async def of(self, event_id: int, object_id: int, announce_id: int | None, viewer_id: int) -> tuple[
            Row | None, Sequence[Row]]:
        """What an event's object is to a viewer (None: nothing they may see), and the boost, if it is one."""
        key = (event_id, object_id, announce_id or 0)
        task = self._answers.get(key)
        if task is None:
            task = self._answers[key] = asyncio.create_task(self._ask(object_id, announce_id, frozenset(self._viewers)))
            while len(self._answers) > _KEPT:
                self._answers.popitem(last=False)
        answer = await asyncio.shield(task)
        if viewer_id not in answer.asked:  # began to listen a moment later
            answer = await self._ask(object_id, announce_id, frozenset({viewer_id}))
        return answer.rows.get(viewer_id), answer.boosts

    async def _ask(self, object_id: int, announce_id: int | None, viewers: frozenset[int]) -> Answer:
        rows = await facts.of_audience(self._db, object_id, list(viewers))
        boosts = await facts.of_boost(self._db, announce_id) if announce_id and rows else ()
        return Answer(viewers, {row[facts.VIEWER]: row for row in rows}, boosts)
