"""Links on the wire: `Page` as Lemmy writes it (forum §3), and as Lotide, Mbin, PieFed, NodeBB and GNU social do.

What is shared stands in `Object.extra`: `link` (an address), `thumbnail` (a picture of it). A picture post has its
picture as attachment and no link.
"""

from __future__ import annotations

from typing import Any

from potluck.federation.group_documents import flair_tag, flairs_of
from potluck.federation.reading import link_attachment, natural_text, read_common, title_of
from potluck.federation.vocabulary import Document, first_id, get, get_list, image_of, type_of
from potluck.federation.writing import object_base, plain_attachments
from potluck.social.drafts import AttachmentDraft, Draft
from potluck.social.registry import Receiver
from potluck.social.views import ObjectView
from potluck.text.sanitise import sanitise_html

MAX_LINK = 2000
_FILES = frozenset({"Image", "Video", "Audio", "Document"})
_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif")


def read(document: Document) -> Draft:
    """A Page in any known dialect; one without a name is titled by its first line.

    Raises:
        Unreadable: no id or type.
    """
    draft = read_common(document, "link")
    draft.content = sanitise_html(natural_text(document, "content"))
    draft.summary = ""
    draft.title = title_of(document, draft.content)
    link = shared_link(document)
    picture = image_of(get(document, "image"))
    if link and is_picture(link):
        # Lemmy sends a picture post as a Link to the picture.
        draft.attachments.insert(0, AttachmentDraft("image", link))
        link = picture = None
    kept = {"link": link, "thumbnail": picture.url if picture else None, "flairs": flairs_of(document)}
    draft.extra = {key: value for key, value in kept.items() if value}
    draft.url = draft.url or draft.uri
    return draft


def is_topic(document: Document) -> bool:
    """Whether a Note is a forum's topic: it has a title and says to which community it goes (Lotide, Discourse)."""
    name = natural_text(document, "name")
    if type_of(document) != "Note" or not name or first_id(get(document, "inReplyTo")) is not None:
        return False
    placed = first_id(get(document, "audience")) or first_id(get(document, "target"))
    return placed is not None or natural_text(document, "summary") == name


def shared_link(document: Document) -> str | None:
    """The address a Page is about: its first attachment that is a Link, or (old Lotide, Mbin) its `url` or `source`."""
    if any(type_of(item) in _FILES for item in get_list(document, "attachment")[:1]):
        return None
    candidates = [link_attachment(document)]
    candidates += [value for name in ("url", "source") if isinstance(value := get(document, name), str)]
    return next((found for found in candidates if found and _is_address(found) and not _is_own(found, document)), None)


def _is_address(value: str) -> bool:
    return len(value) <= MAX_LINK and value.startswith(("https://", "http://", "magnet:"))


def _is_own(url: str, document: Document) -> bool:
    """Whether an address is only the page of the post itself, on its own site."""
    return url.split("/")[2:3] == (first_id(document) or "").split("/")[2:3] and not is_picture(url)


def is_picture(url: str) -> bool:
    """Whether an address names a picture by its ending."""
    return url.partition("?")[0].partition("#")[0].lower().endswith(_PICTURES)


def write(view: ObjectView, _receiver: Receiver) -> dict[str, Any]:
    """A Page that Lemmy takes: it refuses a whole document for one property of a wrong shape (forum §1, §3)."""
    row = view.object
    document = object_base(view)
    document.pop("summary", None)
    document |= {"type": "Page", "name": row.title or "", "content": row.content, "mediaType": "text/html",
                 "attachment": _attachments(view), "cc": document.get("cc", [])}
    if view.group and row.extra.get("flairs"):
        document["tag"] += [flair_tag(view.group, {"name": name}) for name in row.extra["flairs"]]
    if row.extra.get("thumbnail"):
        document["image"] = {"type": "Image", "url": row.extra["thumbnail"]}
    return document


def _attachments(view: ObjectView) -> list[dict[str, Any]]:
    """Exactly `Link{type,href}` and `Image{type,url,name}`: the first one is what Lemmy takes as the post's address."""
    link = view.object.extra.get("link")
    return [*([{"type": "Link", "href": link}] if link else []), *plain_attachments(view.media)]
