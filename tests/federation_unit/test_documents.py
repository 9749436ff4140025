"""Fetching documents and collections: type, id and host rules."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from potluck.federation.documents import (
    fetch_document,
    fetch_document_or_alternate,
    is_activity_type,
    iterate_collection,
)
from potluck.federation.errors import (
    Gone,
    InvalidAnswer,
    InvalidUri,
    NotFound,
    Refused,
    TemporaryFailure,
    TooLarge,
    WrongContentType,
    WrongId,
)
from potluck.federation.fetch import SafeClient
from potluck.federation.signatures.keys import SigningKey, generate_rsa
from potluck.federation.signatures.request import Scheme
from potluck.federation.signatures.signer import LocalMemory, Signer
from potluck.federation.signatures.verify import parse_signature, verify

from .support import Peer

LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
KEY = SigningKey("https://us.example/actor#main-key", generate_rsa())


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/activity+json", True),
        ("application/activity+json; charset=utf-8", True),
        ("Application/Activity+JSON", True),
        (LD, True),
        ("application/ld+json;profile=https://www.w3.org/ns/activitystreams", True),
        (
            'application/ld+json; charset=utf-8; profile="https://example.org/x https://www.w3.org/ns/activitystreams"',
            True,
        ),
        ("application/ld+json", False),
        ('application/ld+json; profile="https://www.w3.org/ns/activitystreams.evil"', False),
        ("application/json", False),
        ("text/html", False),
        ("text/plain; application/activity+json", False),
        ("application/octet-stream", False),
        ("application/activity+json.evil", False),
        ("", False),
    ],
)
def test_accepted_content_types(content_type: str, taken: bool) -> None:
    """Only ActivityPub's own types are documents; uploads are none (CVE-2024-25623)."""
    assert is_activity_type(content_type) is taken


async def test_a_document_is_fetched(peer: Peer, client: SafeClient) -> None:
    """A document whose id is its url is taken; the request asks for ActivityPub."""
    peer.answer("/note", {"id": "{base}/note", "type": "Note"})
    document = await fetch_document(client, f"{peer.base}/note")
    assert document["id"] == f"{peer.base}/note"
    assert "application/activity+json" in peer.requests[0].headers["Accept"]


async def test_another_id_is_fetched_once(peer: Peer, client: SafeClient) -> None:
    """A document with another id is refetched by that id, and taken if it is its own url."""
    peer.answer("/@alice", {"id": "{base}/users/alice", "name": "hint"})
    peer.answer("/users/alice", {"id": "{base}/users/alice", "name": "truth"})
    assert (await fetch_document(client, f"{peer.base}/@alice"))["name"] == "truth"


async def test_a_redirected_document_is_its_final_url(peer: Peer, client: SafeClient) -> None:
    """After redirects the final url counts."""
    peer.redirect("/@alice", "/users/alice")
    peer.answer("/users/alice", {"id": "{base}/users/alice"})
    assert (await fetch_document(client, f"{peer.base}/@alice"))["id"] == f"{peer.base}/users/alice"
    assert peer.paths() == ["/@alice", "/users/alice"]


async def test_a_document_that_stays_elsewhere_is_refused(peer: Peer, client: SafeClient) -> None:
    """A document that is served under another url than its id, twice, is discarded (CVE-2024-23832)."""
    peer.answer("/a", {"id": "{base}/b"})
    peer.answer("/b", {"id": "{base}/a"})
    with pytest.raises(WrongId):
        await fetch_document(client, f"{peer.base}/a")
    assert peer.paths() == ["/a", "/b"]


async def test_an_id_that_redirects_to_a_copy_is_refused(peer: Peer, client: SafeClient) -> None:
    """A redirect cannot make another url speak for an id."""
    peer.redirect("/id", "/copy")
    peer.answer("/copy", {"id": "{base}/id"})
    with pytest.raises(WrongId):
        await fetch_document(client, f"{peer.base}/id")


async def test_fragments_do_not_pass_for_pages(peer: Peer, client: SafeClient) -> None:
    """A page cannot claim to be a part of itself that was not asked for."""
    peer.answer("/a", {"id": "{base}/a#part"})
    with pytest.raises(WrongId):
        await fetch_document(client, f"{peer.base}/a")
    assert (await fetch_document(client, f"{peer.base}/a#part"))["id"] == f"{peer.base}/a#part"


