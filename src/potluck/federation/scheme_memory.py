"""Remembers how each server wants requests signed: in memory for use, in the server rows for the next start."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.errors import InvalidUri
from potluck.federation.signatures.ladder import Memory
from potluck.federation.signatures.request import Scheme
from potluck.federation.signatures.signer import LocalMemory
from potluck.federation.urls import host_of
from potluck.social.model import Server

_SERVER: Any = Server.__table__
_MOST = 50_000


class StoredMemory(LocalMemory):
    """A memory of this process that can be saved."""

    def __init__(self) -> None:
        super().__init__(_MOST)
        self._unsaved: dict[str, Memory | None] = {}

    def learn(self, origin: str, memory: Memory | None) -> None:
        """Remember, or forget with None."""
        super().learn(origin, memory)
        self._unsaved[origin] = memory

    @property
    def has_news(self) -> bool:
        """Whether something was learned since it was saved."""
        return bool(self._unsaved)

    async def load(self, session: AsyncSession) -> None:
        """Read what was remembered before."""
        rows = await session.execute(
            select(_SERVER.c.host, _SERVER.c.signature_scheme, _SERVER.c.signature_learned_at)
            .where(_SERVER.c.signature_scheme.is_not(None)).limit(_MOST))
        for host, scheme, learned_at in rows.all():
            if scheme in list(Scheme) and learned_at is not None:
                super().learn(f"https://{host}", Memory(Scheme(scheme), learned_at.timestamp()))

    async def save(self, session: AsyncSession) -> None:
        """Write what was learned into the server rows."""
        news, self._unsaved = self._unsaved, {}
        rows = []
        for origin, memory in news.items():
            try:
                host = host_of(origin)
            except InvalidUri:
                continue
            rows.append({"b_host": host, "scheme": memory.scheme.value if memory else None,
                         "learned": datetime.fromtimestamp(memory.learned_at, UTC) if memory else None})
        if rows:
            await (await session.connection()).execute(
                update(_SERVER).where(_SERVER.c.host == bindparam("b_host")).values(
                    signature_scheme=bindparam("scheme"), signature_learned_at=bindparam("learned")), rows)
