"""What the cache needs of the wire, which it may not import: the assembled server plugs in the guarded client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class RemoteFailure(Exception):
    """A file of another server cannot be had.

    Args:
        text: why, for the log and the administrator.
        permanent: whether asking again soon makes no sense.
        retry_after: seconds the other server asks to wait.
    """

    def __init__(self, text: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.permanent = permanent
        self.retry_after = retry_after


class RemoteAnswer(Protocol):
    """An answer whose body is still to be read."""

    @property
    def status(self) -> int:
        """200, or 206 where a part was asked for."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers."""

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises `RemoteFailure` when it breaks off."""


class Source(Protocol):
    """Fetches files of other servers safely: public addresses only, few redirects, bounded waiting."""

    def open(self, url: str, part: str = "") -> AbstractAsyncContextManager[RemoteAnswer]:
        """The answer to a GET for a file, or for a part of it (a Range header).

        Raises:
            RemoteFailure: there is none, or no success.
        """
