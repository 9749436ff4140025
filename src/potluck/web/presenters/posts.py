"""Objects of every kind as cards show them: the frame that all share, and what posts have beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from potluck.social import policies, preferences, registry
from potluck.social.model import Actor
from potluck.social.views import EntryView, ObjectView
from potluck.social.visibility import FOLLOWERS, LOCAL, OPEN
from potluck.text.hashtags import normalise_hashtag
from potluck.web.auth import Viewer
from potluck.web.i18n import _
from potluck.web.presenters.articles import ShownArticle, not_in_text, shown_article
from potluck.web.presenters.cards import archived, embedded, shown_card
from potluck.web.presenters.media import ShownMedia, covered, shown_media
from potluck.web.presenters.people import Person, profile_path, shown_person
from potluck.web.presenters.times import Time, shown_time
from potluck.web.trusted import plain_text, stay_here, trusted_html, with_emoji


@dataclass(frozen=True, slots=True)
class Counts:
    """How often others did what."""

    replies: int
    boosts: int
    favourites: int
    quotes: int = 0


@dataclass(frozen=True, slots=True)
class Mine:
    """What the viewer has done."""

    boosted: bool = False
    favourited: bool = False
    bookmarked: bool = False
    pinned: bool = False
    muted: bool = False


@dataclass(frozen=True, slots=True)
class May:
    """What the viewer is allowed to do."""

    reply: bool = False
    reply_waits: bool = False  # until the author has approved it
    quote: bool = False
    boost: bool = False
    favourite: bool = False
    bookmark: bool = False
    vote: bool = False
    edit: bool = False
    delete: bool = False
    pin: bool = False
    moderate: bool = False


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """The post that was answered; `url` '' if it is unknown."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A hashtag."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class PollOption:
    """One answer; `votes` None while results are hidden."""

    label_html: Markup
    votes: int | None
    percent: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Poll:
    """See `components/attachments.html`."""

    options: list[PollOption]
    multiple: bool
    votable: bool
    voters: int
    ends: Time | None
    ended: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """A quoted post: state is shown, pending or gone."""

    state: str
    post: Any = None


@dataclass(frozen=True, slots=True)
class Votes:
    """Up and down, for what was posted in a community. `mine` is 1, -1 or 0; `may` whether the viewer may vote.

    `score` is None for those who do not want to see it.
    """

    score: int | None
    mine: int
    may: bool


@dataclass(frozen=True, slots=True)
class ShownReaction:
    """An emoji below a post: `label_html` draws it, `emoji` is what the form sends."""

    emoji: str
    label_html: Markup
    count: int
    mine: bool


@dataclass(frozen=True, slots=True)
class Post:
    """See `components/post.html`; also what the cards of other kinds need (`components/cards.html`)."""

    id: str
    url: str
    original_url: str
    author: Person
    published: Time
    edited: Time | None
    history_url: str
    visibility: str
    boosted_by: Person | None
    reply_to: ReplyTo | None
    group: Person | None
    act: str
    counts: Counts
    mine: Mine
    may: May
    warning: str
    unfolded: bool
    lang: str
    html: Markup
    media: list[ShownMedia]
    sensitive: bool
    poll: Poll | None
    quote: Quote | None
    tags: list[Tag]
    kind: str
    template: str  # draws its card
    page_template: str  # draws it on its own page
    title: str
    summary_html: Markup
    type_label: str
    host: str
    card: Any = None
    data: Any = field(default=None)
    featured: bool = False
    held: bool = False
    votes: Votes | None = None  # in a community it is voted up and down instead of favourited
    editor: str = "edit"
    link: str = ""
    link_host: str = ""
    archive_url: str = ""
    embed: ShownMedia | None = None  # the file it links to, in one of our players
    covered_by: str = ""
    reactions: list[ShownReaction] = field(default_factory=list)
    article: ShownArticle | None = None  # what an article has beside


