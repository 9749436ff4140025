"""Pictures, as apps know them from pict-rs: sent on their own, read and deleted by the name they were given.

A picture stays until its owner deletes it, whether a post shows it or not: apps write its address into texts. Its
name is a UUID that holds the number of the upload and a mark nobody can guess, so that a picture is found only by
whom it was told to; nothing is kept for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import ApiError, missing, refused
from potluck.apis.urls import full_url, original_url
from potluck.handlers import Handler, get
from potluck.media import addresses, attachments, sniffing, uploads
from potluck.media.types import extension_of
from potluck.settings import current
from potluck.social.errors import SocialError
from potluck.social.model import Actor, Media
from potluck.switchboard import AnyRequest, Endpoint

PURPOSE = "linked"
MOST = 20
_WAIT_SECONDS = 30.0
_PATH = "/pictrs/image/"
_SMALL_SIDE = 640
_SHOWN = "public, max-age=86400"


def _mac(*parts: object) -> bytes:
    key = hashlib.sha256(b"potluck pictures " + current().secret.encode()).digest()
    return hmac.new(key, " ".join(map(str, parts)).encode(), hashlib.sha256).digest()


def alias_of(media: Media) -> str:
    """The name of an upload."""
    made = uuid.UUID(bytes=media.id.to_bytes(8, "big") + _mac("name", media.id)[:8])
    return f"{made}.{extension_of(media.media_type or 'image/png')}"


def token_of(media_id: int) -> str:
    """What proves that somebody may delete an upload; only its owner is told."""
    return str(uuid.UUID(bytes=_mac("delete", media_id)[:16]))


def id_of(alias: str) -> int | None:
    """The upload a name stands for, None for a name we never gave."""
    try:
        found = uuid.UUID(alias.partition(".")[0]).bytes
    except ValueError:
        return None
    media_id = int.from_bytes(found[:8], "big")
    return media_id if hmac.compare_digest(found[8:], _mac("name", media_id)[:8]) else None


async def _known(session: AsyncSession, alias: str) -> Media:
    media_id = id_of(alias)
    media = await session.get(Media, media_id) if media_id is not None and media_id < 1 << 53 else None
    if media is None or media.purpose != PURPOSE or media.state != "ready" or not media.url:
        raise missing("image")
    return media


def _bases() -> list[str]:
    """Where apps find pictures: on the main host, and on the one that stands for Lemmy."""
    return [f"{url}{_PATH}" for url in (current().url, current().lemmy_url) if url]


async def address_of(session: AsyncSession, owner: Actor, url: str) -> str | None:
    """The address of the file itself for one's own upload, None for no picture.

    Raises:
        ApiError: it is no upload of the owner's.
    """
    if not url:
        return None
    url = original_url(url)
    if url == full_url(owner.avatar_url) or url == full_url(owner.header_url):
        return owner.avatar_url if url == full_url(owner.avatar_url) else owner.header_url
    alias = next((url.removeprefix(base) for base in _bases() if url.startswith(base)), None)
    media = await _known(session, urlsplit(alias).path) if alias is not None else None
    if media is None or media.owner_id != owner.id:
        raise refused("invalid_url", message="Send the picture first, then name it by the address it was given")
    return media.url


def _said(error: Exception) -> Answer:
    """Why a picture was not taken, in the shape of pict-rs."""
    text = error.text if isinstance(error, (ApiError, SocialError)) else "The picture cannot be used"
    return answer({"msg": text or "The picture cannot be used"}, 400)


async def _take(call: Call, path: Path, name: str) -> Media:
    """Take a picture and have it prepared.

    Raises:
        ApiError: it is none, or cannot be prepared.
        SocialError: it is too large, or the quota is used up.
    """
    kind = await asyncio.to_thread(sniffing.media_type_of_file, path)
    if not kind.startswith("image/"):
        raise ApiError(400, "Only pictures can be sent here", code="invalid_body_field")
    media = await uploads.accept(call.db, call.me, path, file_name=name, purpose=PURPOSE)
    media = await attachments.until_prepared(call.db, call.me, media, seconds=_WAIT_SECONDS)
    if media.state != "ready":
        raise ApiError(400, media.error or "The picture could not be prepared in time", code="invalid_body_field")
    return media


@endpoint("POST", "/image", act="image", files=True, base="/pictrs")
async def send(call: Call) -> Answer:
    """Take pictures; each gets a name, and a word with which it can be deleted."""
    sent = call.params.uploads("images")
    if not 1 <= len(sent) <= MOST:
        return answer({"msg": f"Send 1 to {MOST} pictures as images[]"}, 400)
    made = []
    try:
        for path, name in sent:
            made.append(await _take(call, path, name))
    except (ApiError, SocialError) as error:
        return _said(error)
    return answer({"msg": "ok", "files": [{"file": alias_of(media), "delete_token": token_of(media.id)}
                                          for media in made]}, 201)


@get("/pictrs/image/{name:str}")
async def show(request: AnyRequest, name: str) -> Response[bytes]:
    """The picture, at the address of its file; with `thumbnail` a smaller one where that is enough."""
    # No call of an app, but what its pages are made of: it counts towards no limit, and asks for no token.
    side = request.query_params.get("thumbnail", "")
    try:
        async with request.app.state.db.read() as session:
            media = await _known(session, name)
    except ApiError as error:
        return Response(b'{"msg":"There is no such picture"}', status_code=error.status,
                        media_type="application/json")
    small = side.isascii() and side.isdigit() and int(side[:9]) <= _SMALL_SIDE and media.preview_url
    target = full_url(media.preview_url if small else media.url) or ""
    return Response(b"", status_code=302, headers={"Location": target, "Cache-Control": _SHOWN})


@endpoint("GET", "/image/delete/{token:str}/{name:str}", who="anyone", base="/pictrs")
async def delete(call: Call) -> Answer:
    """Delete a picture by the word that its sender was given."""
    async with call.write() as session:
        media = await _known(session, call.word("name"))
        if not hmac.compare_digest(token_of(media.id), call.word("token")):
            raise missing("image")
        await session.delete(media)
    return Answer(b"", 204)


@endpoint("GET", "/image_proxy", who="anyone")
async def proxy(call: Call) -> Answer:
    """A picture of another server through ours: only addresses that this server has shown, marked as such."""
    url = call.text("url")
    printable = url.isascii() and url.isprintable()  # it goes into a header
    if not printable or not url.startswith(current().url + addresses.PROXY):
        raise refused("not_supported", message="Pictures of other servers come by the addresses in posts")
    return Answer(b"", 302, [("location", url)])


route_handlers: list[Endpoint | Handler] = [send, show, delete, proxy]
