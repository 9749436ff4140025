"""A thing of any kind in a few words: for apps and places that have no word for the kind.

A Mastodon app knows posts only; an event, a video or a book has to be one there, with nothing hidden. A kind may say
by `Kind.glance` what matters most about it; without that its title, and its summary or the beginning of its text do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from potluck.social import registry
from potluck.social.model import Object
from potluck.social.views import ObjectView
from potluck.text.sanitise import excerpt, to_plain_text

MAX_HTML = 4000
_EXCERPT = 1000


@dataclass(frozen=True, slots=True)
class Glance:
    """What matters most about a thing.

    Attributes:
        title: plain text.
        facts: short plain lines, such as when and where, by whom, how long, how many stars.
        html: sanitised text.
        link: the page it is about, where that is not its own.
        picture: address of a picture, for where no attachment is one.
    """

    title: str
    facts: Sequence[str] = field(default_factory=tuple)
    html: str = ""
    link: str | None = None
    picture: str | None = None


def of(view: ObjectView) -> Glance:
    """A thing in a few words, by its kind."""
    kind = registry.kind_named(view.object.kind)
    return kind.glance(view) if kind.glance else plain(view.object)


def plain(row: Object) -> Glance:
    """A thing of a kind that says nothing itself: title, and summary or the beginning of the text."""
    return Glance(row.title or row.type, html=summary_html(row) or beginning(row))


def summary_html(row: Object) -> str:
    """The summary as paragraphs."""
    return "".join(f"<p>{escape(part)}</p>" for part in row.summary.split("\n") if part.strip())


def beginning(row: Object) -> str:
    """The text, if it is short; else its first words."""
    if len(row.content) <= MAX_HTML:
        return row.content
    text = excerpt(to_plain_text(row.content), _EXCERPT)
    return f"<p>{escape(text)}</p>" if text else ""
