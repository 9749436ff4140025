"""Decompresses the body of an answer, never beyond the room there is for it."""

from __future__ import annotations

import zlib


class BadEncoding(ValueError):
    """A content encoding that was not asked for, is broken, or breaks off."""


class BodyDecoder:
    """Collects a body chunk by chunk.

    Args:
        encoding: the Content-Encoding header.
        max_bytes: most bytes taken, as received and as decoded.

    Raises:
        BadEncoding: here, in `feed` or in `finish`.
    """

    def __init__(self, encoding: str, max_bytes: int) -> None:
        self._room = max_bytes
        self._raw_room = max_bytes
        self._parts: list[bytes] = []
        match encoding.strip().lower():
            case "" | "identity":
                self._stream = None
            case "gzip" | "x-gzip" | "deflate":
                self._stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, by its header
            case other:
                raise BadEncoding(f"content encoding {other[:40]!r} was not asked for")

    def feed(self, chunk: bytes) -> bool:
        """Take the next chunk; False when it does not fit any more."""
        self._raw_room -= len(chunk)
        part = chunk if self._stream is None else self._inflate(self._stream, chunk)
        self._room -= len(part)
        self._parts.append(part)
        return self._room >= 0 and self._raw_room >= 0

    def finish(self) -> bytes:
        """The whole body."""
        if self._stream is not None and self._parts and not self._stream.eof:
            raise BadEncoding("the compressed body breaks off")
        return b"".join(self._parts)

    def _inflate(self, stream: zlib._Decompress, chunk: bytes) -> bytes:
        try:
            # One byte more than there is room for shows that it does not fit; zero would mean no limit.
            return stream.decompress(chunk, self._room + 1)
        except zlib.error as error:
            raise BadEncoding(f"broken compression: {error}") from error
