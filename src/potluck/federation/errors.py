"""Every error of the wire, in one family tree.

    FederationError                     permanent: would the same attempt fail again?
    ├── InvalidUri                      not a uri this server accepts
    ├── InvalidJson                     not one strict JSON object within bounds
    ├── SignatureError                  an HTTP or LD signature or a proof that does not hold
    ├── FetchError                      a request of ours did not bring what was asked for
    │   ├── BlockedAddress              the host's address may not be reached
    │   ├── TooManyRedirects
    │   ├── TooLarge                    more bytes than allowed, counted after decompression
    │   ├── WrongContentType            not a type that may be read as what was asked for
    │   ├── InvalidAnswer               malformed HTTP, JSON or document
    │   │   └── WrongId                 a document about another id than the one asked for
    │   ├── UnexpectedStatus            any other final status
    │   │   ├── Refused                 401, 403
    │   │   ├── NotFound                404
    │   │   └── Gone                    410
    │   └── TemporaryFailure            408, 425, 429, 5xx; worth trying again
    │       ├── Timeout                 connecting, reading or the whole took too long
    │       └── Unreachable             no address, no connection, no TLS, broken off
    └── Refusal                         a request to our inbox is refused: HTTP status and safe text
        ├── InvalidActivity             400
        ├── Unauthenticated             401
        ├── Forbidden                   403
        ├── UnknownInbox                404
        ├── BodyTooLarge                413
        ├── UnsupportedContentType      415
        └── TryLater                    503

`str(error)` may name hosts, addresses and causes: it is for our log. Only `Refusal.text` leaves the server.
"""

from __future__ import annotations

from typing import ClassVar


class FederationError(Exception):
    """Anything that goes wrong on the wire. `permanent` decides about retrying."""

    permanent: ClassVar[bool] = True


class InvalidUri(FederationError, ValueError):
    """A uri or host this server does not accept; the text says what is wrong with it."""


class InvalidJson(FederationError, ValueError):
    """Bytes that are not one JSON object within our bounds; the text says what is wrong."""


class SignatureError(FederationError, ValueError):
    """A signature that cannot be read, covers too little, is out of its time, or does not hold."""


class FetchError(FederationError):
    """A request of ours did not bring what was asked for.

    Args:
        url: what was asked for.
        reason: what happened, for the log.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason


class BlockedAddress(FetchError):
    """The host resolves to (or is) an address that requests may not reach (protocol §18)."""


class TooManyRedirects(FetchError):
    """More redirects than allowed, or one without a usable target."""


class TooLarge(FetchError):
    """The answer has more bytes than allowed, counted after decompression."""


class WrongContentType(FetchError):
    """The answer has a type that may not be read as what was asked for."""


class InvalidAnswer(FetchError):
    """Malformed HTTP, JSON, or a document without the required shape."""


class WrongId(InvalidAnswer):
    """A document about another id than the one asked for; discarded under both names (protocol §7)."""


class UnexpectedStatus(FetchError):
    """The answer's status is not a success and is final.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, url: str, status: int) -> None:
        super().__init__(url, f"status {status}")
        self.status = status


class Refused(UnexpectedStatus):
    """401 or 403: our signature was not accepted, or we may not see it."""


class NotFound(UnexpectedStatus):
    """404: not there, or not for us."""


class Gone(UnexpectedStatus):
    """410: deleted for good, said by its own host."""


class TemporaryFailure(FetchError):
    """Trouble that may pass: 408, 425, 429, 5xx, or no proper connection.

    Attributes:
        status: the HTTP status, None when there was no answer.
        retry_after: seconds the host asked us to wait, if it did.
    """

    permanent: ClassVar[bool] = False

    def __init__(
        self, url: str, reason: str, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(url, reason)
        self.status = status
        self.retry_after = retry_after


class Timeout(TemporaryFailure):
    """Connecting, reading or the whole request took longer than allowed."""


class Unreachable(TemporaryFailure):
    """No address, no connection, no TLS, or the connection broke off."""


class Refusal(FederationError):
    """A request to our inbox that is refused.

    Args:
        text: what the sender may be told; never holds private facts.
        detail: what our log should know besides.

    Attributes:
        status: the HTTP status of the answer (protocol §6: what senders make of each).
    """

    status: ClassVar[int] = 400

    def __init__(self, text: str, detail: str = "") -> None:
        super().__init__(f"{text} ({detail})" if detail else text)
        self.text = text


class InvalidActivity(Refusal):
    """400: the body is not an activity we can read. Final for every sender."""


class Unauthenticated(Refusal):
    """401: the signature is missing or bad. Mastodon retries, then tries RFC 9421; others give up."""

    status: ClassVar[int] = 401


class Forbidden(Refusal):
    """403: the sender may not do this (blocked, not the owner). Final for every sender."""

    status: ClassVar[int] = 403


class UnknownInbox(Refusal):
    """404: no such local actor."""

    status: ClassVar[int] = 404


class BodyTooLarge(Refusal):
    """413: the body has more bytes than the inbox takes."""

    status: ClassVar[int] = 413


class UnsupportedContentType(Refusal):
    """415: the body is not of an ActivityPub type."""

    status: ClassVar[int] = 415


class TooManyActivities(Refusal):
    """429: one server sends more than it may; it is to come again later."""

    permanent: ClassVar[bool] = False
    status: ClassVar[int] = 429


class TryLater(Refusal):
    """503: temporary trouble on our side or in fetching the signer's key; everyone retries it."""

    permanent: ClassVar[bool] = False
    status: ClassVar[int] = 503
