"""The address under which people's browsers and apps read a file: the one place that decides it.

Rows and documents keep addresses as they are: those of our own files (`https://our.host/media/…`) and those of other
servers. `shown` makes of them what is put into pages and answers of APIs: the CDN's for our own, that of our proxy for
files of others. A proxied address carries the original one, signed, so that nothing has to be looked up to write it
and nobody can make us fetch what we have not shown.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache

from potluck.settings import Settings, current

PROXY = "/proxy/"
MEDIA = "/media/"
FULL = "full"
SMALL = "small"
STILL = "still"
VARIANTS = (FULL, SMALL, STILL)
"""`full`: as large as it is. `small`: for previews. `still`: the first picture of an animation."""

_MARK = 22  # characters of a signature: 128 bits in base64url
_LONGEST = 4096


def shown(url: str | None, variant: str = FULL, settings: Settings | None = None) -> str | None:
    """What stands in pages and answers for an address out of a row.

    Args:
        url: the address; one without host (`/static/…`) stays as it is, and None stays None.
        variant: which size of a remote picture; our own files have an address for each size anyway.
        settings: those in force by default.
    """
    if not url or url.startswith("/"):
        return url
    settings = settings or current()
    if url.startswith(settings.url + "/"):
        return _own(url, settings)
    if not url.startswith(("https://", "http://")) or len(url) > _LONGEST:
        return url
    return _proxied(settings.url, settings.secret, variant, url)


def _own(url: str, settings: Settings) -> str:
    base = settings.url + MEDIA
    if settings.media_url and url.startswith(base):
        return f"{settings.media_url}/{url[len(base):]}"
    return url


@lru_cache(maxsize=4096)
def _proxied(base: str, secret: str, variant: str, url: str) -> str:
    packed = base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    return f"{base}{PROXY}{variant}/{_mark(secret, variant, url)}/{packed}"


def _mark(secret: str, variant: str, url: str) -> str:
    key = hashlib.sha256(b"potluck proxy " + secret.encode()).digest()
    found = hmac.new(key, f"{variant} {url}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(found).decode()[:_MARK]


def proxied(path: str, settings: Settings) -> tuple[str, str] | None:
    """Variant and address that a path of the proxy stands for; None unless we signed it."""
    variant, _, rest = path.removeprefix(PROXY).partition("/")
    mark, _, packed = rest.partition("/")
    packed = packed.partition(".")[0]  # apps are told the file's ending, too; no base64url has a point
    if variant not in VARIANTS or not packed or len(packed) > _LONGEST * 2:
        return None
    try:
        url = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    if not hmac.compare_digest(mark.encode(), _mark(settings.secret, variant, url).encode()):
        return None
    return variant, url
