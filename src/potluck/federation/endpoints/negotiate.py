"""What a request asks for (ActivityPub or a page), who asks, and answers in the one form all readers take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response

from potluck.federation import strictjson
from potluck.federation.errors import Forbidden, Refusal, SignatureError
from potluck.federation.resolver import Federation
from potluck.federation.signatures.verify import is_signed
from potluck.federation.verifying import ReceivedRequest, Signatory, header_pairs, signatory
from potluck.federation.vocabulary import AS_JSON
from potluck.federation.writing import with_context

AnyRequest = Request[Any, Any, Any]
Answer = Response[bytes]

_ACTIVITY_TYPES = frozenset({"application/activity+json", "application/ld+json", "application/json"})
_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_VARY = "Accept, Signature"


def accepted(request: AnyRequest) -> list[tuple[str, float]]:
    """The media types of the Accept header with their quality, best first, in the order written."""
    found: list[tuple[str, float]] = []
    for part in request.headers.get("accept", "").split(",")[:40]:
        name, _, parameters = part.partition(";")
        quality = 1.0
        for parameter in parameters.split(";"):
            key, _, value = parameter.strip().partition("=")
            if key == "q":
                quality = _number(value)
        if name.strip():
            found.append((name.strip().lower(), quality))
    return sorted(found, key=lambda entry: -entry[1])


def _number(value: str) -> float:
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def wants_activity(request: AnyRequest) -> bool:
    """Whether an address that serves both is asked for ActivityPub: named, and not after a page (protocol §9)."""
    for name, quality in accepted(request):
        if quality <= 0:
            continue
        if name in _ACTIVITY_TYPES:
            return True
        if name in _PAGE_TYPES:
            return False
    return False


def wants_page(request: AnyRequest) -> bool:
    """Whether an id that is meant for machines is opened in a browser."""
    for name, quality in accepted(request):
        if quality > 0 and name in _PAGE_TYPES:
            return True
        if quality > 0 and name in _ACTIVITY_TYPES:
            return False
    return False


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a remote actor by its signature, or nobody in particular."""

    signatory: Signatory | None = None

    @property
    def id(self) -> int | None:
        """Actor id, for the visibility rules."""
        return self.signatory.actor_id if self.signatory else None

    @property
    def signed(self) -> bool:
        """Whether the request was signed properly."""
        return self.signatory is not None


def federation_of(request: AnyRequest) -> Federation:
    """The federation of the running server."""
    found: Federation = request.app.state.federation
    return found


def received(request: AnyRequest, body: bytes = b"") -> ReceivedRequest:
    """The request as its signature sees it."""
    scope = request.scope
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string") or b""
    target = path.split(b"?")[0] + (b"?" + query if query else b"")
    return ReceivedRequest(request.method, target.decode("latin-1"), header_pairs(scope["headers"]), body)


async def asker(request: AnyRequest) -> Asker:
    """Who asks. Where signatures are not demanded a bad one counts as none, unless it shows a blocked server.

    Raises:
        Forbidden: a blocked server or account.
    """
    federation = federation_of(request)
    this = received(request)
    try:
        if not is_signed(this.headers):
            return Asker()
        return Asker(await signatory(federation, this))
    except Forbidden:
        raise
    except (Refusal, SignatureError):
        return Asker()


def demands_signature(request: AnyRequest, who: Asker) -> bool:
    """Whether the server is in secure mode and the request is not signed (protocol §2.2)."""
    return federation_of(request).settings.secure_mode and not who.signed


async def welcome(request: AnyRequest) -> Asker | Answer:
    """Who asks; or the answer to those who are turned away whatever they ask for."""
    try:
        who = await asker(request)
    except Forbidden as refusal:
        return refused(refusal)
    return unsigned() if demands_signature(request, who) else who


def activity(
    document: Mapping[str, Any], *, who: Asker | None = None, status: int = 200, actor: bool = False
) -> Answer:
    """A document as ActivityPub. What depends on who asks is kept by no cache."""
    open_to_all = status == 200 and (who is None or not who.signed)
    headers = {"Vary": _VARY, "Cache-Control": "public, max-age=60" if open_to_all else "private, no-store"}
    full = document if "@context" in document else with_context(document, actor=actor)
    return Response(strictjson.dump(full), status_code=status, media_type=AS_JSON, headers=headers)


def gone(uri: str, former_type: str | None = None) -> Answer:
    """410 with a Tombstone: what was here is deleted for good."""
    document = {"id": uri, "type": "Tombstone"}
    if former_type:
        document["formerType"] = former_type
    return activity(document, status=410)


def missing() -> Answer:
    """404, the same whether something does not exist or may not be seen."""
    return error(404, "Not found")


def unsigned() -> Answer:
    """401: this server answers signed requests only."""
    return error(401, "Request not signed")


def refused(refusal: Refusal) -> Answer:
    """The answer to a refused request."""
    headers = {"Retry-After": "60"} if refusal.status in (429, 503) else {}
    return error(refusal.status, refusal.text, headers)


def error(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An error in the form other servers expect."""
    return Response(strictjson.dump({"error": text}), status_code=status, media_type="application/json",
                    headers={"Vary": _VARY, "Cache-Control": "no-store", **(headers or {})})


def to_page(url: str) -> Answer:
    """On to the page for people."""
    return Response(b"", status_code=302, headers={"Location": url, "Vary": _VARY, "Cache-Control": "no-store"})
