"""WebFinger: canonical subjects, host-meta, split domains, and answers that must not be believed."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from potluck.federation.errors import (
    FederationError,
    Gone,
    InvalidAnswer,
    InvalidUri,
    NotFound,
    TemporaryFailure,
)
from potluck.federation.fetch import SafeClient
from potluck.federation.webfinger_client import parse_handle, resolve_handle

from .support import Peer

SELF = "application/activity+json"


def jrd(subject: str, href: str, kind: str = SELF, **more: Any) -> dict[str, Any]:
    links = [
        {"rel": "http://webfinger.net/rel/profile-page", "href": "x"},
        {"rel": "self", "type": kind, "href": href},
    ]
    return {"subject": subject, "links": [*links, *more.get("links", [])]}


def serve(peer: Peer, answers: dict[str, Any], path: str = "/.well-known/webfinger") -> list[str]:
    """Answer WebFinger queries by resource; gives the list of resources asked for."""
    asked: list[str] = []

    async def webfinger(request: web.Request) -> web.Response:
        asked.append(request.query["resource"])
        answer = answers.get(request.query["resource"], 404)
        return web.Response(status=answer) if isinstance(answer, int) else web.json_response(answer)

    peer.on(path, webfinger)
    return asked


def host(peer: Peer) -> str:
    return peer.base.removeprefix("http://")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice@example.org", ("alice", "example.org")),
        ("@Alice@EXAMPLE.org", ("Alice", "example.org")),
        ("acct:alice@example.org", ("alice", "example.org")),
        ("a.b-c_d@example.org:8443", ("a.b-c_d", "example.org:8443")),
        ("example.org@example.org", ("example.org", "example.org")),
        ("алиса@пример.рф", ("алиса", "xn--e1afmkfd.xn--p1ai")),
        (" alice@example.org. ", ("alice", "example.org")),
        ("ali@example.org:443", ("ali", "example.org")),
    ],
)
def test_handles(text: str, expected: tuple[str, str]) -> None:
    """Every spelling of a handle reads as user and normalised host."""
    assert parse_handle(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "@alice",
        "alice@",
        "@example.org",
        "a b@example.org",
        "alice@a/b",
        "-@x.org",
        "alice@127.1",
        "a@b@example.org",
        "alice@exa mple.org",
        "x" * 200 + "@example.org",
    ],
)
def test_what_is_no_handle(text: str) -> None:
    """Anything else is a clear error."""
    with pytest.raises(InvalidUri):
        parse_handle(text)


@given(st.text(max_size=100))
def test_no_text_crashes(text: str) -> None:
    """Any text is a handle or an InvalidUri."""
    try:
        user, found = parse_handle(text)
    except InvalidUri:
        return
    assert user
    assert found


@pytest.mark.parametrize(
    "kind", [SELF, 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"']
)
async def test_a_handle_is_resolved(peer: Peer, client: SafeClient, kind: str) -> None:
    """Subject, actor and the template for following come from the answer."""
    template = f"{peer.base}/authorize_interaction?uri={{uri}}"
    links = [{"rel": "http://ostatus.org/schema/1.0/subscribe", "template": template}]
    acct = f"acct:alice@{host(peer)}"
    asked = serve(peer, {acct: jrd(acct, f"{peer.base}/users/alice", kind, links=links)})
    found = await resolve_handle(client, f"@alice@{host(peer)}")
    assert (found.subject, found.actor_uri) == (f"alice@{host(peer)}", f"{peer.base}/users/alice")
    assert found.subscribe_template == template
    assert asked == [acct]


async def test_case_of_the_subject_is_free(peer: Peer, client: SafeClient) -> None:
    """A subject that differs by case only needs no confirmation."""
    asked = serve(peer, {f"acct:alice@{host(peer)}": jrd(f"acct:Alice@{host(peer)}", f"{peer.base}/users/1")})
    assert (await resolve_handle(client, f"alice@{host(peer)}")).subject == f"Alice@{host(peer)}"
    assert len(asked) == 1


async def test_another_subject_is_confirmed(peer: Peer, client: SafeClient) -> None:
    """A handle that stands for another is canonicalised when the other confirms itself and the actor."""
    canonical = f"acct:alice@{host(peer)}"
    answer = jrd(canonical, f"{peer.base}/users/alice")
    asked = serve(peer, {f"acct:old@{host(peer)}": answer, canonical: answer})
    assert (await resolve_handle(client, f"old@{host(peer)}")).subject == f"alice@{host(peer)}"
    assert asked == [f"acct:old@{host(peer)}", canonical]


@pytest.mark.parametrize(
    ("subject", "href"),
    [("acct:third@{host}", "{base}/users/alice"), ("acct:alice@{host}", "{base}/users/eve")],
)
async def test_an_unconfirmed_subject_is_refused(
    peer: Peer, client: SafeClient, subject: str, href: str
) -> None:
    """Nobody can claim another's handle: it must name itself and the same actor."""
    second = jrd(subject.format(host=host(peer)), href.format(base=peer.base))
    serve(
        peer,
        {
            f"acct:eve@{host(peer)}": jrd(f"acct:alice@{host(peer)}", f"{peer.base}/users/alice"),
            f"acct:alice@{host(peer)}": second,
        },
    )
    with pytest.raises(InvalidAnswer):
        await resolve_handle(client, f"eve@{host(peer)}")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"links": []},
        {"subject": "acct:alice@{host}"},
        {"subject": "acct:alice@{host}", "links": "x"},
        {"subject": 5, "links": []},
        {"subject": "https://x", "links": [{"rel": "self", "type": SELF, "href": "https://x"}]},
        {"subject": "acct:alice@{host}", "links": [{"rel": "self", "type": "text/html", "href": "{base}/a"}]},
        {"subject": "acct:alice@{host}", "links": [{"rel": "self", "type": SELF, "href": "javascript:x"}]},
        {"subject": "acct:alice@{host}", "links": [{"rel": "self", "type": SELF}, None, 5]},
    ],
)
async def test_incomplete_answers_are_refused(
    peer: Peer, client: SafeClient, document: dict[str, Any]
) -> None:
    """An answer needs a subject and a link to an actor."""

    async def webfinger(_: web.Request) -> web.Response:
        import json

        return web.Response(
            text=json.dumps(document).replace("{host}", host(peer)).replace("{base}", peer.base)
        )

    peer.on("/.well-known/webfinger", webfinger)
    with pytest.raises(InvalidAnswer):
        await resolve_handle(client, f"alice@{host(peer)}")


