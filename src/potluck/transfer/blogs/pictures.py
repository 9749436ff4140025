"""Pictures and links in texts of articles: which there are, and the same text with other addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import unquote, urljoin, urlsplit

from potluck.text.markup import attributes, escape_attribute, scan, start_tag_attributes

MAX_PICTURES = 200
_LONGEST = 2000
_PICTURE = r"!\[((?:[^\[\]\\\n]|\\.){0,2000})\]\(\s{0,3}(?:<([^<>\n]{1,2000})>|([^\s()<>]{1,2000}))"
_MARKDOWN = re.compile(_PICTURE)
_WITH_CODE = re.compile(r"(?<!`)(?P<mark>`{1,20})(?!`).{0,20000}?(?<!`)(?P=mark)(?!`)|" + _PICTURE, re.DOTALL)
_MOST_CODE = 2000  # marks of code in a text up to which it is told apart
_IMAGE = re.compile(r"<img\b(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+>", re.IGNORECASE)
_DROPPED = ("srcset", "sizes", "width", "height", "loading", "decoding")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|#", re.IGNORECASE)


def in_text(text: str, content_type: str) -> dict[str, str]:
    """Addresses of pictures as they are written, with what is said about each; a bounded number."""
    found: dict[str, str] = {}
    for address, alt in _pictures(text, content_type):
        if 0 < len(address) <= _LONGEST and not address.startswith("data:"):
            found.setdefault(address, alt)
        if len(found) == MAX_PICTURES:
            break
    return found


def _pictures(text: str, content_type: str) -> Iterator[tuple[str, str]]:
    if content_type == "text/html":
        for piece in scan(text) if "<img" in text.lower() else ():
            if piece.kind == "start" and piece.name == "img":
                said = attributes(piece.source)
                yield _source(said), said.get("alt", "")
        return
    for found in _pattern(text).finditer(text) if "](" in text else ():
        address, alt = _parts(found)
        if address:
            yield address, alt
    for tag in _IMAGE.findall(text) if "<img" in text.lower() else ():
        said = start_tag_attributes(tag)
        yield _source(said), said.get("alt", "")


def _source(said: Mapping[str, str]) -> str:
    """The address of a picture, with those that are loaded late by scripts."""
    source = said.get("src", "")
    return said.get("data-src", "") or source if source.startswith("data:") or not source else source


def moved(text: str, content_type: str, addresses: Mapping[str, str], link: Callable[[str], str] | None = None) -> str:
    """The text with other addresses for its pictures, and those of its links as `link` gives them (HTML only)."""
    if content_type == "text/html":
        return "".join(_piece(piece.markup, piece.name, piece.source, addresses, link) if piece.kind == "start"
                       and piece.name in ("img", "a") else piece.markup for piece in scan(text))
    if addresses and "](" in text:
        text = _pattern(text).sub(lambda found: _picture(found, addresses), text)
    return _IMAGE.sub(lambda found: _piece(found[0], "img", "", addresses, None), text) if addresses else text


def _pattern(text: str) -> re.Pattern[str]:
    """What finds pictures in Markdown, and code, in which there are none."""
    return _WITH_CODE if 0 < text.count("`") <= _MOST_CODE else _MARKDOWN


def _parts(found: re.Match[str]) -> tuple[str, str]:
    """Address and description of a picture; '' where code was found."""
    alt, bracketed, plain = found.groups()[-3:]
    return bracketed or plain or "", alt or ""


def _picture(found: re.Match[str], addresses: Mapping[str, str]) -> str:
    address, alt = _parts(found)
    new = addresses.get(address) if address else None
    if not new:
        return found[0]
    return f"![{alt}](<{new}>" if re.search(r"[\s()]", new) else f"![{alt}]({new}"


def _piece(markup: str, name: str, source: str, addresses: Mapping[str, str], link: Callable[[str], str] | None) -> str:
    said = attributes(source) if source else start_tag_attributes(markup)
    if name == "a":
        href = said.get("href", "")
        new = addresses.get(href) or (link(href) if link is not None and href else href)
        return markup if new == href else _tag("a", {**said, "href": new})
    picture = addresses.get(_source(said))
    if picture is None:
        return markup
    return _tag("img", {"src": picture, **{key: value for key, value in said.items()
                                       if key != "src" and key not in _DROPPED and not key.startswith("data-")}})


def _tag(name: str, said: Mapping[str, str]) -> str:
    return f"<{name}" + "".join(f' {key}="{escape_attribute(value)}"' for key, value in said.items()) + ">"


def absolute(address: str, base: str) -> str:
    """An address with its host; as it is where it has one, or where nobody knows which."""
    if not base or _ABSOLUTE.match(address):
        return address
    try:
        return urljoin(base, address)
    except ValueError:
        return address


def in_archive(address: str, file: str, names: Mapping[str, str]) -> str | None:
    """The name in the archive of the file an address means: beside the text, from the top, or deeper down.

    Args:
        file: the text's own name in the archive.
    """
    try:
        path = unquote(urlsplit(address).path)
    except ValueError:
        return None
    relative = _joined(file.rpartition("/")[0], path)
    if relative in names:
        return relative
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    tops = ("", "static/", "public/", "assets/", "content/", *({file.partition("/")[0] + "/"} if "/" in file else ()))
    for start in range(min(len(parts), 6)):
        rest = "/".join(parts[start:])
        if start and "/" not in rest:
            break  # a bare name could be anything's
        for top in tops:
            if f"{top}{rest}" in names:
                return f"{top}{rest}"
    return None


def _joined(folder: str, path: str) -> str:
    """A path from a folder on; it is only ever looked up, so it cannot lead out of the archive."""
    found = folder.split("/") if folder and not path.startswith("/") else []
    for part in path.split("/"):
        if part == "..":
            found = found[:-1]
        elif part not in ("", "."):
            found.append(part)
    return "/".join(found)
