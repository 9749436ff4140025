"""A pretended remote server for tests of the wire: its people have keys, serve documents, and sign what they send."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from potluck.federation.resolver import Federation
from potluck.federation.signatures import cavage
from potluck.federation.signatures.keys import SigningKey, generate_rsa, public_pem
from potluck.federation.verifying import ReceivedRequest

HERE = "https://potluck.test"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
AS = "https://www.w3.org/ns/activitystreams"
KEYS = [generate_rsa() for _ in range(3)]
"""Made once: a key takes a tenth of a second."""


def ago(**time: float) -> str:
    """A time before now, as documents write it."""
    return f"{datetime.now(UTC) - timedelta(**time):%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class RemotePerson:
    """Somebody on a pretended server."""

    peer: Peer
    name: str
    key: SigningKey
    document: dict[str, Any]

    @property
    def uri(self) -> str:
        """Id of the actor."""
        return str(self.document["id"])

    @property
    def followers(self) -> str:
        """Its followers collection."""
        return f"{self.uri}/followers"

    def note(self, number: int | str, content: str = "<p>hello</p>", **changes: Any) -> dict[str, Any]:
        """A public note by this person, served at its id; said hours ago unless `published` says otherwise."""
        hours_ago = ago(hours=5)
        document = {
            "id": f"{self.peer.base}/notes/{number}", "type": "Note", "attributedTo": self.uri, "content": content,
            "to": [PUBLIC], "cc": [self.followers], "published": hours_ago} | changes
        document.setdefault("published", hours_ago)
        self.peer.serve(document)
        return document

    def create(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Create of a document."""
        return {"@context": AS, "id": f"{document['id']}/activity", "type": "Create", "actor": self.uri,
                "to": document.get("to", []), "cc": document.get("cc", []), "object": dict(document)}

    def act(self, kind: str, what: Any, number: str = "1", **changes: Any) -> dict[str, Any]:
        """Any other activity."""
        return {"@context": AS, "id": f"{self.peer.base}/activities/{kind}-{number}", "type": kind,
                "actor": self.uri, "object": what} | changes

    async def signed(
        self, activity: Mapping[str, Any] | bytes, path: str = "/inbox", **options: Any
    ) -> ReceivedRequest:
        """A signed POST of an activity, as our server receives it."""
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        headers = await cavage.sign("POST", f"{HERE}{path}", self.key, body=body,
                                    headers={"Content-Type": "application/activity+json"}, **options)
        return ReceivedRequest("POST", path, tuple(headers.items()), body)

    async def send(self, federation: Federation, activity: Mapping[str, Any] | bytes, inbox: int | None = None) -> None:
        """Deliver an activity to our inbox; raises the refusal if it is refused."""
        await federation.inbox.receive(await self.signed(activity), "application/activity+json", inbox)


@dataclass
class Peer:
    """A server on a loopback port."""

    people: dict[str, RemotePerson] = field(default_factory=dict)
    documents: dict[str, tuple[int, Any, str]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    received: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    status: int = 202
    server: TestServer | None = None

    @property
    def base(self) -> str:
        """`http://127.0.0.1:port`."""
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def host(self) -> str:
        """`127.0.0.1:port`."""
        return self.base.removeprefix("http://")

    def community(self, name: str = "soups", **changes: Any) -> RemotePerson:
        """A community here, with its list of moderators at the usual address."""
        return self.person(name, type="Group", **({"attributedTo": f"{self.base}/users/{name}/moderators"} | changes))

    def person(self, name: str, **changes: Any) -> RemotePerson:
        """Somebody new here, with documents served."""
        uri = f"{self.base}/users/{name}"
        key = SigningKey(f"{uri}#main-key", KEYS[len(self.people) % len(KEYS)])
        document: dict[str, Any] = {
            "@context": [AS], "id": uri, "type": "Person", "preferredUsername": name, "name": name.title(),
            "inbox": f"{uri}/inbox", "outbox": f"{uri}/outbox", "followers": f"{uri}/followers",
            "featured": f"{uri}/featured", "endpoints": {"sharedInbox": f"{self.base}/inbox"},
            "publicKey": {"id": key.key_id, "owner": uri, "publicKeyPem": public_pem(key.private.public_key())},
        } | changes
        self.serve(document)
        self.people[name] = RemotePerson(self, name, key, document)
        return self.people[name]

    def serve(self, document: Any, uri: str | None = None, status: int = 200,
              content_type: str = "application/activity+json") -> None:
        """Answer an id (or another address) with a document."""
        path = (uri or document["id"]).removeprefix(self.base)
        self.documents[path] = (status, document, content_type)

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self.server = TestServer(app, host="127.0.0.1")
        await self.server.start_server()

    async def stop(self) -> None:
        """Listen no more."""
        if self.server is not None:
            await self.server.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked[request.path_qs] += 1
        if request.method == "POST":
            self.headers.append(dict(request.headers))
            self.paths.append(request.path)
            body = await request.json()
            if self.status < 300:
                self.received.append(body)
            return web.Response(status=self.status)
        if request.path == "/.well-known/webfinger":
            return self._webfinger(request.query.get("resource", ""))
        if request.path in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[request.path]})
        status, document, content_type = self.documents.get(request.path, (404, {}, "application/json"))
        return web.Response(status=status, body=json.dumps(document).encode(),
                            headers={"Content-Type": content_type})

    def _webfinger(self, resource: str) -> web.Response:
        name = resource.removeprefix("acct:").partition("@")[0]
        person = self.people.get(name)
        if person is None:
            return web.Response(status=404)
        return web.json_response({
            "subject": f"acct:{name}@{self.host}",
            "links": [{"rel": "self", "type": "application/activity+json", "href": person.uri}]})
