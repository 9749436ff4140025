"""How others will see a thing: what its document becomes by the rules of those who read it.

It works for every kind, since it looks only at what the kind writes (`Kind.write`); nothing has to be stored for it.
The rules are those of blog §8 and microblog §19.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from potluck.federation.dialects import document_for
from potluck.social.registry import Receiver
from potluck.social.views import ObjectView
from potluck.social.visibility import OPEN
from potluck.text.long_html import sanitise_long
from potluck.text.markup import escape_text
from potluck.text.sanitise import excerpt, sanitise_html, to_plain_text

_CONVERTED = frozenset({"Article", "Page", "Image", "Audio", "Video", "Event"})
_NOTES = frozenset({"Note", "Question"})
_FIRST = 4
_IMAGE = re.compile(r"<img\b[^>]*>")
_MOST = 200_000  # characters of a text that are shown again


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and what it shows."""

    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one reader makes of a thing.

    Attributes:
        name: who it is.
        shown: whether it shows the thing at all.
        title, warning: plain text.
        html: sanitised.
        link: the address below it.
        remark: why it looks so; an English sentence, as a message id for translation.
    """

    name: str
    shown: bool = True
    title: str = ""
    warning: str = ""
    html: str = ""
    pictures: Sequence[Picture] = field(default_factory=tuple)
    link: str = ""
    remark: str = ""


def of(view: ObjectView) -> list[Seen]:
    """Everybody whose rules are known, in the order of how many read there."""
    plain = document_for(view)
    lemmy, folding = (document_for(view, Receiver(name)) for name in ("lemmy", "folding"))
    return [_mastodon(plain), _whole(plain), *_folded(plain, folding), _lemmy(lemmy), _pixelfed(plain),
            _feed(view, plain), _link(view, plain)]


def _text(document: Mapping[str, Any], name: str) -> str:
    return str(document.get(name) or "")[:_MOST]


def _address(document: Mapping[str, Any]) -> str:
    return str(document.get("url") or document["id"])


def _pictures(document: Mapping[str, Any], most: int = 64) -> list[Picture]:
    return [Picture(str(item["url"]), str(item.get("name") or "")) for item in document.get("attachment", ())
            if item.get("type") == "Image" and item.get("url")][:most]


def _mastodon(document: Mapping[str, Any]) -> Seen:
    """Title, summary and link of all but notes; the text of these, the summary as warning."""
    if document["type"] in _NOTES:
        return Seen("Mastodon", warning=to_plain_text(_text(document, "summary")),
                    html=sanitise_html(_text(document, "content")), pictures=_pictures(document, _FIRST))
    if document["type"] not in _CONVERTED:
        return Seen("Mastodon", shown=False, remark="Mastodon does not show this kind of thing")
    return Seen("Mastodon", title=_text(document, "name"), html=sanitise_html(_text(document, "summary")),
                pictures=_pictures(document, _FIRST), link=_address(document),
                remark="Mastodon shows title, summary and link, not the text, and at most four pictures")


def _whole(document: Mapping[str, Any]) -> Seen:
    """The text, without pictures in it; the summary before it, as a warning where there is one."""
    name, summary = _text(document, "name"), to_plain_text(_text(document, "summary"))
    who = "Hometown, Friendica" if document["type"] == "Article" else "GoToSocial, Friendica, Misskey"
    return Seen(who, title=name, warning=summary, html=_IMAGE.sub("", sanitise_long(_text(document, "content"))),
                pictures=_pictures(document))


def _folded(plain: Mapping[str, Any], document: Mapping[str, Any]) -> list[Seen]:
    """An article where a summary is a warning: it has none, and GoToSocial folds the text behind the title instead."""
    if plain["type"] != "Article":
        return []
    name, warning = _text(document, "name"), _text(document, "summary")
    return [Seen("GoToSocial, Misskey", title=name, warning=warning, pictures=_pictures(document),
                 html=_IMAGE.sub("", sanitise_long(_text(document, "content"))),
                 remark="The whole text; GoToSocial folds it behind the warning, or else behind the title")]


def _lemmy(document: Mapping[str, Any]) -> Seen:
    """A post, only in a community: title, the first attachment as its address, the text."""
    if not document.get("audience"):
        return Seen("Lemmy", shown=False, remark="Lemmy shows only what is brought to a community")
    if document.get("inReplyTo"):
        return Seen("Lemmy", html=sanitise_html(_text(document, "content")))
    first: Mapping[str, Any] = next(iter(document.get("attachment", ())), {})
    title = _text(document, "name") or excerpt(to_plain_text(_text(document, "content")), 200)
    return Seen("Lemmy", title=title[:200], html=sanitise_html(_text(document, "content")),
                link=str(first.get("href") or first.get("url") or ""))


def _pixelfed(document: Mapping[str, Any]) -> Seen:
    """Notes with a picture, nothing else."""
    pictures = _pictures(document, 20)
    if document["type"] != "Note" or not pictures:
        return Seen("Pixelfed", shown=False, remark="Pixelfed shows only short posts with pictures")
    return Seen("Pixelfed", warning=to_plain_text(_text(document, "summary")),
                html=sanitise_html(_text(document, "content")), pictures=pictures)


def _feed(view: ObjectView, document: Mapping[str, Any]) -> Seen:
    if view.object.visibility != "public":
        return Seen("Feed readers", shown=False, remark="Only what everyone may read stands in feeds")
    return Seen("Feed readers", title=_text(document, "name"), html=sanitise_long(_text(document, "content")),
                link=_address(document))


def _link(view: ObjectView, document: Mapping[str, Any]) -> Seen:
    """What stands below a pasted address: title, description, one picture."""
    row = view.object
    if row.visibility not in OPEN:
        return Seen("Link previews", shown=False, remark="A link shows nothing to those who may not read it")
    picture = None if row.sensitive else next(iter(_pictures(document)), None)
    words = to_plain_text(_text(document, "summary")) or to_plain_text(_text(document, "content"))
    return Seen("Link previews", title=_text(document, "name") or view.author.display_name or view.author.name,
                html=f"<p>{escape_text(excerpt(words, 300))}</p>", pictures=[picture] if picture else [],
                link=_address(document))
