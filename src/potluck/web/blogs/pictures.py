"""Pictures for an article: sent beforehand by scripts (`/uploads/tus`) or with the form, then named in its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get
from potluck.kinds.authoring import MAX_MEDIA
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, Media
from potluck.web import attaching
from potluck.web.asking import Me, PathId
from potluck.web.auth import Viewer
from potluck.web.forms import Form
from potluck.web.i18n import _, said
from potluck.web.types import AnyRequest


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was sent. `url` is what the text names; '' until the picture is ready."""

    id: str
    state: str
    name: str
    url: str
    alt: str
    error: str


async def shown(session: AsyncSession, owner: Actor, ids: Sequence[int], *, of_object: int | None = None,
                ) -> list[Picture]:
    """Pictures with these ids that are one's own (or of an article that one may change), in this order."""
    if not ids:
        return []
    own = Media.owner_id == owner.id
    if of_object is not None:
        own = or_(own, Media.object_id == of_object)
    rows = await session.scalars(select(Media).where(Media.id.in_(list(ids)), own, Media.type == "image"))
    known = {row.id: _shown(row) for row in rows.all()}
    return [known[media_id] for media_id in ids if media_id in known]


def _shown(row: Media) -> Picture:
    ready = row.state == "ready"
    return Picture(str(row.id), row.state, str(row.meta.get("file_name") or "") or _("Picture"),
                   (row.url or "") if ready else "", row.description, _(row.error) if row.error else "")


async def take(request: AnyRequest, me: Viewer, form: Form) -> tuple[list[int], dict[str, str]]:
    """Ids of the pictures of a form, those it brings among them; and what was wrong with others."""
    ids, errors = form.wholes("media_id"), {}
    for file in form.files("files")[:MAX_MEDIA]:
        try:
            ids.append((await attaching.accept(request, me.actor, file)).id)
        except Invalid as error:
            errors["files"] = f"{file.filename}: {said(error)}"
    return list(dict.fromkeys(ids)), errors


@get("/write/pictures/{media_id:int}")
async def picture(request: AnyRequest, me: Me, media_id: PathId) -> Response[Any]:
    """How far a picture is, for scripts that have sent it."""
    async with request.app.state.db.read() as session:
        found = await shown(session, me.actor, [media_id])
    if not found:
        raise NotFound
    item = found[0]
    return Response({"id": item.id, "state": item.state, "name": item.name, "url": item.url, "error": item.error},
                    status_code=200, headers={"Cache-Control": "private, no-store"})


route_handlers = [picture]