@pytest.mark.parametrize("document", [{}, {"id": None}, {"id": 5}, {"id": ["{base}/a"]}])
async def test_documents_without_id_are_refused(
    peer: Peer, client: SafeClient, document: dict[str, Any]
) -> None:
    """A document must say what it is about."""
    peer.answer("/a", document)
    with pytest.raises(InvalidAnswer):
        await fetch_document(client, f"{peer.base}/a")


@pytest.mark.parametrize("claimed", ["file:///etc/passwd", "https://u@127.0.0.1/a", "javascript:x", "", "a"])
async def test_unacceptable_ids_are_refused(peer: Peer, client: SafeClient, claimed: str) -> None:
    """An id that is no acceptable uri is refused before it is fetched."""
    peer.answer("/a", {"id": claimed})
    with pytest.raises(InvalidUri):
        await fetch_document(client, f"{peer.base}/a")


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/html", "application/octet-stream", "image/png"]
)
async def test_uploads_are_no_documents(peer: Peer, client: SafeClient, content_type: str) -> None:
    """A file with a document inside, served as any other type, is refused (CVE-2024-25623)."""
    peer.answer("/media/1", {"id": "{base}/media/1"}, content_type)
    with pytest.raises(WrongContentType):
        await fetch_document(client, f"{peer.base}/media/1")


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFound), (410, Gone), (401, Refused), (403, Refused), (503, TemporaryFailure)],
)
async def test_statuses(peer: Peer, client: SafeClient, status: int, error: type[Exception]) -> None:
    """A status other than success is its error, whatever the body says."""
    peer.answer("/a", {"id": "{base}/a"}, status=status)
    with pytest.raises(error):
        await fetch_document(client, f"{peer.base}/a")


async def test_large_and_deep_documents_are_refused(peer: Peer, client: SafeClient) -> None:
    """One megabyte and 64 levels are the bounds."""
    peer.answer("/big", {"id": "{base}/big", "content": "x" * 1_000_000})
    peer.answer("/deep", '{"id": "x", "a": ' + "[" * 70 + "]" * 70 + "}")
    with pytest.raises(TooLarge):
        await fetch_document(client, f"{peer.base}/big")
    with pytest.raises(InvalidAnswer):
        await fetch_document(client, f"{peer.base}/deep")


PAGE = """<!doctype html><html><head><title>x</title>
<LINK href="{base}/feed" rel="alternate" type="application/rss+xml">
<link rel='me alternate' href='/users/alice&amp;x' type='application/activity+json'></head>"""


async def test_a_page_names_its_document(peer: Peer, client: SafeClient) -> None:
    """A page entered by a person leads to its document by one link."""
    peer.answer("/@alice", PAGE, "text/html; charset=utf-8")
    peer.answer("/users/alice&x", {"id": "{base}/users/alice&x"})
    found = await fetch_document_or_alternate(client, f"{peer.base}/@alice")
    assert found["id"] == f"{peer.base}/users/alice&x"


async def test_a_later_link_header_counts(peer: Peer, client: SafeClient) -> None:
    """Link may occur several times."""

    async def page(_: web.Request) -> web.Response:
        response = web.Response(text="<html>", content_type="text/html")
        response.headers.add("Link", "</style.css>; rel=preload")
        response.headers.add("Link", '</users/alice>; rel="alternate"; type="application/activity+json"')
        return response

    peer.on("/@alice", page)
    peer.answer("/users/alice", {"id": "{base}/users/alice"})
    assert await fetch_document_or_alternate(client, f"{peer.base}/@alice")


