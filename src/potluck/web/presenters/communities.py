"""Communities and the posts listed in them, as pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from markupsafe import Markup

from potluck.media.addresses import SMALL, shown
from potluck.social import registry
from potluck.social.communities import flairs
from potluck.social.model import Actor, Community, GroupPost
from potluck.social.relationships import Relationship
from potluck.social.views import ObjectView
from potluck.web.auth import Viewer
from potluck.web.i18n import _
from potluck.web.presenters.cards import card_picture, file_kind
from potluck.web.presenters.media import ShownMedia, covered, shown_media
from potluck.web.presenters.people import FollowState, Person, follow_state, shown_person
from potluck.web.presenters.posts import Votes, post_path, shown_votes
from potluck.web.presenters.times import Time, shown_time
from potluck.web.trusted import plain_text, trusted_html

_TITLE = 120
_PLAIN = ("link", "note")
_WITH_PREVIEW = ("image", "gifv", "video")
_SYMBOLS = ("article", "photo", "video", "audio", "book")


@dataclass(frozen=True, slots=True)
class ShownCommunity:
    """See `components/communities.html`."""

    person: Person
    banner_url: str
    banner_alt: str
    follow: FollowState
    description_html: Markup
    members: int
    posts: int
    comments: int
    rules: Sequence[str]
    flairs: Sequence[str]  # its tags for posts
    sensitive: bool
    private: bool
    local_only: bool
    moderators_post: bool
    local: bool
    original_url: str
    feed_url: str
    removed: bool
    limited: bool


def shown_community(actor: Actor, settings: Community, relationship: Relationship | None) -> ShownCommunity:
    """A community as a row or the top of its page shows it."""
    person = shown_person(actor)
    return ShownCommunity(
        person=person, banner_url=shown(actor.header_url) or "", banner_alt=actor.header_description,
        follow=follow_state(relationship),
        description_html=trusted_html(actor.summary, actor.emojis), members=actor.followers_count,
        posts=settings.posts_count, comments=settings.comments_count, rules=settings.rules,
        flairs=[str(flair["name"]) for flair in settings.flairs],
        sensitive=settings.sensitive or bool(actor.extra.get("sensitive")),
        private=settings.visibility == "private" or actor.locked, local_only=settings.visibility == "local",
        moderators_post=settings.posting == "moderators" or bool(actor.extra.get("posting_restricted")),
        local=actor.is_local, original_url="" if actor.is_local else (actor.url or actor.uri),
        feed_url=f"{person.url}.rss" if actor.is_local and settings.visibility == "public" else "",
        removed=settings.removed_at is not None, limited=actor.silenced_at is not None)


@dataclass(frozen=True, slots=True)
class ListedPost:
    """A line of a listing; see `components/communities.html`."""

    id: str
    url: str
    title: str
    link: str
    domain: str
    thumbnail: str
    symbol: str
    media: list[ShownMedia]
    sensitive: bool
    author: Person
    community: Person | None
    published: Time
    votes: Votes
    comments: int
    new_comments: int | None
    pinned: bool
    locked: bool
    on_top: bool  # of its community, whatever listing this is
    on_top_here: bool  # of this server's listings
    read: bool
    kind_label: str
    flairs: Sequence[str]
    act: str
    lang: str


def title_of(view: ObjectView) -> str:
    """A post's title, or its first words: a note in a community has none."""
    row = view.object
    if row.title:
        return row.title
    lines = plain_text(row.content, 2000).strip().splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    return (first[:_TITLE] + "…" if len(first) > _TITLE else first) or _("Untitled")


def _thumbnail(view: ObjectView, media: Sequence[ShownMedia]) -> str:
    """The small picture of a post: its own, the one its site sent with it, or that of the page it links to."""
    own = next((item.preview_url or item.url for item in media if item.kind in _WITH_PREVIEW and item.preview_url), "")
    return own or shown(str(view.object.extra.get("thumbnail") or ""), SMALL) or card_picture(view.card)


def _symbol(view: ObjectView, link: str) -> str:
    """The icon that stands for a post without a picture."""
    if view.object.type == "Question":
        return "poll"
    if link:
        return {"video": "video", "audio": "audio"}.get(file_kind(link), "link")
    return view.object.kind if view.object.kind in _SYMBOLS else "chat"


def shown_listed(view: ObjectView, place: GroupPost, viewer: Viewer | None, *, pinned: bool = False,
                 seen: Mapping[int, int] | None = None) -> ListedPost:
    """A post as a line of a listing.

    Args:
        seen: posts the viewer has opened, with how many comments they had then.
    """
    row = view.object
    link = str(row.extra.get("link") or "")
    media = shown_media(view.media, viewer)
    had = (seen or {}).get(row.id)
    return ListedPost(
        id=str(row.id), url=post_path(view.author, row.id), title=title_of(view), link=link,
        domain=urlsplit(link).netloc.removeprefix("www.") if link else "",
        thumbnail=_thumbnail(view, media), symbol=_symbol(view, link), media=media,
        sensitive=covered(row.sensitive or place.sensitive, viewer), author=shown_person(view.author),
        community=shown_person(view.group) if view.group else None, published=shown_time(row.published),
        votes=shown_votes(view, viewer), comments=place.comments,
        new_comments=max(0, place.comments - had) if had is not None else None, pinned=pinned, locked=place.locked,
        on_top=place.pinned, on_top_here=place.site_pinned,
        read=had is not None, kind_label="" if row.kind in _PLAIN else _(registry.kind_named(row.kind).label),
        flairs=flairs.names_of(row), act=f"/posts/{row.id}", lang=row.language or "")
