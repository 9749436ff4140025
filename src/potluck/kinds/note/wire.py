"""Notes on the wire: Note, Question (a note with a poll) and Pleroma's ChatMessage; microblog §2 to §7."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Any

from potluck.db.base import now
from potluck.federation.reading import MAX_TITLE, first_line, natural_text, read_common
from potluck.federation.vocabulary import (
    Document,
    boolean,
    format_precise_time,
    format_time,
    get,
    number,
    parse_time,
    poll_options,
    total_items,
)
from potluck.federation.writing import object_base, plain_attachments, with_language
from potluck.kinds.note.model import NoteData, PollDraft, PollView
from potluck.social.drafts import Draft
from potluck.social.registry import Receiver, Unreadable
from potluck.social.views import ObjectView
from potluck.text.sanitise import sanitise_html, strip_quote_inline, to_plain_text

MAX_NAME = 500
MAX_OPTION_TITLE = 1000
MAX_VOTES = 1_000_000_000
"""Tallies are somebody's claim; the sum of larger ones would not fit into the database."""

_CHATTING = frozenset({"lemmy", "mbin"})  # dialects whose private messages are of a type of their own
_INVISIBLE = "\u200b\u200c\u200d\ufeff \t\n"


def read(document: Document) -> Draft:
    """A Note, Question or ChatMessage in any known dialect.

    Raises:
        Unreadable: no id or type, or a poll without options.
    """
    draft = read_common(document, "note")
    content = sanitise_html(natural_text(document, "content"))
    draft.content = _titled(document, strip_quote_inline(content) if draft.quote_uri else content)
    # Misskey writes an empty warning as a zero-width space.
    draft.summary = to_plain_text(natural_text(document, "summary")).strip(_INVISIBLE)
    draft.sensitive = draft.sensitive or bool(draft.summary)
    if draft.type == "ChatMessage":
        _as_direct_message(draft)
    if draft.type == "Question":
        draft.kind_data = read_poll(document)
    return draft


def _titled(document: Document, content: str) -> str:
    """Notes have no titles, but Friendica, PieFed and others send a `name`: it stands above the text."""
    name = to_plain_text(natural_text(document, "name")).strip()[:MAX_NAME]
    if not name or name in to_plain_text(content):
        return content
    return f"<p><strong>{html.escape(name)}</strong></p>{content}"


def _as_direct_message(draft: Draft) -> None:
    """A ChatMessage names nobody in tags: whoever it is addressed to is meant."""
    draft.visibility = "direct"
    for mention in draft.mentions:
        mention.silent = False


def read_poll(document: Document) -> PollDraft:
    """The poll of a Question: options, tallies, end.

    Raises:
        Unreadable: neither `oneOf` nor `anyOf` holds an option.
    """
    entries, several = poll_options(document)
    named = [(title, votes) for title, votes in map(_option, entries) if title]
    if not named:
        raise Unreadable("the Question has no options")
    voters = number(get(document, "votersCount"))
    return PollDraft(named, multiple=several, expires_at=_end(document),
                     voters_count=None if voters is None else min(voters, MAX_VOTES))


def _option(entry: Document) -> tuple[str, int]:
    title = natural_text(entry, "name") or to_plain_text(natural_text(entry, "content"))
    votes = min(total_items(get(entry, "replies")) or 0, MAX_VOTES)
    return html.unescape(title).strip()[:MAX_OPTION_TITLE], votes


def _end(document: Document) -> datetime | None:
    """`closed` as a time is the end, as `true` means over already; else `endTime`, which may be absent or null."""
    closed = get(document, "closed")
    moment = parse_time(closed)
    if moment is not None:
        return moment
    if closed and boolean(closed, default=True):
        return now()
    return parse_time(get(document, "endTime"))


def write(view: ObjectView, receiver: Receiver) -> dict[str, Any]:
    """The document of a note. All readers but Lemmy and Mbin take the same form (`potluck.federation.dialects`)."""
    row = view.object
    if row.visibility == "direct" and receiver.software in _CHATTING and len(view.mentions) == 1:
        return _chat_message(view)
    document = object_base(view)
    if row.title:  # a poll in a community; its text begins with the title, too
        document["name"] = row.title
    if row.summary:
        document["summary"] = row.summary
    document |= with_language("content", _with_quote_link(view), row.language)
    data = view.kind_data
    if isinstance(data, NoteData) and data.poll is not None:
        document |= _poll_terms(data.poll)
    if receiver.software == "lemmy":
        document["attachment"] = plain_attachments(view.media)
        if view.group and row.in_reply_to_uri is None:
            _as_page(document, view, view.group.name)
    return document


def _as_page(document: dict[str, Any], view: ObjectView, community: str) -> None:
    """A post in a community: Lemmy 1.0 passes over a Note that answers nothing, and a Question (forum §5)."""
    named = view.object.title or document.pop("summary", "") or first_line(document["content"], without=community)
    document |= {"type": "Page", "name": named[:MAX_TITLE] or "…", "mediaType": "text/html"}
    document.pop("summary", None)


def _chat_message(view: ObjectView) -> dict[str, Any]:
    """A private message to one person, as Lemmy (before 1.0) and Mbin take it; they know no other (forum §3)."""
    row = view.object
    document: dict[str, Any] = {
        "id": row.uri, "type": "ChatMessage", "attributedTo": view.author.uri, "to": [view.mentions[0].uri],
        "content": row.content, "mediaType": "text/html", "published": format_time(row.published)}
    if row.edited_at:
        document["updated"] = format_precise_time(row.edited_at)
    return document


def _with_quote_link(view: ObjectView) -> str:
    """A quote is repeated as a link at the start, for readers who know no quotes (others strip it by its class)."""
    row = view.object
    if not row.quote_uri or row.quote_state in ("deleted", "revoked", "rejected"):
        return row.content
    target = html.escape((view.quote.object.url if view.quote else None) or row.quote_uri)
    return f'<p class="quote-inline">RE: <a href="{target}" rel="nofollow noopener">{target}</a></p>{row.content}'


def _poll_terms(poll: PollView) -> dict[str, Any]:
    options = [{"type": "Note", "name": title,
                "replies": {"type": "Collection", "totalItems": votes or 0}} for title, votes in poll.options]
    terms: dict[str, Any] = {"anyOf" if poll.multiple else "oneOf": options, "votersCount": poll.voters_count or 0}
    if poll.expires_at:
        terms["endTime"] = format_time(poll.expires_at)
        if poll.expired:
            terms["closed"] = format_time(poll.expires_at)
    return terms