def shown_votes(view: ObjectView, viewer: Viewer | None) -> Votes:
    """The votes of something in a community."""
    row, marks = view.object, view.marks
    hidden = viewer is not None and preferences.of(viewer.user).hide_scores
    score = None if hidden else row.likes_count - row.dislikes_count
    return Votes(score, 1 if marks.liked else -1 if marks.disliked else 0, viewer is not None)


def post_path(author: Actor, object_id: int) -> str:
    """Page of an object on this site."""
    return f"{profile_path(author)}/{object_id}"


def shown_entries(entries: Sequence[EntryView], viewer: Viewer | None, *, unfold: bool = False,
                  featured: bool = False, covers: Mapping[int, str] | None = None) -> list[Post]:
    """The cards of a feed; `covers` has by object id the title of the filter that covers a post."""
    return [shown_post(entry.object, viewer, booster=entry.booster, entry_id=entry.entry_id, unfold=unfold,
                       featured=featured, covered_by=(covers or {}).get(entry.object.object.id, ""))
            for entry in entries]


def shown_post(
    view: ObjectView,
    viewer: Viewer | None,
    *,
    booster: Actor | None = None,
    entry_id: int | None = None,
    unfold: bool = False,
    featured: bool = False,
    covered_by: str = "",
    whole: bool = False,
) -> Post:
    """The card of an object.

    Args:
        view: the object, which the viewer may see.
        viewer: who is looking.
        booster: because of whose boost it is in the feed.
        entry_id: id of the feed entry; it names the card, so that a boost and the original can share a page.
        unfold: show what is behind a content warning at once.
        featured: it stands here because its author pinned it.
        covered_by: title of the viewer's filter that covers it.
        whole: with its text even where that is long (an article on its own page).
    """
    row, author = view.object, view.author
    article = shown_article(view)
    kind = registry.kind_named(row.kind)
    link = str(row.extra.get("link") or "")
    return Post(
        id=str(entry_id or row.id), url=post_path(author, row.id),
        original_url="" if row.local else (row.url or row.uri), author=shown_person(author),
        held=row.state == "held", published=shown_time(row.published),
        edited=shown_time(row.edited_at) if row.edited_at else None,
        history_url=f"{post_path(author, row.id)}/history" if row.edited_at else "", visibility=row.visibility,
        boosted_by=shown_person(booster) if booster else None, reply_to=_reply_to(view),
        group=shown_person(view.group) if view.group else None, act=f"/posts/{row.id}", counts=_counts(view),
        mine=_mine(view), may=_may(view, viewer, kind.interactions),
        warning=row.summary if row.title is None else "", unfolded=unfold, lang=row.language or "",
        html=_content(view) if article is None else _readable(view) if whole else Markup(""),
        media=shown_media(view.media if article is None else not_in_text(view), viewer),
        sensitive=covered(row.sensitive or view.author.sensitized_at is not None, viewer),
        poll=_poll(view, viewer), quote=_quote(view), tags=_tags(view), kind=kind.name, template=kind.card,
        page_template=kind.page,
        title=row.title or "", summary_html=with_emoji(row.summary, row.emojis), type_label=row.type,
        host=urlsplit(row.url or row.uri).netloc, data=view.kind_data, featured=featured,
        votes=shown_votes(view, viewer) if view.group else None, editor=kind.editor, link=link,
        link_host=urlsplit(link).netloc.removeprefix("www."), covered_by=covered_by, reactions=_reactions(view),
        card=shown_card(view), embed=embedded(view), archive_url=archived(link),
        article=article,
    )


def _reactions(view: ObjectView) -> list[ShownReaction]:
    mine = set(view.marks.reactions)
    return [ShownReaction(emoji, with_emoji(emoji, [{"shortcode": emoji.strip(":"), "url": url}]
                                            if url else []), count, emoji in mine)
            for emoji, url, count in view.reactions]


def _content(view: ObjectView) -> Markup:
    row = view.object
    people = {address: profile_path(actor) for actor in view.mentions for address in (actor.url, actor.uri) if address}
    tags = frozenset(tag.name for tag in view.hashtags)
    return trusted_html(stay_here(row.content, people, tags), row.emojis)


