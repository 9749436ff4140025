"""Reads what documents of every kind have in common into a `Draft`; the kinds add what is theirs.

A kind calls `read_common(document, kind)` and then sets title, summary and content by its own rules (a `summary` is a
warning on a Note and an abstract on an Article). Nothing here looks into the database: whether an address is a
followers collection, a group or a person is settled later (`potluck.federation.drafting`).
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from potluck.db.base import now
from potluck.federation.errors import InvalidUri
from potluck.federation.urls import check_uri
from potluck.federation.vocabulary import (
    Document,
    Link,
    Tags,
    as_list,
    boolean,
    first_id,
    get,
    get_list,
    ids,
    image_of,
    is_public,
    number,
    parse_time,
    public_in,
    tags_of,
    text,
    text_and_language,
    total_items,
    type_of,
    url_html,
    urls,
)
from potluck.settings import current
from potluck.social.drafts import AttachmentDraft, Draft, EmojiDraft, MentionDraft
from potluck.social.registry import Unreadable
from potluck.text.sanitise import to_plain_text

MAX_ATTACHMENTS = 64
MAX_NAMED = 50
MAX_ADDRESSEES = 500
MAX_HASHTAGS = 100
MAX_EMOJIS = 100
MAX_DESCRIPTION = 10_000
MAX_TITLE = 200
"""Lemmy cuts titles there."""

_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_BLURHASH = re.compile(r"[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{6,100}")


def read_common(document: Document, kind: str) -> Draft:
    """A draft with everything that all kinds share: ids, author, audience, times, tags, files, quote, policy.

    `visibility` is `public`, `unlisted` or `direct`; `followers` is found once the author's collection is known.
    `summary`, `title` and `content` are left to the kind (`natural_text` helps).

    Raises:
        Unreadable: no usable id or type.
    """
    uri = object_id(document)
    type_name = type_of(document)
    if type_name is None:
        raise Unreadable("the object has no type")
    tags = tags_of(document)
    author, group = authors(document)
    draft = Draft(kind=kind, type=type_name, uri=uri, author_uri=author, published=published_time(document))
    draft.url = url_html(document)
    draft.group_uri = first_id(get(document, "audience")) or group
    draft.language = text_and_language(document, "content")[1] or text_and_language(document, "name")[1]
    draft.sensitive = boolean(get(document, "sensitive"))
    draft.edited_at = _edited(document, draft.published)
    draft.source, draft.source_type = source_of(document)
    _read_audience(document, draft, tags)
    _read_thread(document, draft)
    _read_quote(document, draft, tags)
    draft.hashtags = [tag.display for tag in tags.hashtags[:MAX_HASHTAGS]]
    draft.emojis = emojis_of(tags)
    draft.attachments = attachments_of(document)
    draft.sensitive = draft.sensitive or has_sensitive_files(document)
    draft.remote_likes = total_items(get(document, "likes"))
    draft.remote_boosts = total_items(get(document, "shares"))
    draft.app_name = _generator(document)
    if draft.in_reply_to_uri and boolean(get(document, "distinguished")):
        draft.extra = {"distinguished": True}  # Lemmy: said as a moderator, which is checked when it is stored
    return draft


def object_id(document: Document) -> str:
    """The checked id of a document; that of a `bear:` capability is its `u` (Pixelfed stories).

    Raises:
        Unreadable: none, or not an acceptable uri.
    """
    value = document.get("id", document.get("@id"))
    if not isinstance(value, str) or not value:
        raise Unreadable("the object has no id")
    try:
        return check_uri(bear_target(value), allow_http=bool(current().allow_private))
    except InvalidUri as error:
        raise Unreadable(str(error)) from error


def bear_target(uri: str) -> str:
    """The uri inside of `bear:?u=…&t=…`; any other uri as it is."""
    if not uri.startswith("bear:"):
        return uri
    return parse_qs(uri.partition("?")[2]).get("u", [uri])[0]


def authors(document: Document) -> tuple[str | None, str | None]:
    """Who wrote it, and the group it is attributed to besides (PeerTube lists a Person and a Group)."""
    entries = get_list(document, "attributedTo") or get_list(document, "actor")
    people = [entry for entry in entries if type_of(entry) != "Group"]
    groups = [entry for entry in entries if type_of(entry) == "Group"]
    if not people:
        return first_id(groups), None
    return first_id(people), first_id(groups)


def published_time(document: Document) -> datetime:
    """`published`; now when it is missing, before 1970 or more than a day ahead."""
    moment = parse_time(get(document, "published"))
    present = now()
    if moment is None or moment < _EARLIEST or moment > present + timedelta(days=1):
        return present
    return min(moment, present)


def _edited(document: Document, published: datetime) -> datetime | None:
    """`updated`, when it tells of a change after publication (some systems always send both)."""
    moment = parse_time(get(document, "updated"))
    if moment is None or moment <= published or moment > now() + timedelta(days=1):
        return None
    return moment


def natural_text(document: Document, name: str) -> str:
    """A natural-language property (`name`, `summary`, `content`) as sent: not sanitised, '' when absent."""
    return text_and_language(document, name)[0] or ""


def title_of(document: Document, content: str, *, without: str = "") -> str:
    """A title for what has none: `name`, or `summary` (Lotide), or the first line of the text (forum §7).

    Args:
        content: its text, sanitised.
        without: a name whose mention is no part of the title, as a post from Mastodon begins with the community's.
    """
    for name in ("name", "summary"):
        title = " ".join(to_plain_text(natural_text(document, name)).split())
        if title:
            return title[:MAX_TITLE]
    return first_line(content, without=without)


def first_line(content: str, *, without: str = "") -> str:
    """The first line of a text that has more in it than the mention of `without`, cut to what Lemmy takes."""
    text_only = to_plain_text(content)
    if without:
        text_only = re.sub(rf"[@!]{re.escape(without)}(?:@[\w.:-]+)?(?!\w)", "", text_only)
    lines = (" ".join(line.split()) for line in text_only.splitlines())
    return next((line for line in lines if line), "")[:MAX_TITLE]


def source_of(document: Document) -> tuple[str | None, str | None]:
    """What the author typed, and its media type. Pleroma sends a plain string, others `{content, mediaType}`."""
    source = get(document, "source")
    if isinstance(source, str):
        return source, "text/plain"
    if isinstance(source, Mapping):
        content = text(get(source, "content"))
        return (content, text(get(source, "mediaType")) or "text/plain") if content is not None else (None, None)
    return None, None


def audience_of(document: Document) -> tuple[list[str], list[str]]:
    """Addressees: (`to`, `cc`) as uris, Public in its full spelling left in. `bto` and `bcc` count as theirs."""
    to = ids(as_list(get(document, "to")) + as_list(get(document, "bto")))
    cc = ids(as_list(get(document, "cc")) + as_list(get(document, "bcc")))
    return to[:MAX_ADDRESSEES], cc[:MAX_ADDRESSEES]


def has_audience(document: Document) -> bool:
    """Whether the document says to whom it is addressed."""
    return any(get(document, name) not in (None, [], "") for name in ("to", "cc", "bto", "bcc"))


def with_audience_of(document: Document, activity: Document) -> Document:
    """The object with the activity's addressees when it has none of its own (as Misskey and Pleroma copy them)."""
    if has_audience(document):
        return document
    return {**document, "to": get(activity, "to"), "cc": get(activity, "cc")}


