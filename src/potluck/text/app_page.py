"""What the page of an app says about it: a client metadata document in JSON, or the microformat h-app in HTML.

Such a page is hostile: work and results are bounded, and what comes out is plain text and addresses.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final
from urllib.parse import urljoin

from potluck.text.markup import VOID, Piece, attributes, scan
from potluck.text.page_metadata import MAX_HTML, MAX_URL, address, decoded, line, read_page

MAX_NAME: Final = 100
MAX_REDIRECTS: Final = 50
_APPS: Final = frozenset({"h-app", "h-x-app"})
_LINK: Final = re.compile(r"<([^<>]{1,2048})>((?:\s*;\s*[\w-]+\s*=\s*(?:\"[^\"]{0,200}\"|[^\s,;\"]{1,200})){1,10})")
_REL: Final = re.compile(r"rel\s*=\s*(?:\"([^\"]{0,200})\"|([^\s,;\"]{1,200}))", re.IGNORECASE)


@dataclass(slots=True)
class AppPage:
    """What was found; '' where nothing is said.

    Attributes:
        name: one line of text.
        logo: address of a picture.
        website: address of its home page.
        redirect_uris: where it wants people to be led back to; not judged here.
    """

    name: str = ""
    logo: str = ""
    website: str = ""
    redirect_uris: list[str] = field(default_factory=list)


def read_app_page(body: bytes, content_type: str, url: str, link_header: str = "") -> AppPage:
    """Read an app's page that came from `url`, which is its client id.

    Raises:
        ValueError: a metadata document that is none, or is that of another app.
    """
    if content_type.partition(";")[0].strip().lower().endswith(("/json", "+json")):
        return _of_json(body, url)
    found = _of_html(decoded(body, content_type)[:MAX_HTML], url)
    found.redirect_uris += [urljoin(url, target) for target in _linked(link_header)]
    del found.redirect_uris[MAX_REDIRECTS:]
    if not found.name:
        page = read_page(body, content_type, url)
        found.name = line(page.provider_name or page.title, MAX_NAME)
    return found


def _of_json(body: bytes, url: str) -> AppPage:
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(value, dict) or value.get("client_id") != url:
        raise ValueError("the metadata document of another app")
    uris = value.get("redirect_uris")
    website = _text(value, "client_uri")
    return AppPage(
        name=line(_text(value, "client_name"), MAX_NAME), logo=address(url, _text(value, "logo_uri")) or "",
        website=website if url.startswith(website) else "",  # it has to begin the client id
        redirect_uris=[uri for uri in uris if isinstance(uri, str) and len(uri) <= MAX_URL][:MAX_REDIRECTS]
        if isinstance(uris, list) else [])


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _linked(header: str) -> list[str]:
    """Addresses of `rel=redirect_uri` in a Link header."""
    found = []
    for target, parameters in _LINK.findall(header[:8000]):
        rel = _REL.search(parameters)
        if rel and "redirect_uri" in (rel[1] or rel[2]).lower().split():
            found.append(target)
    return found


class _Reader:
    """Goes through a page once; of several apps the first one counts."""

    def __init__(self, url: str) -> None:
        self.found = AppPage()
        self._url = url
        self._depth = 0  # within the app's element
        self._naming = 0  # the depth at which its name began, 0 outside of it
        self._words: list[str] = []
        self._done = False

    def take(self, piece: Piece) -> None:
        """One piece of the page."""
        if piece.kind == "start":
            self._start(piece.name, attributes(piece.source[:8000]))
        elif piece.kind == "end" and self._depth:
            self._end()
        elif piece.kind == "text" and self._naming and len(self._words) < 50:
            self._words.append(unescape(piece.source[:500]))

    def _start(self, name: str, tag: dict[str, str]) -> None:
        classes = set(tag.get("class", "").split())
        href = tag.get("href", "")
        if name == "link" and "redirect_uri" in tag.get("rel", "").lower().split() and len(href) <= MAX_URL:
            self.found.redirect_uris.append(urljoin(self._url, href))
        if not self._depth and not self._done and classes & _APPS:
            self._depth = 1
            if name == "a" and not tag.get("rel"):  # an element alone names and links the app
                self.found.website, self._naming = address(self._url, href) or "", 1
            return
        if self._depth:
            self._inside(name, classes, tag)

    def _inside(self, name: str, classes: set[str], tag: dict[str, str]) -> None:
        if name not in VOID:
            self._depth += 1
        if "p-name" in classes and not self.found.name and name not in VOID:
            self._naming, self._words = self._depth, []
        if "u-url" in classes and not self.found.website:
            self.found.website = address(self._url, tag.get("href", "")) or ""
        if classes & {"u-logo", "u-photo"} and not self.found.logo:
            self.found.logo = address(self._url, tag.get("src") or tag.get("href", "")) or ""

    def _end(self) -> None:
        if self._naming == self._depth:
            self.found.name = line("".join(self._words), MAX_NAME)
            self._naming = 0
        self._depth -= 1
        self._done = self._done or not self._depth


def _of_html(html: str, url: str) -> AppPage:
    reader = _Reader(url)
    for piece in scan(html):
        reader.take(piece)
    return reader.found
