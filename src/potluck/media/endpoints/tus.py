"""`/uploads/tus`: resumable uploads by the tus protocol, version 1.0.0.

Extensions: creation, creation-with-upload, checksum, termination, expiration. Beyond the protocol, the answer to the
request that completes a file (and HEAD from then on) names the attachment in `Upload-Media-Id`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import format_datetime
from pathlib import Path

from litestar.types import Send

from potluck.db.engine import Database
from potluck.media import quotas
from potluck.media.disk import Writer
from potluck.media.endpoints.front import Answerer
from potluck.media.endpoints.wire import Asked, Refusal, message_body, respond
from potluck.media.model import Upload
from potluck.media.resumable import Hold, Uploads
from potluck.settings import Settings
from potluck.social.errors import SocialError
from potluck.social.model import Actor

PATH = "/uploads/tus"
VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,termination,expiration"
CHECKSUMS = ("sha1", "sha256", "md5")

_OFFSET_TYPE = "application/offset+octet-stream"
_IDLE_SECONDS = 60
_MAX_METADATA = 16 << 10
_MAX_KEYS = 20
_MAX_LENGTH = 1 << 53

WhoUploads = Callable[[Asked], Awaitable[Actor]]
"""Who sends a request: their actor. Raises `Refusal` (401, 403) for those who may not."""


class Tus:
    """The endpoint.

    Args:
        db: gives the database, which is opened later than this is made.
        uploads: the uploads of this process.
        who: finds out who asks.
    """

    def __init__(self, db: Callable[[], Database], uploads: Uploads, settings: Settings, who: WhoUploads) -> None:
        self._db = db
        self._uploads = uploads
        self._settings = settings
        self._who = who
        self._methods: dict[str, Callable[[Asked, Send, Actor, str], Awaitable[None]]] = {
            "HEAD": self._head, "PATCH": self._patch, "DELETE": self._delete}

    @property
    def answerer(self) -> Answerer:
        """What answers below `/uploads/`."""
        return self._answer

    async def _answer(self, asked: Asked, send: Send) -> None:
        """Act, and say with what is refused as well which version is spoken."""
        try:
            await self._act(asked, send)
        except Refusal as refusal:
            refusal.headers.setdefault("tus-resumable", VERSION)
            raise
        except SocialError as error:
            status = 413 if isinstance(error, quotas.TooLarge) else error.status
            raise Refusal(status, error.text, {"tus-resumable": VERSION}) from error

    async def _act(self, asked: Asked, send: Send) -> None:
        name = _name(asked.path)
        if name is None:
            raise Refusal(404, "There is nothing here")
        method = asked.header("x-http-method-override").upper() or asked.method
        if method == "OPTIONS":
            await self._options(send)
            return
        _check_version(asked)
        owner = await self._who(asked)
        if method == "POST" and not name:
            await self._create(asked, send, owner)
        elif method in self._methods and name:
            await self._methods[method](asked, send, owner, name)
        else:
            raise Refusal(405, "This method is not known here", {
                "allow": "HEAD, PATCH, DELETE, OPTIONS" if name else "POST, OPTIONS"})

    async def _options(self, send: Send) -> None:
        most = quotas.largest(self._settings)
        await respond(send, 204, [
            ("tus-resumable", VERSION), ("tus-version", VERSION), ("tus-extension", EXTENSIONS),
            ("tus-checksum-algorithm", ",".join(CHECKSUMS)), *([("tus-max-size", str(most))] if most else [])])

    async def _create(self, asked: Asked, send: Send, owner: Actor) -> None:
        if asked.header("upload-defer-length"):
            raise Refusal(400, "The size must be said when an upload begins (Upload-Length)")
        length = _number(asked, "upload-length")
        details = _metadata(asked.header("upload-metadata"))
        with_body = _is_piece(asked)
        if not with_body and asked.header("content-length") not in {"", "0"}:
            _check_type(asked)
        row = await self._uploads.create(self._db(), owner, length, details)
        headers = [("location", f"{self._settings.url}{PATH}/{row.name}"), *_expires(row)]
        if with_body:
            async with self._uploads.hold(self._db(), owner, row.name) as held:
                await self._take(asked, held)
                headers += [("upload-offset", str(held.offset)), *await self._finished(owner, held)]
        await respond(send, 201, [("tus-resumable", VERSION), *headers])

    async def _head(self, asked: Asked, send: Send, owner: Actor, name: str) -> None:  # noqa: ARG002
        async with self._uploads.hold(self._db(), owner, name) as held:
            finished = await self._finished(owner, held)
            headers = [("upload-offset", str(held.offset)), ("upload-length", str(held.upload.length)),
                       ("cache-control", "no-store"), *_expires(held.upload), *finished]
            if held.upload.details:
                headers.append(("upload-metadata", _written(held.upload.details)))
        await respond(send, 200, [("tus-resumable", VERSION), *headers])

    async def _patch(self, asked: Asked, send: Send, owner: Actor, name: str) -> None:
        _check_type(asked)
        offset = _number(asked, "upload-offset")
        async with self._uploads.hold(self._db(), owner, name) as held:
            if offset != held.offset:
                raise Refusal(409, f"The upload stands at {held.offset}, not at {offset}",
                              {"upload-offset": str(held.offset)})
            await self._take(asked, held)
            await self._uploads.touch(self._db(), held)
            finished = await self._finished(owner, held)
        await respond(send, 204, [("tus-resumable", VERSION), ("upload-offset", str(held.offset)),
                                  *_expires(held.upload), *finished])

    async def _delete(self, asked: Asked, send: Send, owner: Actor, name: str) -> None:  # noqa: ARG002
        async with self._uploads.hold(self._db(), owner, name) as held:
            await self._uploads.remove(self._db(), held)
        await respond(send, 204, [("tus-resumable", VERSION)])

    async def _finished(self, owner: Actor, held: Hold) -> list[tuple[str, str]]:
        """Make a whole file an attachment: also when a crash came between its last byte and that."""
        if not held.is_whole:
            return []
        return [("upload-media-id", str(await self._uploads.finish(self._db(), owner, held)))]

    async def _take(self, asked: Asked, held: Hold) -> None:
        """Append what the request brings; with a checksum all of it or nothing."""
        room = held.upload.length - held.offset
        announced = asked.header("content-length")
        if announced.isdigit() and int(announced) > room:
            raise Refusal(413, f"Only {room} bytes are missing from this upload")
        checksum = _checksum(asked.header("upload-checksum"))
        if not room:
            return
        if checksum is None:
            held.offset = await _append(asked, held, held.path, held.offset, room)
        else:
            held.offset = await _append_checked(asked, held, room, *checksum)


async def _append(asked: Asked, held: Hold, path: Path, offset: int, room: int) -> int:
    """Write what comes to a file's end. Returns how long it is then."""
    async with Writer(path) as writer:
        if writer.size != offset:
            raise Refusal(409, f"The upload stands at {writer.size}")
        async for piece in _pieces(asked, held):
            if writer.size + len(piece) > offset + room:
                await writer.shorten(offset)
                raise Refusal(413, f"Only {room} bytes are missing from this upload")
            await writer.write(piece)
        return writer.size


