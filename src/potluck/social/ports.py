"""What the wire asks of kinds beside reading and writing documents: empty sockets that a kind plugs into.

`federation` may not import kinds; it finds them through the registry and through these.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.model import Actor, Object

VoteHandler = Callable[[AsyncSession, Actor, Object, Sequence[str]], Awaitable[bool]]
"""(session, voter, poll, option texts) -> whether the object is a poll with these options. A vote that comes too
late or twice is passed over silently (True).
"""

_vote_handlers: list[VoteHandler] = []


def plug_votes(handler: VoteHandler) -> None:
    """Have `handler` record votes that arrive from elsewhere. Plugging it in again has no effect."""
    if handler not in _vote_handlers:
        _vote_handlers.append(handler)


async def vote(session: AsyncSession, voter: Actor, poll: Object, choices: Sequence[str]) -> bool:
    """Record a vote from elsewhere. Returns False when nobody takes it for one."""
    for handler in _vote_handlers:
        if await handler(session, voter, poll, choices):
            return True
    return False
