"""Finds people and posts of other servers for imports: the port that `potluck.transfer` leaves open."""

from __future__ import annotations

from potluck.federation.errors import FederationError
from potluck.federation.resolver import Federation
from potluck.social.errors import SocialError
from potluck.social.model import Actor, Object


class Finder:
    """What the wire can find."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation

    async def person(self, handle: str) -> Actor | None:
        """The actor with this `name@host`."""
        found = await self._federation.actor_by_handle(handle)
        return None if found is None or found.suspended_at is not None else found

    async def post(self, uri: str) -> Object | None:
        """The object with this id or address."""
        try:
            return await self._federation.object_by_uri(uri)
        except (FederationError, SocialError):
            return None
