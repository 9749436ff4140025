"""Fetching ActivityPub documents and collections: right type, right id, same host, bounded.

A document is about its own id only (protocol §7), and only what has an ActivityPub content type is one (§9):
a file that someone uploaded to a server must not pass for what that server says.
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from typing import Any

from potluck.federation.errors import InvalidAnswer, InvalidUri, WrongContentType, WrongId
from potluck.federation.fetch import Response, SafeClient
from potluck.federation.signatures.signer import Signer
from potluck.federation.strictjson import MAX_BYTES
from potluck.federation.urls import check_uri, host_of, join, request_url, same_host
from potluck.federation.vocabulary import AS, AS_JSON, LD_JSON, PAGE_TYPES, get, get_list, id_of, type_of

ACCEPT = f"{AS_JSON}, {LD_JSON}"
_ACCEPT_PAGE = f"{ACCEPT}, text/html;q=0.5"
_PAGE_BYTES = 2_000_000
_HEAD_CHARACTERS = 500_000  # of a page that are searched for a link

_PROFILE = re.compile(r';\s*profile\s*=\s*(?:"([^"]*)"|([^\s;"]+))', re.IGNORECASE)
_LINK_TAG = re.compile(r"<link\b([^<>]{1,4000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]{1,20})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>;,]+))""", re.IGNORECASE)
_LINK_HEADER = re.compile(r"<([^<>]{1,2048})>([^<>]{0,1000})")


def is_activity_type(content_type: str) -> bool:
    """Whether a content type is ActivityPub's.

    That is `application/activity+json` with any parameters, or `application/ld+json` whose profile names
    ActivityStreams, quoted or not (protocol §9).
    """
    media_type, _, _ = content_type.partition(";")
    match media_type.strip().lower():
        case "application/activity+json":
            return True
        case "application/ld+json":
            profiles = _PROFILE.findall(content_type)
            return any(AS in (quoted or bare).split() for quoted, bare in profiles)
        case _:
            return False


async def fetch_document(client: SafeClient, uri: str, signer: Signer | None = None) -> dict[str, Any]:
    """Fetch the document about a uri.

    Where the document's id is not the url it came from, the id is fetched once, and must then be its own url.

    Args:
        client: the guarded client.
        uri: what to fetch; a fragment is not sent.
        signer: in whose name; None fetches unsigned.

    Returns:
        The document. Its `id` is authoritative and may differ from `uri`.

    Raises:
        InvalidUri: the uri, or the id found, is not acceptable.
        WrongId: the document stays about another id.
        FetchError: see `SafeClient.get`; WrongContentType; any status but success.
    """
    document, url = await _fetch(client, uri, signer)
    claimed = _claimed_id(client, document, url)
    if _is_at(claimed, url, uri):
        return document
    document, url = await _fetch(client, claimed, signer)
    if not _is_at(_claimed_id(client, document, url), url, uri):
        raise WrongId(uri, f"the document at {url} is about {document.get('id')!r}")
    return document


async def fetch_document_or_alternate(
    client: SafeClient, url: str, signer: Signer | None = None
) -> dict[str, Any]:
    """Fetch the document that an address entered by a person stands for.

    A page in HTML may point to its document by a Link header or `<link rel="alternate">` of exactly
    `application/activity+json` on the same host; one such hop is made (protocol §9).

    Raises:
        WrongContentType: neither a document nor a page that names one.
        InvalidUri, FetchError: as for `fetch_document`.
    """
    response = await _get(client, url, signer, _ACCEPT_PAGE, _PAGE_BYTES)
    if is_activity_type(response.content_type):
        document = response.json()
        claimed = _claimed_id(client, document, response.url)
        if _is_at(claimed, response.url, url):
            return document
        return await fetch_document(client, claimed, signer)
    alternate = _alternate(response)
    if alternate is None or not same_host(alternate, response.url):
        raise WrongContentType(url, f"content type {response.content_type[:100]!r}, and no document named")
    return await fetch_document(client, alternate, signer)


async def iterate_collection(
    client: SafeClient,
    collection: str | dict[str, Any],
    signer: Signer | None = None,
    max_pages: int = 10,
    max_items: int = 200,
    *,
    host: str | None = None,
) -> AsyncIterator[str | dict[str, Any]]:
    """The items of a collection in any of the forms seen (protocol §11): ids or objects, each id once.

    Inline objects are hints unless their id is on `host`; what is fetched is on the collection's host only.

    Args:
        client: the guarded client.
        collection: its uri, or the document, perhaps embedded in another.
        signer: in whose name pages are fetched.
        max_pages: most pages read, fetched or inline; the collection itself is not counted.
        max_items: most items given.
        host: host of an embedded collection without an id (that of the document it stands in). Without either
            no page is fetched.

    Raises:
        InvalidUri, FetchError: a page cannot be fetched; items given before stand.
    """
    walk = _Walk(client, signer, max_pages, host)
    key = "first"
    page: dict[str, Any] | None
    if isinstance(collection, str):
        walk.host = host_of(collection)
        page = await walk.fetch(collection)
    else:
        page = collection
        own_id = page.get("id")
        if isinstance(own_id, str):
            walk.host = host or host_of(check_uri(own_id, client.policy.allows_http))
    given: set[str] = set()
    while page is not None:
        for item in [*get_list(page, "orderedItems"), *get_list(page, "items")]:
            name = id_of(item)
            if not isinstance(item, (str, dict)) or (name is not None and name in given):
                continue
            if name is not None:
                given.add(name)
            yield item
            max_items -= 1
            if max_items <= 0:
                return
        page = await walk.next_page(page, key)
        key = "next"


