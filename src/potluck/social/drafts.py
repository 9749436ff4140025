"""Drafts: an object or actor on its way into the database, from a composer here or a document from elsewhere.

Readers of wire formats fill in uris; `potluck.federation` resolves them to ids; local composers give ids at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class MentionDraft:
    """Someone addressed. `name` is the text of the tag; `silent` when only in the audience."""

    uri: str
    name: str | None = None
    silent: bool = False
    actor_id: int | None = None


@dataclass(slots=True)
class AttachmentDraft:
    """A file that goes with an object; `url` is the remote address."""

    type: str  # image, gifv, video, audio, unknown
    url: str
    media_type: str | None = None
    description: str = ""
    blurhash: str | None = None
    focus: tuple[float, float] | None = None
    preview_url: str | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None  # seconds


@dataclass(frozen=True, slots=True)
class MediaDetail:
    """What its owner says about an upload; None leaves it."""

    description: str | None = None
    focus: tuple[float, float] | None = None


@dataclass(slots=True)
class EmojiDraft:
    """A custom emoji used in a text."""

    shortcode: str
    url: str
    uri: str | None = None
    updated: datetime | None = None


@dataclass(slots=True)
class Draft:
    """An object to store. `uri` None means local: the uri is made from the new id."""

    kind: str
    type: str
    published: datetime
    visibility: str = "public"
    author_id: int | None = None
    author_uri: str | None = None
    uri: str | None = None
    url: str | None = None
    state: str = "published"
    group_id: int | None = None
    group_claimed: bool = False  # its author did not address that community
    group_uri: str | None = None
    to: list[str] = field(default_factory=list)  # audience as uris (remote)
    cc: list[str] = field(default_factory=list)
    in_reply_to_id: int | None = None
    in_reply_to_uri: str | None = None
    context_uri: str | None = None
    replies_uri: str | None = None
    quote_id: int | None = None
    quote_uri: str | None = None
    quote_state: str | None = None
    quote_authorization_uri: str | None = None
    quote_policy: str = "public"
    interaction_policy: dict[str, Any] | None = None
    approved_by_uri: str | None = None
    title: str | None = None
    summary: str = ""
    content: str = ""
    source: str | None = None
    source_type: str | None = None
    language: str | None = None
    sensitive: bool = False
    edited_at: datetime | None = None
    mentions: list[MentionDraft] = field(default_factory=list)
    hashtags: list[str] = field(default_factory=list)  # as written, without '#'
    emojis: list[EmojiDraft] = field(default_factory=list)
    attachments: list[AttachmentDraft] = field(default_factory=list)
    media_ids: list[int] = field(default_factory=list)  # local uploads, in order
    media_details: Mapping[int, MediaDetail] = field(default_factory=dict)  # what an edit says about them
    remote_likes: int | None = None
    remote_boosts: int | None = None
    app_name: str | None = None
    app_website: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    kind_data: Any = None  # what the kind's own table needs (for example a PollDraft)
    document: str | None = None  # JSON text as received
    quiet: bool = False  # fetched or imported: stored, but neither put into feeds nor notified


@dataclass(slots=True)
class ActorDraft:
    """A remote actor as its document says."""

    uri: str
    type: str
    name: str
    host: str  # domain of the confirmed handle
    inbox: str | None
    display_name: str = ""
    summary: str = ""
    fields: list[dict[str, Any]] = field(default_factory=list)
    emojis: list[EmojiDraft] = field(default_factory=list)
    url: str | None = None
    avatar_url: str | None = None
    avatar_description: str = ""
    header_url: str | None = None
    header_description: str = ""
    shared_inbox: str | None = None
    outbox: str | None = None
    followers_uri: str | None = None
    following_uri: str | None = None
    featured_uri: str | None = None
    locked: bool = False
    discoverable: bool = False
    indexable: bool = False
    memorial: bool = False
    suspended: bool = False
    also_known_as: list[str] = field(default_factory=list)
    moved_to_uri: str | None = None
    published: datetime | None = None
    keys: list[tuple[str, str, str]] = field(default_factory=list)  # (key uri, algorithm, public key)
    extra: dict[str, Any] = field(default_factory=dict)
