"""How others will see a thing, ready for a page (`components/elsewhere.html`)."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from potluck.kinds import elsewhere
from potluck.kinds.elsewhere import Picture
from potluck.media.addresses import shown
from potluck.social.views import ObjectView
from potluck.web.i18n import _, _l
from potluck.web.trusted import trusted_html

# What `kinds.elsewhere` says, for the catalogue of translations.
REMARKS = (
    _l("Feed readers"), _l("Link previews"), _l("Mastodon does not show this kind of thing"),
    _l("Mastodon shows title, summary and link, not the text, and at most four pictures"),
    _l("The whole text; GoToSocial folds it behind the warning, or else behind the title"),
    _l("Lemmy shows only what is brought to a community"), _l("Pixelfed shows only short posts with pictures"),
    _l("Only what everyone may read stands in feeds"), _l("A link shows nothing to those who may not read it"),
)


@dataclass(frozen=True, slots=True)
class ShownSeen:
    """See `components/elsewhere.html`."""

    name: str
    shown: bool
    title: str
    warning: str
    html: Markup
    pictures: list[Picture]
    link: str
    remark: str


def shown_elsewhere(view: ObjectView) -> list[ShownSeen]:
    """Everybody whose rules are known."""
    return [ShownSeen(_(seen.name), seen.shown, seen.title, seen.warning, trusted_html(seen.html),
                      [Picture(shown(one.url) or "", one.alt) for one in seen.pictures], seen.link,
                      _(seen.remark) if seen.remark else "") for seen in elsewhere.of(view)]
