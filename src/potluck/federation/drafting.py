"""Settles what a draft names by uri against what the database knows: author, group, mentions, audience, quote."""

from __future__ import annotations

from datetime import timedelta

from potluck.db.base import now
from potluck.federation.errors import InvalidUri
from potluck.federation.inbound import ActorRef, Known, References
from potluck.federation.quotes import needs_stamp
from potluck.federation.urls import host_of, normalise_authority, same_host
from potluck.settings import current
from potluck.social import visibility
from potluck.social.drafts import Draft, MentionDraft

STALE = timedelta(days=7)
"""A pushed object older than a delivery may be late is history: stored, but put before nobody."""


def references(draft: Draft, wanted: References) -> None:
    """Add everything a draft names."""
    wanted.add(actors=[draft.author_uri, draft.group_uri, *(mention.uri for mention in draft.mentions)],
               objects=[draft.uri, draft.in_reply_to_uri, draft.quote_uri])
    if draft.visibility != "direct":
        # A community may be only in the audience (forum §4); the followers collections among these match nobody.
        wanted.add(actors=[*draft.to[:20], *draft.cc[:20]])
    wanted.handles.update(handle for mention in draft.mentions if (handle := handle_of(mention)))


def handle_of(mention: MentionDraft) -> str | None:
    """`name@host` in lower case out of a mention's text, for those whose href is a profile page."""
    parts = (mention.name or "").strip().lstrip("@").split("@")
    if not parts[0] or len(parts) > 2 or len(mention.name or "") > 500:
        return None
    try:
        host = normalise_authority(parts[1]) if len(parts) == 2 else host_of(mention.uri)
    except InvalidUri:
        return None
    name = parts[0].lower()
    return name if host in (current().domain, current().host) else f"{name}@{host}"


def settle(draft: Draft, author: ActorRef, known: Known) -> bool:
    """Fill in ids and audience of a draft by a remote author.

    Returns:
        Whether everyone it mentions is known.
    """
    draft.author_id = author.id
    draft.author_uri = author.uri
    complete = _settle_mentions(draft, known)
    _settle_audience(draft, author, known)
    _settle_quote(draft, author, known)
    if draft.published < now() - STALE:
        draft.quiet = True
    return complete


def _settle_mentions(draft: Draft, known: Known) -> bool:
    kept: dict[int, MentionDraft] = {}
    complete = True
    for mention in draft.mentions:
        ref = known.actors.get(mention.uri)
        if ref is None and not mention.silent:
            ref = known.by_handle.get(handle_of(mention) or "")
        if ref is None or ref.deleted:
            complete = complete and mention.silent
            continue
        mention.actor_id, mention.uri = ref.id, ref.uri
        if ref.id not in kept or kept[ref.id].silent:
            kept[ref.id] = mention
    draft.mentions = list(kept.values())
    return complete


def _settle_audience(draft: Draft, author: ActorRef, known: Known) -> None:
    """Followers-only, when the author's own collection is addressed; the community it was posted to."""
    addressed = draft.to + draft.cc
    if draft.visibility == visibility.DIRECT and author.followers_uri and author.followers_uri in addressed:
        draft.visibility = visibility.FOLLOWERS
        draft.mentions = [mention for mention in draft.mentions if _is_person(mention, known)]
    group = known.actor(draft.group_uri)
    if group is None or group.type != "Group":
        group = next((ref for uri in addressed[:20] if (ref := known.actor(uri)) and ref.type == "Group"), None)
    parent = known.object(draft.in_reply_to_uri)
    if parent is not None and parent.ruled_by is not None:
        draft.group_id = parent.ruled_by  # a discussion stays in its community, whoever else is addressed (forum §7)
        group = known.by_id.get(parent.ruled_by)
    elif group is not None:
        draft.group_id = group.id
    elif parent is not None:
        draft.group_id, draft.group_claimed = parent.group_id, parent.group_claimed
    if group is not None and draft.visibility == visibility.DIRECT and group.followers_uri in addressed:
        draft.visibility = visibility.GROUP


def _is_person(mention: MentionDraft, known: Known) -> bool:
    ref = known.actors.get(mention.uri)
    return not mention.silent or (ref is not None and ref.is_local)


def _settle_quote(draft: Draft, author: ActorRef, known: Known) -> None:
    """Whether a quote may be shown at once: of oneself, or of somebody whose system knows no stamps."""
    if draft.quote_uri is None or draft.quote_state is not None:
        return
    quoted = known.object(draft.quote_uri)
    if quoted is None:
        draft.quote_state = "pending" if draft.quote_authorization_uri else "accepted"
    elif quoted.author_id == author.id:
        draft.quote_state = "accepted"
    elif quoted.local:
        draft.quote_state = "accepted" if quoted.quote_policy == "public" else "pending"
    else:
        draft.quote_state = "pending" if needs_stamp(quoted.interaction_policy) else "accepted"


def addresses_local(draft: Draft, known: Known) -> bool:
    """Whether somebody here is mentioned or addressed."""
    refs = [known.actors.get(uri) for uri in (*draft.to, *draft.cc)]
    refs += [known.by_id.get(mention.actor_id or 0) for mention in draft.mentions]
    return any(ref is not None and ref.is_local for ref in refs)


def belongs(uri: str, author_uri: str | None) -> bool:
    """Whether an object may be this author's: both live on one host (protocol §7)."""
    return author_uri is not None and same_host(uri, author_uri)
