"""What the forum software of others refuses, as rules on the documents we send: `problems` names every breach.

Read from their sources, as `wire/forum.md` records them: Lemmy parses by types and drops a whole document for one
property of a wrong shape; the others are lenient, each with a few demands of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
Document = Mapping[str, Any]
Rule = Callable[[Document], Iterator[str]]

_ADDRESSED = ("actor", "to", "cc", "object")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Follow": ("actor", "object"), "Accept": ("actor", "object"), "Reject": ("actor", "object"),
    "Undo": ("actor", "object"), "Create": _ADDRESSED, "Update": _ADDRESSED, "Like": ("actor", "object"),
    "Dislike": ("actor", "object"), "Delete": ("actor", "to", "object"), "Block": (*_ADDRESSED, "target"),
    "Add": (*_ADDRESSED, "target"), "Remove": (*_ADDRESSED, "target"), "Lock": _ADDRESSED,
    "Flag": ("actor", "to", "object"), "Announce": _ADDRESSED,
}
_POSTS = frozenset({"Page", "Article", "Video", "Event"})
_NAMED_BY_ID = frozenset({"Like", "Dislike", "Add", "Remove", "Lock", "Block", "Follow"})
_FILE_ADDRESS = {"Link": "href", "Image": "url", "Document": "url"}


def _host(uri: object) -> str:
    return urlsplit(str(uri)).netloc


def _nested(document: Document) -> Document:
    inner = document.get("object")
    return inner if isinstance(inner, Mapping) else {}


def everywhere(document: Document) -> Iterator[str]:
    """Rules of all: an id on the actor's host, short enough for PieFed, and every property that the verb needs."""
    kind = document.get("type")
    if not str(document.get("id", "")).startswith("http") or len(document["id"]) > 100:
        yield f"{kind} without a short id"
    elif _host(document["id"]) != _host(document.get("actor")):
        yield f"{kind} whose id is on another host than its actor"
    yield from (f"{kind} without {name}" for name in _REQUIRED.get(str(kind), ()) if name not in document)


def _lemmy(document: Document, *, notes_as_posts: bool) -> Iterator[str]:
    kind = str(document.get("type"))
    if kind not in _REQUIRED:
        yield f"{kind} is not known"
    yield from (f"{kind}.{name} is no list" for name in ("to", "cc")
                if name in document and not isinstance(document[name], list))
    if kind in _NAMED_BY_ID and not isinstance(document.get("object"), str):
        yield f"{kind} whose object is not an id"
    yield from _lemmy_verbs(kind, document, notes_as_posts=notes_as_posts)


def _lemmy_verbs(kind: str, document: Document, *, notes_as_posts: bool) -> Iterator[str]:
    match kind:
        case "Follow" if document.get("to", [document["object"]]) != [document["object"]]:
            yield "Follow addressed to others than whom it follows"
        case "Create" | "Update":
            yield from _lemmy_object(_nested(document), notes_as_posts=notes_as_posts)
            if not {PUBLIC} & {*document["to"], *document["cc"]}:
                yield f"{kind} in a public community without Public"
        case "Undo" | "Accept" | "Announce":
            inner = _nested(document)
            if not inner.get("id") or not inner.get("actor"):
                yield f"{kind} of something that is not nested"
            else:
                yield from _lemmy(inner, notes_as_posts=notes_as_posts)
        case "Delete":
            if not isinstance(document.get("object"), str) and _nested(document).get("type") != "Tombstone":
                yield "Delete of a whole document"
        case "Flag" if len(document["to"]) != 1 or not (document.get("summary") or document.get("content")):
            yield "Flag without one addressee and a reason"


def _lemmy_object(inner: Document, *, notes_as_posts: bool) -> Iterator[str]:
    kind = inner.get("type")
    if kind == "Group":
        yield from lemmy_group(inner)
        return
    is_post = inner.get("inReplyTo") is None
    if kind not in _POSTS | {"Note"} or (is_post and kind == "Note" and not notes_as_posts):
        yield f"{kind} is no {'post' if is_post else 'comment'}"
    if not isinstance(inner.get("attributedTo"), str):
        yield f"{kind}.attributedTo is no id"
    if is_post and not (inner.get("name") or inner.get("content")):
        yield "a post without name and content"
    if len(str(inner.get("name") or "")) > 200:
        yield "a title that is too long"
    if not is_post and not (isinstance(inner["inReplyTo"], str) and isinstance(inner.get("content"), str)):
        yield "a comment without one parent and a text"
    yield from _lemmy_shapes(inner)


