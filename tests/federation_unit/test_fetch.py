"""The guarded client: where it goes, how much it reads, how long it waits."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from ipaddress import ip_network

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from potluck.federation.addresses import AddressPolicy
from potluck.federation.errors import (
    BlockedAddress,
    FetchError,
    Gone,
    InvalidAnswer,
    InvalidUri,
    NotFound,
    Refused,
    TemporaryFailure,
    Timeout,
    TooLarge,
    TooManyRedirects,
    UnexpectedStatus,
    Unreachable,
    WrongContentType,
)
from potluck.federation.fetch import Limits, Response, SafeClient, retry_after
from potluck.federation.resolving import CheckedResolver
from potluck.federation.transport import WarmHosts, default_context

from .support import LOOPBACK, QUICK, Peer

pytestmark = pytest.mark.asyncio


async def get(client: SafeClient, url: str, max_bytes: int = 10_000) -> Response:
    return await client.get(url, accept="*/*", max_bytes=max_bytes)


async def test_an_answer_is_read_to_its_end(peer: Peer, client: SafeClient) -> None:
    """A plain answer comes with status, final url, type and body."""
    peer.answer("/a", "hello", "text/plain; charset=utf-8")
    response = await get(client, f"{peer.base}/a#fragment")
    assert (response.status, response.body, response.url) == (200, b"hello", f"{peer.base}/a")
    assert response.media_type == "text/plain"
    assert peer.requests[0].headers["User-Agent"] == "Potluck test"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "192.168.1.1",
        "100.64.0.1",
        "168.63.129.16",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fd00:ec2::254]",
        "[64:ff9b:1::7f00:1]",
    ],
)
async def test_private_literals_are_refused(host: str) -> None:
    """An address literal of no public network is refused before anything connects (protocol §18)."""
    async with SafeClient(AddressPolicy(), user_agent="test", limits=QUICK) as client:
        with pytest.raises(BlockedAddress):
            await get(client, f"https://{host}/")


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.0.0.1", "2130706433", "017700000001", "127.0.0.1.1", "1.2.3"]
)
async def test_odd_address_spellings_are_refused(host: str) -> None:
    """Spellings of IPv4 addresses that resolvers and parsers read differently are no hosts."""
    async with SafeClient(AddressPolicy(), user_agent="test", limits=QUICK) as client:
        with pytest.raises(InvalidUri):
            await get(client, f"https://{host}/")


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["::1"], ["10.1.2.3", "fd00::1"], ["::ffff:127.0.0.1"], ["fe80::1%eth0"], []]
)
async def test_names_of_private_addresses_are_refused(addresses: list[str]) -> None:
    """A name that resolves to private addresses only is refused."""
    policy = AddressPolicy()
    resolver = CheckedResolver(policy, lambda host: addresses)
    async with SafeClient(policy, user_agent="test", limits=QUICK, resolver=resolver) as client:
        with pytest.raises(BlockedAddress):
            await get(client, "https://inside.example/")


async def test_refused_addresses_of_a_mixed_host_are_left_out() -> None:
    """Of a host with public and private addresses only the public ones are ever connected."""
    policy = AddressPolicy()
    resolver = CheckedResolver(policy, lambda host: ["10.0.0.1", "93.184.216.34", "::1"])
    assert await resolver.addresses("mixed.example") == ["93.184.216.34"]
    await resolver.close()


async def test_the_socket_is_the_last_wall(peer: Peer) -> None:
    """Even if a resolver let a private address through, no socket is made for it (DNS rebinding)."""
    lenient = CheckedResolver(LOOPBACK, lambda host: ["127.0.0.1"])
    async with SafeClient(AddressPolicy(), user_agent="test", limits=QUICK, resolver=lenient) as client:
        with pytest.raises(BlockedAddress):
            await get(client, "https://rebound.example/")
    assert not peer.requests


async def test_a_name_is_resolved_once_per_connection_and_kept() -> None:
    """A second request soon after asks no name server, so there is no second answer to differ."""
    asked: list[str] = []

    def lookup(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    resolver = CheckedResolver(LOOPBACK, lookup)
    await asyncio.gather(*(resolver.addresses("a.example") for _ in range(20)))
    await resolver.addresses("a.example")
    assert asked == ["a.example"]
    await resolver.close()


async def test_failed_lookups_are_kept_for_a_while() -> None:
    """A host that does not resolve is not asked for again at once."""
    asked: list[str] = []

    def lookup(host: str) -> list[str]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    resolver = CheckedResolver(LOOPBACK, lookup)
    for _ in range(3):
        with pytest.raises(socket.gaierror):
            await resolver.addresses("gone.example")
    assert asked == ["gone.example"]
    await resolver.close()


async def test_the_resolver_forgets_the_oldest() -> None:
    """Kept answers are bounded in number."""
    resolver = CheckedResolver(LOOPBACK, lambda host: ["127.0.0.1"], capacity=10)
    for number in range(50):
        await resolver.addresses(f"{number}.example")
    await asyncio.sleep(0)
    assert len(resolver._known) == 10
    await resolver.close()


async def test_unknown_hosts_are_unreachable() -> None:
    """A name without addresses is temporary trouble, not a crash."""

    def lookup(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    resolver = CheckedResolver(LOOPBACK, lookup)
    async with SafeClient(LOOPBACK, user_agent="test", limits=QUICK, resolver=resolver) as client:
        with pytest.raises(Unreachable) as caught:
            await get(client, "https://nowhere.example/")
    assert not caught.value.permanent


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://example.org:8443/",
        "https://u:p@example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https://exa mple.org/",
        "https://example.org/\r\nX: y",
        "gopher://x/",
    ],
)
async def test_unacceptable_urls_are_refused(url: str) -> None:
    """Without allowed networks only https on port 443 without user information is requested."""
    async with SafeClient(AddressPolicy(), user_agent="test") as client:
        with pytest.raises(InvalidUri):
            await get(client, url)


async def test_redirects_are_followed_and_told(peer: Peer, client: SafeClient) -> None:
    """Up to three redirects are followed; the answer says where it came from."""
    peer.redirect("/1", "/2")
    peer.redirect("/2", "{base}/3", 301)
    peer.redirect("/3", "4", 308)
    peer.answer("/4", "end", "text/plain")
    response = await get(client, f"{peer.base}/1")
    assert (response.url, response.body) == (f"{peer.base}/4", b"end")


async def test_redirect_loops_end(peer: Peer, client: SafeClient) -> None:
    """A loop of redirects costs four requests at the most."""
    peer.redirect("/1", "/2")
    peer.redirect("/2", "/1")
    with pytest.raises(TooManyRedirects):
        await get(client, f"{peer.base}/1")
    assert peer.paths() == ["/1", "/2", "/1", "/2"]


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("http://10.0.0.1/", BlockedAddress),
        ("http://[::1]/", BlockedAddress),
        ("http://169.254.169.254/latest", BlockedAddress),
        ("file:///etc/passwd", TooManyRedirects),
        ("http://user@127.0.0.1/", TooManyRedirects),
        ("gopher://127.0.0.1/", TooManyRedirects),
        ("http://[::1", TooManyRedirects),
        ("//0x7f.1/", TooManyRedirects),
    ],
)
async def test_each_redirect_is_checked(
    peer: Peer, client: SafeClient, target: str, error: type[FetchError]
) -> None:
    """A redirect into the private network or to another scheme is refused."""
    peer.redirect("/1", target)
    with pytest.raises(error):
        await get(client, f"{peer.base}/1")


async def test_each_redirect_is_signed_anew(peer: Peer, client: SafeClient) -> None:
    """The signature covers the target, so a redirect gets its own."""

    async def sign(method: str, url: str) -> dict[str, str]:
        return {"Signature": f"{method} {url}"}

    peer.redirect("/1", "/2")
    peer.answer("/2", "")
    await client.get(f"{peer.base}/1", accept="*/*", max_bytes=10, sign=sign)
    assert [request.headers["Signature"] for request in peer.requests] == [
        f"GET {peer.base}/1",
        f"GET {peer.base}/2",
    ]


async def test_own_headers_stay_with_their_origin(peer: Peer, client: SafeClient) -> None:
    """Headers given for one origin are not sent to another by way of a redirect."""
    server = TestServer(web.Application(), host="127.0.0.2")
    server.app.router.add_get("/2", _echo)
    await server.start_server()
    peer.redirect("/1", f"http://127.0.0.2:{server.port}/2")
    response = await client.get(
        f"{peer.base}/1", accept="*/*", max_bytes=100, headers={"Authorization": "secret"}
    )
    assert response.body == b"none"
    assert peer.requests[0].headers["Authorization"] == "secret"
    await server.close()


async def _echo(request: web.Request) -> web.Response:
    return web.Response(text=request.headers.get("Authorization", "none"))


async def test_an_announced_size_is_believed(peer: Peer, client: SafeClient) -> None:
    """An answer that announces too much is not read."""
    peer.answer("/big", "x" * 5000)
    with pytest.raises(TooLarge):
        await get(client, f"{peer.base}/big", 4999)
    assert len((await get(client, f"{peer.base}/big", 5000)).body) == 5000


async def test_an_endless_answer_is_cut(peer: Peer, client: SafeClient) -> None:
    """An answer without length ends at the limit."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 1000)

    peer.on("/endless", endless)
    with pytest.raises(TooLarge):
        await get(client, f"{peer.base}/endless", 50_000)