def _readable(view: ObjectView) -> Markup:
    """The text of an article: listings and tables that are wider than the page are scrolled by the keyboard, too."""
    html = str(_content(view))
    for part in ("pre", "table"):
        html = html.replace(f"<{part}>", f'<{part} tabindex="0">')
    return Markup(html)  # noqa: S704 - sanitised on the way in


def _counts(view: ObjectView) -> Counts:
    row = view.object
    return Counts(row.replies_count, max(row.boosts_count, row.remote_boosts or 0),
                  max(row.likes_count, row.remote_likes or 0), row.quotes_count)


def _mine(view: ObjectView) -> Mine:
    marks = view.marks
    return Mine(marks.boosted, marks.liked, marks.bookmarked, marks.pinned, marks.thread_muted)


def _may(view: ObjectView, viewer: Viewer | None, allowed: frozenset[str]) -> May:
    if viewer is None:
        return May()
    row = view.object
    own = row.author_id == viewer.actor.id

    def denied(act: policies.Act) -> bool:
        return view.restricted.get(act) == "denied"

    return May(
        reply="reply" in allowed and not denied("reply"), favourite="like" in allowed and not denied("like"),
        bookmark="bookmark" in allowed, reply_waits=view.restricted.get("reply") == "manual",
        quote="quote" in allowed and not denied("quote") and (row.visibility in OPEN or own),
        boost="boost" in allowed and not denied("announce") and (
            row.visibility in OPEN or (own and row.visibility == FOLLOWERS)),
        vote="vote" in allowed, edit=own and row.source is not None, delete=own,
        pin=own and "pin" in allowed and row.visibility in {*OPEN, FOLLOWERS, LOCAL},
        moderate=viewer.is_staff and not own,
    )


def _reply_to(view: ObjectView) -> ReplyTo | None:
    row = view.object
    if not row.in_reply_to_uri and not row.in_reply_to_id:
        return None
    parent = next((actor for actor in (view.author, *view.mentions) if actor.id == row.in_reply_to_author_id), None)
    name = (parent.display_name or parent.name) if parent else _("a post")
    if row.in_reply_to_id is None:
        return ReplyTo(name, row.in_reply_to_uri or "")
    return ReplyTo(name, f"/posts/{row.in_reply_to_id}")


def _poll(view: ObjectView, viewer: Viewer | None) -> Poll | None:
    poll = getattr(view.kind_data, "poll", None)
    if poll is None:
        return None
    row = view.object
    voted = bool(poll.own_votes) or (viewer is not None and row.author_id == viewer.actor.id)
    total = (poll.voters_count if poll.multiple else poll.votes_count) or 0
    options = [PollOption(with_emoji(title, row.emojis), votes, round(100 * (votes or 0) / total) if total else 0,
                          number in (poll.own_votes or ()))
               for number, (title, votes) in enumerate(poll.options)]
    return Poll(options, poll.multiple, viewer is not None and not voted and not poll.expired,
                poll.voters_count or poll.votes_count or 0,
                shown_time(poll.expires_at) if poll.expires_at else None, poll.expired)


@dataclass(frozen=True, slots=True)
class QuotedPost:
    """What is shown of a quoted post."""

    author: Person
    published: Time
    url: str
    html: Markup
    warning: str


def _quote(view: ObjectView) -> Quote | None:
    row = view.object
    if row.quote_uri is None and row.quote_id is None:
        return None
    if row.quote_state == "pending":
        return Quote("pending")
    quoted = view.quote
    if quoted is None or row.quote_state not in {"accepted", None}:
        return Quote("gone")
    return Quote("shown", QuotedPost(
        shown_person(quoted.author), shown_time(quoted.object.published), post_path(quoted.author, quoted.object.id),
        _content(quoted), quoted.object.summary))


def _tags(view: ObjectView) -> list[Tag]:
    """Hashtags that the text itself does not show."""
    text = plain_text(view.object.content[:100_000], 20_000)
    words = {normalise_hashtag(word[1:].rstrip(".,;:!?)")) for word in text.split() if word.startswith("#")}
    return [Tag(tag.display, f"/tags/{tag.name}") for tag in view.hashtags if tag.name not in words]
