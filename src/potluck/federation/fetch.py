"""The one guarded HTTP client: every outbound request of the server goes through it.

A host is resolved once and every address is checked where the connection is made, so that neither a name, a
literal, a redirect nor a second DNS answer leads into the private network (protocol §18). Sizes are counted
after decompression; times are bounded for connecting, each read and the whole.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from potluck.federation import strictjson, urls
from potluck.federation.addresses import AddressPolicy
from potluck.federation.decoding import BadEncoding, BodyDecoder
from potluck.federation.errors import (
    BlockedAddress,
    Gone,
    InvalidAnswer,
    InvalidJson,
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
from potluck.federation.resolving import AddressRefused, CheckedResolver, checked_socket
from potluck.federation.transport import WarmHosts, default_context

Sign = Callable[[str, str], Awaitable[Mapping[str, str]]]
"""Makes the signature headers of one request: (method, url as sent) -> headers. Called again for each
redirect.
"""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TEMPORARY = frozenset({408, 425, 429})
_ANSWER_BYTES = 64 * 1024  # of the answer to a POST; only kept for the log


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of every request, in seconds and counts."""

    connect: float = 5.0
    read: float = 10.0
    total: float = 30.0
    connections: int = 512
    connections_per_host: int = 4
    keep_alive: float = 30.0
    warm_hosts: int = 1024  # hosts to which idle connections are kept


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, read to its end. `url` is where it came from, after redirects."""

    status: int
    url: str
    headers: CIMultiDictProxy[str]
    body: bytes
    content_type: str  # as sent, parameters included

    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """Content type in lower case, without parameters."""
        return self.content_type.partition(";")[0].strip().lower()

    def raise_for_status(self) -> None:
        """Turn any status but success into its error.

        Raises:
            Gone, NotFound, Refused, UnexpectedStatus: final.
            TemporaryFailure: 408, 425, 429 and 5xx.
        """
        if self.ok:
            return
        if self.status in _TEMPORARY or self.status >= 500:
            raise TemporaryFailure(self.url, f"status {self.status}", self.status, retry_after(self.headers))
        error = {401: Refused, 403: Refused, 404: NotFound, 410: Gone}.get(self.status, UnexpectedStatus)
        raise error(self.url, self.status)

    def json(self, max_depth: int = strictjson.MAX_DEPTH, unique_keys: bool = False) -> dict[str, Any]:
        """The body as one strict JSON object.

        Raises:
            InvalidAnswer: it is not.
        """
        try:
            return strictjson.parse(
                self.body, max_bytes=len(self.body), max_depth=max_depth, unique_keys=unique_keys
            )
        except InvalidJson as error:
            raise InvalidAnswer(self.url, str(error)) from error


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header (number or date) asks to wait, at most a day; None without one."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), 86400))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), 86400.0)


class SafeClient:
    """Client for all outbound requests.

    Make one per process, inside of the event loop, and close it at the end.

    Args:
        policy: which addresses may be reached; with allowed networks, plain http and other ports are taken,
            too. user_agent: sent with every request. limits: times and counts. tls: TLS settings; the
            system's certificates by default. resolver: finds and checks addresses; the system's resolver by
            default.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        user_agent: str,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        resolver: CheckedResolver | None = None,
    ) -> None:
        self.policy = policy
        self.limits = limits or Limits()
        self._user_agent = user_agent
        self._tls = tls or default_context()
        self._resolver = resolver or CheckedResolver(policy, timeout=self.limits.connect)
        self._warm = WarmHosts(self.limits.warm_hosts, self.limits.keep_alive)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
        await self._resolver.close()

    def check(self, url: str) -> str:
        """The url as it would be requested, if it may be at all.

        Raises:
            InvalidUri: not an acceptable uri.
            BlockedAddress: its host is an address that may not be reached.
        """
        checked = urls.request_url(urls.check_uri(url, self.policy.allows_http))
        host = urls.split(checked).host
        if (":" in host or host[-1].isdigit()) and not self.policy.permits(host):
            raise BlockedAddress(url, "address may not be reached")
        return checked

    async def get(
        self,
        url: str,
        *,
        accept: str,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        sign: Sign | None = None,
        max_redirects: int = 3,
    ) -> Response:
        """GET a url, following redirects; each one is checked as the first url was.

        Args:
            url: what to get; its fragment is not sent.
            accept: the Accept header.
            max_bytes: most bytes taken, compressed and decompressed.
            headers: further request headers; not sent again to another origin if they carry credentials.
            sign: makes signature headers, anew for each redirect.
            max_redirects: most redirects followed.

        Returns:
            The final answer, whatever its status: `raise_for_status` or `get_json` turn that into errors.

        Raises:
            InvalidUri: the url is not acceptable.
            FetchError: blocked, too large, too slow, unreachable, malformed, too many redirects.
        """
        target = self.check(url)
        try:
            async with asyncio.timeout(self.limits.total):
                first = {"Accept": accept, **(headers or {})}
                return await self._follow(target, first, max_bytes, sign, max_redirects)
        except TimeoutError as error:
            raise Timeout(url, f"took longer than {self.limits.total:g} s") from error

    async def get_json(
        self,
        url: str,
        *,
        accept: str = "application/json",
        max_bytes: int = strictjson.MAX_BYTES,
        content_types: frozenset[str] | None = None,
        headers: Mapping[str, str] | None = None,
        sign: Sign | None = None,
        max_redirects: int = 3,
    ) -> dict[str, Any]:
        """GET a JSON object.

        Args:
            content_types: media types taken (lower case, without parameters); None takes any.
            (others): as for `get`.

        Raises:
            FetchError: as for `get`; any status but success; another content type; not a strict JSON object.
        """
        response = await self.get(
            url, accept=accept, max_bytes=max_bytes, headers=headers, sign=sign, max_redirects=max_redirects
        )
        response.raise_for_status()
        if content_types is not None and response.media_type not in content_types:
            raise WrongContentType(url, f"content type {response.content_type[:100]!r}")
        return response.json()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """POST a body with ready headers (signed by the caller). Redirects are not followed.

        A connection that the other side had already given up is replaced once: the body is the same, so that
        a receiver who did get it will recognise the activity by its id.

        Returns:
            The answer, whatever its status; its body is cut at 64 KiB.

        Raises:
            InvalidUri, FetchError: as for `get`.
        """
        target = self.check(url)
        try:
            async with asyncio.timeout(self.limits.total):
                try:
                    return await self._request("POST", target, headers, _ANSWER_BYTES, body)
                except _BrokenOff:
                    return await self._request("POST", target, headers, _ANSWER_BYTES, body)
        except TimeoutError as error:
            raise Timeout(url, f"took longer than {self.limits.total:g} s") from error

    async def _follow(
        self, target: str, headers: Mapping[str, str], max_bytes: int, sign: Sign | None, hops: int
    ) -> Response:
        origin = urls.origin_of(target)
        start = target
        for hop in range(hops + 1):
            sent = dict(headers) if urls.origin_of(target) == origin else {"Accept": headers["Accept"]}
            if sign is not None:
                sent.update(await sign("GET", target))
            response = await self._request("GET", target, sent, max_bytes, None)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or location is None:
                return response
            if hop < hops:
                target = self._redirected(target, location)
        raise TooManyRedirects(start, f"more than {hops} redirects")

    def _redirected(self, target: str, location: str) -> str:
        try:
            return self.check(urls.join(target, location))
        except InvalidUri as error:
            raise TooManyRedirects(target, f"redirect to an unusable uri: {error}") from error

    async def _request(
        self, method: str, target: str, headers: Mapping[str, str], max_bytes: int, body: bytes | None
    ) -> Response:
        """One request and its answer. Every error that aiohttp may raise is translated here."""
        url = URL(target, encoded=True)
        if not self._warm.admit(url.authority):
            headers = {**headers, "Connection": "close"}
        with translated(target):
            async with self._connected().request(
                method, url, headers=headers, data=body, allow_redirects=False
            ) as answer:
                return await self._answer(target, answer, max_bytes)

    @asynccontextmanager
    async def stream(
        self, url: str, *, accept: str, headers: Mapping[str, str] | None = None, max_redirects: int = 3
    ) -> AsyncIterator[Stream]:
        """GET a url whose answer is not to be held in memory: its body is read piece by piece, undecoded.

        How much and how long is read is for the caller to bound.

        Raises:
            InvalidUri, FetchError: as for `get`; reading may raise FetchErrors too.
        """
        target = self.check(url)
        sent = {"Accept": accept, "Accept-Encoding": "identity", **(headers or {})}
        for hop in range(max_redirects + 1):
            answer = await self._open(target, sent)
            try:
                location = answer.headers.get("Location")
                if answer.status not in _REDIRECTS or location is None:
                    yield Stream(answer.status, target, answer.headers, answer)
                    return
            finally:
                answer.close()
            if hop < max_redirects:
                target = self._redirected(target, location)
        raise TooManyRedirects(url, f"more than {max_redirects} redirects")

    async def _open(self, target: str, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        url = URL(target, encoded=True)
        if not self._warm.admit(url.authority):
            headers = {**headers, "Connection": "close"}
        with translated(target):
            return await self._connected().request("GET", url, headers=headers, allow_redirects=False)

    @staticmethod
    async def _answer(target: str, answer: aiohttp.ClientResponse, max_bytes: int) -> Response:
        content_type = answer.headers.get("Content-Type", "")
        if 200 <= answer.status < 300 and answer.method != "POST":
            body = await _read_body(target, answer, max_bytes)
        else:
            body = await _read_some(answer, min(max_bytes, _ANSWER_BYTES))
        return Response(answer.status, target, answer.headers, body, content_type)

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            limits = self.limits
            connector = aiohttp.TCPConnector(
                resolver=self._resolver,
                use_dns_cache=False,  # ours is checked and bounded
                ssl=self._tls,
                limit=limits.connections,
                limit_per_host=limits.connections_per_host,
                keepalive_timeout=limits.keep_alive,
                socket_factory=checked_socket(self.policy),
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect, sock_read=limits.read),
                headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip"},
                skip_auto_headers=("Accept", "Content-Type"),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # decoded here, bounded
                trust_env=False,
            )
        return self._session


