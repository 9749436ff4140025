"""Articles that are being written: what the editor and the apps keep of one until it is published."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import draft_history, visibility
from potluck.social.blogs import authors
from potluck.social.draft_history import Save
from potluck.social.errors import NotFound
from potluck.social.model import KeptDraft, Object
from potluck.text.render import tidy_typed

KIND = "article"
AnId = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
VISIBILITIES = (visibility.PUBLIC, visibility.UNLISTED, visibility.FOLLOWERS)
FORMATS = ("text/markdown", "text/html")
COMMENTS = ("", "open", "approve", "closed")


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """An article as it stands in the editor.

    Attributes:
        tags: as typed, parted by commas or spaces.
        blog_id: the blog it is for, None for the writer's own profile.
        slug: the last part of its address, '' for one made of the title.
        warning: a content warning, '' for none.
        comments: who may comment, '' for what the blog says.
        page: it belongs into the blog's menu, not into its list.
        cover_id: the upload that is shown on top.
        community: the community it is brought to, as typed: a name, `!name@host` or an address; '' for none.
    """

    title: str = ""
    text: str = ""
    content_type: str = "text/markdown"
    summary: str = ""
    tags: str = ""
    language: str = ""
    visibility: str = visibility.PUBLIC
    slug: str = ""
    blog_id: AnId | None = None
    sensitive: bool = False
    warning: str = ""
    comments: str = ""
    page: bool = False
    cover_id: AnId | None = None
    community: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there are no words in it yet."""
        return not (self.title.strip() or self.text.strip() or self.summary.strip())


def as_words(writing: Writing) -> dict[str, Any]:
    """A text as it is kept: with plain line ends, and without characters that no database takes."""
    found: dict[str, Any] = msgspec.to_builtins(writing)
    return {name: tidy_typed(value) if isinstance(value, str) else value for name, value in found.items()}


def from_words(words: dict[str, Any]) -> Writing:
    """A text out of what was kept."""
    return msgspec.convert(words, Writing)


async def save(session: AsyncSession, owner_id: int, writing: Writing, place: Save) -> KeptDraft:
    """Save a text as a draft; `place` says which one, and on what it is built (its `request` is not looked at).

    Raises:
        NotFound, ChangedElsewhere, Invalid: as `draft_history.save`; or there is no such article they may change.
    """
    if place.draft_id is None and place.object_id is not None:
        row = await session.get(Object, place.object_id)
        if row is None or row.deleted_at is not None or not await authors.editable(session, owner_id, [row]):
            raise NotFound
    return await draft_history.save(session, owner_id, KIND, replace(place, request=as_words(writing)))
