"""What is fetched for an activity before its transaction: proof that it is genuine, who acts, what it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from potluck.federation import strictjson
from potluck.federation.dispatch import handler_for
from potluck.federation.errors import FederationError
from potluck.federation.inbound import Inbound, Unauthorised
from potluck.federation.vocabulary import first_id, get, type_of

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

log = structlog.get_logger(__name__)

_SELF_VERIFYING = frozenset({"Create", "Update", "Delete"})
_VOTES = frozenset({"Like", "Dislike", "EmojiReact", "EmojiReaction", "PollVote"})


async def prepare(federation: Federation, part: Inbound) -> None:
    """Everything `part` needs from outside.

    Raises:
        FederationError: it cannot be had; `permanent` says whether a later try makes sense.
    """
    if not part.trusted and not await _is_vote_in_group(federation, part):
        await authenticate(federation, part)
    if part.actor_uri != part.signer_uri and part.type != "Delete":
        await federation.actor_by_uri(part.actor_uri, budget=part.budget)
    await handler_for(part).prepare(federation, part)


async def _is_vote_in_group(federation: Federation, part: Inbound) -> bool:
    """Whether a community announces a vote on one of its own posts, which it may; what is voted on is fetched."""
    if part.announcer is None or part.type not in _VOTES:
        return False
    row = await federation.object_by_uri(part.require_object(), budget=part.budget, quiet=True)
    group = await federation.actor_by_uri(part.announcer, budget=part.budget)
    return row is not None and group is not None and row.ruled_by == group.id


async def authenticate(federation: Federation, part: Inbound) -> None:
    """Find out whether something that somebody else passed on comes from its actor (protocol §6).

    An FEP-8b32 proof or an LD signature by the actor shows it. Create, Update and Delete are then left to their
    handlers, which ask the object's own host. Anything else is fetched from the actor's host by its id.

    Raises:
        Unauthorised: nothing shows it.
    """
    if await _has_proof(federation, part):
        part.trusted = True
        return
    if part.type in _SELF_VERIFYING:
        return
    if part.uri is None:
        raise Unauthorised(f"{part.type} of {part.actor_uri} without id, sent by {part.signer_uri}")
    document = await federation.fetch_document(part.uri, part.budget)
    if type_of(document) != part.type or first_id(get(document, "actor")) != part.actor_uri:
        raise Unauthorised(f"{part.uri} is not what {part.signer_uri} says")
    part.activity, part.trusted = document, True


async def _has_proof(federation: Federation, part: Inbound) -> bool:
    try:
        # Passed on inside of a group's Announce it is not the body; a group passes on what it parsed itself.
        if part.announcer is None:
            strictjson.parse(part.body, unique_keys=True)
        if "proof" in part.activity:
            return await federation.proof_holds(part.activity, part.actor_uri, part.budget)
        # An LD signature counts only where there is nothing to fetch (protocol §4), that is for a Delete; then
        # only what it says in our own terms is acted upon.
        if "signature" in part.activity and part.type == "Delete":
            document = await federation.linked_data_signed(part.activity, part.actor_uri, part.budget)
            if document is None or type_of(document) != part.type or first_id(get(document, "actor")) != part.actor_uri:
                return False
            part.activity = document
            return True
    except FederationError as reason:
        log.info("proof_refused", activity=part.uri, reason=str(reason)[:300])
    return False
