"""Names of stored files, and what the places that keep them have in common.

A name is `ab/DIGEST-RANDOM.EXTENSION`: the SHA-256 of the bytes, so that they can be checked by anybody who has them,
and sixteen random characters. Without these, whoever has a file could ask whether somebody stored it here; and a
file that is collected could be one that has just been stored again. With them, no name ever comes back.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from potluck.media.types import extension_of

LOCAL = "local"
S3 = "s3"

_KEY = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})-[a-z2-7]{16}\.[a-z0-9]{2,5}")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class StorageError(RuntimeError):
    """The storage cannot be read or written; the text says what happened, for the administrator."""


class NoSuchFile(StorageError):
    """The storage has no file of that name."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was put into the storage: the values of a `StoredFile` row."""

    digest: str
    size: int
    media_type: str
    key: str
    place: str


@dataclass(frozen=True, slots=True)
class Item:
    """A file as the storage lists it."""

    key: str
    size: int
    modified: datetime


def new_key(digest: str, media_type: str) -> str:
    """A fresh name for bytes of this digest (hex) and type."""
    mark = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return f"{digest[:2]}/{digest}-{mark}.{extension_of(media_type)}"


def is_key(text: str) -> bool:
    """Whether a text is a name as `new_key` makes it; nothing else is ever looked up."""
    return _KEY.fullmatch(text) is not None


def digest_of_key(key: str) -> str:
    """The digest that the bytes of a name must have."""
    return key[3:67]


def relative(key: str, seen_from: str) -> str:
    """How a stored file names another (a playlist its parts), so that it holds wherever both are read from."""
    if key[:2] == seen_from[:2]:
        return key[3:]
    return f"../{key}"