def visibility_of(document: Document) -> str:
    """`public`, `unlisted` or (for now) `direct`, by where Public stands."""
    if public_in(get(document, "to")):
        return "public"
    return "unlisted" if public_in(get(document, "cc")) else "direct"


def _read_audience(document: Document, draft: Draft, tags: Tags) -> None:
    draft.visibility = visibility_of(document)
    to, cc = audience_of(document)
    draft.to = [uri for uri in to if not is_public(uri)]
    draft.cc = [uri for uri in cc if not is_public(uri)]
    draft.mentions = mentions_of(tags)
    if draft.visibility == "direct":
        named = {mention.uri for mention in draft.mentions}
        silent = [uri for uri in draft.to + draft.cc if uri not in named and uri != draft.author_uri]
        draft.mentions += [MentionDraft(uri, silent=True) for uri in dict.fromkeys(silent)]


def mentions_of(tags: Tags) -> list[MentionDraft]:
    """The people named in `tag`; those beyond the fiftieth are passed over (protection from mention floods)."""
    found: dict[str, MentionDraft] = {}
    for tag in tags.mentions[:MAX_NAMED]:
        key = tag.href or tag.name or ""
        found.setdefault(key, MentionDraft(tag.href or "", tag.name))
    return list(found.values())


def emojis_of(tags: Tags) -> list[EmojiDraft]:
    """The custom emoji of a document, one per shortcode."""
    found: dict[str, EmojiDraft] = {}
    for tag in tags.emojis[:MAX_EMOJIS]:
        found.setdefault(tag.shortcode, EmojiDraft(tag.shortcode, tag.url, tag.uri, tag.updated))
    return list(found.values())


def _read_thread(document: Document, draft: Draft) -> None:
    draft.in_reply_to_uri = first_id(get(document, "inReplyTo"))
    draft.context_uri = (first_id(get(document, "contextHistory")) or first_id(get(document, "context"))
                         or text(get(document, "conversation")))
    draft.replies_uri = first_id(get(document, "replies"))


def _read_quote(document: Document, draft: Draft, tags: Tags) -> None:
    """Quotes in every form, in the order Mastodon reads them (FEP-044f, Misskey, Fedibird, FEP-e232)."""
    quote = get(document, "quote")
    if type_of(quote) == "Tombstone":
        draft.quote_uri, draft.quote_state = first_id(quote), "deleted"
    else:
        forms = (quote, get(document, "_misskey_quote"), get(document, "quoteUrl"), get(document, "quoteUri"))
        draft.quote_uri = next((uri for uri in map(first_id, forms) if uri), None) or _quote_link(tags)
    draft.quote_authorization_uri = first_id(get(document, "quoteAuthorization"))
    policy = get(document, "interactionPolicy")
    draft.interaction_policy = dict(policy) if isinstance(policy, Mapping) else None
    draft.quote_policy = quote_policy(draft.interaction_policy, draft.author_uri)
    draft.approved_by_uri = first_id(get(document, "approvedBy")) or first_id(get(document, "replyAuthorization"))


