"""An entry as an app sends it, in form or JSON: properties of Microformats2 as lists, commands apart.

What comes in is hostile: bounded in size, and of values that have the wrong type the app is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from potluck.apis.errors import ApiError
from potluck.apis.indieauth.errors import invalid
from potluck.apis.params import Params, Upload
from potluck.db.base import now
from potluck.text.hashtags import HASHTAG_PATTERN, WORD_CLASS, is_hashtag
from potluck.text.languages import normalise_language

Properties = dict[str, list[Any]]

VISIBILITIES = {"public": "public", "unlisted": "unlisted", "private": "followers", "local": "local"}
FILES = ("photo", "video", "audio")
KNOWN = frozenset({
    "name", "content", "summary", "category", "published", "post-status", "visibility", "in-reply-to", "like-of",
    "repost-of", "bookmark-of", "url", "uid", "author", "updated", "syndication", "lang", *FILES})
"""Properties that are understood, or that this server makes itself; all others are kept as they are."""

_RESERVED = frozenset({"access_token", "h", "action", "q", "url", "type", "properties"})
_MAX_REST = 64 * 1024
_MAX_DEPTH = 20
_MOST_NUMBER = 2**63
_AHEAD_SECONDS = 600
_NO_WORD = re.compile(rf"[^{WORD_CLASS}]+")
_TAIL = re.compile(rf"(?:\A|\n\s*\n)((?:#{HASHTAG_PATTERN}\s*)+)\Z")


@dataclass(slots=True)
class Entry:
    """An entry. `commands` are the `mp-` words, which tell what to do and are no part of it."""

    properties: Properties = field(default_factory=dict)
    commands: Properties = field(default_factory=dict)

    def texts(self, name: str) -> list[str]:
        """The values of a property that are text, or have one."""
        return [text for value in self.properties.get(name, ()) if (text := text_of(value))]

    def text(self, name: str) -> str:
        """The first text of a property, '' without one."""
        return next(iter(self.texts(name)), "")

    def command(self, name: str) -> str:
        """The first text of a command, '' without one."""
        return next((text_of(value) for value in self.commands.get(name, ())), "")

    @property
    def rest(self) -> Properties:
        """What is kept without being understood."""
        return {name: values for name, values in self.properties.items() if name not in KNOWN and values}


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file of an entry: sent along, or named by its address."""

    kind: str
    alt: str = ""
    url: str = ""
    path: Path | None = None
    file_name: str = ""


def text_of(value: Any) -> str:
    """The text of a value: itself, or what an object says it is; '' if it has none."""
    if isinstance(value, dict):
        value = next((value[name] for name in ("value", "text", "html", "url") if isinstance(value.get(name), str)), "")
    if isinstance(value, bool | Upload) or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\x00", "").replace("\r\n", "\n")


def read(params: Params, *, as_json: bool) -> Entry:
    """An entry to be created.

    Raises:
        ApiError: it is of a type that is not known here, or cannot be read.
    """
    kind, properties = _of_json(params) if as_json else _of_form(params)
    if kind != "h-entry":
        raise invalid(f"Only h-entry can be created here, not {kind[:40]}")
    return sorted_out(properties)


def sorted_out(properties: Properties) -> Entry:
    """Properties, with commands apart."""
    entry = Entry()
    for said, values in properties.items():
        name = said.replace("\x00", "")
        kept = values if name in KNOWN else [_plain(value) for value in values]
        (entry.commands if name.startswith("mp-") else entry.properties)[name] = kept
    if len(msgspec.json.encode(entry.rest, enc_hook=_no_file)) > _MAX_REST:
        raise ApiError(413, "invalid_request", "Properties that are not known here have at most 64 kB")
    return entry


def _plain(value: Any, depth: int = 0) -> Any:
    """A value as every database can keep it."""
    if depth > _MAX_DEPTH:
        raise invalid("Objects stand within one another too deeply")
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {name.replace("\x00", ""): _plain(item, depth + 1) for name, item in value.items()}
    if isinstance(value, int | float) and not abs(value) < _MOST_NUMBER:
        raise invalid("A number is too large")
    return value


def _no_file(value: object) -> str:
    if isinstance(value, Upload):
        raise invalid("Files are sent as photo, video or audio")
    raise NotImplementedError(type(value))  # what msgspec asks of a hook that does not know a type


