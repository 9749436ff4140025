"""Links and pictures in all their forms: addresses, Link objects, objects with a `url`, arrays of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from potluck.federation.errors import InvalidUri
from potluck.federation.urls import join, split
from potluck.federation.vocabulary.languages import text_and_language
from potluck.federation.vocabulary.values import Document, as_list, get, get_list, number, text


@dataclass(frozen=True, slots=True)
class Link:
    """One way to reach something: an address and what is said about it."""

    href: str
    media_type: str | None = None
    rel: tuple[str, ...] = ()
    name: str | None = None
    width: int | None = None
    height: int | None = None
    size: int | None = None
    document: Document = field(default_factory=dict, compare=False)


def urls(value: Any, base: str | None = None, depth: int = 0) -> list[Link]:
    """Every http(s) link in a `url` or `href` value: strings, Links, objects with a `url`, arrays of these.

    Args:
        value: a document (its `url` is read) or such a value.
        base: uri against which relative references are resolved, if they may occur.
        depth: of the recursion; objects within objects are followed three levels deep.
    """
    found: list[Link] = []
    for member in as_list(value)[:200]:
        if isinstance(member, str):
            href = _http(member, base)
            if href:
                found.append(Link(href))
        elif isinstance(member, Mapping) and depth < 3:
            found.extend(_links_of(member, base, depth))
    return found


def _links_of(document: Document, base: str | None, depth: int) -> Iterator[Link]:
    href = get(document, "href")
    if isinstance(href, str):
        address = _http(href, base)
        if address:
            yield _link(address, document)
        return
    for inner in urls(get(document, "url"), base, depth + 1):
        yield inner if inner.media_type else _link(inner.href, document)


def _link(href: str, document: Document) -> Link:
    # Mastodon reads `mimeType`, a typing error of old that some servers therefore send (microblog §2).
    media_type = text(get(document, "mediaType")) or text(get(document, "mimeType"))
    rel = tuple(word for word in get_list(document, "rel") if isinstance(word, str))
    return Link(
        href=href,
        media_type=media_type.strip().lower() if media_type else None,
        rel=rel,
        name=text(get(document, "name")),
        width=number(get(document, "width")),
        height=number(get(document, "height")),
        size=number(get(document, "size")),
        document=document,
    )


def _http(address: str, base: str | None) -> str | None:
    # WordPress writes addresses with a query as they stand in its HTML (blog §6).
    address = address.replace("&#038;", "&").replace("&amp;", "&")
    try:
        if base is not None:
            return join(base, address)
        split(address)
    except InvalidUri:
        return None
    return address


def url_html(document: Any) -> str | None:
    """The page for people: the text/html Link of `url`, else its first plain string or untyped Link."""
    links = urls(get(document, "url"))
    for link in links:
        if link.media_type and link.media_type.partition(";")[0].strip() == "text/html":
            return link.href
    return next((link.href for link in links if link.media_type is None), None)


@dataclass(frozen=True, slots=True)
class Picture:
    """An icon or image: its address, and what is known of it."""

    url: str
    media_type: str | None = None
    description: str | None = None
    blurhash: str | None = None
    width: int | None = None
    height: int | None = None


def image_of(value: Any) -> Picture | None:
    """The picture in an `icon`, `image` or `preview` value: object, array (first usable) or bare url."""
    for member in as_list(value):
        link = next(iter(urls(member)), None)
        if link is None:
            continue
        if not isinstance(member, Mapping):
            return Picture(link.href)
        description = text_and_language(member, "summary")[0] or text_and_language(member, "name")[0]
        return Picture(
            url=link.href,
            media_type=link.media_type or text(get(member, "mediaType")),
            description=description,
            blurhash=text(get(member, "blurhash")),
            width=link.width or number(get(member, "width")),
            height=link.height or number(get(member, "height")),
        )
    return None
