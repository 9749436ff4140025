"""Which servers' files are not shown: those a moderator said so of, and those that are suspended."""

from __future__ import annotations

import time
from collections.abc import Callable

from potluck.db.engine import Database
from potluck.settings import current
from potluck.social import domain_policies
from potluck.social.domain_policies import Policies

_SECONDS = 2.0


class Rejecting:
    """The policies as one process sees them, some seconds old at the most."""

    def __init__(self, db: Callable[[], Database]) -> None:
        self._db = db
        self._policies = Policies({})
        self._until = 0.0

    async def rejects(self, host: str) -> bool:
        """Whether files of a host (with its port) are not to be shown."""
        if host.lower() in {current().host, current().domain}:
            return False
        if self._until < time.monotonic():
            async with self._db().read() as session:
                self._policies = await domain_policies.load(session)
            self._until = time.monotonic() + _SECONDS
        policy = self._policies.of(host)
        return policy.reject_media or policy.is_suspended
