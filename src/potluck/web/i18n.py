r"""The language of a page: which one to use, its catalogue, and `_()` for every text that people see.

English is the source. A translation is `locale/TAG/LC_MESSAGES/messages.po`, compiled when it is first used, so that
no binary file is kept. `make messages` collects the texts and brings the catalogues up to date:

    pybabel extract -F src/potluck/web/locale/babel.cfg -k _l -k NotFound -k NotAllowed -k Invalid:2 -k Conflict \
        -k TooMany -k TooLarge -k NoRoom -k NotTaken --no-location --sort-output \
        -o src/potluck/web/locale/messages.pot src/potluck
    pybabel update -i src/potluck/web/locale/messages.pot -d src/potluck/web/locale --no-fuzzy-matching
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import Locale, UnknownLocaleError, negotiate_locale

from potluck.social.errors import SocialError

SOURCE = "en"


@dataclass(frozen=True)
class Language:
    """A language pages can be shown in: BCP 47 tag, its texts, and Babel's knowledge of dates and numbers."""

    tag: str
    catalogue: NullTranslations
    locale: Locale

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return self.locale.text_direction


@cache
def available() -> tuple[str, ...]:
    """Tags of the languages there is a catalogue for, the source language first."""
    folder = files("potluck.web").joinpath("locale")
    found = sorted(entry.name.replace("_", "-") for entry in folder.iterdir()
                   if entry.is_dir() and entry.joinpath("LC_MESSAGES", "messages.po").is_file())
    return (SOURCE, *found)


@cache
def language(tag: str) -> Language:
    """The language of a tag from `available`."""
    name = tag.replace("-", "_")
    return Language(tag, NullTranslations() if tag == SOURCE else _compile(name), Locale.parse(name))


def _compile(name: str) -> GNUTranslations:
    from babel.messages.mofile import write_mo  # 1 MiB, for those who read another language than English
    from babel.messages.pofile import read_po

    source = files("potluck.web").joinpath("locale", name, "LC_MESSAGES", "messages.po")
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source.read_bytes()), locale=name))
    compiled.seek(0)
    return GNUTranslations(compiled)


_current: ContextVar[Language | None] = ContextVar("language", default=None)


def current() -> Language:
    """The language of the page being made."""
    return _current.get() or language(SOURCE)


def use(tag: str) -> Language:
    """Make `tag` (or English, if there is no catalogue for it) the language of what follows in this task."""
    chosen = language(tag if tag in available() else SOURCE)
    _current.set(chosen)
    return chosen


def choose(preferred: str | None, accept_language: str, default: str) -> str:
    """The tag to use: the reader's own setting, else what the browser asks for, else the server's default."""
    wanted = [preferred] if preferred else _accepted(accept_language)
    offered = [tag.replace("-", "_") for tag in available()]
    found = negotiate_locale([tag.replace("-", "_") for tag in (*wanted, default)], offered)
    return found.replace("_", "-") if found else SOURCE


def _accepted(header: str) -> list[str]:
    weighted: list[tuple[float, str]] = []
    for part in header[:200].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        if tag and tag != "*" and quality > 0:
            weighted.append((quality, tag))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]


def gettext(text: str) -> str:
    """The translation of `text` into the current language."""
    return current().catalogue.gettext(text)


def translated(tag: str, text: str) -> str:
    """The translation of `text` for a reader of language `tag` (mail, messages of the engine)."""
    return language(choose(tag, "", SOURCE)).catalogue.gettext(text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The translation that fits `count`."""
    return current().catalogue.ngettext(singular, plural, count)


def _(text: str, **values: object) -> str:
    """The translation of `text`, with `%(name)s` replaced by the values given."""
    translated = gettext(text)
    return translated % values if values else translated


def said(error: SocialError) -> str:
    """What an error says, in the current language."""
    return _(error.template, **error.values)


def _l(text: str) -> str:
    """Mark a constant for translation where it is written; it is translated where it is shown."""
    return text


def language_name(tag: str) -> str:
    """Name of a language in that language, with the first letter as it stands; the tag itself if nobody knows it."""
    try:
        locale = Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return tag
    return locale.get_display_name() or tag


POST_LANGUAGES: Sequence[str] = (
    "ar", "bg", "bn", "ca", "cs", "cy", "da", "de", "el", "en", "eo", "es", "et", "eu", "fa", "fi", "fr", "ga", "gd",
    "gl", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "ko", "ku", "lt", "lv", "mk", "ml", "ms",
    "nb", "nl", "nn", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "ta", "te", "th", "tr", "uk",
    "ur", "vi", "zh-Hans", "zh-Hant",
)
"""Languages offered for a post (ISO 639-1 and the regional forms that differ in writing)."""


@cache
def post_languages() -> tuple[tuple[str, str], ...]:
    """(tag, own name) of the languages offered for posts, in order of name."""
    return tuple(sorted(((tag, language_name(tag)) for tag in POST_LANGUAGES), key=lambda pair: pair[1].casefold()))
