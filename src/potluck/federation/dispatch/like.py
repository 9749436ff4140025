"""Like, Dislike, EmojiReact: what somebody thinks of an object. Any of them with content is an emoji reaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Irrelevant, Known, References
from potluck.federation.vocabulary import first_id, get, tags_of, text
from potluck.social import ballots, reactions
from potluck.social.ballots import Ballot
from potluck.social.communities import roles
from potluck.social.visibility import OPEN

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

_SHORTCODE = re.compile(r":?([\w+-]{1,100})(?:@[\w.-]{1,200})?:?")
_MAX_EMOJI = 16


def meaning(inbound: Inbound) -> tuple[str, str, str | None]:
    """(kind, emoji, image of a custom emoji): FEP-c0e0, and Misskey's and Pleroma's forms (protocol §16)."""
    if inbound.type == "Dislike":
        return "dislike", "", None
    activity = inbound.activity
    written = (text(get(activity, "_misskey_reaction")) or text(get(activity, "content"))
               or (text(get(activity, "name")) if inbound.type != "Like" else None) or "").strip()
    if not written:
        return "like", "", None
    match = _SHORTCODE.fullmatch(written)
    if match and written.isascii():
        image = next((tag.url for tag in tags_of(activity).emojis if tag.shortcode.split("@")[0] == match[1]), None)
        # A custom emoji without its picture says no more than a like.
        return ("emoji", f":{match[1]}:", image) if image else ("like", "", None)
    return ("emoji", written, None) if len(written) <= _MAX_EMOJI and not written.isalnum() else ("like", "", None)


def references(inbound: Inbound, wanted: References) -> None:
    """What is voted on, and the community it is said to lie in."""
    wanted.add(objects=[inbound.object_uri], actors=[first_id(get(inbound.activity, "audience"))])


def needs_fetch(inbound: Inbound, known: Known) -> bool:
    """Whether a vote came before what it is about: in a community of ours, or one that is followed here.

    Servers deliver side by side, and older posts of a community that is new here are voted on, too.
    """
    uri = inbound.object_uri
    if inbound.prepared or uri is None or uri in known.objects or uri in known.tombstones:
        return False
    group = known.actor(inbound.announcer) or known.actor(first_id(get(inbound.activity, "audience")))
    return group is not None and group.type == "Group" and (group.is_local or group.id in known.followed)


async def prepare(federation: Federation, inbound: Inbound) -> None:
    """Fetch what is voted on; without it the vote means nothing."""
    await federation.object_by_uri(inbound.require_object(), budget=inbound.budget, quiet=True)


def is_plain(inbound: Inbound, known: Known) -> bool:
    """Whether this is an ordinary vote on something open, so that it can be recorded together with others."""
    target = known.object(inbound.object_uri)
    return inbound.type in ("Like", "Dislike") and target is not None and target.visibility in OPEN \
        and known.actor(inbound.actor_uri) is not None and meaning(inbound)[0] in ballots.KINDS


def ballot_of(inbound: Inbound, known: Known) -> Ballot:
    """A plain vote."""
    actor, target = known.actor(inbound.actor_uri), known.object(inbound.object_uri)
    if actor is None or target is None:
        raise Irrelevant(f"{inbound.object_uri} is not here")
    return Ballot(actor.id, target.id, meaning(inbound)[0], inbound.uri)


async def apply_many(session: AsyncSession, votes: Mapping[Ballot, Inbound], known: Known) -> list[Inbound]:
    """Record plain votes, in a fixed number of statements.

    Returns:
        Those to be applied one by one: what is refused, and why, is said there.
    """
    rulers = {ballot: target.ruled_by for ballot, inbound in votes.items()
              if (target := known.object(inbound.object_uri)) is not None and target.ruled_by is not None}
    banned = await roles.bans_in_force(session, {(ruler, ballot.actor_id) for ballot, ruler in rulers.items()})
    upwards = await roles.without_downvotes(session, {
        ruler for ballot, ruler in rulers.items() if ballot.kind == "dislike"})
    plain = [ballot for ballot in votes if (rulers.get(ballot), ballot.actor_id) not in banned
             and not (ballot.kind == "dislike" and rulers.get(ballot) in upwards)]
    left = (set(votes) - set(plain)) | await ballots.cast(session, plain)
    return [inbound for ballot, inbound in votes.items() if ballot in left]


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Record the reaction; of objects that are not here nobody would see it."""
    target = known.object(inbound.object_uri)
    if target is None:
        raise Irrelevant(f"{inbound.object_uri} is not here")
    actor = await acting(session, inbound, known)
    if target.ruled_by is not None and await roles.is_banned(session, target.ruled_by, actor.id):
        raise Dropped(f"{actor.uri} is banned from the community of {target.uri}")
    kind, emoji, image = meaning(inbound)
    if kind == "dislike" and target.ruled_by is not None and not await roles.takes_downvotes(session, target.ruled_by):
        await reactions.unreact(session, actor, target.id, "like")  # as Lemmy 1.0: what is not taken clears the vote
        inbound.ends_here = True
        return
    await reactions.react(session, actor, target.id, kind, emoji, uri=inbound.uri, emoji_url=image)


HANDLER = Handler(apply, references, needs_fetch, prepare)
