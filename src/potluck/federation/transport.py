"""What keeps connections cheap: TLS sessions that are resumed, and a bound on idle connections."""

from __future__ import annotations

import ssl
import time
from collections import OrderedDict
from typing import Any, Self

_SESSIONS = 1024
_SESSION_SECONDS = 3600.0


class _Connection(ssl.SSLObject):
    """A TLS connection that hands its session to its context when the first data arrives.

    TLS 1.3 sends the session ticket after the handshake, in front of the first answer.
    """

    _kept = False

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002 - the library's name
        """As `ssl.SSLObject.read`."""
        data = super().read(len, buffer)
        if not self._kept and isinstance(self.context, ResumingContext):
            self._kept = True
            self.context.keep(self)
        return data


class ResumingContext(ssl.SSLContext):
    """A client context that resumes the last TLS session with a host.

    asyncio offers no way to name a session, but asks the context for every connection's TLS object: it is put
    in there. A resumed handshake leaves out the certificates, which is most of its cost; a host that does not
    know the session any more makes a full handshake. Certificates were checked when the session was made, for
    the same name.
    """

    sslobject_class = _Connection
    _sessions: OrderedDict[str, tuple[float, ssl.SSLSession]]

    def __new__(cls, protocol: int = ssl.PROTOCOL_TLS_CLIENT) -> Self:
        """A context with the library's safe client defaults: certificates and host names are checked."""
        context = super().__new__(cls, protocol)
        context._sessions = OrderedDict()
        return context

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """As `ssl.SSLContext.wrap_bio`, with the host's last session where none is given."""
        if session is None and isinstance(server_hostname, str):
            session = self._session_of(server_hostname)
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)

    def keep(self, connection: ssl.SSLObject) -> None:
        """Remember the session of a connection."""
        host = connection.server_hostname
        session = connection.session
        if isinstance(host, str) and session is not None and session.has_ticket:
            self._sessions[host] = (time.monotonic() + _SESSION_SECONDS, session)
            while len(self._sessions) > _SESSIONS:
                self._sessions.popitem(last=False)

    def _session_of(self, host: str) -> ssl.SSLSession | None:
        known = self._sessions.get(host)
        if known is None:
            return None
        if known[0] < time.monotonic():
            del self._sessions[host]
            return None
        self._sessions.move_to_end(host)
        return known[1]


def default_context() -> ResumingContext:
    """TLS 1.2 or newer, the system's certificates (or those of SSL_CERT_FILE), host names checked."""
    context = ResumingContext()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


class WarmHosts:
    """Says to which hosts idle connections may be kept, so that their number stays bounded.

    aiohttp bounds connections in use, and idle ones by time only: a post to thousands of hosts would leave
    one open socket for each.
    """

    def __init__(self, capacity: int, seconds: float) -> None:
        self._capacity = capacity
        self._seconds = seconds
        self._until: OrderedDict[str, float] = OrderedDict()

    def admit(self, host: str) -> bool:
        """Whether the connection just used may stay open; if so, the host counts as warm from now."""
        now = time.monotonic()
        if host in self._until:
            self._until.move_to_end(host)
        else:
            self._forget(now)
            if len(self._until) >= self._capacity:
                return False
        self._until[host] = now + self._seconds
        return True

    def _forget(self, now: float) -> None:
        while self._until:
            host, until = next(iter(self._until.items()))
            if until > now:
                return
            del self._until[host]