async def test_a_link_header_names_the_document(peer: Peer, client: SafeClient) -> None:
    """The Link header does the same."""
    link = '</feed>; rel="alternate"; type="text/xml", </users/alice>; rel=alternate; type="application/activity+json"'
    peer.answer("/@alice", "<html>", "text/html", headers={"Link": link})
    peer.answer("/users/alice", {"id": "{base}/users/alice"})
    found = await fetch_document_or_alternate(client, f"{peer.base}/@alice")
    assert found["id"] == f"{peer.base}/users/alice"


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="alternate" href="http://127.0.0.9/x" type="application/activity+json">',
        '<link rel="alternate" href="/x" type="application/json">',
        '<link rel="stylesheet" href="/x" type="application/activity+json">',
        '<link rel="alternate" type="application/activity+json">',
        '<link rel="alternate" href="javascript:x" type="application/activity+json">',
        "<link " * 50_000,
        "",
    ],
)
async def test_other_links_lead_nowhere(peer: Peer, client: SafeClient, link: str) -> None:
    """A link to another host, of another type, or to nothing is not followed."""
    peer.answer("/@alice", link, "text/html")
    with pytest.raises(WrongContentType):
        await fetch_document_or_alternate(client, f"{peer.base}/@alice")
    assert peer.paths() == ["/@alice"]


async def test_one_hop_only(peer: Peer, client: SafeClient) -> None:
    """A page that leads to another page ends there."""
    peer.answer("/1", '<link rel="alternate" href="/2" type="application/activity+json">', "text/html")
    peer.answer("/2", '<link rel="alternate" href="/3" type="application/activity+json">', "text/html")
    with pytest.raises(WrongContentType):
        await fetch_document_or_alternate(client, f"{peer.base}/1")


async def test_a_document_entered_directly(peer: Peer, client: SafeClient) -> None:
    """An address that answers with the document itself needs no hop."""
    peer.answer("/1", {"id": "{base}/1"}, LD)
    assert (await fetch_document_or_alternate(client, f"{peer.base}/1"))["id"] == f"{peer.base}/1"


async def items(client: SafeClient, collection: Any, **bounds: Any) -> list[Any]:
    return [item async for item in iterate_collection(client, collection, **bounds)]


@pytest.mark.parametrize(
    "document",
    [
        {"type": "Collection", "items": ["a", "b"]},
        {"type": "OrderedCollection", "orderedItems": ["a", "b"]},
        {"type": "Collection", "items": ["a", None, "b", "a", 5]},
        {"type": "Collection", "first": {"type": "CollectionPage", "items": ["a", "b"]}},
        {"type": "Collection", "first": {"items": "a", "next": {"items": ["b"]}}},
        {"type": "OrderedCollection", "first": "{base}/p1"},
        {"type": "OrderedCollection", "first": {"type": "OrderedCollectionPage", "id": "{base}/p1"}},
        {"type": "CollectionPage", "first": "{base}/c", "items": "a", "next": "{base}/p2"},
        {"type": "Collection", "items": ["a"], "first": "{base}/p2"},
        {"type": "Collection", "orderedItems": [], "first": {"items": [], "next": "{base}/p1"}},
    ],
)
async def test_collections_in_all_forms(peer: Peer, client: SafeClient, document: dict[str, Any]) -> None:
    """Items inline or on pages, ordered or not, single or in arrays, are all found, each once."""
    peer.answer("/c", {"id": "{base}/c", **document})
    peer.answer(
        "/p1",
        {"type": "OrderedCollectionPage", "orderedItems": "a", "first": "{base}/p1", "next": "{base}/p2"},
    )
    peer.answer("/p2", {"type": "OrderedCollectionPage", "items": ["b"], "next": "{base}/p2"})
    assert await items(client, f"{peer.base}/c") == ["a", "b"]


async def test_a_hidden_collection_is_empty(peer: Peer, client: SafeClient) -> None:
    """A collection that only counts gives nothing, whatever number it claims."""
    peer.answer("/c", {"id": "{base}/c", "type": "OrderedCollection", "totalItems": 10**9})
    assert await items(client, f"{peer.base}/c") == []


async def test_loops_and_lengths_are_bounded(peer: Peer, client: SafeClient) -> None:
    """Pages that go on for ever end at ten, items at the number asked for."""

    async def page(request: web.Request) -> web.Response:
        number = int(request.query.get("n", "0"))
        document = {"items": [f"i{number}"], "next": f"{peer.base}/c?n={number + 1}"}
        return web.json_response(document, content_type="application/activity+json")

    peer.on("/c", page)
    assert len(await items(client, f"{peer.base}/c")) == 11
    assert len(await items(client, f"{peer.base}/c", max_pages=3)) == 4
    assert len(await items(client, f"{peer.base}/c", max_items=2)) == 2


