"""Attachments: sent first, prepared in the background, then named in a status."""

from __future__ import annotations

from potluck.apis.mastodon import entities
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import ApiError
from potluck.media import attachments, uploads
from potluck.social.model import Media

FAILED = "Error processing thumbnail for uploaded media"
_WAIT_SECONDS = 60.0


async def _accept(call: Call) -> Media:
    """Take what was sent. A thumbnail is a picture of its own, which is shown instead of the one made here."""
    sent = call.params.upload("file")
    if sent is None:
        raise ApiError(422, "Validation failed: File can't be blank")
    path, name = sent
    media = await uploads.accept(call.db, call.me, path, file_name=name, focus=call.params.point("focus"),
                                 description=call.params.text("description"))
    await _accept_thumbnail(call, media.id)
    return media


async def _accept_thumbnail(call: Call, media_id: int) -> None:
    thumbnail = call.params.upload("thumbnail")
    if thumbnail is not None:
        path, name = thumbnail
        await uploads.accept(call.db, call.me, path, file_name=name, purpose="cover", extra={"cover_of": media_id})


async def _own(call: Call, *, loose: bool = False) -> Media:
    return await attachments.one(await call.reader(), call.me, call.ident(), loose=loose)


def _shown(media: Media, unfinished: int) -> Answer:
    """MediaAttachment with the status that says how far it is."""
    if media.state == "failed":
        raise ApiError(422, media.error or FAILED)
    return answer(entities.media(media), 200 if media.state == "ready" else unfinished)


@endpoint("POST", "/api/v2/media", scope="write:media", files=True)
async def upload(call: Call) -> Answer:
    """Send a file; 202 while it is being prepared."""
    return _shown(await _accept(call), 202)


@endpoint("POST", "/api/v1/media", scope="write:media", files=True)
async def upload_and_wait(call: Call) -> Answer:
    """Send a file and wait until it is prepared; what takes longer than a minute goes on as with v2."""
    media = await attachments.until_prepared(call.db, call.me, await _accept(call), seconds=_WAIT_SECONDS)
    return _shown(media, 202)


@endpoint("GET", "/api/v1/media/{id:str}", scope="write:media")
async def show(call: Call) -> Answer:
    """How far an attachment is: 206 while it is being prepared."""
    return _shown(await _own(call), 206)


@endpoint("PUT", "/api/v1/media/{id:str}", scope="write:media", files=True)
async def change(call: Call) -> Answer:
    """Change description, focal point or thumbnail of an attachment that hangs on no status yet."""
    await _own(call, loose=True)
    params = call.params
    await _accept_thumbnail(call, call.ident())
    async with call.write() as session:
        media = await attachments.one(session, call.me, call.ident(), loose=True)
        await attachments.describe(session, media, focus=params.point("focus"),
                                   description=params.optional_text("description"))
    return _shown(media, 206)


@endpoint("DELETE", "/api/v1/media/{id:str}", scope="write:media")
async def remove(call: Call) -> Answer:
    """Throw an attachment away that hangs on no status."""
    async with call.write() as session:
        await attachments.remove(session, await attachments.one(session, call.me, call.ident()))
    return Answer(EMPTY)


route_handlers = [upload, upload_and_wait, show, change, remove]
