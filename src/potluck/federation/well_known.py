"""Requests for what stands under `/.well-known` on a host, of which only the name is known."""

from __future__ import annotations

from potluck.federation.errors import Unreachable
from potluck.federation.fetch import Response, SafeClient


async def get_well_known(client: SafeClient, host: str, path: str, accept: str, max_bytes: int) -> Response:
    """GET a path on a host.

    Over https. On a test or private network, where plain http is allowed, http is tried as well: first for addresses,
    second for names.

    Args:
        client: the guarded client.
        host: normalised `host[:port]`.
        path: with its leading slash and query.
        accept: the Accept header.
        max_bytes: most bytes taken.

    Returns:
        The answer, whatever its status.

    Raises:
        InvalidUri, FetchError: as `SafeClient.get`.
    """
    if not client.policy.allows_http:
        return await client.get(f"https://{host}{path}", accept=accept, max_bytes=max_bytes)
    is_address = host.startswith("[") or host.partition(":")[0].rpartition(".")[2].isdigit()
    first, second = ("http", "https") if is_address else ("https", "http")
    try:
        return await client.get(f"{first}://{host}{path}", accept=accept, max_bytes=max_bytes)
    except Unreachable:
        return await client.get(f"{second}://{host}{path}", accept=accept, max_bytes=max_bytes)
