"""Create: something new was said. The hot path: drafts of a whole batch are stored at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import drafting, fetch_jobs, groups, outgoing, strictjson
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import (
    Dropped,
    Inbound,
    Irrelevant,
    Known,
    References,
    Unauthorised,
    Unsupported,
)
from potluck.federation.outgoing import Audience
from potluck.federation.reading import has_audience, with_audience_of
from potluck.federation.urls import same_host
from potluck.federation.vocabulary import (
    ACTOR_TYPES,
    COLLECTION_TYPES,
    PAGE_TYPES,
    Document,
    first_id,
    get,
    text,
    type_of,
)
from potluck.social import messages, objects, ports, registry
from potluck.social.communities import joining, roles
from potluck.social.drafts import Draft
from potluck.social.errors import NotAllowed
from potluck.social.model import Actor, Object
from potluck.social.registry import Unreadable
from potluck.social.storing import Stored
from potluck.social.visibility import OPEN

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

log = structlog.get_logger(__name__)

ACTIVITY_TYPES = frozenset({
    "Accept", "Add", "Announce", "Block", "Create", "Delete", "Dislike", "EmojiReact", "EmojiReaction", "Flag",
    "Follow", "Ignore", "Invite", "Join", "Leave", "Like", "Listen", "Lock", "Move", "Offer", "PollVote", "Read",
    "Reject", "Remove", "Resolve", "TentativeAccept", "TentativeReject", "Travel", "Undo", "Update", "View", "Warn",
})
_NO_OBJECTS = ACTOR_TYPES | COLLECTION_TYPES | PAGE_TYPES | ACTIVITY_TYPES


def embedded(inbound: Inbound) -> Document | None:
    """The object's document where it may be believed: fetched, or sent by its own author (protocol §7)."""
    if inbound.object_document is not None:
        return inbound.object_document
    found = get(inbound.activity, "object")
    if isinstance(found, (list, tuple)):
        found = found[0] if found else None
    if not isinstance(found, dict) or type_of(found) is None or not inbound.trusted:
        return None
    uri = first_id(found)
    author = first_id(get(found, "attributedTo")) or first_id(get(found, "actor"))
    if uri is None or not same_host(uri, inbound.actor_uri) or author not in (None, inbound.actor_uri):
        return None
    return found if author else {**found, "attributedTo": inbound.actor_uri}


def read(inbound: Inbound) -> Draft | None:
    """The draft of what was said, read by its kind once; None while the object must be fetched.

    Raises:
        Dropped: it cannot be read, or is nothing that can be said.
    """
    if inbound.draft is not None:
        return inbound.draft
    document = embedded(inbound)
    if document is None:
        return None
    # Whom somebody else says an object is for counts for nothing: they could bring it to a community of theirs.
    inbound.draft = draft_of(document, inbound.activity if inbound.trusted else None)
    return inbound.draft


def draft_of(document: Document, activity: Document | None = None) -> Draft:
    """An object's document as a draft, by the kind that owns its type.

    Raises:
        Unsupported: an actor, a collection or an activity.
        Dropped: unreadable, or attributed to somebody on another host.
    """
    type_name = type_of(document)
    if type_name is None or type_name in _NO_OBJECTS or type_name == "Tombstone":
        raise Unsupported(f"{type_name} is nothing that can be said")
    full = with_audience_of(document, activity) if activity is not None else document
    try:
        draft = registry.kind_of_document(type_name, full).read(full)
    except Unreadable as error:
        raise Dropped(f"unreadable {type_name}: {error}") from error
    if draft.uri is None or not drafting.belongs(draft.uri, draft.author_uri):
        raise Unauthorised(f"{draft.uri} is attributed to {draft.author_uri} on another host")
    if activity is None and not has_audience(full):
        # Served to anybody who asks, addressed to nobody: not private, and nobody's news (microblog §2).
        draft.visibility = "unlisted"
    if draft.document is None:
        draft.document = strictjson.dump(document).decode()
    return draft