class _Walk:
    """The way through the pages of one collection."""

    def __init__(self, client: SafeClient, signer: Signer | None, max_pages: int, host: str | None) -> None:
        self.host = host
        self._client = client
        self._signer = signer
        self._pages_left = max_pages
        self._seen: set[str] = set()

    async def next_page(self, page: dict[str, Any], key: str) -> dict[str, Any] | None:
        """The page that follows (`next`, or `first` of a collection); None at the end or at the bound."""
        following = get(page, "next")
        if key == "first" and type_of(page) not in PAGE_TYPES:
            following = get(page, "first") or following
        if isinstance(following, list):
            following = following[0] if following else None
        if self._pages_left <= 0 or not isinstance(following, (str, dict)):
            return None
        self._pages_left -= 1
        if isinstance(following, dict) and any(get(following, key) is not None for key in _PAGE_KEYS):
            self._seen.add(id_of(following) or "")
            return following
        uri = id_of(following)
        return await self.fetch(uri) if uri else None

    async def fetch(self, uri: str) -> dict[str, Any] | None:
        """A page from the collection's host, or None when it was read before or lies elsewhere."""
        checked = check_uri(uri, self._client.policy.allows_http)
        if checked in self._seen or host_of(checked) != self.host:
            return None
        self._seen.add(checked)
        document, url = await _fetch(self._client, checked, self._signer)
        if host_of(url) != self.host:
            raise WrongId(uri, f"a page of a collection on {self.host} came from {url}")
        return document


_PAGE_KEYS = ("items", "orderedItems", "next")


async def _fetch(client: SafeClient, uri: str, signer: Signer | None) -> tuple[dict[str, Any], str]:
    """A document of the right type and the url it came from."""
    response = await _get(client, uri, signer, ACCEPT, MAX_BYTES)
    if not is_activity_type(response.content_type):
        raise WrongContentType(uri, f"content type {response.content_type[:100]!r}")
    return response.json(), response.url


async def _get(client: SafeClient, uri: str, signer: Signer | None, accept: str, max_bytes: int) -> Response:
    if signer is None:
        response = await client.get(uri, accept=accept, max_bytes=max_bytes)
    else:
        response = await signer.get(client, uri, accept=accept, max_bytes=max_bytes)
    response.raise_for_status()
    return response


def _claimed_id(client: SafeClient, document: dict[str, Any], url: str) -> str:
    claimed = document.get("id", document.get("@id"))
    if not isinstance(claimed, str):
        raise InvalidAnswer(url, "a document without id")
    return check_uri(claimed, client.policy.allows_http)


def _is_at(claimed: str, url: str, asked: str) -> bool:
    """Whether an id is that of the url it came from.

    A fragment must have been asked for, or the id of a page could be taken for that of a part of it.
    """
    return request_url(claimed) == url and ("#" not in claimed or claimed == asked)


def _alternate(response: Response) -> str | None:
    """The document a page names, absolute."""
    for target, parameters in _LINK_HEADER.findall(", ".join(response.headers.getall("Link", []))):
        if _names_document(_attributes(parameters)):
            return _joined(response.url, target)
    if response.media_type not in {"text/html", "application/xhtml+xml"}:
        return None
    head = response.body[:_HEAD_CHARACTERS].decode("utf-8", "replace")
    for tag in _LINK_TAG.findall(head):
        attributes = _attributes(tag)
        if _names_document(attributes) and "href" in attributes:
            return _joined(response.url, attributes["href"])
    return None


def _attributes(text: str) -> dict[str, str]:
    return {
        name.lower(): html.unescape(double or single or bare)
        for name, double, single, bare in _ATTRIBUTE.findall(text)
    }


def _names_document(attributes: dict[str, str]) -> bool:
    is_alternate = "alternate" in attributes.get("rel", "").lower().split()
    return is_alternate and attributes.get("type", "").strip().lower() == AS_JSON


def _joined(base: str, reference: str) -> str | None:
    try:
        return join(base, reference)
    except InvalidUri:
        return None
