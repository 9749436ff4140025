"""The activities Potluck sends, as documents without @context.

Objects are inlined wherever a peer needs it (protocol §13): GoToSocial skips bare ids in Undo, Misskey cannot
resolve ids with a fragment. Ids stay short: PieFed keeps 100 characters of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.federation.vocabulary import PUBLIC, format_time
from potluck.social.addresses import activity_uri, instance_actor_uri
from potluck.social.model import Actor, Announce, Block, Follow, Object, Reaction

JsonObject = dict[str, Any]


def create(document: Mapping[str, Any], author: Actor) -> JsonObject:
    """Create of an object's document; its id is derived from the object's, so that a repetition is one."""
    return _about(document, author, "Create", f"{document['id']}/activity", document.get("published"))


def update(document: Mapping[str, Any], author: Actor) -> JsonObject:
    """Update of an object. Ids must be fresh each time (Mastodon drops a repeated one)."""
    return _about(document, author, "Update", activity_uri(ids.new()), format_time(now()))


def _about(
    document: Mapping[str, Any], author: Actor, type_name: str, uri: str, published: object
) -> JsonObject:
    activity = {"id": uri, "type": type_name, "actor": author.uri, "published": published,
                "to": document.get("to", []), "cc": document.get("cc", []), "object": document}
    if "audience" in document:
        activity["audience"] = document["audience"]
    return activity


def update_actor(document: Mapping[str, Any], actor: Actor) -> JsonObject:
    """Update of a profile."""
    return {"id": f"{actor.uri}#updates/{ids.new()}", "type": "Update", "actor": actor.uri, "to": [PUBLIC],
            "cc": [followers_of(actor)], "object": document}


def delete_object(row: Object, author: Actor, to: Sequence[str], cc: Sequence[str]) -> JsonObject:
    """Delete of an object, with a Tombstone as Mastodon writes it."""
    # What can be put back may be deleted again, and an id is taken once.
    uri = activity_uri(ids.new()) if row.group_id else f"{row.uri}/activity/delete"
    return {"id": uri, "type": "Delete", "actor": author.uri, "to": list(to),
            "cc": list(cc), "published": format_time(now()),
            "object": {"id": row.uri, "type": "Tombstone", "atomUri": row.uri}}


def delete_actor(actor: Actor) -> JsonObject:
    """Delete of an account: told once to every known server."""
    return {"id": f"{actor.uri}#delete", "type": "Delete", "actor": actor.uri, "to": [PUBLIC], "cc": [],
            "object": actor.uri}


def follow(row: Follow, follower: Actor, followed: Actor) -> JsonObject:
    """Follow. Without to and cc, as Mastodon sends it; Lotide looks the id up, so it is the stored one."""
    return {"id": follow_uri(row), "type": "Follow", "actor": follower.uri, "object": followed.uri}


def follow_uri(row: Follow) -> str:
    """Id of the Follow activity of a follow."""
    return row.uri or activity_uri(row.id)


def accept(inner: Mapping[str, Any], actor: Actor, to: Actor, *, result: str | None = None) -> JsonObject:
    """Accept of an inlined activity; `result` is the stamp that comes with it (FEP-044f)."""
    activity = {"id": activity_uri(ids.new()), "type": "Accept", "actor": actor.uri, "to": [to.uri],
                "object": inner}
    if result:
        activity["result"] = result
    return activity


def reject(inner: Mapping[str, Any], actor: Actor, to: Actor) -> JsonObject:
    """Reject of an inlined activity; of a Follow that was accepted before it removes the follower."""
    return {"id": activity_uri(ids.new()), "type": "Reject", "actor": actor.uri, "to": [to.uri], "object": inner}


def undo(inner: Mapping[str, Any], actor: Actor) -> JsonObject:
    """Undo of an inlined activity, addressed as that was."""
    activity: JsonObject = {"id": f"{inner['id']}/undo", "type": "Undo", "actor": actor.uri, "object": inner}
    for name in ("to", "cc", "audience"):
        if name in inner:
            activity[name] = inner[name]
    return activity


def announce(row: Announce, actor: Actor, boosted: Object, author: Actor) -> JsonObject:
    """Announce. Without Public in `to` Mastodon would show it to nobody (microblog §3)."""
    if row.visibility == "public":
        to, cc = [PUBLIC], [followers_of(actor), author.uri]
    elif row.visibility == "unlisted":
        to, cc = [followers_of(actor)], [PUBLIC, author.uri]
    else:
        to, cc = [followers_of(actor)], [author.uri]
    return {"id": row.uri, "type": "Announce", "actor": actor.uri, "published": format_time(row.published),
            "to": to, "cc": cc, "object": boosted.uri}


def reaction(row: Reaction, actor: Actor, target: Object, emojis: Sequence[Mapping[str, Any]] = ()) -> JsonObject:
    """Like, Dislike, or an emoji reaction as a Like with content (protocol §16: it degrades to a favourite)."""
    activity: JsonObject = {
        "id": row.uri or activity_uri(row.id), "type": "Dislike" if row.kind == "dislike" else "Like",
        "actor": actor.uri, "object": target.uri}
    if row.kind == "emoji":
        activity |= {"content": row.emoji, "_misskey_reaction": row.emoji, "tag": list(emojis)}
    return activity


def block(row: Block, blocker: Actor, blocked: Actor) -> JsonObject:
    """Block, to the blocked one's server only."""
    return {"id": row.uri or activity_uri(row.id), "type": "Block", "actor": blocker.uri, "object": blocked.uri}


