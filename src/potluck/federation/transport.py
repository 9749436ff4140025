"""What connections to other servers share: the settings of TLS, and a bound on idle connections."""

from __future__ import annotations

import ssl
import time
from collections import OrderedDict


def default_context() -> ssl.SSLContext:
    """TLS 1.2 or newer, the system's certificates (or those of SSL_CERT_FILE), host names checked.

    Sessions are not resumed: Python copies a session, certificates included, each time it is asked for, which costs
    more than a full handshake without it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
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