def is_vote(document: Document | None) -> bool:
    """A Note with a name and no content that answers something (microblog §7)."""
    return (document is not None and type_of(document) == "Note" and bool(text(get(document, "name")))
            and not text(get(document, "content")) and first_id(get(document, "inReplyTo")) is not None)


def references(inbound: Inbound, wanted: References) -> None:
    """Everything the draft names; for a vote the poll."""
    document = embedded(inbound)
    if is_vote(document):
        wanted.add(objects=[first_id(get(document, "inReplyTo")), first_id(document)])
        return
    draft = read(inbound)
    if draft is None:
        wanted.add(objects=[inbound.object_uri])
    else:
        drafting.references(draft, wanted)


def needs_fetch(inbound: Inbound, known: Known) -> bool:
    """Whether the object, or its author, is not here yet."""
    if inbound.prepared:
        return False
    uri = inbound.object_uri
    if uri is not None and (uri in known.tombstones or known.object(uri) is not None):
        return False
    return embedded(inbound) is None or (inbound.draft is not None and inbound.draft.author_uri not in known.actors)


async def prepare(federation: Federation, inbound: Inbound) -> None:
    """Fetch the object from its own host, and its author."""
    if embedded(inbound) is None:
        inbound.object_document = await federation.fetch_object(inbound.require_object(), inbound.budget)
        inbound.fetched = True
        inbound.draft = None
    draft = read(inbound)
    if draft is not None and draft.author_uri:
        await federation.actor_by_uri(draft.author_uri, budget=inbound.budget)


def admit(inbound: Inbound, known: Known) -> Draft:
    """The settled draft, if it may be stored.

    Raises:
        Dropped: deleted before, known under another author, suspended, of no interest to anybody here, or old and
            known already. What is new and known may have been fetched before its delivery came: it is told of late.
    """
    draft = read(inbound)
    if draft is None or draft.uri is None:
        raise Dropped("the object could not be fetched")
    if draft.uri in known.tombstones:
        raise Dropped(f"{draft.uri} was deleted before")
    author = known.actor(draft.author_uri)
    if author is None:
        raise Dropped(f"the author {draft.author_uri} is unknown, suspended or gone")
    if author.is_local:
        raise Unauthorised(f"{draft.uri} claims a local author")
    present = known.objects.get(draft.uri)
    if present is not None and present.author_id != author.id:
        raise Unauthorised(f"{draft.uri} belongs to somebody else")
    complete = drafting.settle(draft, author, known)
    # Those who may want to answer all get to know them; for everyone else the links in the text do.
    inbound.mentions_strangers = not complete and drafting.addresses_local(draft, known)
    if not is_relevant(inbound, draft, known):
        raise Irrelevant(f"nobody here asked for {draft.uri}")
    if present is not None and draft.quiet:
        raise Dropped(f"{draft.uri} is known already")
    return draft


def is_relevant(inbound: Inbound, draft: Draft, known: Known) -> bool:
    """Whether something pushed to us is kept (as Mastodon decides, microblog §3)."""
    if drafting.addresses_local(draft, known) or inbound.inbox_actor_id is not None:
        return True
    if draft.visibility == "direct":
        return False
    group = known.by_id.get(draft.group_id or 0)
    if draft.author_id in known.followed or (group is not None and (group.is_local or group.id in known.followed)):
        return True
    return draft.visibility in OPEN and (inbound.signer_uri in known.relays or _answers_known(draft, known))


