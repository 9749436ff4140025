"""Languages: tags brought into one form (BCP 47), their names, and in which direction they are written."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from potluck.text.markup import words
from potluck.text.native_names import NATIVE_NAMES

_TAG: Final = re.compile(
    r"(?P<language>[a-z]{2,3})(?P<extended>(?:-[a-z]{3}){1,3})?(?P<script>-[a-z]{4})?(?P<region>-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3})){0,4})(?P<rest>(?:-[a-wyz0-9](?:-[a-z0-9]{2,8}){1,4}){0,4})"
    r"(?:-x(?:-[a-z0-9]{1,8}){1,4})?"
)
# "Not known", "several", "no language", "not listed": nothing that a reader could be told.
_NO_LANGUAGE: Final = frozenset({"und", "mul", "zxx", "mis"})
_RIGHT_TO_LEFT_SCRIPTS: Final = words(
    "adlm arab aran hebr mand mend nkoo rohg samr syrc thaa yezi garay gara"
)


def normalise_language(tag: str) -> str | None:
    """Return a language tag in BCP 47's recommended form (`pt-BR`, `zh-Hant`), or None if it says nothing.

    Underscores and any case are read; what is no well-formed tag, `und` and its like give None.
    """
    match = _TAG.fullmatch(tag.strip().replace("_", "-").lower()) if len(tag) <= 64 else None
    if match is None:
        return None
    language, script = _current(match["language"], (match["script"] or "").title())
    if language in _NO_LANGUAGE:
        return None
    return "".join(
        [language, match["extended"] or "", script, (match["region"] or "").upper(), match["variants"]]
    )


def _current(language: str, script: str) -> tuple[str, str]:
    """Replace a code that was given up, or three letters where there are two; CLDR knows what by."""
    current, *subtags = str(get_global("language_aliases").get(language) or language).split("_")
    if not script and subtags and len(subtags[0]) == 4:
        script = "-" + subtags[0]
    return current, script


class Language(NamedTuple):
    """A language to choose: its tag, its name in the reader's language, and its own name for itself."""

    tag: str
    name: str
    native_name: str


# What people choose from: the languages of Mastodon's list with a name in CLDR, and regional forms in common use.
_OFFERED: Final = words(
    "aa ab ae af ak am an ar as ast av ay az ba be bg bho bi bm bn bo br bs ca ce ceb ch chr ckb co cr cs csb "
    "cu cv cy da de dsb dv dz ee el en eo es et eu fa ff fi fil fj fo fr frp fur fy ga gd gl gn gsw gu gv ha "
    "haw he hi hr hsb ht hu hy hz ia id ie ig ii ik io is it iu ja jbo jv ka kab kg ki kj kk kl km kn ko kok "
    "kr ks ku kv kw ky la lad lb lfn lg li lij ln lo lt lu lv lzh mai mg mh mi mk ml mn mni moh mr ms mt my "
    "na nan nb nd nds ne ng nl nn no nr nv ny oc oj om or os pa pcd pdc pi pl pms ps pt qu rm rn ro ru rue rw "
    "sa sah sat sc scn sco sd se sg si sk sl sm sma smj sn so sq sr ss st su sv sw szl ta te tg th ti tk tlh "
    "tn to tok tr ts tt ty ug uk ur uz vai ve vec vi vo wa wo wuu xal xh yi yo yue za zgh zh zu de-AT de-CH "
    "en-GB en-US es-419 es-MX fr-CA pt-BR pt-PT sr-Latn zh-Hans zh-Hant"
)


@lru_cache(maxsize=32)
def languages(display: str = "en") -> tuple[Language, ...]:
    """Return the languages a post can be in, sorted by their names in the language `display`."""
    found = []
    for tag in _OFFERED:
        name = language_name(tag, display)
        if name is not None:
            found.append(Language(tag, name, NATIVE_NAMES.get(tag) or language_name(tag, "en") or name))
    return tuple(sorted(found, key=lambda language: language.name.casefold()))


@lru_cache(maxsize=4096)
def language_name(tag: str, display: str = "en") -> str | None:
    """Return the name of a language in the language `display` (English if CLDR lacks that), or None if unknown."""
    normal = normalise_language(tag)
    if normal is None:
        return None
    locale = _locale(display) or Locale("en")
    names = locale.languages
    if name := names.get(normal.replace("-", "_")):
        return str(name)
    language, _, rest = normal.partition("-")
    name = names.get(language)
    if name is None:
        return None if locale.language == "en" else language_name(normal, "en")
    return f"{name} ({_subtag_names(locale, rest)})" if rest else str(name)


def _subtag_names(locale: Locale, rest: str) -> str:
    """Return the names of scripts and regions in the part of a tag behind the language."""
    named = (locale.scripts.get(part) or locale.territories.get(part) or part for part in rest.split("-"))
    return ", ".join(map(str, named))


@lru_cache(maxsize=256)
def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None


@lru_cache(maxsize=1024)
def is_rtl(tag: str | None) -> bool:
    """Tell whether a language is written from right to left; by its script, given or most likely (CLDR)."""
    normal = normalise_language(tag) if tag else None
    if normal is None:
        return False
    language, *subtags = normal.lower().split("-")
    script = next((part for part in subtags if len(part) == 4 and part.isalpha()), None)
    return (script or _likely_script(language, subtags)) in _RIGHT_TO_LEFT_SCRIPTS


def _likely_script(language: str, subtags: list[str]) -> str:
    likely = get_global("likely_subtags")
    region = next((part.upper() for part in subtags if len(part) == 2), "")
    full = str(likely.get(f"{language}_{region}") or likely.get(language) or "")
    return next((part.lower() for part in full.split("_")[1:] if len(part) == 4), "")
