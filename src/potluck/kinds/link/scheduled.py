"""Posts for communities that are put aside, or published later: checked when they are written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database
from potluck.kinds import authoring
from potluck.kinds.authoring import HandleResolver
from potluck.kinds.link import actions
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.publishing_later import Later
from potluck.social import scheduled
from potluck.social.model import Actor, ScheduledPost

KIND = "link"


def as_words(request: LinkRequest) -> dict[str, Any]:
    """A request as it is kept."""
    found: dict[str, Any] = msgspec.to_builtins(request)
    return found


def from_words(words: dict[str, Any]) -> LinkRequest:
    """A request out of what was kept."""
    return msgspec.convert(words, LinkRequest)


async def schedule(session: AsyncSession, author: Actor, request: LinkRequest, when: datetime) -> ScheduledPost:
    """Have a post published later; what would be refused then is refused now.

    Raises:
        Invalid: a field or the time cannot be used.
        NotFound, NotAllowed: as `actions.compose`.
    """
    media = await actions.check(session, author, request)
    return await scheduled.schedule(session, author.id, KIND, as_words(request), when, media_ids=media)


async def _prepare(db: Database, federation: HandleResolver, row: ScheduledPost) -> LinkRequest:
    request = from_words(row.request)
    await authoring.prepare_mentions(db, federation, request.text)
    return request


LATER = Later(KIND, _prepare, actions.compose)
