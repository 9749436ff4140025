"""What local people do with notes: write, revise, preview. Every way in (pages, APIs) comes through here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.kinds.authoring import all_ready, check_at_home, own_media, render
from potluck.kinds.note.model import Poll, PollDraft, PollOption
from potluck.settings import current
from potluck.social import objects, policies, visibility
from potluck.social.blogs import comments
from potluck.social.communities import joining
from potluck.social.drafts import Draft, MediaDetail, MentionDraft
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, Object
from potluck.social.reactions import visible_object
from potluck.text.languages import normalise_language
from potluck.text.length import count

MAX_POLL_OPTIONS = 10
MAX_OPTION_CHARACTERS = 100
MIN_POLL_SECONDS = 300
MAX_POLL_SECONDS = 30 * 86400

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
    media_details: Mapping[int, MediaDetail] = field(default_factory=dict)  # of an edit
    wait_for_media: bool = False  # publish once the files are ready, instead of refusing those that are not
    poll: PollRequest | None = None
    keep_poll: bool = False  # of an edit: the poll stays as it is
    community_id: int | None = None  # posted to this community, under a title
    title: str = ""
    flairs: Sequence[str] = field(default_factory=tuple)  # tags of the community
    published: datetime | None = None  # an older date that it bears
    app_name: str | None = None
    app_website: str | None = None


async def compose(session: AsyncSession, author: Actor, request: NoteRequest) -> Object:
    """Publish a note: at once, or with `wait_for_media` when its files are ready.

    Raises:
        Invalid: a field cannot be used.
        NotFound: the post replied to or quoted is not there for the author.
        NotAllowed: the post may not be quoted, or the author has moved away.
    """
    check_at_home(author)
    media = await _checked_media(session, author, request)
    draft = await _draft(session, author, request)
    draft.media_ids = media
    draft.published = min(request.published, draft.published) if request.published else draft.published
    if request.wait_for_media and not await all_ready(session, media):
        draft.state = "processing"
    if request.in_reply_to_id is not None:
        parent = await answerable(session, author, request.in_reply_to_id)
        draft.in_reply_to_id, draft.in_reply_to_uri, draft.context_uri = parent.id, parent.uri, parent.context_uri
        await joining.answer(session, author, parent, draft)
        await comments.address(session, author, parent, draft)
    elif request.community_id is not None:
        await joining.place(session, author, draft, request.community_id)
    else:
        await joining.address(session, author, draft)
    if request.quote_id is not None:
        await _quote(session, author, draft, request.quote_id)
    stored = await objects.store(session, [draft])
    made = stored[0].object
    if made is None:
        raise NotFound
    return made


async def check(session: AsyncSession, author: Actor, request: NoteRequest) -> list[int]:
    """Refuse what `compose` would refuse, without publishing anything; returns the ids of the files.

    Raises:
        Invalid, NotFound, NotAllowed: as `compose`.
    """
    check_at_home(author)
    media = await _checked_media(session, author, request)
    if request.in_reply_to_id is not None:
        await answerable(session, author, request.in_reply_to_id)
    if request.quote_id is not None:
        await _quote(session, author, Draft(kind="note", type="Note", published=now(), author_id=author.id),
                     request.quote_id)
    return media


async def _checked_media(session: AsyncSession, author: Actor, request: NoteRequest) -> list[int]:
    _check(request)
    media = await own_media(session, author, request.media_ids, unready=request.wait_for_media)
    if not request.text.strip() and not media and request.poll is None:
        raise Invalid("status", "Validation failed: Text can't be blank", "blank")
    return media


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
    media = await own_media(session, author, request.media_ids, of_object=object_id)
    if not request.text.strip() and not media and request.poll is None:
        raise Invalid("status", "Validation failed: Text can't be blank", "blank")
    draft = await _draft(session, author, request)
    draft.media_ids = media
    draft.media_details = request.media_details
    draft.context_uri, draft.url, draft.title = row.context_uri, row.url, row.title
    draft.extra = {**row.extra, **draft.extra}  # a moderator's mark, the tags of a poll
    draft.edited_at = now()
    if request.keep_poll and request.poll is None:
        draft.kind_data = await _same_poll(session, object_id)
        draft.type = row.type
    return await objects.edit(session, object_id, draft, author)


async def preview(session: AsyncSession, text: str, content_type: str = "text/plain") -> str:
    """The HTML a text would become.

    Raises:
        Invalid: it is too long.
    """
    rendered, _, _ = await render(session, text, content_type)
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


async def _same_poll(session: AsyncSession, object_id: int) -> PollDraft | None:
    poll = await session.get(Poll, object_id)
    if poll is None:
        return None
    titles = (await session.scalars(select(PollOption.title).where(
        PollOption.object_id == object_id).order_by(PollOption.position))).all()
    return PollDraft([(title, 0) for title in titles], poll.multiple, poll.hide_totals, poll.expires_at,
                     poll.voters_count)


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
        raise Invalid("status", "Validation failed: Text character limit of %(most)s exceeded", "too_long",
                      most=current().max_characters)
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
        raise Invalid("poll", "Validation failed: A poll can't have more than %(most)s options", "too_long",
                      most=MAX_POLL_OPTIONS)
    if any(len(title) > MAX_OPTION_CHARACTERS for title in titles):
        raise Invalid("poll", "Validation failed: Poll options can't be longer than %(most)s characters", "too_long",
                      most=MAX_OPTION_CHARACTERS)
    if len(set(titles)) != len(titles):
        raise Invalid("poll", "Validation failed: Poll options must differ from each other", "taken")
    if not MIN_POLL_SECONDS <= poll.expires_in <= MAX_POLL_SECONDS:
        raise Invalid("poll", "Validation failed: A poll must last between five minutes and thirty days", "inclusion")


async def _draft(session: AsyncSession, author: Actor, request: NoteRequest) -> Draft:
    rendered, mentioned, emojis = await render(session, request.text, request.content_type, request.summary,
                                                *(request.poll.options if request.poll else ()))
    draft = Draft(kind="note", type="Question" if request.poll else "Note", published=now(), author_id=author.id,
                  visibility=request.visibility, title=request.title or None, summary=request.summary.strip(),
                  content=rendered.html, source=request.text, source_type=request.content_type,
                  sensitive=request.sensitive or bool(request.summary.strip()),
                  language=normalise_language(request.language) if request.language else None,
                  quote_policy=request.quote_policy, app_name=request.app_name, app_website=request.app_website)
    draft.mentions = [MentionDraft(actor.uri, f"@{actor.acct}", actor_id=actor.id) for actor in mentioned]
    draft.hashtags = list(rendered.hashtags)
    draft.emojis = emojis
    if request.flairs:
        draft.extra = {"flairs": list(request.flairs)}
    if request.poll:
        draft.kind_data = PollDraft([(title.strip(), 0) for title in request.poll.options if title.strip()],
                                    request.poll.multiple, request.poll.hide_totals,
                                    now() + timedelta(seconds=request.poll.expires_in), 0)
    return draft


async def _quote(session: AsyncSession, author: Actor, draft: Draft, quote_id: int) -> None:
    """Set up a quote: at once if allowed here, pending until the remote author's server has stamped it (FEP-044f)."""
    quoted = await visible_object(session, author, quote_id)
    own = quoted.author_id == author.id
    if quoted.visibility not in visibility.OPEN and not (own and quoted.visibility != visibility.DIRECT):
        raise NotAllowed("This post cannot be quoted")
    if quoted.visibility == visibility.FOLLOWERS and draft.visibility in visibility.OPEN:
        draft.visibility = visibility.FOLLOWERS
    if not own and await policies.verdict(session, quoted, author, "quote") == "denied":
        raise NotAllowed("The author does not allow this post to be quoted")
    draft.quote_id, draft.quote_uri = quoted.id, quoted.uri
    draft.quote_state = "accepted" if own or quoted.local else "pending"


async def answerable(session: AsyncSession, author: Actor, object_id: int) -> Object:
    """The post somebody wants to answer.

    Raises:
        NotFound: it is not there for them.
        NotAllowed: its author does not want that.
    """
    parent = await visible_object(session, author, object_id)
    if await policies.verdict(session, parent, author, "reply") == "denied":
        raise NotAllowed("The author does not allow you to reply to this post")
    return parent
