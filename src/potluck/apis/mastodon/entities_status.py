"""The Status entity, in parts: what is the same for every reader is rendered once and kept, the rest is laid over it.

A status is put together out of bytes: head, the author's Account, body, then what depends on the reader (whether they
may quote it, their votes, the quoted status, their marks). `render` does the putting together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

import msgspec

from potluck.apis.mastodon import entities, entities_card
from potluck.apis.mastodon.entities import Json, stamp
from potluck.social import filtering, glances, policies
from potluck.social.addresses import object_url
from potluck.social.glances import Glance
from potluck.social.model import Object
from potluck.social.policies import Rule
from potluck.social.views import ObjectView

_encode = msgspec.json.Encoder().encode

_VISIBILITY = {"public": "public", "unlisted": "unlisted", "followers": "private", "local": "private",
               "group": "private", "direct": "direct"}
_MOST_SEARCHED = 20_000  # characters of a text that are kept for filters
_QUOTE_STATES = frozenset({"pending", "accepted", "rejected", "revoked", "deleted", "unauthorized"})


@dataclass(slots=True)
class Shell:
    """A rendered status without what depends on the reader, and what is needed to add that."""

    version: int
    head: bytes  # up to the account
    body: bytes  # from behind the account up to `current_user` of the quote approval
    counts: bytes  # the counts, for boosts of it
    author_id: int
    quote_rule: Rule
    quote_id: int | None
    quote_state: str | None  # None: quotes nothing
    has_poll: bool
    thread_root_id: int
    text: str  # what filters search


def visibility(value: str) -> str:
    """Visibility in Mastodon's words: what only some may read is private."""
    return _VISIBILITY.get(value, "private")


def shell(view: ObjectView) -> Shell:
    """Render what all readers share."""
    row = view.object
    counts = _encode(_counts(row))[1:-1]
    rule = policies.rule_of(row, "quote", view.author)
    head = b'{"id":"%d","account":' % row.id
    body = b"," + _encode(_shared(view))[1:-1] + b"," + counts + b"," + _approval_start(rule)
    return Shell(row.version, head, body, counts, row.author_id, rule, row.quote_id, _quote_state(row),
                 _has_poll(view), row.thread_root_id or row.id, filtering.text_of(view)[:_MOST_SEARCHED])


def _has_poll(view: ObjectView) -> bool:
    return getattr(view.kind_data, "poll", None) is not None


def is_sensitive(view: ObjectView) -> bool:
    """By its author, by its warning, or because a moderator hides all media of the author."""
    row = view.object
    return row.sensitive or bool(row.kind == "note" and row.summary) or view.author.sensitized_at is not None


def _shared(view: ObjectView) -> Json:
    row = view.object
    is_note = row.kind == "note"
    written_with = {"application": {"name": row.app_name, "website": row.app_website}} if row.app_name else {}
    return {
        "uri": row.uri, "url": status_url(view), "created_at": stamp(row.published),
        "edited_at": entities.optional_stamp(row.edited_at), "content": content_of(view),
        "visibility": visibility(row.visibility), "sensitive": is_sensitive(view),
        "spoiler_text": row.summary if is_note else str(row.extra.get("warning") or ""), "language": row.language,
        "in_reply_to_id": entities.optional_id(row.in_reply_to_id),
        "in_reply_to_account_id": entities.optional_id(row.in_reply_to_author_id), "reblog": None,
        "media_attachments": [entities.media(item) for item in view.media],
        "mentions": [entities.mention(actor) for actor in view.mentions],
        "tags": [entities.short_tag(tag.name) for tag in view.hashtags],
        "emojis": [entities.emoji(entry) for entry in row.emojis], "card": card(view), **written_with,
    }


def as_reported(view: ObjectView, account: Any) -> Json:
    """Status as moderators see it in a report, whoever it was meant for: without marks. `account`: rendered."""
    row = view.object
    return {
        "id": str(row.id), "account": account, **_shared(view), **_counts(row), "favourited": False,
        "reblogged": False, "muted": False, "bookmarked": False, "filtered": [], "poll": None, "quote": None,
        "quote_approval": {"automatic": [], "manual": [], "current_user": "denied"},
    }


def _counts(row: Object) -> Json:
    return {
        "replies_count": row.replies_count, "reblogs_count": max(row.boosts_count, row.remote_boosts or 0),
        "favourites_count": max(row.likes_count, row.remote_likes or 0), "quotes_count": row.quotes_count,
    }


def status_url(view: ObjectView) -> str:
    """The page of a status for people."""
    row = view.object
    return object_url(view.author.name, row.id) if row.local else row.url or row.uri


def content(row: Object, url: str, glance: Glance | None = None) -> str:
    """HTML of a status. What Mastodon has no word for becomes its title (linked) and what matters most, never nothing.

    Args:
        row: the object.
        url: its page.
        glance: what its kind says of it; without that title and summary do (earlier versions).
    """
    if row.kind == "note":
        return f"<p><strong>{escape(row.title)}</strong></p>{row.content}" if row.title else row.content
    glance = glance or glances.plain(row)
    facts = "<br>".join(escape(line) for line in glance.facts)
    link = f"<p>{_link(glance.link, glance.link)}</p>" if glance.link else ""
    return f"<p>{_link(url, glance.title)}</p>{f'<p>{facts}</p>' if facts else ''}{glance.html}{link}"


