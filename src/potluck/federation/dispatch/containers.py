"""Conversation containers (FEP-171b): Hubzilla, Streams, Forte. Who began a conversation adds to it what others said.

The owner's `Add` wraps an activity and has as target the conversation, a collection attributed to the owner. It is
taken apart like a community's Announce; the owner vouches for nothing but, as a community, for what lies in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.dispatch.create import ACTIVITY_TYPES
from potluck.federation.inbound import Dropped, Inbound, Known, Unauthorised
from potluck.federation.vocabulary import COLLECTION_TYPES, first_id, get, get_list, type_of
from potluck.social.communities import moderating
from potluck.social.model import Actor


def is_container(inbound: Inbound) -> bool:
    """Whether an Add or Remove is about a conversation that its actor owns."""
    target = get(inbound.activity, "target")
    return (inbound.type in ("Add", "Remove") and isinstance(target, Mapping) and type_of(target) in COLLECTION_TYPES
            and first_id(get(target, "attributedTo")) == inbound.actor_uri and first_id(target) is not None)


def added(inbound: Inbound) -> list[dict[str, Any]]:
    """The activities that an Add brings into a conversation; an object without one counts as its author's Create."""
    found = []
    for entry in get_list(inbound.activity, "object"):
        if not isinstance(entry, Mapping):
            continue
        author = first_id(get(entry, "attributedTo"))
        if type_of(entry) in ACTIVITY_TYPES and get(entry, "actor") is not None:
            found.append(dict(entry))
        elif author is not None and first_id(entry) is not None:
            found.append({"type": "Create", "actor": author, "object": dict(entry)})
    return found


def settle(part: Inbound, known: Known) -> None:
    """What came in a person's conversation is passed on by somebody, and no more; a community's is announced by it."""
    owner = known.actor(part.announcer) if part.contained else None
    if part.contained and (owner is None or owner.type != "Group"):
        part.announcer = None


def object_of(inbound: Inbound) -> str | None:
    """What a Remove takes out of a conversation: the thing, or that of the activity that it names."""
    inner = get(inbound.activity, "object")
    if isinstance(inner, Mapping) and type_of(inner) in ACTIVITY_TYPES:
        return first_id(get(inner, "object"))
    return inbound.object_uri


async def take_out(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """A community takes something out of a conversation; a person cannot take down what others said.

    Raises:
        Dropped, Unauthorised: nothing is taken down.
    """
    owner, row = known.actor(inbound.actor_uri), known.object(object_of(inbound))
    if row is None or owner is None:
        raise Dropped(f"{object_of(inbound)} is not here")
    if owner.type != "Group" or row.group_id != owner.id or not inbound.trusted:
        raise Unauthorised(f"{row.uri} does not lie in {inbound.actor_uri}")
    await moderating.remove(session, await session.get_one(Actor, owner.id), row.id, checked=True)
