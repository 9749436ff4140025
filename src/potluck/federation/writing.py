"""Writes what documents of every kind have in common; the kinds add what is theirs.

A kind's `write(view, receiver)` starts from `object_base(view)` and adds name, summary, content and its own terms.
The shapes follow microblog §19 and protocol §10: arrays everywhere, full Public, times in Z, no null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from potluck.federation.vocabulary import (
    ACTOR_CONTEXT,
    CONTEXT,
    LD_JSON,
    PUBLIC,
    format_precise_time,
    format_time,
)
from potluck.settings import current
from potluck.social import visibility
from potluck.social.addresses import hashtag_url, is_local_uri, object_uri
from potluck.social.model import Actor, Media, Object
from potluck.social.views import ObjectView
from potluck.text.languages import language_name
from potluck.text.native_names import NATIVE_NAMES

_MEDIA_TYPES = {"image": "Image", "gifv": "Video", "video": "Video", "audio": "Audio", "unknown": "Document"}
_QUOTE_REL = "https://misskey-hub.net/ns#_misskey_quote"


def with_context(document: Mapping[str, Any], *, actor: bool = False) -> dict[str, Any]:
    """The document with our @context in front: for everything that leaves the server on its own."""
    return {"@context": list(ACTOR_CONTEXT if actor else CONTEXT), **document}


def object_base(view: ObjectView) -> dict[str, Any]:
    """The common part of an object's document, without @context, in the order Mastodon writes it."""
    row = view.object
    to, cc = audience(view)
    document: dict[str, Any] = {
        "id": row.uri, "type": row.type, "attributedTo": view.author.uri, "to": to, "cc": cc,
        "published": format_time(row.published), "sensitive": row.sensitive,
        "tag": tags(view), "attachment": attachments(view.media),
    }
    if row.edited_at:
        document["updated"] = format_precise_time(row.edited_at)
    if row.url:
        document["url"] = row.url
    if row.in_reply_to_uri:
        document["inReplyTo"] = row.in_reply_to_uri
    if view.group:
        document |= _group_terms(view.group, row)
    document.update(thread_terms(row))
    document.update(quote_terms(row))
    document.update(counters(row))
    if row.source is not None:
        document["source"] = {"content": row.source, "mediaType": row.source_type or "text/plain"}
    document["interactionPolicy"] = interaction_policy(view)
    if row.approved_by_uri:
        document["approvedBy"] = row.approved_by_uri
    return document


def _group_terms(group: Actor, row: Object) -> dict[str, Any]:
    """What Lemmy's kin need of a post in a community: `audience` as one string, `language` as an object (forum §3)."""
    terms: dict[str, Any] = {"audience": group.uri}
    if row.language:
        terms["language"] = language_entry(row.language)
    if row.extra.get("distinguished"):
        terms["distinguished"] = True
    return terms


def language_entry(tag: str) -> dict[str, str]:
    """A language as Lemmy's kin write it (forum §2, §3): its tag, and what it calls itself."""
    return {"identifier": tag, "name": NATIVE_NAMES.get(tag) or language_name(tag) or tag}


def with_language(name: str, value: str, language: str | None) -> dict[str, Any]:
    """`content` and `contentMap` (or another natural-language property): the map has one BCP 47 language."""
    return {name: value, f"{name}Map": {language: value}} if language else {name: value}


def audience(view: ObjectView) -> tuple[list[str], list[str]]:
    """(`to`, `cc`) of an object: microblog §3; a community post names its group first (forum §3)."""
    row, author = view.object, view.author
    followers = author.followers_uri or f"{author.uri}/followers"
    people = _unique(actor.uri for actor in view.mentions if actor.id != author.id)
    match row.visibility:
        case visibility.PUBLIC:
            to, cc = [PUBLIC], [followers, *people]
        case visibility.UNLISTED:
            to, cc = [followers], [PUBLIC, *people]
        case visibility.FOLLOWERS:
            to, cc = [followers], people
        case visibility.GROUP:
            to, cc = [], people
        case _:
            to, cc = people, []
    if view.group and row.visibility != visibility.DIRECT:
        to = [view.group.uri, *to]
        if row.visibility == visibility.GROUP:
            to.append(view.group.followers_uri or f"{view.group.uri}/followers")
    return _unique(to), [uri for uri in _unique(cc) if uri not in to]


def _unique(uris: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(uris))


def tags(view: ObjectView) -> list[dict[str, Any]]:
    """Mention, Hashtag and Emoji tags, and the FEP-e232 link of a quote."""
    named = list(view.mentions)
    if view.group and view.object.visibility != visibility.DIRECT \
            and all(actor.id != view.group.id for actor in named):
        named.append(view.group)  # as Lemmy 1.0: an answer from Mastodon then goes to the community, too (forum §3)
    found: list[dict[str, Any]] = [mention_tag(actor) for actor in named]
    found += [{"type": "Hashtag", "href": hashtag_url(tag.name), "name": f"#{tag.display}"} for tag in view.hashtags]
    found += emoji_tags(view.object.emojis)
    if view.object.quote_uri:
        found.append({"type": "Link", "mediaType": LD_JSON, "href": view.object.quote_uri,
                      "rel": _QUOTE_REL, "name": f"RE: {view.object.quote_uri}"})
    return found


