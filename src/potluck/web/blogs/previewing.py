"""How an article will look, from what was made ready to be published."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from potluck.kinds.article.publishing import Ready
from potluck.text.longform import minutes
from potluck.web.trusted import trusted_html


@dataclass(frozen=True, slots=True)
class Preview:
    """See `blogs/_parts.html`."""

    title: str
    html: Markup
    lang: str
    minutes: int
    tags: list[str]


def shown_preview(ready: Ready) -> Preview:
    """The article as its page will show it."""
    long = ready.prepared.long
    tags = dict.fromkeys([*(tag.lstrip("#") for tag in ready.request.tags), *long.rendered.hashtags])
    return Preview(ready.prepared.title, trusted_html(long.rendered.html), ready.request.language or "",
                   minutes(long.words), list(tags))
