"""Pretended remote servers: actors with keys on many hosts, and inboxes that count what they receive."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AS2 = "https://www.w3.org/ns/activitystreams"
PUBLIC = f"{AS2}#Public"


@dataclass(slots=True)
class Peer:
    """One pretended host: an actor `author` and a shared inbox."""

    base: str
    received: int = 0
    first_at: float = 0.0

    @property
    def host(self) -> str:
        """Host with port."""
        return self.base.partition("://")[2]

    @property
    def actor(self) -> str:
        """Id of its actor."""
        return f"{self.base}/users/author"


@dataclass(slots=True)
class Fediverse:
    """Peers that share one key pair (making thousands would take longer than the measurement)."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    peers: dict[str, Peer] = field(default_factory=dict)
    delay: Callable[[str], float] = lambda _host: 0.0
    _runner: web.AppRunner | None = None

    @property
    def public_pem(self) -> str:
        """The public key all peers show."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    async def start(self, count: int, tls: ssl.SSLContext | None = None) -> list[Peer]:
        """Listen on `count` free loopback ports; each is a host of its own."""
        app = web.Application(client_max_size=1 << 20)
        app.router.add_get("/users/author", self._actor)
        app.router.add_get("/.well-known/webfinger", self._webfinger)
        app.router.add_get("/.well-known/nodeinfo", self._no_nodeinfo)
        app.router.add_post("/inbox", self._inbox)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        made = []
        for _ in range(count):
            site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=tls, backlog=64)
            await site.start()
            port = self._runner.addresses[-1][1]
            peer = Peer(f"{'https' if tls else 'http'}://127.0.0.1:{port}")
            self.peers[peer.host] = peer
            made.append(peer)
        return made

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner:
            await self._runner.cleanup()

    async def _actor(self, request: web.Request) -> web.Response:
        peer = self.peers[request.host]
        return web.json_response(actor_document(peer, self.public_pem), content_type="application/activity+json")

    async def _webfinger(self, request: web.Request) -> web.Response:
        peer = self.peers[request.host]
        return web.json_response({
            "subject": f"acct:author@{peer.host}",
            "links": [{"rel": "self", "type": "application/activity+json", "href": peer.actor}],
        }, content_type="application/jrd+json")

    async def _no_nodeinfo(self, _request: web.Request) -> web.Response:
        return web.Response(status=404)

    async def _inbox(self, request: web.Request) -> web.Response:
        await request.read()
        wait = self.delay(request.host)
        if wait:
            await asyncio.sleep(wait)
        peer = self.peers[request.host]
        peer.received += 1
        peer.first_at = peer.first_at or asyncio.get_running_loop().time()
        return web.Response(status=202)


def actor_document(peer: Peer, public_pem: str) -> dict[str, Any]:
    """The document of a peer's actor."""
    return {
        "@context": [AS2, "https://w3id.org/security/v1"], "id": peer.actor, "type": "Person",
        "preferredUsername": "author", "inbox": f"{peer.base}/inbox", "outbox": f"{peer.actor}/outbox",
        "followers": f"{peer.actor}/followers", "url": f"{peer.base}/@author", "name": "Author",
        "endpoints": {"sharedInbox": f"{peer.base}/inbox"},
        "publicKey": {"id": f"{peer.actor}#main-key", "owner": peer.actor, "publicKeyPem": public_pem},
    }


def create_note(peer: Peer, number: int, mentioned: str = "") -> bytes:
    """A Create of a short public note, which may mention someone (an actor's id)."""
    note = f"{peer.base}/notes/{number}"
    published = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    audience = {"to": [PUBLIC], "cc": [f"{peer.actor}/followers", *([mentioned] if mentioned else [])]}
    return json.dumps({
        "@context": AS2, "id": f"{note}/activity", "type": "Create", "actor": peer.actor, "published": published,
        **audience,
        "object": {
            "id": note, "type": "Note", "attributedTo": peer.actor, "published": published, **audience, "url": note,
            "content": f"<p>Note number {number}: a few words about the weather, and a "
                       f'<a href="https://example.org/{number}">link</a>.</p>',
            "sensitive": False, "attachment": [],
            "tag": [{"type": "Mention", "href": mentioned, "name": "@alice"}] if mentioned else [],
        },
    }).encode()


def signed_headers(key: rsa.RSAPrivateKey, peer: Peer, target_host: str, body: bytes, path: str = "/inbox",
                   ) -> dict[str, str]:
    """Headers of a POST signed as Mastodon does (draft-cavage-12)."""
    date = formatdate(usegmt=True)
    digest = "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()
    text = f"(request-target): post {path}\nhost: {target_host}\ndate: {date}\ndigest: {digest}"
    signature = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
    return {
        "Host": target_host, "Date": date, "Digest": digest, "Content-Type": "application/activity+json",
        "Signature": f'keyId="{peer.actor}#main-key",algorithm="rsa-sha256",'
                     f'headers="(request-target) host date digest",signature="{signature}"',
    }
