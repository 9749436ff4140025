"""NodeInfo: a hint that is read when it is proper, and otherwise absent."""

from __future__ import annotations

from typing import Any

import pytest

from potluck.federation.fetch import SafeClient
from potluck.federation.nodeinfo_client import NodeInfo, fetch_nodeinfo
from support.samples import sample

from .support import Peer

SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"


def host(peer: Peer) -> str:
    return peer.base.removeprefix("http://")


def serve(peer: Peer, document: Any, href: str = "{base}/nodeinfo/2.0") -> None:
    peer.answer(
        "/.well-known/nodeinfo", {"links": [{"rel": f"{SCHEMA}2.0", "href": href}]}, "application/json"
    )
    peer.answer("/nodeinfo/2.0", document, "application/json")


async def test_software_and_version(peer: Peer, client: SafeClient) -> None:
    """Name (in lower case) and version are read."""
    serve(peer, {"version": "2.0", "software": {"name": "Mastodon", "version": "4.5.0"}})
    assert await fetch_nodeinfo(client, host(peer)) == NodeInfo("mastodon", "4.5.0")


@pytest.mark.parametrize(
    ("name", "software"),
    [("pixelfed/r-nodeinfo-2.0.json", "pixelfed"), ("writefreely/r-nodeinfo.json", "writefreely")],
)
async def test_recorded_documents(peer: Peer, client: SafeClient, name: str, software: str) -> None:
    """What real servers answer is understood."""
    serve(peer, sample(name))
    found = await fetch_nodeinfo(client, host(peer))
    assert found is not None
    assert found.software == software


async def test_the_newest_schema_is_asked(peer: Peer, client: SafeClient) -> None:
    """Of several versions the newest is read."""
    links = [{"rel": f"{SCHEMA}{version}", "href": f"/n/{version}"} for version in ("1.0", "2.1", "2.0")]
    peer.answer("/.well-known/nodeinfo", {"links": links}, "application/json")
    peer.answer("/n/2.1", {"software": {"name": "x", "version": "1"}}, "application/json")
    assert await fetch_nodeinfo(client, host(peer)) == NodeInfo("x", "1")


@pytest.mark.parametrize(
    "href", ["http://10.0.0.1/x", "file:///etc/passwd", "http://127.0.0.9:1/x", "https://example.org/x"]
)
async def test_only_the_same_origin_is_asked(peer: Peer, client: SafeClient, href: str) -> None:
    """A host cannot send us to another one (CVE-2026-62857)."""
    serve(peer, {"software": {"name": "x", "version": "1"}}, href)
    assert await fetch_nodeinfo(client, host(peer)) is None
    assert peer.paths() == ["/.well-known/nodeinfo"]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"software": None},
        {"software": "x"},
        {"software": {"name": 5}},
        {"software": {"name": "<script>"}},
        {"software": {"name": ""}},
        {"software": {"name": "x" * 100}},
        "[]",
        "",
        "NaN",
    ],
)
async def test_improper_documents_are_absent(peer: Peer, client: SafeClient, document: Any) -> None:
    """What is not proper is as if it were not there."""
    serve(peer, document)
    assert await fetch_nodeinfo(client, host(peer)) is None


@pytest.mark.parametrize("version", [None, 5, "", "x" * 200, "1\n2", ["1"]])
async def test_an_improper_version_is_empty(peer: Peer, client: SafeClient, version: Any) -> None:
    """An odd version does not lose the name."""
    serve(peer, {"software": {"name": "x", "version": version}})
    assert await fetch_nodeinfo(client, host(peer)) == NodeInfo("x", "")


async def test_no_nodeinfo(peer: Peer, client: SafeClient) -> None:
    """A host without NodeInfo, or none at all, is no error."""
    assert await fetch_nodeinfo(client, host(peer)) is None
    assert await fetch_nodeinfo(client, "127.0.0.1:1") is None
    assert await fetch_nodeinfo(client, "10.0.0.1") is None
