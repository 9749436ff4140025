"""The `tag` property split by kind: mentions, hashtags, custom emojis, links, and what nobody knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from potluck.federation.vocabulary.hashtags import display_hashtag, normalise_hashtag
from potluck.federation.vocabulary.languages import text_and_language
from potluck.federation.vocabulary.links import Link, image_of, urls
from potluck.federation.vocabulary.times import parse_time
from potluck.federation.vocabulary.values import Document, first_id, get, get_list, text, type_of


@dataclass(frozen=True, slots=True)
class Mention:
    """Someone mentioned: actor id (some servers send the profile page instead) and the text shown."""

    href: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class HashtagTag:
    """A hashtag: normalised name, the spelling sent (without `#`), and the sender's page for it."""

    name: str
    display: str
    href: str | None


@dataclass(frozen=True, slots=True)
class EmojiTag:
    """A custom emoji: shortcode without colons, picture, and its own id where it has one."""

    shortcode: str
    url: str
    uri: str | None
    updated: datetime | None


@dataclass(slots=True)
class Tags:
    """The `tag` property, by kind. `other` holds types nobody knows."""

    mentions: list[Mention] = field(default_factory=list)
    hashtags: list[HashtagTag] = field(default_factory=list)
    emojis: list[EmojiTag] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    other: list[Document] = field(default_factory=list)


MAX_TAGS = 1000
_SHORTCODE = re.compile(r":?([\w.+-]{1,128}):?")


def tags_of(document: Any) -> Tags:
    """The tags of a document split by kind; at most 1000 are read, unusable ones are passed over."""
    found = Tags()
    for tag in get_list(document, "tag")[:MAX_TAGS]:
        if isinstance(tag, Mapping):
            _sort_tag(tag, found)
    return found


def _sort_tag(tag: Document, found: Tags) -> None:
    match type_of(tag):
        case "Mention":
            mention = Mention(first_id(get(tag, "href")), text(get(tag, "name")))
            if mention.href or mention.name:
                found.mentions.append(mention)
        case "Hashtag":
            hashtag = _hashtag(tag)
            if hashtag and all(hashtag.name != other.name for other in found.hashtags):
                found.hashtags.append(hashtag)
        case "Emoji":
            emoji = _emoji(tag)
            if emoji:
                found.emojis.append(emoji)
        case "Link":
            found.links.extend(urls(tag))
        case _:
            found.other.append(tag)


def _hashtag(tag: Document) -> HashtagTag | None:
    written = text_and_language(tag, "name")[0]
    if written is None:
        return None
    name = normalise_hashtag(written)
    link = next(iter(urls(get(tag, "href"))), None)
    return HashtagTag(name, display_hashtag(written), link.href if link else None) if name else None


def _emoji(tag: Document) -> EmojiTag | None:
    match = _SHORTCODE.fullmatch((text(get(tag, "name")) or "").strip())
    picture = image_of(get(tag, "icon"))
    if match is None or picture is None:
        return None
    uri = tag.get("id")
    return EmojiTag(
        match[1], picture.url, uri if isinstance(uri, str) and uri else None, parse_time(get(tag, "updated"))
    )
