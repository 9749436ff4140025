"""Natural-language properties: plain text, language maps, and which language a text is in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from potluck.federation.vocabulary.values import as_list, get, text

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}")


def _language(tag: Any) -> str | None:
    if isinstance(tag, str) and _LANGUAGE.fullmatch(tag) and tag.lower() != "und":
        return tag.replace("_", "-")
    return None


def language_map(document: Any, name: str) -> dict[str, str]:
    """The translations of a text (`contentMap` for `content`): language tag or `und` -> text, as sent."""
    found = get(document, f"{name}Map")
    if not isinstance(found, Mapping):
        return {}
    texts = ((tag, text(translation)) for tag, translation in found.items())
    return {_language(tag) or "und": translation for tag, translation in texts if translation is not None}


def text_and_language(document: Any, name: str) -> tuple[str | None, str | None]:
    """A natural-language property and its language.

    The plain property wins over the map; the language is that of the map's equal entry, else the map's first
    with a real language (as Mastodon takes it), else that of another map of the document, else `@language` of
    its context.
    """
    plain = get(document, name)
    value = text(plain)
    translations = language_map(document, name)
    if value is None and translations:
        value = next(iter(translations.values()))
    if value is None:
        return None, None
    tag = next((tag for tag, other in translations.items() if other == value and tag != "und"), None)
    tag = tag or next((tag for tag in translations if tag != "und"), None)
    return value, tag or _value_language(plain) or _document_language(document, name)


def _value_language(value: Any) -> str | None:
    for member in as_list(value):
        if isinstance(member, Mapping):
            return _language(member.get("@language"))
    return None


def _document_language(document: Any, name: str) -> str | None:
    for other in ("content", "name", "summary"):
        if other != name:
            for tag in language_map(document, other):
                if tag != "und":
                    return tag
    contexts = (part for part in as_list(document.get("@context")) if isinstance(part, Mapping))
    named = next((found for part in contexts if (found := _language(part.get("@language")))), None)
    return named or _identified_language(get(document, "language"))


def _identified_language(value: Any) -> str | None:
    """Lemmy and PeerTube say `{"identifier": "en", "name": "English"}`; `und` means they do not know."""
    return _language(value.get("identifier")) if isinstance(value, Mapping) else None
