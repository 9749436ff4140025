"""Drafts that are saved while they are written, again and again, perhaps from two places, and what they said before.

Whoever saves says on which revision their text is built. If somebody else has saved meanwhile, nothing is overwritten
and they are told; they may look at the other text, and save over it knowingly: then it is kept as an earlier version.
Earlier versions are kept every few minutes, and always when much of a text goes; where they lie closest together in
time, some are dropped again, so that a draft never takes more than so much room.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import kept_drafts
from potluck.social.errors import Conflict, Invalid, NotFound
from potluck.social.model import KeptDraft, KeptDraftVersion

MAX_BYTES = 4 * 1024 * 1024
MAX_VERSIONS = 40
MAX_VERSION_BYTES = 12 * 1024 * 1024
MAX_OWNER_BYTES = 64 * 1024 * 1024
"""Of earlier versions of all drafts of one person."""

MAX_KEY = 64
APART = timedelta(minutes=5)
_MUCH = 200  # characters that may go between two saves without a version being kept
_MAX_MEDIA = 200

_DRAFT: Any = KeptDraft.__table__


class ChangedElsewhere(Conflict):
    """Somebody else saved the draft meanwhile. `draft` is how it is now."""

    def __init__(self, draft: KeptDraft) -> None:
        super().__init__("This draft was changed elsewhere meanwhile")
        self.draft = draft


class DraftGone(NotFound):
    """The draft was published or thrown away meanwhile, or it never was this person's."""


@dataclass(frozen=True, slots=True)
class Save:
    """A text to be saved.

    Attributes:
        request: what is in the composer, in the kind's own words.
        base: the revision it is built on, 0 for a new draft.
        by: a word for who saves: a tab, an app. One that did not hear that it was saved is not in its own way.
        draft_id: the draft, None for a new one.
        key: a word that names a new draft until its id is known; saving with it twice makes one draft.
        object_id: the published object of which it is to become the next version.
        media_ids: uploads it uses; they are kept as long as the draft.
        over: save even if somebody else did meanwhile; what stood there is kept in any case.
    """

    request: dict[str, Any] = field(default_factory=dict)
    base: int = 0
    by: str = ""
    draft_id: int | None = None
    key: str | None = None
    object_id: int | None = None
    media_ids: Sequence[int] = ()
    over: bool = False


async def save(session: AsyncSession, owner_id: int, kind: str, wanted: Save) -> KeptDraft:
    """Save a draft; gives it with its new revision. What it says already is not saved again.

    Raises:
        NotFound: there is no such draft of this person.
        ChangedElsewhere: somebody else saved it meanwhile.
        Invalid: it is too long, or there are too many drafts.
    """
    size = kept_drafts.size_of(wanted.request, MAX_BYTES)
    row = await _held(session, owner_id, wanted)
    if row is None:
        row = await _begun(session, owner_id, kind, wanted)
    elif row.kind != kind:
        raise NotFound
    if row.revision and row.request == wanted.request:
        return row
    changed = bool(row.revision) and row.revision != wanted.base and row.saved_by != (wanted.by or None)
    if changed and not wanted.over:
        session.expunge(row)  # so that it outlives the transaction that ends here
        raise ChangedElsewhere(row)
    if row.revision:
        await _keep_version(session, row, size, always=changed or wanted.over)
    kept_drafts.put(row, wanted.request, _with_media(row.media_ids, wanted.media_ids))
    row.saved_by = wanted.by[:MAX_KEY] or None
    await session.flush()
    return row


async def finish(session: AsyncSession, owner_id: int, kind: str, place: Save) -> KeptDraft | None:
    """A draft is being published: hold it, and delete it with its versions. Gives it as it was, None if there is none.

    Raises:
        NotFound: there is no such draft of this person (any more).
        ChangedElsewhere: somebody else saved it meanwhile.
    """
    row = await _held(session, owner_id, place)
    if row is None:
        return None
    if row.kind != kind:
        raise NotFound
    if row.revision != place.base and row.saved_by != (place.by or None) and not place.over:
        session.expunge(row)
        raise ChangedElsewhere(row)
    await session.delete(row)
    await session.flush()
    return row


async def _held(session: AsyncSession, owner_id: int, wanted: Save) -> KeptDraft | None:
    """The draft that is meant, held until this transaction ends; None if it is not begun yet.

    Raises:
        NotFound: it should be there and is not.
    """
    if wanted.draft_id is not None:
        row = await _one(session, owner_id, KeptDraft.id == wanted.draft_id)
        if row is None:
            raise DraftGone
        return row
    if wanted.object_id is not None:
        return await _one(session, owner_id, KeptDraft.object_id == wanted.object_id)
    return await _one(session, owner_id, KeptDraft.key == wanted.key) if wanted.key else None


async def _one(session: AsyncSession, owner_id: int, which: Any) -> KeptDraft | None:
    found: KeptDraft | None = await session.scalar(
        select(KeptDraft).where(KeptDraft.owner_id == owner_id, which).with_for_update())
    return found


async def _begun(session: AsyncSession, owner_id: int, kind: str, wanted: Save) -> KeptDraft:
    """A new draft of revision 0; another process may begin the same one at the same time."""
    if wanted.key is not None and not 0 < len(wanted.key) <= MAX_KEY:
        raise Invalid("key", "This is no key")
    await kept_drafts.check_room(session, owner_id)
    draft_id = ids.new()
    await session.execute(insert_or_ignore(session, _DRAFT).values(
        id=draft_id, owner_id=owner_id, kind=kind, request={}, media_ids=[], updated_at=now(), opening="", revision=0,
        key=wanted.key, object_id=wanted.object_id))
    row = await _one(session, owner_id, KeptDraft.id == draft_id) or await _held(session, owner_id, wanted)
    if row is None:
        raise NotFound
    return row


