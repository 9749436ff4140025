"""What the two signature schemes share: the request as it is signed, and a signature taken out of one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache

from potluck.federation.errors import SignatureError

WINDOW = 3900.0  # seconds a signature may be off, either way: an hour and five minutes
MAX_HEADER = 8192  # characters of a signature header

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


class Scheme(StrEnum):
    """How a request is signed. The values are stored with each server."""

    CAVAGE = "cavage"
    CAVAGE_NO_QUERY = "cavage-no-query"
    RFC9421 = "rfc9421"


@dataclass(frozen=True, slots=True)
class ParsedSignature:
    """A signature that covers enough and is of its time, for us and for this body; only the key is missing.

    Attributes:
        key_id: the key's uri as sent.
        scheme: cavage or rfc9421.
        algorithm: as `keys.verify_bytes` takes it.
        created: when it was made, in seconds of Unix time.
        covered: names covered, as sent.
        signature: its bytes.
        bases: byte strings it may stand for; more than one where senders differ in reading the draft.
    """

    key_id: str
    scheme: Scheme
    algorithm: str | None
    created: float
    covered: tuple[str, ...]
    signature: bytes
    bases: tuple[bytes, ...]


class RequestHeaders:
    """The headers of a received request by lower-case name, that know which occurred twice."""

    def __init__(self, headers: Headers) -> None:
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        self._values: dict[str, str] = {}
        self._repeated: set[str] = set()
        for name, value in pairs:
            lowered = name.lower()
            if lowered in self._values:
                self._repeated.add(lowered)
            self._values[lowered] = value.strip(" \t")

    def get(self, name: str) -> str | None:
        """The value of a header, None when absent.

        Raises:
            SignatureError: it occurs more than once, so that two readers could see two values.
        """
        if name in self._repeated:
            raise SignatureError(f"header {name} occurs more than once")
        return self._values.get(name)

    def need(self, name: str) -> str:
        """The value of a header that must be there.

        Raises:
            SignatureError: it is absent, repeated, or holds a line break.
        """
        value = self.get(name)
        if value is None:
            raise SignatureError(f"header {name} is signed but absent")
        if "\n" in value or "\r" in value:
            raise SignatureError(f"header {name} holds a line break")
        return value


def check_time(moment: float, now: float, what: str) -> None:
    """Refuse a time outside of the window.

    Raises:
        SignatureError: too old, or too far in the future.
    """
    if moment < now - WINDOW:
        raise SignatureError(f"{what} is {(now - moment) / 60:.0f} minutes old")
    if moment > now + WINDOW:
        raise SignatureError(f"{what} lies {(moment - now) / 60:.0f} minutes in the future")


def check_expiry(moment: float, now: float) -> None:
    """Refuse a signature that has expired, with five minutes for clocks that differ.

    Raises:
        SignatureError: it has.
    """
    if moment < now - 300:
        raise SignatureError("the signature has expired")


@lru_cache(maxsize=512)
def parse_date(value: str) -> float:
    """A Date header in seconds of Unix time.

    Raises:
        SignatureError: not a date.
    """
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise SignatureError(f"not a date: {value[:60]!r}") from error


def parse_seconds(value: str | int | float) -> float:
    """A time parameter in seconds of Unix time.

    Raises:
        SignatureError: not a number that is a time.
    """
    try:
        seconds = float(value)
        datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SignatureError("not a time in seconds") from error
    return seconds


def http_date(now: float | None = None) -> str:
    """A Date header for now, or another time in seconds."""
    return formatdate(time.time() if now is None else now, usegmt=True)