def _lemmy_shapes(inner: Document) -> Iterator[str]:
    for name, kind in (("to", list), ("cc", list), ("tag", list), ("attachment", list), ("language", dict),
                       ("source", dict), ("audience", str), ("context", str), ("image", dict), ("sensitive", bool)):
        if name in inner and not isinstance(inner[name], kind):
            yield f"{inner.get('type')}.{name} is no {kind.__name__}"
    if inner.get("mediaType", "text/html") not in ("text/html", "text/markdown"):
        yield "an unknown mediaType"
    if "audience" in inner and inner["to"][:1] != [inner["audience"]]:
        yield "the community does not stand first in `to`"
    if PUBLIC not in (*inner.get("to", ()), *inner.get("cc", ())):
        yield "an object in a public community without Public"
    for item in inner.get("attachment", ()):
        address = _FILE_ADDRESS.get(item.get("type"))
        if address is None or not isinstance(item.get(address), str):
            yield f"an attachment {item.get('type')} of a wrong shape"


def lemmy_group(document: Document) -> Iterator[str]:
    """What Lemmy demands of the document of a community (forum §2)."""
    for name in ("id", "preferredUsername", "inbox", "outbox", "publicKey"):
        if not document.get(name):
            yield f"a Group without {name}"
    if len(str(document.get("name") or "")) > 50:
        yield "a Group whose name Lemmy 1.0 cannot store"
    for name in ("moderators", "featured", "followers"):
        property_name = "attributedTo" if name == "moderators" else name
        if document.get(property_name) != f"{document['id']}/{name}":
            yield f"a Group whose {property_name} is not where Lemmy computes it"
    if any(not isinstance(entry, dict) or {"identifier", "name"} - entry.keys() for entry in document["language"]):
        yield "a language that is no {identifier, name}"
    if document.get("mediaType", "text/html") != "text/html" or "sharedInbox" not in document["endpoints"]:
        yield "a mediaType or endpoints of a wrong shape"


def lemmy_019(document: Document) -> Iterator[str]:
    """Lemmy 0.19, which takes a Note for a post."""
    yield from _lemmy(document, notes_as_posts=True)


def lemmy_10(document: Document) -> Iterator[str]:
    """Lemmy 1.0, which takes a Note for a comment or a private message alone."""
    yield from _lemmy(document, notes_as_posts=False)


def lotide(document: Document) -> Iterator[str]:
    """Lotide looks everything up by id: what is nested must have the id it was sent with."""
    if document.get("type") == "Accept" and not _nested(document).get("id"):
        yield "Accept of a Follow without its id"
    if document.get("type") == "Announce" and isinstance(document.get("object"), Mapping) \
            and not _nested(document).get("id"):
        yield "Announce of something that cannot be fetched"


def mbin(document: Document) -> Iterator[str]:
    """Mbin reads when a ban ends from `expires` alone, and only of bans with a target."""
    inner = _nested(document) if document.get("type") == "Announce" else document
    if inner.get("type") == "Block" and "endTime" in inner and "expires" not in inner:
        yield "Block without expires"
    if document.get("type") == "Announce" and not document.get("object"):
        yield "Announce of nothing"


def nodebb(document: Document) -> Iterator[str]:
    """NodeBB needs an actor id, and of a Group a moderators collection."""
    if not isinstance(document.get("actor"), str):
        yield "an actor that is no id"


def piefed(document: Document) -> Iterator[str]:
    """PieFed needs the nested Follow of an Accept or its id, and actors everywhere."""
    if document.get("type") == "Announce" and isinstance(document.get("object"), Mapping) \
            and not _nested(document).get("actor"):
        yield "Announce of an activity without actor"


def mastodon(document: Document) -> Iterator[str]:
    """Mastodon boosts what a Group announces by its id; anything with Public must say so in `to` or `cc`."""
    if document.get("type") == "Announce" and isinstance(document.get("object"), str) \
            and PUBLIC not in (*document["to"], *document["cc"]):
        yield "Announce that nobody would see"


RULES: Mapping[str, tuple[str, str, Rule]] = {
    "Lemmy 0.19": ("lemmy", "0.19.20", lemmy_019), "Lemmy 1.0": ("lemmy", "1.0.0", lemmy_10),
    "Lotide": ("lotide", "0.15.0", lotide), "Mbin": ("mbin", "1.8.0", mbin), "NodeBB": ("nodebb", "4.5.0", nodebb),
    "PieFed": ("piefed", "1.3.0", piefed), "Mastodon": ("mastodon", "4.4.0", mastodon),
}
"""(name and version in NodeInfo, what it refuses) by software."""


def problems(software: str, document: Document) -> list[str]:
    """Why this software would refuse an activity of ours; empty if it takes it."""
    return [*everywhere(document), *RULES[software][2](document)]
