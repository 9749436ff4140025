"""How a listing is narrowed and ordered: what its address says, and the chips and form it is chosen by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from potluck.social import preferences, registry
from potluck.social.communities.listing import RANGES, SORTS, Wanted
from potluck.text.languages import languages, normalise_language
from potluck.web import i18n
from potluck.web.auth import Viewer
from potluck.web.i18n import _, _l
from potluck.web.types import AnyRequest

SORT_LABELS = {
    "hot": _l("Hot"), "active": _l("Active"), "scaled": _l("Scaled"), "new": _l("New"), "top": _l("Top"),
    "most_comments": _l("Most comments"), "new_comments": _l("New comments"),
    "controversial": _l("Controversial"), "old": _l("Old"),
}
RANGE_LABELS = {
    "hour": _l("An hour"), "six_hours": _l("6 hours"), "twelve_hours": _l("12 hours"), "day": _l("A day"),
    "week": _l("A week"), "month": _l("A month"), "three_months": _l("3 months"), "six_months": _l("6 months"),
    "nine_months": _l("9 months"), "year": _l("A year"), "all": _l("All time"),
}
PAGE = 25
_AT_HAND = frozenset({"hot", "active", "new", "top"})
_FILTERS = ("kind", "lang", "flair", "nsfw", "unread")


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice of an order (`lens_chips` of `components/ui.html`)."""

    url: str
    label: str
    current: bool
    symbol: str = ""
    at_hand: bool = False  # shown beside the menu, too


@dataclass(frozen=True, slots=True)
class Filters:
    """What a listing is narrowed by, for its form.

    Attributes:
        action: the address of the listing.
        kept: what else its address says, passed on.
        count: how many filters are set.
        adult_choice: whether NSFW posts can be asked for (in one community they are shown anyway).
        flairs: the tags of the community the listing is of; empty elsewhere.
    """

    action: str
    kept: dict[str, str]
    kinds: list[dict[str, str]]
    kind: str
    languages: list[dict[str, str]]
    language: str
    nsfw: bool
    unread: bool
    count: int
    adult_choice: bool
    flairs: list[dict[str, str]]
    flair: str


def wanted_of(request: AnyRequest, viewer: Viewer | None, scope: str, scope_id: int | None = None) -> Wanted:
    """The listing an address asks for; words that mean nothing are passed over."""
    query = request.query_params
    sort, span, kind = query.get("sort", ""), query.get("t", ""), query.get("kind", "")
    language = normalise_language(query.get("lang", "")[:35]) if query.get("lang") else None
    return Wanted(
        scope, scope_id, sort=sort if sort in SORTS else "hot", range=span if span in RANGES else "day",
        kinds=[kind] if kind in _kinds() else None, flair=query.get("flair", "").strip()[:100],
        languages=[language] if language else (),
        cursor=query.get("cursor", "")[:200] or None, unread=viewer is not None and query.get("unread") == "1",
        sensitive=scope == "community" or query.get("nsfw") == "1" or _wants_all(viewer), limit=PAGE)


def _wants_all(viewer: Viewer | None) -> bool:
    return viewer is not None and preferences.of(viewer.user).expand_media == "show_all"


def _kinds() -> dict[str, str]:
    return {kind.name: kind.label for kind in registry.all_kinds() if kind.lens}


def chips(request: AnyRequest, name: str, labels: Mapping[str, str], current: str) -> list[Chip]:
    """Links to the same page with another value in its address; pages begin anew."""
    kept = {key: value for key, value in request.query_params.items() if key not in (name, "cursor", "from")}
    return [Chip(f"{request.url.path}?{urlencode({**kept, name: value})}", _(label), value == current,
                 at_hand=value in _AT_HAND or value == current)
            for value, label in labels.items()]


def filters_of(request: AnyRequest, wanted: Wanted, flairs: Sequence[str] = ()) -> Filters:
    """The form by which a listing is narrowed.

    Args:
        flairs: tags of the community.
    """
    kept = {key: value for key, value in request.query_params.items() if key not in (*_FILTERS, "cursor")}
    nsfw = request.query_params.get("nsfw") == "1"
    kind, language = _first(wanted.kinds), _first(wanted.languages)
    flair = wanted.flair if wanted.scope == "community" else ""
    named = dict.fromkeys([*flairs, *([flair] if flair and flair not in flairs else [])])
    return Filters(
        action=request.url.path, kept=kept, kind=kind, language=language, nsfw=nsfw, unread=wanted.unread,
        kinds=[{"value": "", "label": _("Everything")},
               *({"value": name, "label": _(label)} for name, label in _kinds().items())],
        languages=[{"value": "", "label": _("All languages")},
                   *({"value": item.tag, "label": item.name} for item in languages(i18n.current().tag))],
        count=sum(map(bool, (kind, language, flair, nsfw, wanted.unread))), adult_choice=wanted.scope != "community",
        flair=flair, flairs=[{"value": "", "label": _("All tags")},
                             *({"value": name, "label": name} for name in named)] if named else [])


def _first(values: Sequence[str] | object | None) -> str:
    return str(values[0]) if isinstance(values, Sequence) and values else ""
