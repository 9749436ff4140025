"""Pictures that were sent, for their owner; and for the staff all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import images, shapes
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.staff import check_staff
from potluck.apis.lemmy.words import Json, limit_of, moment, offset_of
from potluck.social.model import Actor, Media


async def _page(session: AsyncSession, call: Call, *conditions: Any) -> Sequence[Any]:
    limit = limit_of(call.params)
    return (await session.execute(select(Media, Actor).join(Actor, Actor.id == Media.owner_id).where(
        Media.purpose == images.PURPOSE, Media.state == "ready", *conditions).order_by(Media.id.desc()).limit(
        limit).offset(offset_of(call.params, limit)))).all()


def _view(media: Media, owner: Actor, *, token: str) -> Json:
    """LocalImageView."""
    return {"local_image": {
        "local_user_id": owner.owner_id or 0, "pictrs_alias": images.alias_of(media), "pictrs_delete_token": token,
        "published": moment(media.created_at)}, "person": shapes.person(owner)}


@endpoint("GET", "/account/list_media")
async def mine(call: Call) -> Answer:
    """The asker's pictures, the newest first."""
    rows = await _page(await call.reader(), call, Media.owner_id == call.me.id)
    return answer({"images": [_view(media, owner, token=images.token_of(media.id)) for media, owner in rows]})


@endpoint("GET", "/admin/list_all_media")
async def everybodys(call: Call) -> Answer:
    """Everybody's pictures, for the staff, who may delete each."""
    check_staff(call)
    rows = await _page(await call.reader(), call)
    return answer({"images": [_view(media, owner, token=images.token_of(media.id)) for media, owner in rows]})


route_handlers = [mine, everybodys]