def _quote_link(tags: Tags) -> str | None:
    for link in tags.links:
        if any(rel.endswith("_misskey_quote") for rel in link.rel):
            return link.href
        if link.name and link.name.startswith("RE:") and "activitystreams" in (link.media_type or ""):
            return link.href
    return None


def quote_policy(policy: Document | None, author_uri: str | None) -> str:
    """Who may quote at once: `public`, `followers` or `nobody`.

    Without any `canQuote` the author's system knows no quote policies and anyone may (the form of old).
    """
    rule = get(policy, "canQuote") if policy else None
    if not isinstance(rule, Mapping):
        return "public"
    allowed = ids(get(rule, "automaticApproval")) or ids(get(rule, "always"))
    if any(map(is_public, allowed)):
        return "public"
    return "followers" if any(uri != author_uri and uri.rstrip("/").endswith("/followers") for uri in allowed) \
        else "nobody"


def _generator(document: Document) -> str | None:
    generator = get(document, "generator")
    name = text(get(generator, "name")) if isinstance(generator, Mapping) else None
    return name[:200] if name else None


def attachments_of(document: Document) -> list[AttachmentDraft]:
    """The files of a document in order; link previews (`Link` with `href`) are not among them."""
    found = []
    for entry in get_list(document, "attachment")[:MAX_ATTACHMENTS]:
        if isinstance(entry, Mapping) and not get(entry, "href"):
            attachment = attachment_of(entry)
            if attachment:
                found.append(attachment)
    return found


def has_sensitive_files(document: Document) -> bool:
    """Whether one of the files is marked on its own, as Misskey does it: then all of them are covered."""
    return any(isinstance(entry, Mapping) and boolean(get(entry, "sensitive"))
               for entry in get_list(document, "attachment")[:MAX_ATTACHMENTS])


def attachment_of(entry: Document) -> AttachmentDraft | None:
    """One file, whatever its type is called; None when it has no address, or is a profile field or the like."""
    link = _best_link(urls(get(entry, "url")))
    if link is None or type_of(entry) in ("PropertyValue", "Note"):
        return None
    media_type = (text(get(entry, "mediaType")) or link.media_type or "").strip().lower() or None
    preview = image_of(get(entry, "icon")) or image_of(get(entry, "preview"))
    description = natural_text(entry, "summary") or natural_text(entry, "name")
    blurhash = text(get(entry, "blurhash"))
    return AttachmentDraft(
        type=_media_class(media_type, type_of(entry), link.href), url=link.href, media_type=media_type,
        description=description[:MAX_DESCRIPTION], focus=_focus(get(entry, "focalPoint")),
        blurhash=blurhash if blurhash and _BLURHASH.fullmatch(blurhash) else None,
        preview_url=preview.url if preview and preview.url != link.href else None,
        width=number(get(entry, "width")) or link.width, height=number(get(entry, "height")) or link.height,
        duration=duration_of(get(entry, "duration")),
    )


def _best_link(links: list[Link]) -> Link | None:
    """Of several addresses of one file (PeerTube, Pleroma) the first that is a file, not a page."""
    files = [link for link in links if not (link.media_type or "").startswith("text/html")]
    return next(iter(files or links), None)


def _media_class(media_type: str | None, type_name: str | None, href: str) -> str:
    guessed = media_type or mimetypes.guess_type(href.partition("?")[0])[0] or ""
    major = guessed.partition("/")[0]
    if major in ("image", "video", "audio"):
        return major
    return type_name.lower() if type_name in ("Image", "Video", "Audio") else "unknown"


def _focus(value: Any) -> tuple[float, float] | None:
    numbers = [part for part in as_list(value) if isinstance(part, (int, float)) and not isinstance(part, bool)]
    if len(numbers) != 2 or not all(-1 <= part <= 1 for part in numbers):
        return None
    return float(numbers[0]), float(numbers[1])


_DURATION = re.compile(r"P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?")


def duration_of(value: Any) -> float | None:
    """Seconds, out of a number or an ISO 8601 duration (`PT1M3.5S`)."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9:
        return float(value)
    match = _DURATION.fullmatch(text(value) or "")
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + seconds


def link_attachment(document: Document) -> str | None:
    """The page a link post is about: the first `Link` attachment (Lemmy) or `href`-carrying entry."""
    for entry in get_list(document, "attachment")[:MAX_ATTACHMENTS]:
        if isinstance(entry, Mapping) and get(entry, "href"):
            link = next(iter(urls(entry)), None)
            if link:
                return link.href
    return None
