"""Reads a multipart form as it comes: files go to disk piece by piece, only short fields are held in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from potluck.media.disk import Writer
from potluck.media.local_folder import LocalFolder
from potluck.media.quotas import TooLarge, readable
from potluck.social.errors import Invalid

MAX_TEXT = 1 << 20
"""Most bytes of all fields that are no files."""

_MAX_PARTS = 100


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a form, on disk until the form is closed.

    Attributes:
        path: where it is.
        name: as the sender calls it; only ever shown.
        size: in bytes.
    """

    path: Path
    name: str
    size: int


@dataclass(slots=True)
class Form:
    """What a form brought, in its order. Of several values of one name the last counts in `text` and `files`."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, SentFile] = field(default_factory=dict)
    sent: list[tuple[str, SentFile]] = field(default_factory=list)

    def text(self, name: str) -> str:
        """Value of a field, '' if it is absent."""
        return next((value for key, value in reversed(self.fields) if key == name), "")


@asynccontextmanager
async def read_form(content_type: str, pieces: AsyncIterator[bytes], folder: LocalFolder | None, *,
                    most: int = 0, parts: int = _MAX_PARTS) -> AsyncIterator[Form]:
    """The form that a request's body holds. Its files are removed when the block ends, unless they were moved.

    Args:
        content_type: of the request.
        pieces: the body as it comes (`request.stream()`, of a route without limit for bodies).
        folder: where files are written; None where none are wanted: they are passed over.
        most: largest file taken; 0 for no limit.
        parts: most fields and files together.

    Raises:
        Invalid: it is no proper form.
        TooLarge: a file is larger, or a field is.
    """
    reader = _Reader(folder, most)
    try:
        await reader.read(_parser(content_type, parts), pieces)
        yield reader.form
    finally:
        for path in reader.paths:
            await asyncio.to_thread(path.unlink, missing_ok=True)


def _parser(content_type: str, parts: int) -> PushMultipartParser:
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise Invalid("file", "Files are sent as multipart/form-data")
    return PushMultipartParser(options["boundary"], max_segment_count=parts)


class _Reader:
    """Reads one form."""

    def __init__(self, folder: LocalFolder | None, most: int) -> None:
        self.form = Form()
        self.paths: list[Path] = []
        self._folder = folder
        self._most = most
        self._segment: MultipartSegment | None = None
        self._passed_over = False
        self._writer: Writer | None = None
        self._value = bytearray()
        self._text = 0

    async def read(self, parser: PushMultipartParser, pieces: AsyncIterator[bytes]) -> None:
        try:
            async for piece in pieces:
                if piece:
                    await self._take(parser, piece)
            parser.close()
        except MultipartError as error:
            raise Invalid("file", f"The form cannot be read: {error}") from error
        finally:
            if self._writer is not None:
                await self._writer.__aexit__(None, None, None)

    async def _take(self, parser: PushMultipartParser, piece: bytes) -> None:
        for event in parser.parse(piece):
            if isinstance(event, MultipartSegment):
                await self._begin(event)
            elif event is None:
                await self._end()
            else:
                await self._more(bytes(event))

    async def _begin(self, segment: MultipartSegment) -> None:
        self._segment = segment
        self._value.clear()
        self._passed_over = segment.filename is not None and self._folder is None
        if segment.filename is not None and self._folder is not None:
            path = await asyncio.to_thread(self._folder.arriving)
            self.paths.append(path)
            self._writer = await Writer(path).__aenter__()

    async def _more(self, data: bytes) -> None:
        if self._passed_over:
            return
        if self._writer is None:
            self._value += data
            self._text += len(data)
            if self._text > MAX_TEXT:
                raise TooLarge("The fields of the form are too long")
            return
        await self._writer.write(data)
        if self._most and self._writer.size > self._most:
            raise TooLarge("This file is larger than %(most)s, the most that is allowed", most=readable(self._most))

    async def _end(self) -> None:
        segment, writer = self._segment, self._writer
        assert segment is not None  # noqa: S101 - the parser begins each part
        if self._passed_over:
            return
        if writer is None:
            self.form.fields.append((segment.name, self._value.decode("utf-8", "replace").replace("\x00", "")))
            return
        self._writer = None
        await writer.__aexit__(None, None, None)
        name = (segment.filename or "").replace("\\", "/").rpartition("/")[2]
        if name or writer.size:
            file = SentFile(self.paths[-1], name, writer.size)
            self.form.files[segment.name] = file
            self.form.sent.append((segment.name, file))
