"""Seals activities before their first delivery: with a proof, and with an LD signature where one is needed.

Outside of any transaction and off the event loop, because canonicalising RDF is slow (protocol §4).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import delivery_queue, linked_data, proofs, strictjson
from potluck.federation.delivery_queue import Body

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

CAPACITY = 2000


class Sealer:
    """The activities one delivery engine is sending."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation
        self._bodies: OrderedDict[int, Body] = OrderedDict()
        self._sealing: dict[int, asyncio.Task[Body]] = {}
        self._unsaved: dict[int, str] = {}

    @property
    def unsaved(self) -> bool:
        """Whether there are sealed bodies to be saved."""
        return bool(self._unsaved)

    async def load(self, session: AsyncSession, outgoing_ids: Collection[int]) -> None:
        """Have the bodies of these at hand, in one query."""
        missing = [outgoing_id for outgoing_id in outgoing_ids if outgoing_id not in self._bodies]
        if missing:
            for outgoing_id, body in (await delivery_queue.bodies(session, missing)).items():
                self._keep(outgoing_id, body)

    def about(self, outgoing_id: int) -> frozenset[int] | None:
        """Ids of the actor and the object an activity is about; None when it is not at hand.

        Two activities that have one of them in common must arrive in order.
        """
        body = self._bodies.get(outgoing_id)
        return frozenset({body.actor_id, body.object_id or body.actor_id}) if body else None

    async def sealed(self, outgoing_id: int) -> Body | None:
        """The activity as it is sent; None when it is no longer queued."""
        body = self._bodies.get(outgoing_id)
        if body is None:
            async with self._federation.db.read() as session:
                await self.load(session, [outgoing_id])
            body = self._bodies.get(outgoing_id)
        if body is None or body.sealed or not (body.proof or body.linked_data):
            return body
        task = self._sealing.get(outgoing_id)
        if task is None:
            task = asyncio.create_task(self._seal(body))
            self._sealing[outgoing_id] = task
            task.add_done_callback(lambda _: self._sealing.pop(outgoing_id, None))
        return await asyncio.shield(task)

    async def save(self, session: AsyncSession) -> None:
        """Keep what was sealed: the same bytes are sent in every later attempt."""
        unsaved, self._unsaved = self._unsaved, {}
        await delivery_queue.seal(session, unsaved.items())

    async def _seal(self, body: Body) -> Body:
        document = strictjson.parse(body.body, max_bytes=len(body.body) * 4)
        if body.proof:
            key = await self._federation.signing_key(body.actor_id, "ed25519")
            if key is not None:
                document = proofs.create(document, key)
        if body.linked_data:
            key = await self._federation.signing_key(body.actor_id, "rsa", body.key_id)
            if key is not None:
                document = await linked_data.sign(document, key)
        sealed = replace(body, body=strictjson.dump(document).decode(), sealed=True)
        self._keep(body.id, sealed)
        self._unsaved[body.id] = sealed.body
        return sealed

    def _keep(self, outgoing_id: int, body: Body) -> None:
        self._bodies[outgoing_id] = body
        self._bodies.move_to_end(outgoing_id)
        while len(self._bodies) > CAPACITY:
            self._bodies.popitem(last=False)
