"""Posts of an archive as drafts: with their dates, audience and files, without what cannot come along.

An outbox is read from disk entry by entry; only one entry is decoded at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from potluck.db.base import now
from potluck.social import registry
from potluck.social.drafts import Draft
from potluck.transfer import json_lists
from potluck.transfer.archives import NoArchive, Unpacked

PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
MAX_FILES = 16
_READABLE = (registry.Unreadable, ValueError, TypeError, KeyError, AttributeError)


@dataclass(slots=True)
class FileWish:
    """A file of a post."""

    name: str  # in the archive
    description: str = ""
    focus: tuple[float, float] | None = None


@dataclass(slots=True)
class Found:
    """A post of an archive."""

    uri: str
    draft: Draft
    files: list[FileWish] = field(default_factory=list)
    missing: int = 0  # files that are not in the archive


def entries(path: Path) -> Iterator[Any]:
    """What a collection holds, one after the other; what is no JSON object or text is passed over.

    Raises:
        NoArchive: it is no collection.
    """
    try:
        for _, entry, _ in json_lists.entries(path, frozenset({"orderedItems"}), texts=True, whole=True):
            if entry is not json_lists.TooLarge:
                yield entry
    except json_lists.Damaged as error:
        raise NoArchive("A document in this archive cannot be read.") from error


def why_not(entry: Any, followers: str) -> str:
    """Why an entry of an outbox cannot come along: boost, private, other; '' if it can."""
    if not isinstance(entry, dict) or entry.get("type") != "Create" or not isinstance(entry.get("object"), dict):
        return "boost" if isinstance(entry, dict) and entry.get("type") == "Announce" else "other"
    document = entry["object"]
    kind = registry.kind_of_type(str(document.get("type")))
    if str(document.get("type")) not in kind.types or not isinstance(document.get("id"), str):
        return "other"
    return "" if audience(entry, document, followers) else "private"


def _listed(value: Any) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


def audience(entry: dict[str, Any], document: dict[str, Any], followers: str) -> str:
    """public, unlisted or followers; '' for what was meant for single people."""
    to, cc = (_listed(document.get(name)) or _listed(entry.get(name)) for name in ("to", "cc"))
    if PUBLIC & set(to):
        return "public"
    if PUBLIC & set(cc):
        return "unlisted"
    return "followers" if any(uri == followers or uri.endswith("/followers") for uri in (*to, *cc)) else ""


def read(entry: dict[str, Any], followers: str, archive: Unpacked) -> Found | None:
    """A post as a draft without author; None if it cannot be read."""
    document = entry["object"]
    try:
        draft = registry.kind_of_type(str(document["type"])).read(document)
    except _READABLE:
        return None
    found = Found(str(document["id"]), draft)
    draft.visibility = audience(entry, document, followers)
    draft.uri = draft.url = draft.author_uri = draft.document = None
    draft.context_uri = draft.replies_uri = draft.approved_by_uri = draft.interaction_policy = None
    draft.quote_authorization_uri = draft.remote_likes = draft.remote_boosts = None
    draft.mentions, draft.attachments, draft.group_uri, draft.extra = [], [], None, {}
    draft.published = min(draft.published, now())
    draft.quiet = True
    if draft.type == "Question":
        draft.content += "<ul>" + "".join(f"<li>{escape(title)}</li>" for title in _options(document)) + "</ul>"
        draft.type, draft.kind_data = "Note", None
    for item in document.get("attachment") or ():
        wish = file_of(item, archive) if isinstance(item, dict) else None
        if wish is not None and len(found.files) < MAX_FILES:
            found.files.append(wish)
        elif isinstance(item, dict) and item.get("url"):
            found.missing += 1
    return found


def _options(document: dict[str, Any]) -> list[str]:
    given = document.get("oneOf") or document.get("anyOf") or []
    return [str(item.get("name", ""))[:200] for item in given[:50] if isinstance(item, dict)] if isinstance(
        given, list) else []


def file_of(item: dict[str, Any], archive: Unpacked) -> FileWish | None:
    """The file an attachment names, by the path of its address, with or without the host's folders above."""
    url = item.get("url")
    if not isinstance(url, str):
        return None
    try:
        parts = unquote(urlsplit(url).path).strip("/").split("/")
    except ValueError:
        return None
    name = next((key for start in range(min(len(parts), 6)) if (key := "/".join(parts[start:])) in archive.files), None)
    if name is None:
        return None
    focus = item.get("focalPoint")
    held = (float(focus[0]), float(focus[1])) if isinstance(focus, list) and len(focus) == 2 and all(
        isinstance(part, (int, float)) and -1 <= part <= 1 for part in focus) else None
    description = item.get("name") or item.get("summary")
    return FileWish(name, description[:1500] if isinstance(description, str) else "", held)
