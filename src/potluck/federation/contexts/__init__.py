"""The closed set of JSON-LD contexts this server knows. No other is ever looked up, let alone fetched.

Each file defines the terms of one published context, as far as documents seen on the wire use them.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

_FILES = {
    "https://www.w3.org/ns/activitystreams": "activitystreams",
    "http://www.w3.org/ns/activitystreams": "activitystreams",
    "https://w3id.org/security/v1": "security-v1",
    "https://w3id.org/identity/v1": "identity-v1",
    "https://w3id.org/security/data-integrity/v1": "data-integrity-v1",
    "https://w3id.org/security/data-integrity/v2": "data-integrity-v2",
    "https://w3id.org/security/multikey/v1": "multikey-v1",
    "https://www.w3.org/ns/cid/v1": "cid-v1",
    "https://www.w3.org/ns/did/v1": "did-v1",
    "https://purl.archive.org/socialweb/webfinger": "webfinger",
    "https://join-lemmy.org/context.json": "lemmy",
    "https://gotosocial.org/ns": "gotosocial",
    "https://litepub.social/litepub/context.jsonld": "litepub",
}
# Pleroma and Akkoma name a copy of the LitePub context on their own host.
_LITEPUB = re.compile(r"https://[^/?#]{1,260}/schemas/litepub-0\.1\.jsonld")


def is_known(url: str) -> bool:
    """Whether the context of this address is in the set."""
    return url in _FILES or _LITEPUB.fullmatch(url) is not None


def load(url: str) -> dict[str, Any]:
    """The context document of an address; not to be changed by the caller.

    Raises:
        KeyError: not in the set.
    """
    return _read("litepub" if _LITEPUB.fullmatch(url) else _FILES[url])


@cache
def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    )
    return document