def mention_tag(actor: Actor) -> dict[str, Any]:
    """The tag for someone mentioned, with the full handle."""
    host = actor.host or current().domain
    return {"type": "Mention", "href": actor.uri, "name": f"@{actor.name}@{host}"}


def emoji_tags(emojis: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tags for custom emoji given as `{shortcode, url}`."""
    return [{"id": emoji.get("uri") or emoji["url"], "type": "Emoji", "name": f":{emoji['shortcode']}:",
             "icon": {"type": "Image", "mediaType": picture_type(emoji["url"]), "url": emoji["url"]}}
            for emoji in emojis]


_PICTURE_TYPES = {"png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif",
                  "svg": "image/svg+xml"}


def picture_type(url: str) -> str:
    """Media type of a picture by the end of its address (those of our own files are true); Pixelfed wants it said."""
    return _PICTURE_TYPES.get(url.partition("?")[0].rpartition(".")[2].lower(), "image/jpeg")


def attachments(media: Iterable[Media]) -> list[dict[str, Any]]:
    """The files of an object; alternative text goes into `name` (Mastodon) and `summary` (GoToSocial)."""
    return [attachment(item) for item in media if item.url]


def plain_attachments(media: Iterable[Media]) -> list[dict[str, Any]]:
    """The files of an object for Lemmy, which refuses a document for any other type than these (forum §3)."""
    return [{"type": "Image" if item.type == "image" else "Document", "url": item.url}
            | ({"mediaType": item.media_type} if item.media_type and item.type != "image" else {})
            | ({"name": item.description} if item.description else {}) for item in media if item.url]


def attachment(item: Media) -> dict[str, Any]:
    """One file as an attachment."""
    document: dict[str, Any] = {"type": _MEDIA_TYPES.get(item.type, "Document"), "url": item.url}
    if item.media_type:
        document["mediaType"] = item.media_type
    if item.description:
        document["name"] = document["summary"] = item.description
    if item.blurhash:
        document["blurhash"] = item.blurhash
    if item.focus_x is not None and item.focus_y is not None:
        document["focalPoint"] = [item.focus_x, item.focus_y]
    for name in ("width", "height"):
        if isinstance(item.meta.get(name), int):
            document[name] = item.meta[name]
    if item.meta.get("duration"):
        document["duration"] = f"PT{float(item.meta['duration']):.3f}S"
    if item.preview_url and item.preview_url != item.url:
        document["icon"] = {"type": "Image", "mediaType": picture_type(item.preview_url), "url": item.preview_url}
    return document


def thread_terms(row: Object) -> dict[str, Any]:
    """`context` (FEP-7888) and `conversation`: the thread's own where its root named one, else ours."""
    context = row.context_uri or f"{object_uri(row.thread_root_id or row.id)}/context"
    terms = {"conversation": context}
    if context.startswith(("https://", "http://")):
        terms["context"] = context
    return terms


def quote_terms(row: Object) -> dict[str, Any]:
    """A quote in every form that is read somewhere (microblog §16)."""
    if not row.quote_uri:
        return {}
    if row.quote_state == "deleted":
        return {"quote": {"type": "Tombstone"}}
    uri = row.quote_uri
    terms = {"quote": uri, "quoteUrl": uri, "quoteUri": uri, "_misskey_quote": uri}
    if row.quote_authorization_uri and row.quote_state not in ("revoked", "rejected"):
        terms["quoteAuthorization"] = row.quote_authorization_uri
    return terms


def counters(row: Object) -> dict[str, Any]:
    """The collections of replies, likes and shares of a local object."""
    if not is_local_uri(row.uri):
        return {}
    replies, likes, shares = f"{row.uri}/replies", f"{row.uri}/likes", f"{row.uri}/shares"
    return {
        "replies": {"id": replies, "type": "Collection",
                    "first": {"id": f"{replies}?page=true", "type": "CollectionPage", "partOf": replies,
                              "next": f"{replies}?page=true&after=0", "items": []}},
        "likes": {"id": likes, "type": "Collection", "totalItems": row.likes_count},
        "shares": {"id": shares, "type": "Collection", "totalItems": row.boosts_count},
    }


def interaction_policy(view: ObjectView) -> dict[str, Any]:
    """Who may quote (FEP-044f); without it nobody on Mastodon may. Of articles also who may comment."""
    row, author = view.object, view.author
    if row.visibility not in visibility.OPEN or row.quote_policy == "nobody":
        allowed = [author.uri]
    elif row.quote_policy == "followers":
        allowed = [author.followers_uri or f"{author.uri}/followers"]
    else:
        allowed = [PUBLIC]
    rules = {"canQuote": {"automaticApproval": allowed, "manualApproval": []}}
    reply = (row.interaction_policy or {}).get("canReply") if is_local_uri(row.uri) else None
    if reply is not None and not reply["manualApproval"]:
        # Comments that wait are held back here; who asks for approval by a policy (GoToSocial) would tell nobody else.
        rules["canReply"] = reply
    return rules
