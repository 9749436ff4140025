"""What a post links to, as pages show it: the card of the page, or the file itself in one of our own players."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from potluck.media.addresses import SMALL, shown
from potluck.social.model import PreviewCard
from potluck.social.views import ObjectView
from potluck.web.presenters.media import ShownMedia

_VIDEOS = (".mp4", ".m4v", ".webm", ".mov", ".ogv")
_SOUNDS = (".mp3", ".m4a", ".ogg", ".oga", ".opus", ".flac", ".wav")
_FRAME = (1280, 720)  # of a video that is not here: what most have, until it plays
_ARCHIVE = "https://web.archive.org/web/"


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A page somebody links to (`components/attachments.html`)."""

    url: str
    title: str
    description: str
    image_url: str
    site: str
    author: str


def shown_card(view: ObjectView) -> ShownCard | None:
    """The card of the page a post is about, None while there is none."""
    card = view.card
    if card is None:
        return None
    credited = view.card_author
    author = card.author_name or (credited.display_name or credited.name if credited else "")
    return ShownCard(card.url, card.title, card.description, card_picture(card),
                     card.provider_name or urlsplit(card.url).netloc.removeprefix("www."), author)


def card_picture(card: PreviewCard | None) -> str:
    """The small picture of a card, '' if it has none."""
    return shown(card.image_url, SMALL) or "" if card is not None and card.image_url else ""


def embedded(view: ObjectView) -> ShownMedia | None:
    """The video or sound a post links to, for our own players; None for any other address."""
    link = str(view.object.extra.get("link") or "")
    kind = file_kind(link)
    if not kind:
        return None
    preview = shown(str(view.object.extra.get("thumbnail") or ""), SMALL) or ""
    width, height = _FRAME if kind == "video" else (None, None)
    return ShownMedia(
        id=f"link-{view.object.id}", kind=kind, url=shown(link) or "", preview_url=preview, alt="", width=width,
        height=height, name=unquote(urlsplit(link).path.rpartition("/")[2]), title=view.object.title or "")


def file_kind(url: str) -> str:
    """What an address names by its ending: 'video', 'audio' or ''."""
    if not url.startswith(("https://", "http://")):
        return ""
    path = url.partition("?")[0].partition("#")[0].lower()
    return "video" if path.endswith(_VIDEOS) else "audio" if path.endswith(_SOUNDS) else ""


def archived(url: str) -> str:
    """Where a copy of a page may be kept, should the page be gone."""
    return f"{_ARCHIVE}{url}" if url.startswith(("https://", "http://")) else ""