async def test_a_gzip_bomb_is_cut(peer: Peer, client: SafeClient) -> None:
    """Bytes count after decompression: 20 kB that unfold to 20 MB are refused, without unfolding them."""
    bomb = gzip.compress(bytes(20_000_000))
    peer.answer("/bomb", bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(TooLarge):
        await get(client, f"{peer.base}/bomb", 1_000_000)


async def test_gzip_is_decoded(peer: Peer, client: SafeClient) -> None:
    """An answer in gzip reads as what it holds, up to exactly the limit."""
    peer.answer("/z", gzip.compress(b"y" * 5000), headers={"Content-Encoding": "gzip"})
    assert (await get(client, f"{peer.base}/z", 5000)).body == b"y" * 5000
    with pytest.raises(TooLarge):
        await get(client, f"{peer.base}/z", 4999)


@pytest.mark.parametrize(("encoding", "body"), [("gzip", b"not gzip"), ("br", b"x"), ("gzip, gzip", b"x")])
async def test_broken_encodings_are_invalid(
    peer: Peer, client: SafeClient, encoding: str, body: bytes
) -> None:
    """Unknown or broken content encodings are a malformed answer."""
    peer.answer("/x", body, headers={"Content-Encoding": encoding})
    with pytest.raises(InvalidAnswer):
        await get(client, f"{peer.base}/x")


async def test_truncated_gzip_is_invalid(peer: Peer, client: SafeClient) -> None:
    """A compressed answer that breaks off is not taken for whole."""
    peer.answer("/x", gzip.compress(bytes(range(256)) * 100)[:-20], headers={"Content-Encoding": "gzip"})
    with pytest.raises(InvalidAnswer):
        await get(client, f"{peer.base}/x", 100_000)


async def test_a_slow_drip_times_out(peer: Peer, client: SafeClient) -> None:
    """Bytes that arrive just often enough for each read still end at the total time."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.1)

    peer.on("/drip", drip)
    with pytest.raises(Timeout):
        await get(client, f"{peer.base}/drip")


async def test_silence_times_out(peer: Peer, client: SafeClient) -> None:
    """A host that takes the request and says nothing is left after the read time."""

    async def silent(request: web.Request) -> web.Response:
        await asyncio.sleep(10)
        return web.Response()

    peer.on("/silent", silent)
    with pytest.raises(Timeout) as caught:
        await client.post(f"{peer.base}/silent", b"{}", {})
    assert not caught.value.permanent


async def test_a_closed_port_is_unreachable(client: SafeClient) -> None:
    """A refused connection is temporary trouble."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    with pytest.raises(Unreachable):
        await get(client, f"http://127.0.0.1:{port}/")


async def test_what_is_not_http_is_invalid(client: SafeClient) -> None:
    """A host that speaks something else is a malformed answer or a broken connection, never a crash."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(InvalidAnswer):
        await get(client, f"http://127.0.0.1:{port}/")
    server.close()


@pytest.mark.parametrize(
    ("status", "error", "permanent"),
    [
        (401, Refused, True),
        (403, Refused, True),
        (404, NotFound, True),
        (410, Gone, True),
        (400, UnexpectedStatus, True),
        (418, UnexpectedStatus, True),
        (429, TemporaryFailure, False),
        (408, TemporaryFailure, False),
        (500, TemporaryFailure, False),
        (503, TemporaryFailure, False),
        (304, UnexpectedStatus, True),
    ],
)
async def test_statuses_become_errors(
    peer: Peer, client: SafeClient, status: int, error: type[FetchError], permanent: bool
) -> None:
    """Each status has its error, which says whether trying again can help."""
    peer.answer("/s", "", status=status)
    with pytest.raises(error) as caught:
        await client.get_json(f"{peer.base}/s")
    assert caught.value.permanent is permanent


async def test_retry_after_is_read(peer: Peer, client: SafeClient) -> None:
    """The wait a host asks for travels with the error."""
    peer.answer("/s", "", status=429, headers={"Retry-After": "7"})
    with pytest.raises(TemporaryFailure) as caught:
        await client.get_json(f"{peer.base}/s")
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        ("99999999999999999999", 86400.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("²", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400.0),
        ("1e9", None),
    ],
)
async def test_retry_after_is_bounded(value: str, seconds: float | None) -> None:
    """Retry-After is a number of seconds or a date, at most a day."""
    assert retry_after({"Retry-After": value}) == seconds


async def test_json_is_strict(peer: Peer, client: SafeClient) -> None:
    """Only a JSON object is an answer to `get_json`, and only of a wanted type."""
    peer.answer("/list", "[1]", "application/json")
    peer.answer("/nan", '{"a": NaN}', "application/json")
    peer.answer("/html", '{"a": 1}', "text/html")
    peer.answer("/ok", '{"a": 1}', "Application/JSON; charset=utf-8")
    for path in ("/list", "/nan"):
        with pytest.raises(InvalidAnswer):
            await client.get_json(f"{peer.base}{path}")
    with pytest.raises(WrongContentType):
        await client.get_json(f"{peer.base}/html", content_types=frozenset({"application/json"}))
    assert await client.get_json(f"{peer.base}/ok", content_types=frozenset({"application/json"})) == {"a": 1}


async def test_post_sends_as_given(peer: Peer, client: SafeClient) -> None:
    """A POST carries exactly the body and headers given, and its answer comes back whatever the status."""
    seen: list[tuple[bytes, str | None]] = []

    async def inbox(request: web.Request) -> web.Response:
        seen.append((await request.read(), request.headers.get("Content-Type")))
        return web.Response(status=202, text="ok")

    peer.on("/inbox", inbox)
    response = await client.post(
        f"{peer.base}/inbox", b'{"a":1}', {"Content-Type": "application/activity+json"}
    )
    assert (response.status, response.body) == (202, b"ok")
    assert seen == [(b'{"a":1}', "application/activity+json")]
    assert peer.requests[0].headers["Host"] == peer.base.removeprefix("http://")


async def test_post_follows_no_redirects(peer: Peer, client: SafeClient) -> None:
    """A redirected delivery is not repeated elsewhere: the signature would not hold there."""
    peer.redirect("/inbox", "/other", 307)
    response = await client.post(f"{peer.base}/inbox", b"{}", {})
    assert response.status == 307
    assert peer.paths() == ["/inbox"]


async def test_the_answer_to_a_post_is_cut(peer: Peer, client: SafeClient) -> None:
    """A huge answer to a delivery is neither read nor an error: the status counts."""
    peer.answer("/inbox", b"x" * 5_000_000, status=202)
    response = await client.post(f"{peer.base}/inbox", b"{}", {})
    assert response.status == 202
    assert len(response.body) == 64 * 1024


async def test_connections_are_kept_alive(peer: Peer, client: SafeClient) -> None:
    """Several requests to a host share a connection."""
    peer.answer("/inbox", "", status=202)
    for _ in range(5):
        await client.post(f"{peer.base}/inbox", b"{}", {})
    assert len(peer.connections) == 1


async def test_idle_connections_are_bounded(peer: Peer) -> None:
    """Beyond the number of warm hosts a connection is closed after use."""
    peer.answer("/inbox", "", status=202)
    limits = Limits(warm_hosts=0)
    async with SafeClient(LOOPBACK, user_agent="test", limits=limits) as client:
        for _ in range(3):
            await client.post(f"{peer.base}/inbox", b"{}", {})
    assert len(peer.connections) == 3


async def test_warm_hosts_forget_the_expired() -> None:
    """A host that was not used for the keep-alive time makes room for another."""
    warm = WarmHosts(2, 0.05)
    assert [warm.admit(host) for host in ("a", "b", "c", "a")] == [True, True, False, True]
    await asyncio.sleep(0.06)
    assert warm.admit("c")


async def test_a_given_up_connection_is_replaced(client: SafeClient) -> None:
    """A POST over a kept connection that the other side just closed is sent again, once."""
    connections = 0

    async def one_request_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(one_request_each, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/inbox"
    assert (await client.post(url, b"", {})).status == 202
    assert (await client.post(url, b"", {})).status == 202
    assert connections == 2
    server.close()


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", b"HTTP/1.1 200"]
)
async def test_a_connection_that_breaks_off(client: SafeClient, answer: bytes) -> None:
    """An answer that ends too early is temporary trouble, and never taken for whole."""

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    with pytest.raises(Unreachable):
        await get(client, url)
    with pytest.raises(Unreachable):
        await client.post(url, b"{}", {})
    server.close()


async def test_huge_headers_are_refused(client: SafeClient) -> None:
    """Headers are bounded, too."""

    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    with pytest.raises(InvalidAnswer):
        await get(client, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    server.close()


async def _tls_server(names: list[str], minimum: ssl.TLSVersion) -> tuple[TestServer, ssl.SSLContext]:
    authority = trustme.CA()
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.minimum_version = minimum
    authority.issue_cert(*names).configure_cert(served)
    trusted = default_context()
    authority.configure_trust(trusted)

    async def welcome(_request: web.Request) -> web.Response:
        return web.Response(text="welcome")

    app = web.Application()
    app.router.add_get("/", welcome)
    server = TestServer(app, host="127.0.0.1", scheme="https")
    await server.start_server(ssl=served)
    return server, trusted


@pytest.mark.parametrize("minimum", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_certificates_must_name_the_host(minimum: ssl.TLSVersion) -> None:
    """A certificate for another name, or of an unknown authority, is no connection; a right one is."""
    server, trusted = await _tls_server(["peer.example"], minimum)

    async def welcomed(tls: ssl.SSLContext, host: str) -> bytes:
        resolver = CheckedResolver(LOOPBACK, lambda host: ["127.0.0.1"])
        async with SafeClient(LOOPBACK, user_agent="t", tls=tls, resolver=resolver) as client:
            return (await get(client, f"https://{host}:{server.port}/")).body

    assert await welcomed(trusted, "peer.example") == b"welcome"
    for tls, host in ((trusted, "other.example"), (default_context(), "peer.example")):
        with pytest.raises(Unreachable):
            await welcomed(tls, host)
    await server.close()


async def test_the_policy_alone_opens_private_ranges() -> None:
    """Plain http needs an allowed network, and only that network opens."""
    policy = AddressPolicy([ip_network("10.0.0.0/8")])
    async with SafeClient(policy, user_agent="t", limits=QUICK) as client:
        with pytest.raises(BlockedAddress):
            await get(client, "http://127.0.0.1:1/")
