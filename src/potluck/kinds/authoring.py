"""What composers of every kind share: a text becomes HTML with its mentions, uploads become attachments."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database
from potluck.settings import current
from potluck.social import trend_reviews
from potluck.social.addresses import hashtag_url, profile_url
from potluck.social.drafts import EmojiDraft
from potluck.social.errors import Invalid, moved_away
from potluck.social.model import Actor, CustomEmoji, Media
from potluck.text.names import Handle
from potluck.text.render import MediaType, MentionTarget, Rendered, TextTooLong, extract, render_text

MAX_MEDIA = 20
MAX_MENTIONS = 50
_RESOLVE_SECONDS = 8


class HandleResolver(Protocol):
    """Finds actors on other servers (`potluck.federation.resolver.Federation`)."""

    async def actor_by_handle(self, handle: str) -> Actor | None:
        """The actor with this `name@host`, fetched if need be; None when there is none."""


async def prepare_mentions(db: Database, federation: HandleResolver, text: str) -> None:
    """Before the transaction: get to know the mentioned people of other servers that are not known here yet.

    Bounded in number and time; who cannot be found stays plain text.
    """
    await resolve_handles(db, federation, extract(text).mentions)


async def resolve_handles(db: Database, federation: HandleResolver, mentions: Sequence[Handle]) -> None:
    """As `prepare_mentions`, for people who are named already."""
    handles = [handle for handle in mentions if handle.host][:MAX_MENTIONS]
    if not handles:
        return
    async with db.read() as session:
        known = await actors_by_handle(session, handles)
    unknown = [handle for handle in handles if handle not in known]
    if unknown:
        lookups = [asyncio.create_task(federation.actor_by_handle(f"{handle.name}@{handle.host}"))
                   for handle in unknown]
        _, late = await asyncio.wait(lookups, timeout=_RESOLVE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)


async def render(session: AsyncSession, text: str, content_type: str, *other_texts: str,
                 ) -> tuple[Rendered, list[Actor], list[EmojiDraft]]:
    """A text as HTML, with the people it names that are known here and the custom emoji of it and `other_texts`.

    Raises:
        Invalid: it is too long.
    """
    media_type: MediaType = "text/markdown" if content_type == "text/markdown" else "text/plain"
    try:
        found = extract(text, media_type)
        actors = await actors_by_handle(session, found.mentions[:MAX_MENTIONS])
        targets = {handle: MentionTarget(url=actor.url or profile_url(actor.name), uri=actor.uri, acct=actor.acct)
                   for handle, actor in actors.items()}
        rendered = render_text(text, mentions=targets, hashtag_url=hashtag_url, media_type=media_type)
    except TextTooLong as error:
        raise Invalid("status", "Validation failed: Text character limit of %(most)s exceeded", "too_long",
                      most=error.limit) from error
    await trend_reviews.check_usable(session, rendered.hashtags)
    by_uri = {actor.uri: actor for actor in actors.values()}
    mentioned = [by_uri[target.uri] for target in rendered.mentions_used]
    shortcodes = {*found.emojis, *(name for part in other_texts for name in extract(part).emojis)}
    return rendered, mentioned, await local_emojis(session, shortcodes)


async def actors_by_handle(session: AsyncSession, handles: Sequence[Handle]) -> dict[Handle, Actor]:
    """Known actors by handle as written; a handle with our own domain is a local one."""
    keys = {handle: _handle_key(handle) for handle in handles}
    if not keys:
        return {}
    rows = (await session.scalars(select(Actor).where(
        Actor.handle.in_(set(keys.values())), Actor.deleted_at.is_(None), Actor.suspended_at.is_(None)))).all()
    by_key = {row.handle: row for row in rows}
    return {handle: by_key[key] for handle, key in keys.items() if key in by_key}


def _handle_key(handle: Handle) -> str:
    name, host = handle.name.lower(), (handle.host or "").lower()
    return name if host in ("", current().domain.lower(), current().host.lower()) else f"{name}@{host}"


async def local_emojis(session: AsyncSession, shortcodes: set[str]) -> list[EmojiDraft]:
    """The custom emoji of this server with these shortcodes."""
    if not shortcodes:
        return []
    rows = await session.scalars(select(CustomEmoji).where(
        CustomEmoji.host == "", CustomEmoji.shortcode.in_(shortcodes), ~CustomEmoji.disabled))
    return [EmojiDraft(row.shortcode, row.url, row.uri) for row in rows.all()]


def check_at_home(author: Actor) -> None:
    """Refuse new posts of those who have moved away.

    Raises:
        NotAllowed: the author has.
    """
    if author.moved_to_id is not None:
        raise moved_away()


async def own_media(session: AsyncSession, author: Actor, media_ids: Sequence[int], *,
                    of_object: int | None = None, unready: bool = False, most: int = MAX_MEDIA) -> list[int]:
    """The uploads named, in order, if they are the author's and free (or already this object's).

    Args:
        unready: take those that are still being processed, too (see `all_ready`).
        most: how many there may be.
    """
    if not media_ids:
        return []
    if len(media_ids) > most:
        raise Invalid("media_ids", "Validation failed: Cannot attach more than %(most)s files", "too_long", most=most)
    # Locked, so that none becomes ready between being looked at here and the post that waits for it being there.
    rows: Mapping[int, Any] = {row.id: row for row in (await session.scalars(
        select(Media).where(Media.id.in_(media_ids), Media.owner_id == author.id, Media.purpose == "attachment")
        .with_for_update())).all()}
    if any(media_id not in rows or rows[media_id].object_id not in (None, of_object) for media_id in media_ids):
        raise Invalid("media_ids", "Validation failed: Media not found or already attached elsewhere")
    if any(rows[media_id].state == "failed" for media_id in media_ids):
        raise Invalid("media_ids", "Cannot attach files that could not be processed. Remove them and try again")
    if not unready and any(rows[media_id].state != "ready" for media_id in media_ids):
        raise Invalid("media_ids", "Cannot attach files that have not finished processing. Try again in a moment!")
    return list(dict.fromkeys(media_ids))


async def all_ready(session: AsyncSession, media_ids: Sequence[int]) -> bool:
    """Whether nothing of these uploads is still being processed."""
    return not media_ids or await session.scalar(select(Media.id).where(
        Media.id.in_(media_ids), Media.state != "ready").limit(1)) is None
