"""The guarded client as the source of the cache of remote files. Here, since `media` does not know `federation`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from potluck.federation.errors import FederationError, TemporaryFailure, UnexpectedStatus
from potluck.federation.fetch import SafeClient, Stream, retry_after
from potluck.media.remote_source import RemoteFailure

_ACCEPT = "image/avif,image/webp,image/*;q=0.9,video/*;q=0.9,audio/*;q=0.9"
_TEMPORARY = frozenset({408, 425, 429})


class Answer:
    """An answer of another server, its errors in the words of `media`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    @property
    def status(self) -> int:
        """Its status."""
        return self._stream.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers."""
        return self._stream.headers

    async def pieces(self) -> AsyncIterator[bytes]:
        """Its body."""
        try:
            async for piece in self._stream.pieces():
                yield piece
        except FederationError as error:
            raise _failure(error) from error


class GuardedSource:
    """Fetches with the server's one client.

    Args:
        client: gives the client, which is made later than this.
    """

    def __init__(self, client: Callable[[], SafeClient]) -> None:
        self._client = client

    @asynccontextmanager
    async def open(self, url: str, part: str = "") -> AsyncIterator[Answer]:
        """See `potluck.media.remote_source.Source`."""
        headers = {"Range": part} if part else {}
        opening = self._client().stream(url, accept=_ACCEPT, headers=headers)
        try:
            stream = await opening.__aenter__()
        except FederationError as error:
            raise _failure(error) from error
        try:
            _check(stream)
            yield Answer(stream)
        finally:
            await opening.__aexit__(None, None, None)


def _check(stream: Stream) -> None:
    if stream.status in {200, 206}:
        return
    temporary = stream.status in _TEMPORARY or stream.status >= 500
    raise RemoteFailure(f"status {stream.status}", permanent=not temporary, retry_after=retry_after(stream.headers))


def _failure(error: FederationError) -> RemoteFailure:
    wait = error.retry_after if isinstance(error, TemporaryFailure) else None
    text = f"{type(error).__name__}: {error}" if not isinstance(error, UnexpectedStatus) else str(error)
    return RemoteFailure(text[:500], permanent=error.permanent, retry_after=wait)
