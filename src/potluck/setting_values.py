"""Reads the values of settings: each function takes the text and gives the value, or says what it expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network


def text(raw: str) -> str:
    """Text without control characters."""
    if any((character < " " and character not in "\n\r\t") or character == "\x7f" for character in raw):
        raise ValueError("expected text without control characters")
    return raw.strip()


_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def domain(raw: str) -> str:
    """A domain, or nothing."""
    if raw.strip() and not _HOST.fullmatch(raw.strip().lower()):
        raise ValueError("expected a domain such as example.org")
    return raw.strip().lower()


def language(raw: str) -> str:
    """A language tag (BCP 47)."""
    if not _LANGUAGE.fullmatch(raw.strip()):
        raise ValueError("expected a language tag such as en or pt-BR")
    return raw.strip()


def email(raw: str) -> str:
    """An e-mail address, or nothing."""
    name, at, host = text(raw).rpartition("@")
    if (raw.strip() and not (name and at and host)) or any(map(str.isspace, raw.strip())):
        raise ValueError("expected an e-mail address")
    return raw.strip()


def database_url(raw: str) -> str:
    """URL of a PostgreSQL database, or nothing."""
    if not raw.strip():
        return ""
    parts = urlsplit(raw.strip())
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ValueError("expected postgresql://user:password@host/name, or nothing for SQLite")
    return raw.strip()


def flag(raw: str) -> bool:
    """True or false."""
    word = raw.strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("expected true or false")


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number between two others."""
    def parse(raw: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", raw.strip()) or not low <= int(raw) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(raw)

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """One of some words."""
    def parse(raw: str) -> str:
        if raw.strip().lower() not in words:
            raise ValueError(f"expected one of {', '.join(words)}")
        return raw.strip().lower()

    return parse


def base_url(raw: str) -> str:
    """Scheme and host of a URL."""
    parts = urlsplit(raw.strip())
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.netloc.rpartition("@")[2].lower()):
        raise ValueError("expected a URL such as https://social.example.org")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
        raise ValueError("expected scheme and host only, without path or user name")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def web_address(raw: str) -> str:
    """The address of a page, or nothing."""
    if not raw:
        return ""
    try:
        parts = urlsplit(raw)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or any(letter.isspace() or ord(letter) < 32 for letter in raw):
        raise ValueError("the address of a page, such as https://example.org/source")
    return raw


def prefix_url(raw: str) -> str:
    """A URL to which a path is added, or nothing."""
    parts = urlsplit(raw.strip())
    if not raw.strip():
        return ""
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.netloc.lower()) or parts.query or (
            parts.fragment):
        raise ValueError("expected a URL such as https://cdn.example.org/media, without query")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def endpoint(raw: str) -> str:
    """Scheme and host of a URL, or nothing."""
    return base_url(raw) if raw.strip() else ""


def key_prefix(raw: str) -> str:
    """A folder within a bucket, or nothing."""
    parts = raw.strip().strip("/")
    if not re.fullmatch(r"[A-Za-z0-9._/-]*", parts) or ".." in parts or "//" in parts:
        raise ValueError("expected a folder such as potluck/media")
    return parts


def bind(raw: str) -> str:
    """Address and port to listen on."""
    host, _, port = raw.strip().rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError("expected HOST:PORT such as 127.0.0.1:8000")
    return raw.strip()


def path(raw: str) -> Path:
    """A path; `~` stands for the home folder."""
    return Path(raw.strip()).expanduser()


def networks(raw: str) -> tuple[Network, ...]:
    """Ranges of addresses, separated by commas."""
    return tuple(ip_network(part.strip()) for part in raw.split(",") if part.strip())


_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"([0-9]{1,15})\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)


def size(raw: str) -> int:
    """A number of bytes, such as 500M or 10G; 0 stands for no limit."""
    found = _SIZE.fullmatch(raw.strip())
    if not found or int(found[1]) * _UNITS[found[2].upper()] >= 1 << 60:
        raise ValueError("expected a size such as 500M or 10G, or 0 for no limit")
    return int(found[1]) * _UNITS[found[2].upper()]


def written_size(value: int) -> str:
    """A size as people write it in a setting."""
    for unit in "TGMK":
        if value and value % _UNITS[unit] == 0:
            return f"{value // _UNITS[unit]}{unit}"
    return str(value)


def resolutions(raw: str) -> tuple[int, ...]:
    """Resolutions of videos, smallest first."""
    found = tuple(sorted({int(part) for part in raw.replace(" ", "").split(",") if part}))
    if any(not 64 <= one <= 4320 for one in found):
        raise ValueError("resolutions are whole numbers from 64 to 4320")
    return found