XRD = """<?xml version="1.0" encoding="UTF-8"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">
<Link rel="other" template="{base}/other?{uri}"/><Link rel="lrdd" template="TEMPLATE"/></XRD>"""


async def test_host_meta_leads_on(peer: Peer, client: SafeClient) -> None:
    """Where WebFinger is not found, host-meta may say where it is."""
    peer.answer(
        "/.well-known/host-meta",
        XRD.replace("TEMPLATE", "{base}/wf?x=1&amp;resource={uri}"),
        "application/xrd+xml",
    )
    acct = f"acct:alice@{host(peer)}"
    asked = serve(peer, {acct: jrd(acct, f"{peer.base}/users/alice")}, "/wf")
    assert (await resolve_handle(client, f"alice@{host(peer)}")).actor_uri == f"{peer.base}/users/alice"
    assert asked == [acct]


@pytest.mark.parametrize(
    "template", ["http://10.0.0.1/{uri}", "file:///{uri}", "{base}/no-placeholder", "", "x"]
)
async def test_host_meta_is_checked(peer: Peer, client: SafeClient, template: str) -> None:
    """host-meta cannot lead into the private network or to another scheme."""
    peer.answer("/.well-known/host-meta", XRD.replace("TEMPLATE", template))
    with pytest.raises(FederationError):
        await resolve_handle(client, f"alice@{host(peer)}")
    assert peer.paths() == ["/.well-known/webfinger", "/.well-known/host-meta"]


async def test_split_domains_redirect(peer: Peer, client: SafeClient) -> None:
    """A handle's domain may redirect to the host of the actors."""
    acct = f"acct:alice@{host(peer)}"
    peer.redirect("/.well-known/webfinger", f"/ap/webfinger?resource={acct}")
    serve(peer, {acct: jrd(acct, f"{peer.base}/users/alice")}, "/ap/webfinger")
    assert (await resolve_handle(client, f"alice@{host(peer)}")).actor_uri == f"{peer.base}/users/alice"


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (410, Gone), (500, TemporaryFailure)])
async def test_statuses(peer: Peer, client: SafeClient, status: int, error: type[Exception]) -> None:
    """Absent, deleted and broken are told apart."""
    serve(peer, {f"acct:alice@{host(peer)}": status})
    with pytest.raises(error):
        await resolve_handle(client, f"alice@{host(peer)}")


@pytest.mark.parametrize(
    "template", ["javascript:alert({uri})", "https://u:p@x.example/{uri}", "https://x.example/none", 5]
)
async def test_bad_templates_are_left_out(peer: Peer, client: SafeClient, template: Any) -> None:
    """A template that is no acceptable address with a place for the uri is not offered to people."""
    acct = f"acct:alice@{host(peer)}"
    links = [{"rel": "http://ostatus.org/schema/1.0/subscribe", "template": template}]
    serve(peer, {acct: jrd(acct, f"{peer.base}/users/alice", links=links)})
    assert (await resolve_handle(client, acct)).subscribe_template is None
