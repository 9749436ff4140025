"""What local people do with notes: write, revise, preview. Every way in (pages, APIs) comes through here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.kinds.note.model import Poll, PollDraft, PollOption
from potluck.settings import current
from potluck.social import objects, visibility
from potluck.social.addresses import hashtag_url, profile_url
from potluck.social.drafts import Draft, EmojiDraft, MentionDraft
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, CustomEmoji, Follow, Media, Object
from potluck.social.reactions import visible_object
from potluck.text.languages import normalise_language
from potluck.text.length import count
from potluck.text.names import Handle
from potluck.text.render import MediaType, MentionTarget, Rendered, TextTooLong, extract, render_text

MAX_MEDIA = 20
MAX_POLL_OPTIONS = 10
MAX_OPTION_CHARACTERS = 100
MIN_POLL_SECONDS = 300
MAX_POLL_SECONDS = 30 * 86400
MAX_MENTIONS = 50
_RESOLVE_SECONDS = 8

CONTENT_TYPES = ("text/plain", "text/markdown")


@dataclass(frozen=True, slots=True)
class PollRequest:
    """A poll as its author asks for it. `expires_in` is in seconds."""

    options: Sequence[str]
    expires_in: int
    multiple: bool = False
    hide_totals: bool = False


@dataclass(frozen=True, slots=True)
class NoteRequest:
    """A note as its author asks for it."""

    text: str
    content_type: str = "text/plain"
    summary: str = ""
    visibility: str = visibility.PUBLIC
    sensitive: bool = False
    language: str | None = None
    in_reply_to_id: int | None = None
    quote_id: int | None = None
    quote_policy: str = "public"
    media_ids: Sequence[int] = field(default_factory=tuple)
    poll: PollRequest | None = None
    app_name: str | None = None
    app_website: str | None = None


class HandleResolver(Protocol):
    """Finds actors on other servers (`potluck.federation.resolver.Federation`)."""

    async def actor_by_handle(self, handle: str) -> Actor | None:
        """The actor with this `name@host`, fetched if need be; None when there is none."""


async def prepare_mentions(db: Database, federation: HandleResolver, text: str) -> None:
    """Before the transaction: get to know the mentioned people of other servers that are not known here yet.

    Bounded in number and time; who cannot be found stays plain text.
    """
    handles = [handle for handle in extract(text).mentions if handle.host][:MAX_MENTIONS]
    if not handles:
        return
    async with db.read() as session:
        known = await _actors_by_handle(session, handles)
    unknown = [handle for handle in handles if handle not in known]
    if unknown:
        lookups = [asyncio.create_task(federation.actor_by_handle(f"{handle.name}@{handle.host}"))
                   for handle in unknown]
        _, late = await asyncio.wait(lookups, timeout=_RESOLVE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)


async def compose(session: AsyncSession, author: Actor, request: NoteRequest) -> Object:
    """Publish a note.

    Raises:
        Invalid: a field cannot be used.
        NotFound: the post replied to or quoted is not there for the author.
        NotAllowed: the post may not be quoted.
    """
    _check(request)
    media = await _own_media(session, author, request.media_ids)
    if not request.text.strip() and not media and request.poll is None:
        raise Invalid("status", "Validation failed: Text can't be blank", "blank")
    draft = await _draft(session, author, request)
    draft.media_ids = media
    if request.in_reply_to_id is not None:
        parent = await visible_object(session, author, request.in_reply_to_id)
        draft.in_reply_to_id, draft.in_reply_to_uri, draft.context_uri = parent.id, parent.uri, parent.context_uri
    if request.quote_id is not None:
        await _quote(session, author, draft, request.quote_id)
    stored = await objects.store(session, [draft])
    made = stored[0].object
    if made is None:
        raise NotFound
    return made


async def revise(session: AsyncSession, author: Actor, object_id: int, request: NoteRequest) -> Object:
    """Change one's own note; its audience, parent and quote stay.

    Raises:
        NotFound: no such note of this author.
        Invalid: a field cannot be used.
    """
    row = await session.get(Object, object_id)
    if row is None or row.author_id != author.id or row.deleted_at is not None:
        raise NotFound
    _check(request)
    media = await _own_media(session, author, request.media_ids, of_object=object_id)
    if not request.text.strip() and not media and request.poll is None:
        raise Invalid("status", "Validation failed: Text can't be blank", "blank")
    draft = await _draft(session, author, request)
    draft.media_ids = media
    draft.context_uri, draft.url = row.context_uri, row.url
    draft.edited_at = now()
    return await objects.edit(session, object_id, draft, author)


async def preview(session: AsyncSession, text: str, content_type: str = "text/plain") -> str:
    """The HTML a text would become.

    Raises:
        Invalid: it is too long.
    """
    rendered, _, _ = await _render(session, text, content_type)
    return rendered.html


async def source_poll(session: AsyncSession, object_id: int) -> PollRequest | None:
    """The poll of a note as a request, for editing it again."""
    poll = await session.get(Poll, object_id)
    if poll is None:
        return None
    titles = (await session.scalars(select(PollOption.title).where(
        PollOption.object_id == object_id).order_by(PollOption.position))).all()
    left = int((poll.expires_at - now()).total_seconds()) if poll.expires_at else MAX_POLL_SECONDS
    return PollRequest(titles, max(MIN_POLL_SECONDS, left), poll.multiple, poll.hide_totals)


def _check(request: NoteRequest) -> None:
    if request.content_type not in CONTENT_TYPES:
        raise Invalid("content_type", "Validation failed: Content type is not supported")
    if request.visibility not in visibility.ALL or request.visibility == visibility.GROUP:
        raise Invalid("visibility", "Validation failed: Visibility is not included in the list", "inclusion")
    if request.quote_policy not in ("public", "followers", "nobody"):
        raise Invalid("quote_approval_policy", "Validation failed: Quote policy is not included in the list",
                      "inclusion")
    length = count(request.text) + len(request.summary)
    if length > current().max_characters:
        raise Invalid("status", f"Validation failed: Text character limit of {current().max_characters} exceeded",
                      "too_long")
    if request.language and normalise_language(request.language) is None:
        raise Invalid("language", "Validation failed: Language is not a valid language code")
    if request.poll is not None:
        _check_poll(request.poll)
        if request.media_ids:
            raise Invalid("media_ids", "Validation failed: A poll and media attachments exclude each other")


def _check_poll(poll: PollRequest) -> None:
    titles = [title.strip() for title in poll.options if title.strip()]
    if len(titles) < 2:
        raise Invalid("poll", "Validation failed: A poll needs at least two options", "too_short")
    if len(titles) > MAX_POLL_OPTIONS:
        raise Invalid("poll", f"Validation failed: A poll can't have more than {MAX_POLL_OPTIONS} options", "too_long")
    if any(len(title) > MAX_OPTION_CHARACTERS for title in titles):
        raise Invalid("poll", "Validation failed: Poll options can't be longer than"
                      f" {MAX_OPTION_CHARACTERS} characters", "too_long")
    if len(set(titles)) != len(titles):
        raise Invalid("poll", "Validation failed: Poll options must differ from each other", "taken")
    if not MIN_POLL_SECONDS <= poll.expires_in <= MAX_POLL_SECONDS:
        raise Invalid("poll", "Validation failed: A poll must last between five minutes and thirty days", "inclusion")


async def _draft(session: AsyncSession, author: Actor, request: NoteRequest) -> Draft:
    rendered, mentioned, emojis = await _render(session, request.text, request.content_type, request.summary,
                                                *(request.poll.options if request.poll else ()))
    draft = Draft(kind="note", type="Question" if request.poll else "Note", published=now(), author_id=author.id,
                  visibility=request.visibility, summary=request.summary.strip(), content=rendered.html,
                  source=request.text, source_type=request.content_type,
                  sensitive=request.sensitive or bool(request.summary.strip()),
                  language=normalise_language(request.language) if request.language else None,
                  quote_policy=request.quote_policy, app_name=request.app_name, app_website=request.app_website)
    draft.mentions = [MentionDraft(actor.uri, f"@{actor.acct}", actor_id=actor.id) for actor in mentioned]
    draft.hashtags = list(rendered.hashtags)
    draft.emojis = emojis
    if request.poll:
        draft.kind_data = PollDraft([(title.strip(), 0) for title in request.poll.options if title.strip()],
                                    request.poll.multiple, request.poll.hide_totals,
                                    now() + timedelta(seconds=request.poll.expires_in), 0)
    return draft


async def _render(session: AsyncSession, text: str, content_type: str, *other_texts: str,
                  ) -> tuple[Rendered, list[Actor], list[EmojiDraft]]:
    media_type: MediaType = "text/markdown" if content_type == "text/markdown" else "text/plain"
    try:
        found = extract(text, media_type)
        actors = await _actors_by_handle(session, found.mentions[:MAX_MENTIONS])
        targets = {handle: MentionTarget(url=actor.url or profile_url(actor.name), uri=actor.uri, acct=actor.acct)
                   for handle, actor in actors.items()}
        rendered = render_text(text, mentions=targets, hashtag_url=hashtag_url, media_type=media_type)
    except TextTooLong as error:
        raise Invalid("status", f"Validation failed: Text character limit of {error.limit} exceeded",
                      "too_long") from error
    by_uri = {actor.uri: actor for actor in actors.values()}
    mentioned = [by_uri[target.uri] for target in rendered.mentions_used]
    shortcodes = {*found.emojis, *(name for part in other_texts for name in extract(part).emojis)}
    return rendered, mentioned, await _local_emojis(session, shortcodes)


async def _actors_by_handle(session: AsyncSession, handles: Sequence[Handle]) -> dict[Handle, Actor]:
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


async def _local_emojis(session: AsyncSession, shortcodes: set[str]) -> list[EmojiDraft]:
    if not shortcodes:
        return []
    rows = await session.scalars(select(CustomEmoji).where(
        CustomEmoji.host == "", CustomEmoji.shortcode.in_(shortcodes), ~CustomEmoji.disabled))
    return [EmojiDraft(row.shortcode, row.url, row.uri) for row in rows.all()]


async def _own_media(session: AsyncSession, author: Actor, media_ids: Sequence[int], *,
                     of_object: int | None = None) -> list[int]:
    """The uploads named, in order, if they are the author's and free (or already this object's)."""
    if not media_ids:
        return []
    if len(media_ids) > MAX_MEDIA:
        raise Invalid("media_ids", f"Validation failed: Cannot attach more than {MAX_MEDIA} files", "too_long")
    rows: Mapping[int, Any] = {row.id: row for row in (await session.scalars(
        select(Media).where(Media.id.in_(media_ids), Media.owner_id == author.id))).all()}
    if any(media_id not in rows or rows[media_id].object_id not in (None, of_object) for media_id in media_ids):
        raise Invalid("media_ids", "Validation failed: Media not found or already attached elsewhere")
    if any(rows[media_id].state != "ready" for media_id in media_ids):
        raise Invalid("media_ids", "Cannot attach files that have not finished processing. Try again in a moment!")
    return list(dict.fromkeys(media_ids))


async def _quote(session: AsyncSession, author: Actor, draft: Draft, quote_id: int) -> None:
    """Set up a quote: at once if allowed here, pending until the remote author's server has stamped it (FEP-044f)."""
    quoted = await visible_object(session, author, quote_id)
    own = quoted.author_id == author.id
    if quoted.visibility not in visibility.OPEN and not (own and quoted.visibility != visibility.DIRECT):
        raise NotAllowed("This post cannot be quoted")
    if quoted.visibility == visibility.FOLLOWERS and draft.visibility in visibility.OPEN:
        draft.visibility = visibility.FOLLOWERS
    if not own and not await may_quote(session, author, quoted):
        raise NotAllowed("The author does not allow this post to be quoted")
    draft.quote_id, draft.quote_uri = quoted.id, quoted.uri
    draft.quote_state = "accepted" if own or quoted.local else "pending"


async def may_quote(session: AsyncSession, author: Actor, quoted: Object) -> bool:
    """Whether the quoted post's policy lets `author` quote it."""
    if quoted.quote_policy == "public" or quoted.author_id == author.id:
        return True
    if quoted.quote_policy == "nobody":
        return False
    following = await session.scalar(select(Follow.id).where(
        Follow.follower_id == author.id, Follow.followed_id == quoted.author_id, Follow.state == "accepted"))
    return following is not None
