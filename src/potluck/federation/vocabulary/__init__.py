"""Tolerant readers for ActivityStreams documents as plain JSON, and the terms and contexts Potluck writes.

What each helper accepts is what real servers send (protocol §17, microblog §2 to §8).
Nothing here raises on a strange value: it reads as absent.
"""

from __future__ import annotations

from potluck.federation.vocabulary.hashtags import MAX_HASHTAG_LENGTH, display_hashtag, normalise_hashtag
from potluck.federation.vocabulary.languages import language_map, text_and_language
from potluck.federation.vocabulary.links import Link, Picture, image_of, url_html, urls
from potluck.federation.vocabulary.tags import MAX_TAGS, EmojiTag, HashtagTag, Mention, Tags, tags_of
from potluck.federation.vocabulary.terms import (
    ACTOR_CONTEXT,
    ACTOR_TYPES,
    AS,
    AS_JSON,
    AS_PREFIX,
    CID_V1,
    COLLECTION_TYPES,
    CONTEXT,
    DATA_INTEGRITY_V1,
    DATA_INTEGRITY_V2,
    DID_V1,
    LD_JSON,
    LINK_TYPES,
    MULTIKEY_V1,
    NAMESPACES,
    PAGE_TYPES,
    PUBLIC,
    SECURITY_V1,
    WEBFINGER_CONTEXT,
)
from potluck.federation.vocabulary.times import format_time, parse_time
from potluck.federation.vocabulary.values import (
    Document,
    as_list,
    attributed_ids,
    boolean,
    first_id,
    get,
    get_list,
    has_context,
    id_of,
    ids,
    is_public,
    number,
    poll_options,
    public_in,
    public_key_of,
    short_name,
    text,
    total_items,
    type_of,
    types_of,
)

__all__ = [
    "ACTOR_CONTEXT", "ACTOR_TYPES", "AS", "AS_JSON", "AS_PREFIX", "CID_V1", "COLLECTION_TYPES", "CONTEXT",
    "DATA_INTEGRITY_V1", "DATA_INTEGRITY_V2", "DID_V1", "LD_JSON", "LINK_TYPES", "MAX_HASHTAG_LENGTH",
    "MAX_TAGS", "MULTIKEY_V1", "NAMESPACES", "PAGE_TYPES", "PUBLIC", "SECURITY_V1", "WEBFINGER_CONTEXT",
    "Document", "EmojiTag", "HashtagTag", "Link", "Mention", "Picture", "Tags",
    "as_list", "attributed_ids", "boolean", "display_hashtag", "first_id", "format_time", "get", "get_list",
    "has_context", "id_of", "ids", "image_of", "is_public", "language_map", "normalise_hashtag", "number",
    "parse_time", "poll_options", "public_in", "public_key_of", "short_name", "tags_of", "text",
    "text_and_language", "total_items", "type_of", "types_of", "url_html", "urls",
]