def _link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}" rel="nofollow noopener">{escape(text)}</a>'


def content_of(view: ObjectView) -> str:
    """HTML of a status as it is now."""
    row = view.object
    return content(row, status_url(view), None if row.kind == "note" else glances.of(view))


def card(view: ObjectView) -> Json | None:
    """PreviewCard: of the page a note or something else is about; what is about no page is its own card."""
    if view.object.kind == "note":
        return entities_card.of_page(view.card, view.card_author) if view.card else None
    glance = glances.of(view)
    if glance.link and view.card:
        return entities_card.of_page(view.card, view.card_author)
    return entities_card.of_object(view, glance, glance.link or status_url(view))


def _approval_start(rule: Rule) -> bytes:
    return (b'"quote_approval":{"automatic":' + _encode(_groups(rule.automatic)) + b',"manual":'
            + _encode(_groups(rule.manual)) + b',"current_user":"')


def _groups(who: Collection[str]) -> list[str]:
    """Those who may quote, in Mastodon's words; people named one by one have none."""
    known = [word for word in (policies.PUBLIC, policies.FOLLOWERS, policies.FOLLOWING) if word in who]
    return [*known, *(["unsupported_policy"] if len(known) < len(who) else [])]


def _quote_state(row: Object) -> str | None:
    if row.quote_id is None and row.quote_uri is None:
        return None
    state = row.quote_state or "accepted"
    if state == "accepted" and row.quote_id is None:
        return "pending"
    return state if state in _QUOTE_STATES else "pending"


def _word(value: Any) -> bytes:
    return b"true" if value else b"false"


def _mark_bytes(liked: bool, boosted: bool, muted: bool, bookmarked: bool) -> bytes:
    return (b',"favourited":' + _word(liked) + b',"reblogged":' + _word(boosted) + b',"muted":' + _word(muted)
            + b',"bookmarked":' + _word(bookmarked) + b',"filtered":[]')


_MARKS = [_mark_bytes(bool(n & 1), bool(n & 2), bool(n & 4), bool(n & 8)) for n in range(16)]


def marks_bytes(marks: Sequence[Any], *, own: bool, caught: Sequence[filtering.Match] = ()) -> bytes:
    """What the reader did with a status; `pinned` only on their own.

    Args:
        marks: whether liked, boosted, bookmarked, pinned, conversation muted.
        own: whether it is the reader's own status.
        caught: the reader's filters that catch it.
    """
    liked, boosted, bookmarked, pinned, muted = marks
    number: int = liked | boosted << 1 | muted << 2 | bookmarked << 3
    found = _MARKS[number]
    if caught:
        found = found.removesuffix(b"[]") + _encode([filter_result(match) for match in caught])
    return found + b',"pinned":' + _word(pinned) if own else found


def filter_result(match: filtering.Match) -> Json:
    """FilterResult."""
    rule = match.rule
    return {
        "filter": {"id": str(rule.id), "title": rule.title, "context": rule.contexts,
                   "expires_at": entities.optional_stamp(rule.expires_at), "filter_action": rule.action},
        "keyword_matches": match.words or None, "status_matches": [str(match.object_id)] if match.named else None,
    }


def poll(poll_view: Any, object_id: int, emojis: list[Json], *, signed_in: bool) -> Json:
    """Poll, with the reader's votes if somebody is signed in."""
    found: Json = {
        "id": str(object_id), "expires_at": entities.optional_stamp(poll_view.expires_at),
        "expired": poll_view.expired, "multiple": poll_view.multiple, "votes_count": poll_view.votes_count,
        "voters_count": poll_view.voters_count, "emojis": emojis,
        "options": [{"title": title, "votes_count": votes} for title, votes in poll_view.options],
    }
    if signed_in:
        found["voted"] = poll_view.voted
        found["own_votes"] = list(poll_view.own_votes)
    return found


def boost_head(announce_id: int, uri: str, moment: datetime, seen_by: str) -> bytes:
    """A boost up to the booster's account."""
    return b'{"id":"%d","uri":%s,"url":%s,"created_at":"%s","visibility":"%s","account":' % (
        announce_id, _encode(uri), _encode(uri), stamp(moment).encode(), visibility(seen_by).encode())


BOOST_BODY = (
    b',"edited_at":null,"content":"","sensitive":false,"spoiler_text":"","language":null,"in_reply_to_id":null,'
    b'"in_reply_to_account_id":null,"media_attachments":[],"mentions":[],"tags":[],"emojis":[],"card":null,'
    b'"poll":null,"quote":null,'
    b'"quote_approval":{"automatic":[],"manual":[],"current_user":"denied"},')
"""What a boost says itself: nothing; the boosted status is in `reblog`."""