@contextmanager
def translated(target: str) -> Iterator[None]:
    """Turn every error that aiohttp may raise into ours."""
    try:
        yield
    except AddressRefused as error:
        raise BlockedAddress(target, str(error)) from error
    except TimeoutError as error:
        raise Timeout(target, "connecting or reading took too long") from error
    except aiohttp.ClientConnectorError as error:
        raise Unreachable(target, f"no connection: {error}") from error
    except aiohttp.ClientConnectionError as error:
        raise _BrokenOff(target, f"the connection broke off: {error}") from error
    except (aiohttp.ClientPayloadError, OSError) as error:
        raise Unreachable(target, f"the answer broke off: {error}") from error
    except (aiohttp.ClientError, ValueError) as error:
        raise InvalidAnswer(target, f"not proper HTTP: {error}") from error


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body is still to be read. `url` is where it comes from, after redirects."""

    status: int
    url: str
    headers: CIMultiDictProxy[str]
    _answer: aiohttp.ClientResponse

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes.

        Raises:
            FetchError: it breaks off, or stalls.
        """
        while True:
            with translated(self.url):
                piece = await self._answer.content.readany()
            if not piece:
                return
            yield piece


class _BrokenOff(Unreachable):
    """The connection ended before an answer came, as one does that was kept alive a moment too long."""


async def _read_body(target: str, answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    if (answer.content_length or 0) > max_bytes:
        raise TooLarge(target, f"{answer.content_length} bytes announced, {max_bytes} allowed")
    decoder = BodyDecoder(answer.headers.get("Content-Encoding", ""), max_bytes)
    try:
        while chunk := await answer.content.readany():
            if not decoder.feed(chunk):
                raise TooLarge(target, f"more than {max_bytes} bytes")
        return decoder.finish()
    except BadEncoding as error:
        raise InvalidAnswer(target, str(error)) from error


async def _read_some(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The beginning of a body that only the log wants; the connection of a longer one is closed."""
    body = b""
    while chunk := await answer.content.readany():
        body += chunk
        if len(body) > max_bytes:
            answer.close()
            return body[:max_bytes]
    return body
