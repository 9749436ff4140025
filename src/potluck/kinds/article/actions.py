"""What local people do with articles: publish, revise, delete, pin. Every way in (editor, APIs, imports) comes here.

Render first, outside of a transaction (`prepare`): a long text takes seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.kinds.article import bringing
from potluck.kinds.authoring import (
    MAX_MENTIONS,
    HandleResolver,
    actors_by_handle,
    local_emojis,
    own_media,
    resolve_handles,
)
from potluck.settings import current
from potluck.social import objects, reactions, visibility
from potluck.social.addresses import hashtag_url, object_uri, profile_url
from potluck.social.blogs import authors, comments, making, places
from potluck.social.blogs.places import Place
from potluck.social.communities import joining
from potluck.social.drafts import Draft, EmojiDraft, MediaDetail, MentionDraft
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, Article, Blog, Hashtag, Media, Object
from potluck.social.views import ObjectView
from potluck.text.hashtags import is_hashtag, normalise_hashtag
from potluck.text.languages import normalise_language
from potluck.text.longform import (
    LongText,
    LongType,
    extract_parsed,
    parse_long,
    render_parsed,
    split_title,
)
from potluck.text.render import MentionTarget, TextTooLong
from potluck.text.sanitise import excerpt, to_plain_text

MAX_TITLE = 300
MAX_SUMMARY = 1000
MAX_WARNING = 500
MAX_TAGS = 30
MAX_PICTURES = 200
CONTENT_TYPES = ("text/markdown", "text/html")
VISIBILITIES = (visibility.PUBLIC, visibility.UNLISTED, visibility.FOLLOWERS)

_KEPT = ("entry",)  # what an app said of it that nobody here understands (Micropub)

_MEDIA: Any = Media.__table__


@dataclass(frozen=True, slots=True)
class ArticleRequest:
    """An article as its writer asks for it.

    Attributes:
        blog_id: the blog (an actor's id) it is for; None for the writer's own profile.
        title: plain text; without one a first heading of the Markdown is it, else the first words.
        summary: teaser, plain text; without one what stands before `<!--more-->`, else the first words.
        slug: last part of its address; without one made from the title.
        tags: hashtags beside those of the text, as typed, with or without '#'.
        cover_id: one of the writer's uploads, shown on top and in previews.
        media_ids: uploads that stand in the text.
        comments: who may comment (`open`, `approve`, `closed`); None: as the blog says.
        page: it belongs into the blog's menu, not into its list, and is not sent to followers.
        community_id: a community to which it is brought as well.
        published: for articles that come from elsewhere: their own date.
        quiet: do not send it to anybody (imports).
    """

    text: str
    blog_id: int | None = None
    content_type: str = "text/markdown"
    title: str = ""
    summary: str = ""
    slug: str = ""
    warning: str = ""
    visibility: str = visibility.PUBLIC
    language: str | None = None
    sensitive: bool = False
    tags: Sequence[str] = field(default_factory=tuple)
    cover_id: int | None = None
    media_ids: Sequence[int] = field(default_factory=tuple)
    media_details: Mapping[int, MediaDetail] = field(default_factory=dict)
    comments: str | None = None
    page: bool = False
    community_id: int | None = None
    quote_policy: str = "public"
    published: datetime | None = None
    quiet: bool = False
    app_name: str | None = None
    app_website: str | None = None


@dataclass(slots=True)
class Prepared:
    """A text that was rendered."""

    title: str
    text: str  # the source, without a title that stood in it
    long: LongText
    mentioned: list[Actor]
    emojis: list[EmojiDraft]


async def prepare(db: Database, federation: HandleResolver | None, request: ArticleRequest) -> Prepared:
    """Before the transaction: check a request, get to know whom it mentions, render its text in a thread.

    Args:
        federation: finds people of other servers who are not known here yet; None does without them.

    Raises:
        Invalid: a field cannot be used.
    """
    check(request)
    title, text = titled(request)
    media_type = cast(LongType, request.content_type)
    try:
        parsed = await asyncio.to_thread(parse_long, text, media_type, base_url=current().url)
        found = await asyncio.to_thread(extract_parsed, parsed)
        handles = found.mentions[:MAX_MENTIONS]
        if federation is not None:
            await resolve_handles(db, federation, handles)
        async with db.read() as session:
            actors = await actors_by_handle(session, handles)
            emojis = await local_emojis(session, set(found.emojis))
        targets = {handle: MentionTarget(url=actor.url or profile_url(actor.name), uri=actor.uri, acct=actor.acct)
                   for handle, actor in actors.items()}
        long = await asyncio.to_thread(render_parsed, parsed, mentions=targets, hashtag_url=hashtag_url)
    except TextTooLong as error:
        raise Invalid("text", "Validation failed: Text character limit of %(most)s exceeded", "too_long",
                      most=error.limit) from error
    by_uri = {actor.uri: actor for actor in actors.values()}
    mentioned = [by_uri[target.uri] for target in long.rendered.mentions_used]
    plain = to_plain_text(long.rendered.html[:5000])
    return Prepared(title or excerpt(plain, 80), text, long, mentioned, emojis)


def check(request: ArticleRequest) -> None:
    """Refuse a request with a field that cannot be used.

    Raises:
        Invalid: there is one.
    """
    if request.content_type not in CONTENT_TYPES:
        raise Invalid("content_type", "Validation failed: Content type is not supported")
    if not request.text.strip():
        raise Invalid("text", "Validation failed: Text can't be blank", "blank")
    for name, most in (("title", MAX_TITLE), ("summary", MAX_SUMMARY), ("warning", MAX_WARNING)):
        if len(getattr(request, name)) > most:
            raise Invalid(name, "At most %(most)s characters", "too_long", most=most)
    if request.visibility not in VISIBILITIES:
        raise Invalid("visibility", "Validation failed: Visibility is not included in the list", "inclusion")
    if request.quote_policy not in ("public", "followers", "nobody"):
        raise Invalid("quote_approval_policy", "Validation failed: Quote policy is not included in the list",
                      "inclusion")
    if request.language and normalise_language(request.language) is None:
        raise Invalid("language", "Validation failed: Language is not a valid language code")
    places.check_comments(request.comments)
    _tags(request.tags)


def _tags(tags: Sequence[str]) -> list[str]:
    found = [tag.strip().lstrip("#").replace(" ", "") for tag in tags if tag.strip("# ")]
    if len(found) > MAX_TAGS or any(not is_hashtag(tag) for tag in found):
        raise Invalid("tags", "At most %(most)s hashtags of letters, digits and underscores", most=MAX_TAGS)
    return found


def titled(request: ArticleRequest) -> tuple[str, str]:
    """Title and text: a heading that Markdown begins with is the title of a text that has none."""
    title = " ".join(request.title.split())
    if title or request.content_type != "text/markdown":
        return title, request.text
    found, rest = split_title(request.text)
    return (" ".join(found.split())[:MAX_TITLE], rest) if found and rest.strip() else ("", request.text)


async def publish(session: AsyncSession, writer: Actor, request: ArticleRequest, prepared: Prepared) -> Object:
    """Publish an article now.

    Args:
        writer: the person who publishes; what they write for a blog is the blog's.
        prepared: what `prepare` made of the same request.

    Raises:
        Invalid: a field cannot be used, or it may not be brought to that community.
        NotFound: there is no such blog or community.
        NotAllowed: the writer does not write in that blog.
    """
    author, blog = await author_of(session, writer, request.blog_id)
    draft = draft_of(author, blog, request, prepared)
    await _place(session, writer, author, request, draft)
    draft.media_ids = await _media(session, writer, author, request)
    draft.extra |= await _cover(session, draft.media_ids, request)
    draft.published = min(request.published, now()) if request.published else draft.published
    draft.quiet = request.quiet or request.page
    await _bring(session, writer, author, request, draft)
    made = (await objects.store(session, [draft]))[0].object
    if made is None:
        raise NotFound
    return made


async def check_places(session: AsyncSession, writer: Actor, request: ArticleRequest) -> None:
    """Refuse now what `publish` would refuse later: a blog or a community where the writer may not publish.

    Raises:
        Invalid, NotFound, NotAllowed: as `publish`.
    """
    author, blog = await author_of(session, writer, request.blog_id)
    draft = Draft(kind="article", type="Article", published=now(), author_id=author.id,
                  visibility=seen_by(request.visibility, blog))
    await _bring(session, writer, author, request, draft)


async def revise(session: AsyncSession, writer: Actor, object_id: int, request: ArticleRequest, prepared: Prepared,
                 ) -> Object:
    """Change an article; its blog, audience, community and date stay, and so does its address unless another is given.

    Raises:
        NotFound: no such article that the writer may change.
        Invalid: a field cannot be used.
    """
    row = await _owned(session, writer, object_id)
    author, blog = await session.get_one(Actor, row.author_id), await session.get(Blog, row.author_id)
    if author.suspended_at is not None:
        raise NotFound
    draft = draft_of(author, blog, request, prepared)
    await _place(session, writer, author, request, draft, row=row)
    draft.media_ids = await _media(session, writer, author, request, of_object=object_id)
    draft.media_details = request.media_details
    draft.extra |= await _cover(session, draft.media_ids, request)
    draft.extra |= {name: row.extra[name] for name in _KEPT if name in row.extra}
    draft.context_uri, draft.edited_at = row.context_uri, now()
    await bringing.keep_rules(session, row, draft)
    return await objects.edit(session, object_id, draft, author)


async def delete(session: AsyncSession, writer: Actor, object_id: int) -> Object:
    """Delete an article.

    Raises:
        NotFound: no such article that the writer may change.
    """
    row = await _owned(session, writer, object_id)
    return await objects.delete(session, row.id, await session.get_one(Actor, row.author_id))


async def pin(session: AsyncSession, writer: Actor, object_id: int, *, pinned: bool = True) -> None:
    """Put an article on top of its blog, or take it down; the first few are featured elsewhere, too.

    Raises:
        NotFound: no such article that the writer may change.
        Invalid: too many are pinned.
    """
    row = await _owned(session, writer, object_id)
    author = await session.get_one(Actor, row.author_id)
    await places.pin(session, await session.get_one(Article, row.id), pinned=pinned)
    if not pinned:
        await reactions.unpin(session, author, row.id)
        return
    with suppress(Invalid):  # others show five at most
        await reactions.pin(session, author, row.id)


async def source(session: AsyncSession, writer: Actor, object_id: int) -> tuple[Object, ArticleRequest]:
    """An article as a request, for editing it again.

    Raises:
        NotFound: no such article that the writer may change.
    """
    row = await _owned(session, writer, object_id)
    place = await session.get_one(Article, row.id)
    media = await objects.media_of(session, row.id)
    return row, ArticleRequest(
        row.source or "", blog_id=row.author_id if row.author_id != writer.id else None,
        content_type=row.source_type or "text/markdown", title=row.title or "",
        summary=row.summary if row.extra.get("own_summary") else "", slug=place.slug,
        warning=str(row.extra.get("warning") or ""), language=row.language,
        # What stands in a closed community was meant for everyone; the community narrowed it.
        visibility=row.visibility if row.visibility in VISIBILITIES else visibility.PUBLIC,
        sensitive=row.sensitive, tags=list(row.extra.get("own_tags") or ()), cover_id=row.extra.get("cover_id"),
        media_ids=[item.id for item in media], comments=place.comments, page=place.page,
        community_id=row.group_id, quote_policy=row.quote_policy)


async def _owned(session: AsyncSession, writer: Actor, object_id: int) -> Object:
    row = await session.get(Object, object_id)
    if row is None or row.deleted_at is not None or row.kind != "article" or not row.local:
        raise NotFound
    await authors.check_edits(session, writer, row)
    return row


async def author_of(session: AsyncSession, writer: Actor, blog_id: int | None) -> tuple[Actor, Blog | None]:
    """Whose an article will be: the writer's own, or a blog's they write in.

    Raises:
        NotFound: there is no such blog.
        NotAllowed: the writer does not write in it.
    """
    if blog_id is None or blog_id == writer.id:
        return writer, None
    author = await session.get(Actor, blog_id)
    blog = await session.get(Blog, blog_id)
    if author is None or blog is None or author.deleted_at is not None or author.suspended_at is not None:
        raise NotFound
    await authors.check_writes(session, writer, author)
    return author, blog


def seen_by(wanted: str, blog: Blog | None) -> str:
    """Who sees an article: never more people than may read its blog."""
    if blog is None:
        return wanted
    if blog.visibility in making.CLOSED:
        return visibility.FOLLOWERS
    return visibility.UNLISTED if blog.visibility == "unlisted" and wanted == visibility.PUBLIC else wanted


def draft_of(author: Actor, blog: Blog | None, request: ArticleRequest, prepared: Prepared) -> Draft:
    """An article on its way to be stored, without its address, files and place in a blog."""
    rendered = prepared.long.rendered
    warning = " ".join(request.warning.split())
    language = request.language or (blog.language if blog else None)
    summary = request.summary.strip() or prepared.long.teaser[:MAX_SUMMARY].strip()
    tags = _tags(request.tags)
    draft = Draft(
        kind="article", type="Article", published=now(), author_id=author.id,
        visibility=seen_by(request.visibility, blog), title=prepared.title, summary=summary, content=rendered.html,
        source=prepared.text, source_type=request.content_type, sensitive=request.sensitive or bool(warning),
        language=normalise_language(language) if language else None, quote_policy=request.quote_policy,
        app_name=request.app_name, app_website=request.app_website)
    draft.mentions = [MentionDraft(actor.uri, f"@{actor.acct}", actor_id=actor.id) for actor in prepared.mentioned]
    draft.hashtags = list(dict.fromkeys([*tags, *rendered.hashtags]))
    draft.emojis = prepared.emojis
    kept = {"words": prepared.long.words, "warning": warning, "own_tags": tags,
            "own_summary": bool(request.summary.strip())}
    draft.extra = {name: value for name, value in kept.items() if value}
    rule = request.comments or (blog.comments if blog else comments.OPEN)
    draft.interaction_policy = comments.policy(rule, author)
    return draft


async def _place(session: AsyncSession, writer: Actor, author: Actor, request: ArticleRequest, draft: Draft, *,
                 row: Object | None = None) -> None:
    kept = await session.get(Article, row.id) if row else None
    if kept is not None and (not request.slug.strip() or request.slug.strip() == kept.slug):
        slug = kept.slug
    else:
        slug = await places.free_slug(session, author.id, request.slug.strip() or draft.title or "",
                                      object_id=row.id if row else None)
    draft.kind_data = Place(writer.id, slug, request.page, request.comments)
    draft.url = places.article_url(author, slug)


async def _media(session: AsyncSession, writer: Actor, author: Actor, request: ArticleRequest, *,
                 of_object: int | None = None) -> list[int]:
    """The uploads of an article, cover first. What a writer uploaded for a blog's article is the blog's from now on."""
    wanted = [*([request.cover_id] if request.cover_id else []), *request.media_ids]
    if wanted and writer.id != author.id:
        await session.execute(update(_MEDIA).where(
            _MEDIA.c.id.in_(wanted), _MEDIA.c.owner_id == writer.id, _MEDIA.c.object_id.is_(None),
            _MEDIA.c.purpose == "attachment").values(owner_id=author.id))
    return await own_media(session, author, list(dict.fromkeys(wanted)), of_object=of_object, most=MAX_PICTURES)


async def _cover(session: AsyncSession, media_ids: Sequence[int], request: ArticleRequest) -> dict[str, Any]:
    if not media_ids or not request.cover_id:
        return {}
    item = await session.get_one(Media, request.cover_id)
    if item.type != "image" or not item.url:
        raise Invalid("cover_id", "The picture on top has to be a picture")
    return {"cover_id": item.id, "cover": {"url": item.url, "alt": item.description}}


async def _bring(session: AsyncSession, writer: Actor, author: Actor, request: ArticleRequest, draft: Draft) -> None:
    if request.community_id is not None:
        await bringing.bring(session, writer, author, request.community_id, draft, page=request.page)


async def preview(session: AsyncSession, writer: Actor, request: ArticleRequest, prepared: Prepared) -> ObjectView:
    """An article as it would be, stored nowhere: for showing it, here and as others will see it.

    Raises:
        NotFound: there is no such blog.
        NotAllowed: the writer does not write in it.
    """
    author, blog = await author_of(session, writer, request.blog_id)
    draft = draft_of(author, blog, request, prepared)
    wanted = [*([request.cover_id] if request.cover_id else []), *request.media_ids]
    media = {item.id: item for item in (await session.scalars(select(Media).where(
        Media.id.in_(wanted), Media.owner_id.in_((writer.id, author.id))))).all()} if wanted else {}
    cover = media.get(request.cover_id or 0)
    row = Object(
        id=0, uri=object_uri(0), kind="article", type="Article", author_id=author.id, local=True,
        visibility=draft.visibility, state="published", title=draft.title, summary=draft.summary,
        content=draft.content, source=draft.source, source_type=draft.source_type, language=draft.language,
        sensitive=draft.sensitive, quote_policy=draft.quote_policy, published=draft.published, thread_root_id=0,
        url=places.article_url(author, places.slug_of(request.slug.strip() or draft.title or "")),
        emojis=[{"shortcode": emoji.shortcode, "url": emoji.url} for emoji in draft.emojis],
        interaction_policy=draft.interaction_policy, likes_count=0, boosts_count=0, replies_count=0,
        extra=draft.extra | ({"cover": {"url": cover.url, "alt": cover.description}} if cover else {}))
    view = ObjectView(row, author, mentions=prepared.mentioned)
    view.media = [media[item] for item in dict.fromkeys(wanted) if item in media]
    view.hashtags = [Hashtag(id=0, name=normalise_hashtag(tag) or tag, display=tag) for tag in draft.hashtags]
    if request.community_id is not None:
        view.group = await joining.community(session, request.community_id)
    return view
