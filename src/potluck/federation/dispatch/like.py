"""Like, Dislike, EmojiReact: what somebody thinks of an object. Any of them with content is an emoji reaction."""

from __future__ import annotations

import re

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Irrelevant, Known
from potluck.federation.vocabulary import get, tags_of, text
from potluck.social import reactions
from potluck.social.communities import roles

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


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Record the reaction; of objects that are not here nobody would see it."""
    target = known.object(inbound.object_uri)
    if target is None:
        raise Irrelevant(f"{inbound.object_uri} is not here")
    actor = await acting(session, inbound, known)
    if target.group_id is not None and await roles.is_banned(session, target.group_id, actor.id):
        raise Dropped(f"{actor.uri} is banned from the community of {target.uri}")
    kind, emoji, image = meaning(inbound)
    await reactions.react(session, actor, target.id, kind, emoji, uri=inbound.uri, emoji_url=image)


HANDLER = Handler(apply)