async def _append_checked(asked: Asked, held: Hold, room: int, algorithm: str, digest: bytes) -> int:
    """Write what comes beside the file first: it is appended once its digest is known to be right."""
    beside = held.path.with_suffix(".piece")
    await asyncio.to_thread(beside.unlink, missing_ok=True)
    try:
        await _append(asked, held, beside, 0, room)
        found = await asyncio.to_thread(_digest, beside, algorithm)
        if found != digest:
            raise Refusal(460, "The checksum is another one")
        return await _join(beside, held.path)
    finally:
        await asyncio.to_thread(beside.unlink, missing_ok=True)


async def _join(source: Path, target: Path) -> int:
    async with Writer(target) as writer:
        with await asyncio.to_thread(source.open, "rb") as handle:
            while piece := await asyncio.to_thread(handle.read, 1 << 20):
                await writer.write(piece)
        return writer.size


def _digest(path: Path, algorithm: str) -> bytes:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, algorithm).digest()


async def _pieces(asked: Asked, held: Hold) -> AsyncIterator[bytes]:
    """The body as it comes, until its end, or the sender is gone or silent, or somebody else wants the upload."""
    stop = asyncio.ensure_future(held.stop.wait())
    try:
        while True:
            coming = asyncio.ensure_future(asked.receive())
            await asyncio.wait((coming, stop), timeout=_IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                return
            message = coming.result()
            if message["type"] == "http.disconnect":
                return
            yield message_body(message)
            if not message.get("more_body") or held.stop.is_set():
                return
    finally:
        stop.cancel()


def _name(path: str) -> str | None:
    """The upload a path names, '' for the collection, None for neither."""
    rest = path.removeprefix(PATH)
    if rest in {"", "/"}:
        return ""
    name = rest.removeprefix("/")
    fits = rest.startswith("/") and len(name) == 32 and all(sign.isalnum() or sign in "-_" for sign in name)
    return name if fits and name.isascii() else None


def _check_version(asked: Asked) -> None:
    if asked.header("tus-resumable") != VERSION:
        raise Refusal(412, f"This server speaks tus {VERSION}", {"tus-version": VERSION})


def _is_piece(asked: Asked) -> bool:
    return asked.header("content-type").partition(";")[0].strip().lower() == _OFFSET_TYPE


def _check_type(asked: Asked) -> None:
    if not _is_piece(asked):
        raise Refusal(415, f"Pieces of a file are sent as {_OFFSET_TYPE}")


def _number(asked: Asked, name: str) -> int:
    text = asked.header(name)
    if not (text.isascii() and text.isdigit()) or len(text) > 16 or int(text) >= _MAX_LENGTH:
        raise Refusal(400, f"{name.title()} must be a whole number")
    return int(text)


def _checksum(header: str) -> tuple[str, bytes] | None:
    if not header:
        return None
    algorithm, _, text = header.partition(" ")
    try:
        digest = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if algorithm.lower() not in CHECKSUMS or not digest:
        raise Refusal(400, f"Upload-Checksum is one of {', '.join(CHECKSUMS)}, a space, and the digest in base64")
    return algorithm.lower(), digest


def _metadata(header: str) -> dict[str, str]:
    """Keys with values in base64, separated by commas."""
    if len(header) > _MAX_METADATA:
        raise Refusal(400, "Upload-Metadata is too long")
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode().replace("\x00", "")
        except (binascii.Error, ValueError):
            raise Refusal(400, f"Upload-Metadata: the value of {key[:40]!r} is no text in base64") from None
    if len(found) > _MAX_KEYS:
        raise Refusal(400, "Upload-Metadata has too many keys")
    return found


def _written(details: dict[str, str]) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in details.items())


def _expires(row: Upload) -> list[tuple[str, str]]:
    return [("upload-expires", format_datetime(row.expires_at, usegmt=True))]


