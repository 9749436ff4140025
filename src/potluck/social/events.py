"""What happened, told to whoever must act on it in the same transaction.

`social` knows no wire format: it writes rows and emits one of these events; `federation` subscribes and writes the
activity and its deliveries with the same session, so that an act and its consequences are committed together.
Events tell of local and remote acts alike; a subscriber looks at the actor to see whether it is its business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.model import Actor, Announce, Block, Follow, Object, Reaction, Report


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class ObjectsPublished(Event):
    """Objects came into being (stored, visible from now on)."""

    objects: Sequence[Object]


@dataclass(frozen=True, slots=True)
class ObjectEdited(Event):
    """An object changed. `silent`: only tallies or stamps did (no `updated`)."""

    object: Object
    author: Actor
    silent: bool = False


@dataclass(frozen=True, slots=True)
class ObjectDeleted(Event):
    """An object was deleted (its row still has the old data except what was blanked)."""

    object: Object
    author: Actor
    by: Actor  # the author, or a moderator's acting actor
    mentioned: Sequence[Actor] = ()  # who had been addressed (the rows are gone by now)
    reached: Sequence[Actor] = ()  # who had boosted, liked or replied


@dataclass(frozen=True, slots=True)
class ObjectPutBack(Event):
    """Its author has undone the deletion of something in a community."""

    object: Object
    author: Actor
    mentioned: Sequence[Actor] = ()
    reached: Sequence[Actor] = ()


@dataclass(frozen=True, slots=True)
class ReactionAdded(Event):
    """A like, dislike or emoji reaction was given."""

    reaction: Reaction
    actor: Actor
    object: Object
    author: Actor


@dataclass(frozen=True, slots=True)
class ReactionRemoved(Event):
    """A reaction was taken back."""

    reaction: Reaction
    actor: Actor
    object: Object
    author: Actor


@dataclass(frozen=True, slots=True)
class Announced(Event):
    """Something was boosted."""

    announce: Announce
    actor: Actor
    object: Object
    author: Actor


@dataclass(frozen=True, slots=True)
class AnnounceRemoved(Event):
    """A boost was taken back."""

    announce: Announce
    actor: Actor
    object: Object
    author: Actor


@dataclass(frozen=True, slots=True)
class FollowRequested(Event):
    """Someone wants to follow (state pending or at once accepted)."""

    follow: Follow
    follower: Actor
    followed: Actor


@dataclass(frozen=True, slots=True)
class FollowAccepted(Event):
    """A follow was accepted by the followed."""

    follow: Follow
    follower: Actor
    followed: Actor


@dataclass(frozen=True, slots=True)
class FollowRejected(Event):
    """A request was refused, or an accepted follower removed."""

    follow: Follow
    follower: Actor
    followed: Actor


@dataclass(frozen=True, slots=True)
class Unfollowed(Event):
    """A follow or request was taken back by the follower."""

    follow: Follow
    follower: Actor
    followed: Actor


@dataclass(frozen=True, slots=True)
class Blocked(Event):
    """Someone blocked someone; follows in both directions are severed already."""

    block: Block
    blocker: Actor
    blocked: Actor


@dataclass(frozen=True, slots=True)
class Unblocked(Event):
    """A block was lifted."""

    block: Block
    blocker: Actor
    blocked: Actor


@dataclass(frozen=True, slots=True)
class PinsChanged(Event):
    """An object was pinned to its author's profile, or unpinned."""

    actor: Actor
    object: Object
    pinned: bool


@dataclass(frozen=True, slots=True)
class ProfileChanged(Event):
    """A local actor's document changed. `old_key`: its keys were rotated; sign with the retired one."""

    actor: Actor
    old_key: bool = False


@dataclass(frozen=True, slots=True)
class ActorMoved(Event):
    """A local actor moved to another account."""

    actor: Actor
    target: Actor


@dataclass(frozen=True, slots=True)
class ActorDeleted(Event):
    """A local actor is being deleted; emitted before its follows are removed."""

    actor: Actor


@dataclass(frozen=True, slots=True)
class PollVoted(Event):
    """A local person voted. `choices`: option texts."""

    actor: Actor
    object: Object
    author: Actor
    choices: Sequence[str]
    vote_ids: Sequence[int]  # one per choice


@dataclass(frozen=True, slots=True)
class Reported(Event):
    """A report was made here; `forward`: tell the target's own server."""

    report: Report
    target: Actor
    objects: Sequence[Object]
    forward: bool


@dataclass(frozen=True, slots=True)
class ReportResolved(Event):
    """A moderator of a community has dealt with a report about something said there."""

    report: Report
    community: Actor
    object: Object
    moderator: Actor


@dataclass(frozen=True, slots=True)
class QuoteDecided(Event):
    """The local author of a quoted object accepted or revoked a quote (FEP-044f)."""

    quoting: Object
    quoted: Object
    accepted: bool


@dataclass(frozen=True, slots=True)
class CommunityActed(Event):
    """A moderator did something in a community; the log has it already.

    `act` is a word of `ModAction.act`. `target` is the person banned or appointed, `object` the post or comment.
    """

    community: Actor
    moderator: Actor
    act: str
    object: Object | None = None
    target: Actor | None = None
    reason: str = ""
    expires_at: datetime | None = None
    with_content: bool = False  # a ban that takes everything they said in the community with it


@dataclass(frozen=True, slots=True)
class ReplyApproved(Event):
    """The author of what a local reply answers has approved it."""

    object: Object


@dataclass(frozen=True, slots=True)
class BoostApproved(Event):
    """The author of what was boosted here has approved that."""

    announce: Announce
    actor: Actor
    object: Object
    author: Actor
    approval_uri: str


@dataclass(frozen=True, slots=True)
class CountsWanted(Event):
    """Somebody looks at the profile of a person elsewhere whose numbers are not known, or old."""

    actor: Actor


@dataclass(frozen=True, slots=True)
class ThreadWanted(Event):
    """A reader opened a conversation with parts that may be missing here (`social.thread_fetches`)."""

    object: Object
    fetch_id: int


E = TypeVar("E", bound=Event)
Handler = Callable[[AsyncSession, Any], Awaitable[None]]

_handlers: dict[type[Event], list[Handler]] = defaultdict(list)


def subscribe(kind: type[E], handler: Callable[[AsyncSession, E], Awaitable[None]]) -> None:
    """Have `handler(session, event)` awaited for each event of this type. Subscribing twice has no effect."""
    if handler not in _handlers[kind]:
        _handlers[kind].append(handler)


async def emit(session: AsyncSession, event: Event) -> None:
    """Await every subscriber in order of subscription; an error in one undoes the whole act."""
    for handler in _handlers[type(event)]:
        await handler(session, event)
