"""How an article will look, from what was made ready to be published."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from potluck.kinds.article.publishing import Ready
from potluck.social.views import ObjectView
from potluck.text.longform import minutes
from potluck.web.presenters.elsewhere import ShownSeen, shown_elsewhere
from potluck.web.trusted import trusted_html


@dataclass(frozen=True, slots=True)
class Preview:
    """See `blogs/_parts.html`."""

    title: str
    html: Markup
    lang: str
    minutes: int
    tags: list[str]
    seen: list[ShownSeen]  # how others will see it


def shown_preview(ready: Ready, view: ObjectView) -> Preview:
    """The article as its page will show it, and as others will.

    Args:
        view: the article, stored nowhere (`article.actions.preview`).
    """
    long = ready.prepared.long
    tags = dict.fromkeys([*(tag.lstrip("#") for tag in ready.request.tags), *long.rendered.hashtags])
    return Preview(ready.prepared.title, trusted_html(long.rendered.html), ready.request.language or "",
                   minutes(long.words), list(tags), shown_elsewhere(view))
