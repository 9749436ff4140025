"""What imports need of the wire: finding people and posts of other servers. Plugged in by the engine."""

from __future__ import annotations

from typing import Protocol

from potluck.social.model import Actor, Object


class Finder(Protocol):
    """Finds what an address names, fetched if need be; None where there is nothing to be had."""

    async def person(self, handle: str) -> Actor | None:
        """The actor with this `name@host`."""

    async def post(self, uri: str) -> Object | None:
        """The object with this id or address."""


class Nobody:
    """Finds nothing: for processes that run no imports."""

    async def person(self, handle: str) -> Actor | None:  # noqa: ARG002 - the port's word
        """Nobody."""
        return None

    async def post(self, uri: str) -> Object | None:  # noqa: ARG002 - the port's word
        """Nothing."""
        return None


_finder: list[Finder] = [Nobody()]


def plug(finder: Finder) -> None:
    """Have imports of this process find things by `finder`."""
    _finder[0] = finder


def finder() -> Finder:
    """What finds things in this process."""
    return _finder[0]
