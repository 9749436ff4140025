"""What software a host says it runs (NodeInfo): a hint for dialects, never a proof of anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from potluck.federation.errors import FederationError
from potluck.federation.fetch import SafeClient
from potluck.federation.urls import join, same_origin
from potluck.federation.vocabulary import as_list
from potluck.federation.well_known import get_well_known

_ACCEPT = "application/json"
_MAX_BYTES = 500_000  # some put their whole block list into `metadata`
_SCHEMA = re.compile(r"https?://nodeinfo\.diaspora\.software/ns/schema/(\d)\.(\d)")
_NAME = re.compile(r"[a-z0-9-]{1,64}")
_VERSION = re.compile(r"[!-~][ -~]{0,99}")


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """Name of a server's software (lower case) and its version, empty when not told."""

    software: str
    version: str


async def fetch_nodeinfo(client: SafeClient, host: str) -> NodeInfo | None:
    """What a host says it runs, None when it does not say so properly.

    Args:
        client: the guarded client.
        host: normalised `host[:port]`.
    """
    try:
        response = await get_well_known(client, host, "/.well-known/nodeinfo", _ACCEPT, _MAX_BYTES)
        response.raise_for_status()
        href = _newest(response.json(), response.url)
        return _read(await client.get_json(href, accept=_ACCEPT, max_bytes=_MAX_BYTES)) if href else None
    except FederationError:
        return None


def _newest(document: dict[str, Any], base: str) -> str | None:
    """The address of the newest version offered; it must be on the same origin (CVE-2026-62857)."""
    found: dict[str, str] = {}
    for link in as_list(document.get("links"))[:50]:
        if not isinstance(link, dict) or not isinstance(link.get("href"), str):
            continue
        match = _SCHEMA.fullmatch(link["rel"]) if isinstance(link.get("rel"), str) else None
        if match:
            href = join(base, link["href"])
            if same_origin(href, base):
                found[f"{match[1]}.{match[2]}"] = href
    return found[max(found)] if found else None


def _read(document: dict[str, Any]) -> NodeInfo | None:
    software = document.get("software")
    if not isinstance(software, dict):
        return None
    name, version = software.get("name"), software.get("version")
    if not isinstance(name, str) or not _NAME.fullmatch(name.lower()):
        return None
    known = version if isinstance(version, str) and _VERSION.fullmatch(version) else ""
    return NodeInfo(name.lower(), known)