async def test_pages_stay_on_the_host(peer: Peer, client: SafeClient) -> None:
    """A collection cannot send us to another host, directly or by a redirect."""
    peer.answer("/c", {"items": ["a"], "first": "http://127.0.0.9:1/p"})
    assert await items(client, f"{peer.base}/c") == ["a"]
    peer.answer("/d", {"first": "{base}/away"})
    port = peer.base.rpartition(":")[2]
    peer.redirect("/away", f"http://127.0.0.1.:{port}/p2")
    peer.answer("/p2", {"items": ["b"]})
    assert await items(client, f"{peer.base}/d") == ["b"]


async def test_embedded_collections(peer: Peer, client: SafeClient) -> None:
    """An embedded collection is walked on its own host, or on that of its document when it has no id."""
    peer.answer("/p", {"items": ["b"]})
    inline = {"type": "Collection", "first": {"items": ["a"], "next": f"{peer.base}/p"}}
    assert await items(client, inline) == ["a"]
    assert await items(client, inline, host=peer.base.removeprefix("http://")) == ["a", "b"]
    assert await items(client, {**inline, "id": f"{peer.base}/c"}) == ["a", "b"]


async def test_a_broken_page_is_an_error(peer: Peer, client: SafeClient) -> None:
    """Items before a page that cannot be read are given, then its error is raised."""
    peer.answer("/c", {"items": ["a"], "first": "{base}/gone"})
    given = []
    with pytest.raises(NotFound):
        async for item in iterate_collection(client, f"{peer.base}/c"):
            given.append(item)  # noqa: PERF401 - what came before the error counts
    assert given == ["a"]


async def test_signed_fetch_climbs_the_ladder(peer: Peer, client: SafeClient) -> None:
    """A host that understands RFC 9421 only gets it on the third knock, and first of all the next time."""

    async def secure(request: web.Request) -> web.Response:
        parsed = parse_signature("GET", request.path_qs, list(request.headers.items()), base_url=peer.base)
        if parsed.scheme is not Scheme.RFC9421 or not verify(parsed, KEY.private.public_key()):
            return web.Response(status=401)
        return web.json_response(
            {"id": f"{peer.base}{request.path_qs}"}, content_type="application/activity+json"
        )

    peer.on("/note", secure)
    memory = LocalMemory()
    signer = Signer(KEY, memory)
    assert await fetch_document(client, f"{peer.base}/note?a=1", signer)
    assert len(peer.requests) == 3
    assert await fetch_document(client, f"{peer.base}/note?a=1", signer)
    assert len(peer.requests) == 4


@pytest.mark.parametrize("status", [403, 404, 410, 500])
async def test_other_refusals_knock_once(peer: Peer, client: SafeClient, status: int) -> None:
    """A block or absence is not a signature problem: no second request."""
    peer.answer("/note", "", status=status)
    with pytest.raises(Exception, match=str(status)):
        await fetch_document(client, f"{peer.base}/note?a=1", Signer(KEY, LocalMemory()))
    assert len(peer.requests) == 1


async def test_signed_posts_knock_twice(peer: Peer, client: SafeClient) -> None:
    """A POST refused with 401 is repeated byte for byte with RFC 9421, and that is remembered."""
    bodies: list[bytes] = []

    async def inbox(request: web.Request) -> web.Response:
        body = await request.read()
        bodies.append(body)
        parsed = parse_signature(
            "POST", "/inbox", list(request.headers.items()), base_url=peer.base, body=body
        )
        assert verify(parsed, KEY.private.public_key())
        return web.Response(status=202 if parsed.scheme is Scheme.RFC9421 else 401)

    peer.on("/inbox", inbox)
    memory = LocalMemory()
    signer = Signer(KEY, memory)
    extra = {"Collection-Synchronization": "x"}
    assert (await signer.post(client, f"{peer.base}/inbox", b'{"a":1}', extra)).status == 202
    assert bodies == [b'{"a":1}', b'{"a":1}']
    assert (await signer.post(client, f"{peer.base}/inbox", b"{}")).status == 202
    assert len(bodies) == 3
    assert memory.recall(peer.base) is not None
