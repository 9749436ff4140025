"""One module per type of activity; this is the table of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from potluck.federation.dispatch import (
    accept,
    announce,
    block,
    collections,
    containers,
    create,
    delete,
    flag,
    follow,
    like,
    moderation,
    move,
    poll_vote,
    quote_request,
    reject,
    undo,
    update,
)
from potluck.federation.dispatch.handler import Handler
from potluck.federation.inbound import Inbound, Unsupported, of_document
from potluck.federation.urls import same_host
from potluck.federation.vocabulary import COLLECTION_TYPES, first_id, get, get_list, type_of

HANDLERS: Mapping[str, Handler] = {
    "Accept": accept.HANDLER,
    "Add": collections.HANDLER,
    "Announce": announce.HANDLER,
    "Block": block.HANDLER,
    "Create": create.HANDLER,
    "Delete": delete.HANDLER,
    "Dislike": like.HANDLER,
    "EmojiReact": like.HANDLER,
    "EmojiReaction": like.HANDLER,
    "Flag": flag.HANDLER,
    "Follow": follow.HANDLER,
    "Like": like.HANDLER,
    "Lock": moderation.LOCK,
    "Move": move.HANDLER,
    "PollVote": poll_vote.HANDLER,
    "QuoteRequest": quote_request.HANDLER,
    "Reject": reject.HANDLER,
    "Remove": collections.HANDLER,
    "Resolve": flag.RESOLVE,
    "Undo": undo.HANDLER,
    "Update": update.HANDLER,
    "Warn": moderation.WARN,
}
MAX_PARTS = 50


def handler_for(inbound: Inbound) -> Handler:
    """The handler of an activity's type.

    Raises:
        Unsupported: a type Potluck does nothing with.
    """
    found = HANDLERS.get(inbound.type)
    if found is None:
        raise Unsupported(f"activities of type {inbound.type} have no effect here")
    return found


def parts(inbound: Inbound) -> Iterable[Inbound]:
    """What one request really holds.

    GoToSocial puts several votes into one Create, PieFed several votes into one Announce; a group's Announce of an
    activity is that activity, passed on (FEP-1b12), and so is what somebody adds to a conversation of theirs
    (FEP-171b). At most fifty are taken.
    """
    if inbound.type == "Add" and containers.is_container(inbound):
        return [_unwrapped(inbound, entry, contained=True) for entry in containers.added(inbound)[:MAX_PARTS]]
    if inbound.type not in ("Create", "Announce"):
        return [inbound]
    entries = _entries(inbound)[:MAX_PARTS]
    if inbound.type == "Announce":
        return [_unwrapped(inbound, entry) if type_of(entry) in create.ACTIVITY_TYPES else _with(inbound, entry)
                for entry in entries] or [inbound]
    return [inbound] if len(entries) < 2 else [_with(inbound, entry) for entry in entries]


def _entries(inbound: Inbound) -> list[Any]:
    """The objects of an activity; PieFed may announce a collection of activities."""
    found: list[Any] = []
    for entry in get_list(inbound.activity, "object")[:MAX_PARTS]:
        held = type_of(entry) in COLLECTION_TYPES and inbound.type == "Announce"
        found += (get_list(entry, "orderedItems") or get_list(entry, "items")) if held else [entry]
    return found


def _with(inbound: Inbound, entry: object) -> Inbound:
    return of_document({**inbound.activity, "object": entry}, item_id=inbound.item_id, host=inbound.host,
                       signer_uri=inbound.signer_uri, inbox_actor_id=inbound.inbox_actor_id, body=inbound.body,
                       attempts=inbound.attempts)


def _unwrapped(inbound: Inbound, entry: dict[str, object], *, contained: bool = False) -> Inbound:
    """The activity inside of a group's Announce; it speaks for another actor and is not believed for that."""
    if get(entry, "actor") is None:
        raise Unsupported("Announce of an activity without actor")
    return of_document(entry, item_id=inbound.item_id, host=inbound.host, signer_uri=inbound.signer_uri,
                       inbox_actor_id=inbound.inbox_actor_id, body=inbound.body, attempts=inbound.attempts,
                       announcer=inbound.actor_uri, contained=contained,
                       # A server can say what it likes of its own people: their keys are with it.
                       trusted=inbound.trusted and same_host(inbound.actor_uri, first_id(get(entry, "actor")) or ""))