def _answers_known(draft: Draft, known: Known) -> bool:
    """Whether it answers or quotes something of ours, or answers somebody who is followed here."""
    parent, quoted = known.object(draft.in_reply_to_uri), known.object(draft.quote_uri)
    if parent is not None and (parent.local or parent.author_id in known.followed):
        return True
    return quoted is not None and quoted.local


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Store one object, or record a vote."""
    document = embedded(inbound)
    if is_vote(document) and document is not None and await _vote(session, inbound, known, document):
        return
    await store_many(session, [(inbound, admit(inbound, known))], known)


async def _vote(session: AsyncSession, inbound: Inbound, known: Known, document: Document) -> bool:
    poll = known.object(first_id(get(document, "inReplyTo")))
    if poll is None or not poll.local:
        return False
    voter = await acting(session, inbound, known)
    row = await session.get(Object, poll.id)
    choice = text(get(document, "name")) or ""
    return row is not None and await ports.vote(session, voter, row, [choice])


async def store_many(session: AsyncSession, items: Sequence[tuple[Inbound, Draft]], known: Known) -> list[Stored]:
    """Store admitted drafts at once, and see to what follows: missing parents, stamps, forwarding."""
    items = [item for item in items if await may_enter(session, item[1], known)]
    await messages.continue_talks(session, [draft for _, draft in items])
    stored = await objects.store(session, [draft for _, draft in items])
    jobs: list[tuple[str, str, dict[str, Any]]] = []
    for (inbound, draft), result in zip(items, stored, strict=True):
        if result.object is not None:
            # Also what was fetched before its Create came, because somebody voted on it or answered it.
            await groups.after_create(session, inbound, result.object)
        if result.created and result.object is not None:
            jobs += follow_ups(result.object, draft, inbound.budget.depth)
            if inbound.mentions_strangers:
                jobs.append(("mentions", result.object.uri, {}))
            if has_portable_signature(inbound):
                await forward_reply(session, inbound, draft, known)
    await objects.tell_late(session, [result.object for result in stored if result.object and not result.created])
    authors = {draft.author_uri for _, draft in items}
    jobs += [("actor", uri, {}) for uri in authors if uri and (ref := known.actors.get(uri)) and ref.stale]
    await fetch_jobs.add_many(session, jobs)
    return stored


async def may_enter(session: AsyncSession, draft: Draft, known: Known) -> bool:
    """Whether something may be stored, as far as communities have a say.

    Who may not post to one of ours may still speak to their followers. The mark of a moderator's word counts only
    when it comes from one.
    """
    if draft.extra.get("distinguished") and not (draft.group_id and draft.author_id and await roles.is_moderator(
            session, draft.group_id, draft.author_id)):
        draft.extra = {key: value for key, value in draft.extra.items() if key != "distinguished"}
    group = await groups.local_group(session, draft.group_id)
    author = await session.get(Actor, draft.author_id) if group is not None and draft.author_id else None
    if group is None or author is None:
        return True
    parent = known.object(draft.in_reply_to_uri)
    root = await session.scalar(select(Object.thread_root_id).where(Object.id == parent.id)) if parent else None
    try:
        await joining.check_may_post(session, author, group, reply_to=root)
    except NotAllowed as refusal:
        log.info("post_refused_by_community", uri=draft.uri, community=group.uri, reason=refusal.text)
        draft.group_id = None
        return parent is None and author.id in known.followed
    return True


def follow_ups(row: Object, draft: Draft, depth: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Background fetches that a new object asks for."""
    jobs: list[tuple[str, str, dict[str, Any]]] = []
    if draft.in_reply_to_uri and row.in_reply_to_id is None and depth > 0:
        jobs.append(("parent", draft.in_reply_to_uri, {"depth": fetch_jobs.MAX_DEPTH}))
    if draft.quote_uri and (row.quote_id is None or row.quote_state == "pending"):
        jobs.append(("quote", row.uri, {}))
    return jobs


def has_portable_signature(inbound: Inbound) -> bool:
    """Whether others can verify the activity when we pass it on (protocol §6)."""
    return "signature" in inbound.activity or "proof" in inbound.activity


async def forward_reply(session: AsyncSession, inbound: Inbound, draft: Draft, known: Known) -> None:
    """Pass an open reply to a local object on to the followers of the one replied to (ActivityPub 7.1.2)."""
    parent = known.object(draft.in_reply_to_uri)
    if parent is None or not parent.local or draft.visibility not in OPEN or inbound.fetched:
        return
    owner = await session.get(Actor, parent.author_id)
    if owner is not None and owner.is_local:
        await outgoing.forward(session, owner, inbound.activity,
                               Audience(followers_of=[owner.id], without_host=inbound.host), body=inbound.body)


HANDLER = Handler(apply, references, needs_fetch, prepare, once=False)
