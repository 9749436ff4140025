"""What local people do with links: bring one to a community, change it. Every way in (pages, APIs) comes here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.federation.reading import MAX_TITLE
from potluck.kinds.authoring import all_ready, check_at_home, own_media, render
from potluck.kinds.link.wire import MAX_LINK, is_picture
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest, PollRequest
from potluck.settings import current
from potluck.social import objects, visibility
from potluck.social.communities import joining
from potluck.social.drafts import AttachmentDraft, Draft, MediaDetail, MentionDraft
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, Community, Object
from potluck.social.views import ObjectView
from potluck.text.languages import normalise_language
from potluck.text.markdown import escape_markdown

MIN_TITLE = 3  # Lemmy refuses shorter ones
MAX_TEXT = 50_000  # as long as Lemmy's
MAX_ALT_TEXT = 1500


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """A post for a community as its author asks for it: a link, a picture, or only a text."""

    community_id: int
    title: str
    link: str = ""
    text: str = ""
    content_type: str = "text/markdown"
    language: str | None = None
    sensitive: bool = False
    media_ids: Sequence[int] = field(default_factory=tuple)
    media_details: Mapping[int, MediaDetail] = field(default_factory=dict)  # of an edit
    wait_for_media: bool = False  # publish once the files are ready, instead of refusing those that are not
    poll: PollRequest | None = None
    thumbnail: str = ""
    alt_text: str = ""  # of the picture that is linked to
    flairs: Sequence[str] = field(default_factory=tuple)
    app_name: str | None = None
    app_website: str | None = None


async def compose(session: AsyncSession, author: Actor, request: LinkRequest) -> Object:
    """Bring a post to a community. Members see it at once; others after the community's Announce.

    Raises:
        Invalid: a field cannot be used.
        NotFound: no such community for this author.
        NotAllowed: the author may not post there, or has moved away.
    """
    check_at_home(author)
    if request.poll is not None:
        return await _compose_poll(session, author, request, request.poll)
    draft = await _draft(session, author, request)
    draft.media_ids = await own_media(session, author, request.media_ids, unready=request.wait_for_media)
    if request.wait_for_media and not await all_ready(session, draft.media_ids):
        draft.state = "processing"
    await joining.place(session, author, draft, request.community_id)
    made = (await objects.store(session, [draft]))[0].object
    if made is None:
        raise NotFound
    return made


async def check(session: AsyncSession, author: Actor, request: LinkRequest) -> list[int]:
    """Refuse what `compose` would refuse, without publishing anything; returns the ids of the files.

    Raises:
        Invalid, NotFound, NotAllowed: as `compose`.
    """
    group = await joining.community(session, request.community_id)
    await joining.check_may_post(session, author, group)
    if request.poll is not None:
        return await notes.check(session, author, _poll_note(request, request.poll))
    await _draft(session, author, request)
    return await own_media(session, author, request.media_ids, unready=request.wait_for_media)


async def _compose_poll(session: AsyncSession, author: Actor, request: LinkRequest, poll: PollRequest) -> Object:
    return await notes.compose(session, author, _poll_note(request, poll))


def _poll_note(request: LinkRequest, poll: PollRequest) -> NoteRequest:
    """A poll is a Question, which everybody who knows polls can vote in; its title is also its first line."""
    title, link = _checked(request)
    text = "\n\n".join(part for part in (f"**{escape_markdown(title)}**", request.text, link) if part)
    return NoteRequest(
        text, content_type="text/markdown", sensitive=request.sensitive, language=request.language, poll=poll,
        community_id=request.community_id, title=title, flairs=_flairs(request),
        media_ids=request.media_ids, app_name=request.app_name,
        app_website=request.app_website)


async def revise(session: AsyncSession, author: Actor, object_id: int, request: LinkRequest) -> Object:
    """Change one's own post; its community stays.

    Raises:
        NotFound: no such post of this author.
        Invalid: a field cannot be used.
    """
    row = await session.get(Object, object_id)
    if row is None or row.author_id != author.id or row.deleted_at is not None or row.kind != "link":
        raise NotFound
    draft = await _draft(session, author, request)
    draft.media_ids = await own_media(session, author, request.media_ids, of_object=object_id)
    draft.media_details = request.media_details
    draft.context_uri, draft.url, draft.edited_at = row.context_uri, row.url, now()
    community = await session.get(Community, row.group_id) if row.group_id else None
    draft.sensitive = draft.sensitive or (community is not None and community.sensitive)
    return await objects.edit(session, object_id, draft, author)


def shared_by(view: ObjectView) -> str:
    """The address a post was made with, '' if it has only a text: of a picture post it is that of its picture."""
    pictures = (item.url for item in view.media if item.owner_id is None and item.url and is_picture(item.url))
    return view.object.extra.get("link") or next(pictures, "")


async def _draft(session: AsyncSession, author: Actor, request: LinkRequest) -> Draft:
    title, link = _checked(request)
    rendered, mentioned, emojis = await render(session, request.text, request.content_type)
    draft = Draft(
        kind="link", type="Page", published=now(), author_id=author.id, visibility=visibility.PUBLIC, title=title,
        content=rendered.html, source=request.text, source_type=request.content_type, sensitive=request.sensitive,
        language=normalise_language(request.language) if request.language else None, app_name=request.app_name,
        app_website=request.app_website)
    draft.mentions = [MentionDraft(actor.uri, f"@{actor.acct}", actor_id=actor.id) for actor in mentioned]
    draft.hashtags, draft.emojis = list(rendered.hashtags), emojis
    draft.extra = _extra(request, link)
    if link and is_picture(link):
        draft.attachments = [AttachmentDraft("image", link, description=request.alt_text or request.title)]
    return draft


def _flairs(request: LinkRequest) -> list[str]:
    return [name.strip() for name in request.flairs if name.strip()][:5]


def _extra(request: LinkRequest, link: str) -> dict[str, Any]:
    kept = {"link": "" if is_picture(link) else link, "thumbnail": request.thumbnail,
            "flairs": _flairs(request)}
    return {key: value for key, value in kept.items() if value}


def _checked(request: LinkRequest) -> tuple[str, str]:
    """Title and link as they are kept.

    Raises:
        Invalid: one of them cannot be used, or the text is too long.
    """
    title = " ".join(request.title.split())
    if not MIN_TITLE <= len(title) <= MAX_TITLE:
        raise Invalid("title", "A title has %(least)s to %(most)s characters", "too_long" if title else "blank",
                      least=MIN_TITLE, most=MAX_TITLE)
    link = request.link.strip()
    if link and (len(link) > MAX_LINK or not link.startswith(("https://", "http://", "magnet:?")) or " " in link):
        raise Invalid("link", "A link begins with https:// and has at most 2000 characters")
    if len(request.alt_text) > MAX_ALT_TEXT:
        raise Invalid("alt_text", "A description has at most %(most)s characters", "too_long", most=MAX_ALT_TEXT)
    if len(request.text) > max(MAX_TEXT, current().max_characters):
        raise Invalid("text", "A text has at most %(most)s characters", "too_long", most=MAX_TEXT)
    if request.content_type not in ("text/plain", "text/markdown"):
        raise Invalid("content_type", "A text is plain or Markdown")
    return title, link