def move(actor: Actor, target_uri: str) -> JsonObject:
    """Move of an account to another one."""
    return {"id": f"{actor.uri}#moves/{ids.new()}", "type": "Move", "actor": actor.uri, "object": actor.uri,
            "target": target_uri, "to": [followers_of(actor)], "cc": []}


def flag(report_uri: str, targets: Sequence[str], comment: str) -> JsonObject:
    """A report; the instance actor sends it, which hides who reported (microblog §15)."""
    return {"id": report_uri, "type": "Flag", "actor": instance_actor_uri(), "content": comment,
            "object": list(targets), "to": list(targets[:1])}


def pin(actor: Actor, row: Object, *, pinned: bool) -> JsonObject:
    """Add to or Remove from the collection of pinned posts."""
    return {"id": activity_uri(ids.new()), "type": "Add" if pinned else "Remove", "actor": actor.uri,
            "object": row.uri, "target": actor.featured_uri, "to": [PUBLIC], "cc": [followers_of(actor)]}


def vote(vote_id: int, actor: Actor, question: Object, author: Actor, choice: str) -> JsonObject:
    """One choice in a poll: a Create of a Note that has a name and no content (microblog §7)."""
    uri = f"{actor.uri}#votes/{vote_id}"
    note = {"id": uri, "type": "Note", "name": choice, "attributedTo": actor.uri, "inReplyTo": question.uri,
            "to": [author.uri]}
    return {"id": f"{uri}/activity", "type": "Create", "actor": actor.uri, "to": [author.uri], "object": note}


def quote_request(quoting: Mapping[str, Any], actor: Actor, quoted: Object) -> JsonObject:
    """Ask the author of the quoted post for a stamp (FEP-044f)."""
    return {"id": f"{quoting['id']}/quote-request", "type": "QuoteRequest", "actor": actor.uri,
            "object": quoted.uri, "instrument": quoting}


def delete_stamp(stamp_uri: str, actor: Actor) -> JsonObject:
    """Take the permission to quote back."""
    return {"id": f"{stamp_uri}#delete", "type": "Delete", "actor": actor.uri, "to": [PUBLIC], "cc": [],
            "object": stamp_uri}


def relay_follow(follow_id: str, actor: Actor, target: str | None) -> JsonObject:
    """Subscribe to a relay: to Public on Mastodon-style ones, to the relay's actor on LitePub ones (FEP-ae0c)."""
    return {"id": follow_id, "type": "Follow", "actor": actor.uri, "object": target or PUBLIC}


def followers_of(actor: Actor) -> str:
    """The followers collection of an actor."""
    return actor.followers_uri or f"{actor.uri}/followers"


def is_public(activity: Mapping[str, Any]) -> bool:
    """Whether anyone may see an activity: Public is among its addressees."""
    return PUBLIC in activity.get("to", ()) or PUBLIC in activity.get("cc", ())
