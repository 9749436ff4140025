"""A pretended push service on loopback: it reads what it gets as an app would, with the app's own keys."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from potluck.social.push import decode, encode, public_bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What an app was told, and the headers it came with."""

    content: dict[str, Any]
    headers: dict[str, str]


@dataclass
class PushService:
    """The service and the one app that listens to it."""

    base: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: os.urandom(16))
    answer: int = 201
    seen: list[Message] = field(default_factory=list)

    def subscription(self, path: str = "/push/one", **more: Any) -> dict[str, Any]:
        """What the app sends to subscribe."""
        return {"endpoint": f"{self.base}{path}", **more,
                "keys": {"p256dh": encode(public_bytes(self.key)), "auth": encode(self.secret)}}

    def read(self, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        """The content of a message, by whichever form its headers say."""
        form = headers["Content-Encoding"]
        more: dict[str, Any] = {}
        if form == "aesgcm":
            keys = dict(part.split("=", 1) for part in headers["Crypto-Key"].split(";"))
            more = {"salt": decode(headers["Encryption"].removeprefix("salt=")), "dh": decode(keys["dh"])}
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.secret, version=form, **more)
        found: dict[str, Any] = json.loads(plain)
        return found


def signed_for(headers: dict[str, str], server_key: str) -> dict[str, Any]:
    """The claims of a message, after checking that the server with this key signed them."""
    authorization = headers["Authorization"]
    if authorization.startswith("vapid "):
        parts = dict(part.strip().split("=", 1) for part in authorization.removeprefix("vapid ").split(","))
        token, key = parts["t"], parts["k"]
    else:
        token = authorization.removeprefix("WebPush ")
        key = dict(part.split("=", 1) for part in headers["Crypto-Key"].split(";"))["p256ecdsa"]
    assert key.rstrip("=") == server_key
    signed, _, signature = token.rpartition(".")
    raw = decode(signature)
    dss = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    signer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(key))
    signer.verify(dss, signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims: dict[str, Any] = json.loads(decode(signed.split(".")[1]))
    return claims


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    """The service, as long as the block runs."""
    made = PushService("")

    async def receive(request: web.Request) -> web.Response:
        headers = dict(request.headers)
        if made.answer < 300:
            made.seen.append(Message(made.read(await request.read(), headers), headers))
        await asyncio.sleep(0)
        return web.Response(status=made.answer)

    app = web.Application()
    app.router.add_post("/push/{name}", receive)
    server = TestServer(app)
    await server.start_server()
    made.base = str(server.make_url("")).rstrip("/")
    try:
        yield made
    finally:
        await server.close()
