"""The records of the Lemmy API that need only their own rows: Person, Community, Post, Comment and their counts.

Views, which say what the asker has to do with them, are put together in `render`.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime

from potluck.apis.lemmy.words import LOCAL_INSTANCE, Json, language_number, moment, there
from potluck.apis.urls import full_url, telling_url
from potluck.federation.reading import MAX_TITLE
from potluck.kinds.link import actions as links
from potluck.media.addresses import SMALL
from potluck.social import glances
from potluck.social.communities import liveliness
from potluck.social.communities.moderating import REMOVED
from potluck.social.communities.withdrawing import WITHDRAWN
from potluck.social.model import Actor, Community, GroupPost, Media, Object
from potluck.social.views import ObjectView
from potluck.text.sanitise import excerpt, to_plain_text
from potluck.text.to_markdown import address, html_markdown

MARKDOWN = "text/markdown"
_KEPT: OrderedDict[tuple[int, int], str] = OrderedDict()
_MOST_KEPT = 4000
_VIDEO_TYPES = ("video", "gifv")


def instance_of(actor: Actor) -> int:
    """The number of the server an actor lives on."""
    return LOCAL_INSTANCE if actor.is_local else actor.server_id or 0


def person(actor: Actor) -> Json:
    """Person."""
    return there({
        "id": actor.id, "name": actor.name, "display_name": actor.display_name or None,
        "avatar": full_url(actor.avatar_url), "banner": full_url(actor.header_url),
        "banned": actor.suspended_at is not None, "published": moment(actor.published or actor.created_at),
        "updated": moment(actor.updated_at), "actor_id": actor.uri, "bio": summary_of(actor) or None,
        "local": actor.is_local, "deleted": actor.deleted_at is not None,
        "bot_account": actor.type in ("Service", "Application"), "instance_id": instance_of(actor)})


def summary_of(actor: Actor) -> str:
    """What an actor says of itself, in Markdown; of those who live here what they typed, so that apps can edit it."""
    if actor.is_local and actor.summary_source is not None:
        return actor.summary_source
    return _converted((actor.id, int(actor.updated_at.timestamp() * 1_000_000)), actor.summary) if actor.summary else ""


def person_counts(actor: Actor, posts: int) -> Json:
    """PersonAggregates. `posts`: how many of them stand in communities; what is left are comments and the like."""
    return {"person_id": actor.id, "post_count": posts, "comment_count": max(0, actor.posts_count - posts)}


def community(actor: Actor, settings: Community) -> Json:
    """Community."""
    return there({
        "id": actor.id, "name": actor.name, "title": actor.display_name or actor.name,
        "description": _sidebar(actor, settings) or None,
        "removed": settings.removed_at is not None and settings.closed_at is None,
        "published": moment(actor.published or actor.created_at), "updated": moment(actor.updated_at),
        "deleted": actor.deleted_at is not None or settings.closed_at is not None,
        "nsfw": _is_sensitive(actor, settings), "actor_id": actor.uri,
        "local": actor.is_local, "icon": full_url(actor.avatar_url), "banner": full_url(actor.header_url),
        "hidden": False, "posting_restricted_to_mods": _is_restricted(actor, settings),
        "instance_id": instance_of(actor), "visibility": "Public" if settings.visibility == "public" else "LocalOnly"})


def _sidebar(actor: Actor, settings: Community) -> str:
    rules = "\n".join(f"{number}. {rule}" for number, rule in enumerate(settings.rules, 1))
    return "\n\n".join(part for part in (summary_of(actor), rules) if part)


def _is_sensitive(actor: Actor, settings: Community) -> bool:
    return settings.sensitive or bool(actor.extra.get("sensitive"))


def _is_restricted(actor: Actor, settings: Community) -> bool:
    return settings.posting == "moderators" or (not actor.is_local and bool(actor.extra.get("posting_restricted")))


def community_counts(actor: Actor, settings: Community, *, open_to_asker: bool) -> Json:
    """CommunityAggregates. What only members may read is counted for members only."""
    return {
        "community_id": actor.id, "subscribers": actor.shown_followers, "subscribers_local": actor.followers_count,
        "posts": (settings.posts_count or 0) if open_to_asker else 0,
        "comments": (settings.comments_count or 0) if open_to_asker else 0,
        "published": moment(actor.published or actor.created_at),
        **{f"users_{name}": (getattr(settings, name) or 0) if open_to_asker else 0 for name in liveliness.SPANS}}


def post(view: ObjectView, place: GroupPost) -> Json:
    """Post, of whatever kind: what Lemmy has no word for has its title, the page or file it is about, and its text."""
    row = view.object
    url = url_of(view)
    card = view.card if view.card is not None and view.card.state == "ready" else None
    picture = first_picture(view)
    return there({
        "id": row.id, "name": title_of(view), "url": telling_url(url) if picture else url,
        "body": body_of(view) or None, "creator_id": row.author_id, "community_id": place.community_id,
        "removed": row.state == REMOVED, "deleted": is_deleted(row), "locked": place.locked,
        "published": moment(row.published), "updated": moment(row.edited_at) if row.edited_at else None,
        "nsfw": row.sensitive, "embed_title": (card.title or None) if card else None,
        "embed_description": (card.description or None) if card else None,
        "embed_video_url": _video_of(view), "thumbnail_url": thumbnail_of(view),
        "ap_id": row.uri, "local": row.local, "language_id": language_number(row.language),
        "featured_community": place.pinned, "featured_local": place.site_pinned,
        "url_content_type": picture.media_type if picture else None,
        "alt_text": picture.description if picture and picture.description else None})


def post_counts(view: ObjectView, place: GroupPost) -> Json:
    """PostAggregates."""
    row = view.object
    return {"post_id": row.id, "comments": place.comments, "score": row.likes_count - row.dislikes_count,
            "upvotes": row.likes_count, "downvotes": row.dislikes_count, "published": moment(row.published),
            "newest_comment_time": _seconds(place.newest_comment_s)}


def _seconds(value: int) -> str:
    return moment(datetime.fromtimestamp(value, UTC))


def is_deleted(row: Object) -> bool:
    """Whether its author took it away, for now or for good."""
    return row.deleted_at is not None or row.state == WITHDRAWN


def title_of(view: ObjectView) -> str:
    """The title of a post; that of a note is its first line."""
    row = view.object
    if row.title:
        return row.title[:MAX_TITLE]
    lines = [line for line in to_plain_text(row.summary or row.content).split("\n") if line.strip()]
    return excerpt(lines[0] if lines else glances.of(view).title, MAX_TITLE)


def url_of(view: ObjectView) -> str | None:
    """The address a post is about: its link, its first file, or for what is no link or note its own page."""
    row = view.object
    if row.kind == "link":
        return links.shared_by(view) or _file_of(view)
    found = _file_of(view) or glances.of(view).link
    return found or (None if row.kind == "note" else row.url or row.uri)


def _file_of(view: ObjectView) -> str | None:
    return next((item.url for item in view.media if item.url), None)


def first_picture(view: ObjectView) -> Media | None:
    """The picture a post is, None if it is none."""
    first = next((item for item in view.media if item.url), None)
    return first if first is not None and first.type == "image" else None


def _video_of(view: ObjectView) -> str | None:
    found = next((item.url for item in view.media if item.type in _VIDEO_TYPES and item.url), None)
    return telling_url(found) if found else None


def thumbnail_of(view: ObjectView) -> str | None:
    """A small picture of a post: of its file, as its site sent it, or of the page it links to."""
    first = next((item for item in view.media if item.url), None)
    if first is not None and first.type == "image":
        return telling_url(first.preview_url or first.url, SMALL)
    if first is not None and first.preview_url:
        return telling_url(first.preview_url, SMALL)
    sent = view.object.extra.get("thumbnail") or (view.card.image_url if view.card else None)
    return telling_url(sent, SMALL) if sent else None


def body_of(view: ObjectView) -> str:
    """The text of a post in Markdown, with its further files."""
    row = view.object
    text = markdown_of(row)
    if row.kind not in ("note", "link"):
        glance = glances.of(view)
        text = "\n\n".join(part for part in ("  \n".join(glance.facts), text or html_markdown(glance.html)) if part)
    return "\n\n".join(part for part in (text, _files(view.media[1:])) if part)


def _files(media: list[Media]) -> str:
    lines = []
    for item in media:
        url = telling_url(item.url)
        if url:
            name = html_markdown(item.description or item.type)
            lines.append(f"{'!' if item.type == 'image' else ''}[{name}]({address(url)})")
    return "\n".join(lines)


def markdown_of(row: Object) -> str:
    """The text of an object in Markdown: as it was typed, where it was typed so."""
    if row.source is not None and row.source_type == MARKDOWN:
        return row.source
    return _converted((row.id, row.version), row.content)


def _converted(key: tuple[int, int], html: str) -> str:
    """Markdown of a text, kept by the id of its row and what changes with it."""
    found = _KEPT.get(key)
    if found is None:
        found = _KEPT[key] = html_markdown(html)
        if len(_KEPT) > _MOST_KEPT:
            _KEPT.popitem(last=False)
    return found


def comment(view: ObjectView, path: str) -> Json:
    """Comment. `path`: the numbers of what it answers, from the top, and its own last."""
    row = view.object
    gone = is_deleted(row) or row.state == REMOVED
    return there({
        "id": row.id, "creator_id": row.author_id, "post_id": row.thread_root_id or row.id,
        "content": "" if gone else _comment_text(view), "removed": row.state == REMOVED,
        "published": moment(row.published), "updated": moment(row.edited_at) if row.edited_at else None,
        "deleted": is_deleted(row), "ap_id": row.uri, "local": row.local, "path": path,
        "distinguished": bool(row.extra.get("distinguished")), "language_id": language_number(row.language)})


def _comment_text(view: ObjectView) -> str:
    row = view.object
    warning = html_markdown(row.summary) if row.kind == "note" and row.summary else ""
    body = markdown_of(row)
    if warning:
        body = f"::: spoiler {warning}\n{body}\n:::"
    return "\n\n".join(part for part in (body, _files(view.media)) if part)


def comment_counts(row: Object, children: int) -> Json:
    """CommentAggregates."""
    return {"comment_id": row.id, "score": row.likes_count - row.dislikes_count, "upvotes": row.likes_count,
            "downvotes": row.dislikes_count, "published": moment(row.published), "child_count": children}


def forget() -> None:
    """Forget what was kept (tests)."""
    _KEPT.clear()


