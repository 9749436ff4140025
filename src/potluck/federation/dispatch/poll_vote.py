"""PollVote: PieFed's vote in a poll, which names its choice by its words, in place of Mastodon's Create of a Note."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Irrelevant, Known
from potluck.federation.vocabulary import get, text
from potluck.social import ports
from potluck.social.communities import roles
from potluck.social.model import Object


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Count it in a poll of ours; those of others say themselves how they stand."""
    poll = known.object(inbound.object_uri)
    if poll is None or not poll.local:
        raise Irrelevant(f"{inbound.object_uri} is no poll of ours")
    voter = await acting(session, inbound, known)
    if poll.ruled_by is not None and await roles.is_banned(session, poll.ruled_by, voter.id):
        raise Dropped(f"{voter.uri} is banned from the community of {poll.uri}")
    choice = text(get(inbound.activity, "choice_text")) or ""
    row = await session.get_one(Object, poll.id)
    if not choice or not await ports.vote(session, voter, row, [choice]):
        raise Dropped(f"{poll.uri} has no such choice")


HANDLER = Handler(apply)