def _with_media(before: Sequence[int], more: Iterable[int]) -> list[int]:
    """Uploads of earlier versions stay, since these can be restored."""
    return list(dict.fromkeys([*before, *more]))[-_MAX_MEDIA:]


async def _keep_version(session: AsyncSession, row: KeptDraft, new_size: int, *, always: bool = False) -> None:
    """Keep what a draft says now, if that is worth it."""
    size = kept_drafts.size_of(row.request, MAX_BYTES)
    last = await session.scalar(select(KeptDraftVersion.saved_at).where(
        KeptDraftVersion.draft_id == row.id).order_by(KeptDraftVersion.id.desc()).limit(1))
    lately = last is not None and row.updated_at - last < APART
    if lately and not always and new_size >= size - _MUCH:
        return
    session.add(KeptDraftVersion(id=ids.new(), draft_id=row.id, revision=row.revision, request=row.request, size=size,
                                 opening=kept_drafts.opening({**row.request, "title": ""}), saved_at=row.updated_at))
    await session.flush()
    await _thin_out(session, row.id)
    await _make_room(session, row.owner_id)


async def _make_room(session: AsyncSession, owner_id: int) -> None:
    """Drop the oldest versions of somebody's drafts until all together take no more than they may."""
    left = [tuple(row) for row in (await session.execute(select(
        KeptDraftVersion.id, KeptDraftVersion.size).join(KeptDraft, KeptDraft.id == KeptDraftVersion.draft_id).where(
        KeptDraft.owner_id == owner_id).order_by(KeptDraftVersion.saved_at, KeptDraftVersion.id))).all()]
    total = sum(size for _, size in left)
    gone: list[int] = []
    while total > MAX_OWNER_BYTES and len(left) - len(gone) > 1:
        version_id, size = left[len(gone)]
        gone.append(version_id)
        total -= size
    if gone:
        await session.execute(delete(KeptDraftVersion).where(KeptDraftVersion.id.in_(gone)))


async def _thin_out(session: AsyncSession, draft_id: int) -> None:
    """Drop versions that lie close together until few enough are left."""
    found = (await session.execute(select(
        KeptDraftVersion.id, KeptDraftVersion.size, KeptDraftVersion.saved_at).where(
        KeptDraftVersion.draft_id == draft_id).order_by(KeptDraftVersion.id))).all()
    left: list[tuple[int, int, datetime]] = [(row[0], row[1], row[2]) for row in found]
    gone: list[int] = []
    while len(left) > 1 and (len(left) > MAX_VERSIONS or sum(size for _, size, _ in left) > MAX_VERSION_BYTES):
        gone.append(left.pop(_most_crowded(left))[0])
    if gone:
        await session.execute(delete(KeptDraftVersion).where(KeptDraftVersion.id.in_(gone)))


def _most_crowded(rows: Sequence[tuple[int, int, datetime]]) -> int:
    """Which of these has its neighbours nearest; never the newest one."""
    def gap(index: int) -> timedelta:
        return rows[index + 1][2] - rows[max(0, index - 1)][2]

    return min(range(len(rows) - 1), key=gap)


async def versions(session: AsyncSession, owner_id: int, draft_id: int) -> Sequence[KeptDraftVersion]:
    """Earlier versions of a draft, newest first, without their texts.

    Raises:
        NotFound: there is no such draft of this person.
    """
    await _check_own(session, owner_id, draft_id)
    found = await session.execute(select(
        KeptDraftVersion.id, KeptDraftVersion.revision, KeptDraftVersion.size, KeptDraftVersion.opening,
        KeptDraftVersion.saved_at).where(KeptDraftVersion.draft_id == draft_id).order_by(KeptDraftVersion.id.desc()))
    return [KeptDraftVersion(id=row.id, revision=row.revision, size=row.size, opening=row.opening,
                             saved_at=row.saved_at) for row in found]


async def version(session: AsyncSession, owner_id: int, draft_id: int, version_id: int) -> KeptDraftVersion:
    """One earlier version with its text.

    Raises:
        NotFound: there is none.
    """
    await _check_own(session, owner_id, draft_id)
    row: KeptDraftVersion | None = await session.scalar(select(KeptDraftVersion).where(
        KeptDraftVersion.id == version_id, KeptDraftVersion.draft_id == draft_id))
    if row is None:
        raise NotFound
    return row


async def _check_own(session: AsyncSession, owner_id: int, draft_id: int) -> None:
    if await session.scalar(select(KeptDraft.id).where(
            KeptDraft.id == draft_id, KeptDraft.owner_id == owner_id)) is None:
        raise NotFound


async def restore(session: AsyncSession, owner_id: int, draft_id: int, version_id: int) -> KeptDraft:
    """Have a draft say again what it said; what it says now becomes an earlier version.

    Raises:
        NotFound: there is no such draft or version of this person.
    """
    row = await _one(session, owner_id, KeptDraft.id == draft_id)
    if row is None:
        raise NotFound
    earlier = await version(session, owner_id, draft_id, version_id)
    if earlier.request != row.request:
        request = earlier.request
        await _keep_version(session, row, earlier.size, always=True)
        kept_drafts.put(row, request, row.media_ids)
        row.saved_by = None
        await session.flush()
    return row


async def of_object(session: AsyncSession, owner_id: int, object_id: int) -> KeptDraft | None:
    """The draft of the next version of something published, if one is begun."""
    found: KeptDraft | None = await session.scalar(select(KeptDraft).where(
        KeptDraft.owner_id == owner_id, KeptDraft.object_id == object_id))
    return found