def _of_form(params: Params) -> tuple[str, Properties]:
    properties = {name: list(params.items(name)) for name in params.values if name not in _RESERVED}
    return f"h-{params.text('h', 'entry')}", {
        name: [value for value in values if value not in ("", None)] for name, values in properties.items()}


def _of_json(params: Params) -> tuple[str, Properties]:
    kinds, found = params.values.get("type"), params.values.get("properties")
    if not isinstance(kinds, list) or len(kinds) != 1 or not isinstance(kinds[0], str):
        raise invalid('JSON says what it is: {"type": ["h-entry"], "properties": {…}}')
    if not isinstance(found, dict):
        raise invalid("properties is an object")
    return kinds[0], {name: value if isinstance(value, list) else [value] for name, value in found.items()
                      if value is not None and name not in ("access_token", "url")}


# ---- what an entry says -----------------------------------------------------------------------------------------


def content(entry: Entry) -> tuple[str, str]:
    """The text, and its media type; '' for the type where only plain text was sent."""
    values = entry.properties.get("content", [])
    if len(values) > 1:
        raise invalid("An entry has one content")
    value = values[0] if values else ""
    if isinstance(value, dict):
        for name, media_type in (("html", "text/html"), ("markdown", "text/markdown"), ("value", ""), ("text", "")):
            if isinstance(value.get(name), str):
                return text_of(value[name]), media_type
        raise invalid("content is a text, or an object with html")
    return text_of(value), ""


def files(entry: Entry) -> list[FileRef]:
    """Photos, video and sound, in this order."""
    alts = [text_of(value) for value in entry.commands.get("mp-photo-alt", ())]
    return [_file(kind, value, alts[index] if kind == "photo" and index < len(alts) else "")
            for kind in FILES for index, value in enumerate(entry.properties.get(kind, ()))]


def _file(kind: str, value: Any, alt: str) -> FileRef:
    if isinstance(value, Upload):
        return FileRef(kind, alt, path=value.path, file_name=value.filename)
    if isinstance(value, dict):
        said = value.get("alt")
        alt = said if isinstance(said, str) else alt
    url = text_of(value)
    if not url.startswith(("https://", "http://")):
        raise invalid(f"{kind} is a file, or the address of one")
    return FileRef(kind, alt.replace("\x00", ""), url=url)


def tags(words: Iterable[str]) -> list[str]:
    """Categories as hashtags: what can be no part of one falls away. Addresses (tagged people) are none."""
    made = (_NO_WORD.sub("", word) for word in words if "://" not in word)
    return list(dict.fromkeys(word for word in made if is_hashtag(word)))


def with_tail(text: str, categories: Sequence[str]) -> str:
    """A note's text with the hashtags it has beside those within."""
    there = re.compile(rf"#({HASHTAG_PATTERN})").findall(text.lower())
    missing = [tag for tag in tags(categories) if tag.lower() not in there]
    return "\n\n".join(part for part in (text, " ".join(f"#{tag}" for tag in missing)) if part)


def without_tail(text: str) -> tuple[str, list[str]]:
    """A note's text, and the hashtags that stand by themselves below it."""
    found = _TAIL.search(text)
    if found is None:
        return text, []
    return text[:found.start()], [word.lstrip("#") for word in found[1].split()]


def language(entry: Entry) -> str:
    """The language it is written in, '' where it does not say."""
    word = entry.command("mp-language") or entry.text("lang")
    if word and normalise_language(word) is None:
        raise invalid("The language is none")
    return word


def visibility(entry: Entry, default: str) -> str:
    """Who may read it, in our words."""
    word = entry.text("visibility").lower()
    if word and word not in VISIBILITIES:
        raise invalid("visibility is public, unlisted or private")
    return VISIBILITIES[word] if word else default


def status(entry: Entry) -> str:
    """`draft` or `published`; '' where it does not say."""
    word = entry.text("post-status").lower()
    if word not in ("", "draft", "published"):
        raise invalid("post-status is published or draft")
    return word


def published(entry: Entry) -> datetime | None:
    """The older date it bears; None for now."""
    word = entry.text("published").strip()
    if not word:
        return None
    try:
        moment = datetime.fromisoformat(word)
    except ValueError as error:
        raise invalid("published is a time in ISO 8601") from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    ahead = (moment - now()).total_seconds()
    if ahead > _AHEAD_SECONDS:
        raise invalid("Posts are published later on the website; here, the date cannot lie ahead")
    if moment.year < 1900:
        raise invalid("published lies too far back")
    return moment if ahead < 0 else None
