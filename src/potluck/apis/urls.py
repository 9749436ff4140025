"""Addresses of files as apps read them, in every API."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from potluck.media.addresses import FULL, PROXY, proxied, shown
from potluck.settings import current

_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".mp4", ".webm", ".mov", ".mp3", ".ogg"})


def full_url(address: str | None, variant: str = FULL) -> str | None:
    """The address at which an app reads a file: with its host, and for files of other servers that of our proxy."""
    if address is None or not address.startswith("/"):
        return shown(address, variant)
    return current().url + address


def telling_url(address: str | None, variant: str = FULL) -> str | None:
    """The same with the file's ending, for apps that judge by it whether an address is a picture or a video."""
    found = full_url(address, variant)
    if found and address and found.startswith(current().url + PROXY):
        ending = PurePosixPath(urlsplit(address).path).suffix.lower()
        return found + ending if ending in _ENDINGS else found
    return found


def original_url(address: str) -> str:
    """What an address was before `full_url` made it one of our proxy, or an app took it from a facade host."""
    settings = current()
    if settings.lemmy_url and address.startswith(f"{settings.lemmy_url}/"):
        address = settings.url + address.removeprefix(settings.lemmy_url)
    if not address.startswith(settings.url + PROXY):
        return address
    known = proxied(address.removeprefix(settings.url), settings)
    return known[1] if known else address
