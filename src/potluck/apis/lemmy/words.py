"""Lemmy's words and numbers for things we name differently: times, languages, orders, scopes, software versions."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

from potluck import __version__
from potluck.apis.lemmy.errors import refused
from potluck.apis.params import Params
from potluck.facades import LEMMY_VERSION
from potluck.text.languages import language_name
from potluck.text.markup import words

Json = dict[str, Any]

What = Literal["post", "comment"]
"""What stands in a community, as the names of calls and parameters have it."""

VERSION = f"{LEMMY_VERSION}-potluck.{__version__}"
"""Parsed by every app (as a semantic version): the Lemmy release whose API this is, then who is really speaking."""

LOCAL_INSTANCE = 1
"""The number of this server among instances; others have that of their server's row."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LISTINGS = {"All": "all", "Local": "local", "Subscribed": "subscribed", "ModeratorView": "moderated"}
SORTS: dict[str, tuple[str, str]] = {
    "Active": ("active", "all"), "Hot": ("hot", "all"), "Scaled": ("scaled", "all"),
    "Controversial": ("controversial", "all"), "New": ("new", "all"), "Old": ("old", "all"),
    "MostComments": ("most_comments", "all"), "NewComments": ("new_comments", "all"),
    "TopHour": ("top", "hour"), "TopSixHour": ("top", "six_hours"), "TopTwelveHour": ("top", "twelve_hours"),
    "TopDay": ("top", "day"), "TopWeek": ("top", "week"), "TopMonth": ("top", "month"),
    "TopThreeMonths": ("top", "three_months"), "TopSixMonths": ("top", "six_months"),
    "TopNineMonths": ("top", "nine_months"), "TopYear": ("top", "year"), "TopAll": ("top", "all"),
}
"""Order of posts -> ours, and how far back it looks."""

COMMENT_SORTS = {"Hot": "hot", "Top": "top", "New": "new", "Old": "old", "Controversial": "controversial"}
VISIBILITIES = {"Public": "public", "LocalOnly": "local"}

_ISO = words(
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja "
    "jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb "
    "nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq "
    "sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu")
_EXTRA = ("ast", "bho", "ceb", "ckb", "dsb", "fil", "fur", "gsw", "haw", "hsb", "jbo", "kab", "kok", "lad", "lfn",
          "lij", "mai", "mni", "nan", "nds", "pap", "sah", "sat", "sco", "smj", "szl", "tlh", "tok", "vai", "vec",
          "yue", "zgh", "pt-BR", "zh-Hans", "zh-Hant")
"""Further languages; their numbers follow those of Lemmy's own table and never change: add at the end only."""


def moment(value: datetime) -> str:
    """A time."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def there(found: Json) -> Json:
    """Without what is not set: optional fields are left out, never null."""
    return {key: value for key, value in found.items() if value is not None}


@lru_cache(maxsize=1)
def codes() -> tuple[str, ...]:
    """Language codes by number; 0 is `und`. The first 183 are ISO 639-1 in its order, as Lemmy numbers them."""
    return ("und", *sorted(_ISO), *_EXTRA)


@lru_cache(maxsize=1)
def all_languages() -> list[Json]:
    """Every language an app can choose."""
    names = ("Undetermined", *(language_name(code) or code for code in codes()[1:]))
    return [{"id": number, "code": code, "name": name} for number, (code, name) in enumerate(
        zip(codes(), names, strict=True))]


def language_number(tag: str | None) -> int:
    """The number of a language; of a regional form that has none, its language's; 0 if it is not known."""
    if not tag:
        return 0
    known = _numbers()
    return known.get(tag) or known.get(tag.partition("-")[0]) or 0


@lru_cache(maxsize=1)
def _numbers() -> dict[str, int]:
    return {code: number for number, code in enumerate(codes())}


def language_of(params: Params, name: str = "language_id") -> str | None:
    """The language an app means, None for none.

    Raises:
        ApiError: there is no such language.
    """
    number = params.whole(name)
    if not number:
        return None
    if not 0 < number < len(codes()):
        raise refused("language_not_allowed")
    return codes()[number]


def one_of(params: Params, name: str, known: Any, default: str) -> Any:
    """What stands for a word of an enumeration.

    Raises:
        ApiError: there is no such word.
    """
    word = params.text(name) or default
    if word not in known:
        raise refused("invalid_body_field", message=f"{name} is one of {', '.join(known)}")
    return known[word]


def limit_of(params: Params, default: int = 10, most: int = 50) -> int:
    """How many are wanted.

    Raises:
        ApiError: fewer than one, or more than can be had.
    """
    wanted = params.whole("limit")
    if wanted is None:
        return default
    if not 1 <= wanted <= most:
        raise refused("invalid_query")
    return wanted


def offset_of(params: Params, limit: int) -> int:
    """How many are on earlier pages; pages are counted from 1.

    Raises:
        ApiError: there is no such page.
    """
    page = params.whole("page")
    if page is None:
        return 0
    if not 1 <= page <= 10_000:
        raise refused("invalid_query")
    return (page - 1) * limit
