"""Notes that are published later: checked when they are written, published by the engine when their time has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database
from potluck.kinds import authoring
from potluck.kinds.authoring import HandleResolver
from potluck.kinds.note import actions
from potluck.kinds.note.actions import NoteRequest
from potluck.kinds.publishing_later import Later
from potluck.social import scheduled
from potluck.social.model import Actor, ScheduledPost

KIND = "note"


def as_words(request: NoteRequest) -> dict[str, Any]:
    """A request as it is kept."""
    found: dict[str, Any] = msgspec.to_builtins(request)
    return found


def from_words(words: dict[str, Any]) -> NoteRequest:
    """A request out of what was kept."""
    return msgspec.convert(words, NoteRequest)


async def schedule(session: AsyncSession, author: Actor, request: NoteRequest, when: datetime, *,
                   app_id: int | None = None) -> ScheduledPost:
    """Have a note published later; what would be refused then is refused now.

    Raises:
        Invalid: a field or the time cannot be used.
        NotFound: the post replied to or quoted is not there for the author.
        NotAllowed: the post may not be quoted.
    """
    media = await actions.check(session, author, request)
    return await scheduled.schedule(session, author.id, KIND, as_words(request), when, media_ids=media, app_id=app_id)


async def _prepare(db: Database, federation: HandleResolver, row: ScheduledPost) -> NoteRequest:
    request = from_words(row.request)
    await authoring.prepare_mentions(db, federation, request.text)
    return request


LATER = Later(KIND, _prepare, actions.compose)
