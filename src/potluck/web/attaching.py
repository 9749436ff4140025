"""Files in the composer: taken, described, put in order.

Scripts send them beforehand (`/uploads/tus`); without scripts the form brings them.

Fields of the form: `files` (new ones), `media_id` (those there already, in order), and for each of these `alt_ID`,
`focus_x_ID`, `focus_y_ID`, `captions_ID` with `captions_language_ID`, `cover_ID`. The buttons called `files_act` send
what is to be done before anything is published: `attach`, or `up`, `down`, `drop` with an id (`up-17`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from litestar.datastructures import UploadFile
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.jobs import Progress
from potluck.kinds.authoring import MAX_MEDIA
from potluck.media import attachments, caption_files, captions, uploads
from potluck.media.storage import storage_of
from potluck.settings import current
from potluck.social.drafts import MediaDetail
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, Media
from potluck.web.auth import Viewer
from potluck.web.forms import Form
from potluck.web.i18n import _, said
from potluck.web.presenters.media import Captions, shown_medium
from potluck.web.types import AnyRequest

ACCEPT = "image/*,video/*,audio/*"
_ACT = re.compile(r"(up|down|drop)-([0-9]{1,16})")
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file in the composer (`components/files.html`). `progress` is in percent."""

    id: str
    kind: str
    state: str
    name: str
    preview_url: str
    alt: str
    focus_x: float
    focus_y: float
    error: str
    progress: int
    message: str
    captions: list[Captions] = field(default_factory=list)


@dataclass(slots=True)
class Sent:
    """What a form says about files: which go with the post, in order, and small files that belong to them."""

    ids: list[int] = field(default_factory=list)
    act: str = ""
    errors: dict[str, str] = field(default_factory=dict)


async def take(request: AnyRequest, me: Viewer, form: Form) -> Sent:
    """Take the files a form brings; what cannot be taken is said in `errors`, and the rest stays."""
    sent = Sent(list(dict.fromkeys(form.wholes("media_id")))[:MAX_MEDIA])
    for file in form.files("files")[:MAX_MEDIA]:
        try:
            sent.ids.append((await accept(request, me.actor, file)).id)
        except Invalid as error:
            sent.errors["files"] = f"{file.filename}: {said(error)}"
    await _take_small_ones(request, me, form, sent)
    act = form.text("files_act", limit=30)
    match = _ACT.fullmatch(act)
    if match:
        sent.ids = _moved(sent.ids, match[1], int(match[2]))
    sent.act = act if match or act == "attach" else ""
    return sent


def _moved(ids: list[int], verb: str, media_id: int) -> list[int]:
    if media_id not in ids:
        return ids
    at = ids.index(media_id)
    rest = [other for other in ids if other != media_id]
    if verb == "drop":
        return rest
    rest.insert(max(0, at - 1) if verb == "up" else at + 1, media_id)
    return rest


async def _take_small_ones(request: AnyRequest, me: Viewer, form: Form, sent: Sent) -> None:
    """Captions, and pictures that stand for a video or sound."""
    for media_id in sent.ids:
        try:
            for file in form.files(f"captions_{media_id}")[:1]:
                await caption_files.put(
                    request.app.state.db, me.actor, media_id, form.text(f"captions_language_{media_id}", limit=35),
                    await file.read(captions.MOST_BYTES + 1))
            for file in form.files(f"cover_{media_id}")[:1]:
                await accept(request, me.actor, file, purpose="cover", extra={"cover_of": media_id})
        except (Invalid, NotFound) as error:
            sent.errors["files"] = said(error)


async def accept(request: AnyRequest, owner: Actor, file: UploadFile, *, purpose: str = "attachment",
                 extra: dict[str, Any] | None = None) -> Media:
    """Make a file of a form an upload of its owner.

    Raises:
        Invalid: it cannot be taken.
    """
    path = await _on_disk(file)
    return await uploads.accept(request.app.state.db, owner, path, file_name=file.filename or "", purpose=purpose,
                                extra=extra)


async def _on_disk(file: UploadFile) -> Path:
    """The file in the storage's own folder, from where it need not be copied again."""
    path = await asyncio.to_thread(storage_of(current()).local.arriving)
    await file.seek(0)
    with await asyncio.to_thread(path.open, "wb") as handle:
        while piece := await file.read(_PIECE):
            await asyncio.to_thread(handle.write, piece)
    return path


async def details(session: AsyncSession, me: Actor, form: Form, sent: Sent) -> dict[int, MediaDetail]:
    """What the form says about each file.

    Raises:
        Invalid: a description is too long.
    """
    return {media.id: _detail(form, media) for media in await _own(session, me, sent.ids)}


async def describe(session: AsyncSession, me: Actor, form: Form, sent: Sent) -> None:
    """Write that down, for files that are in no post yet.

    Raises:
        Invalid: as `details`.
    """
    for media in await _own(session, me, sent.ids):
        said = _detail(form, media)
        if media.object_id is None:
            await attachments.describe(session, media, description=said.description, focus=said.focus)


def _detail(form: Form, media: Media) -> MediaDetail:
    name = f"alt_{media.id}"
    text = form.text(name, limit=uploads.MAX_DESCRIPTION) if form.has(name) else None
    return attachments.detail(text, _focus(form, media))


def _focus(form: Form, media: Media) -> tuple[float, float] | None:
    """The focal point of the form; the middle is what a file has that nobody set one for."""
    try:
        x, y = (round(float(form.text(f"focus_{axis}_{media.id}", limit=10)), 2) for axis in "xy")
    except ValueError:
        return None
    return None if (x, y) == (0, 0) and media.focus_x is None else (x, y)


async def _own(session: AsyncSession, me: Actor, ids: Sequence[int]) -> list[Media]:
    if not ids:
        return []
    rows = await session.scalars(select(Media).where(Media.id.in_(ids), Media.owner_id == me.id))
    known = {row.id: row for row in rows.all()}
    return [known[media_id] for media_id in ids if media_id in known]


async def shown(session: AsyncSession, me: Actor, ids: Sequence[int], form: Form | None = None) -> list[AttachedFile]:
    """The files with these ids that are one's own, in this order; with what a form says about them."""
    found = await shown_files(session, await _own(session, me, ids))
    return [_as_said(item, form) for item in found] if form else found


def _as_said(item: AttachedFile, form: Form) -> AttachedFile:
    name = f"alt_{item.id}"
    return replace(item, alt=form.kept(name)[name]) if form.has(name) else item


async def shown_files(session: AsyncSession, rows: Sequence[Media]) -> list[AttachedFile]:
    """Files for the composer and the page of files, with how far they are."""
    waiting = [row.id for row in rows if row.state == "processing"]
    progress = await attachments.progress(session, waiting)
    return [_shown(row, progress.get(row.id)) for row in rows]


def _shown(row: Media, job: Progress | None) -> AttachedFile:
    item = shown_medium(row)
    return AttachedFile(
        id=item.id, kind=row.type, state=row.state, name=item.name or _("File"), preview_url=_picture(row),
        alt=row.description, focus_x=row.focus_x or 0.0, focus_y=row.focus_y or 0.0,
        error=_(row.error) if row.error else "", progress=round(100 * job.progress) if job else 0,
        message=_(job.message, **job.message_data) if job and job.message else "", captions=item.captions)


def _picture(row: Media) -> str:
    if row.state != "ready":
        return ""
    return row.preview_url or (row.url if row.type == "image" else "") or ""
