"""OAuth scopes of the Mastodon API, and which covers which."""

from __future__ import annotations

from collections.abc import Collection

_READ = ("accounts", "blocks", "bookmarks", "favourites", "filters", "follows", "lists", "mutes", "notifications",
         "search", "statuses")
_WRITE = ("accounts", "blocks", "bookmarks", "conversations", "favourites", "filters", "follows", "lists", "media",
          "mutes", "notifications", "reports", "statuses")
_ADMIN = ("accounts", "reports", "domain_allows", "domain_blocks", "ip_blocks", "email_domain_blocks",
          "canonical_email_blocks")

ALL: tuple[str, ...] = (
    "profile", "read", *(f"read:{name}" for name in _READ), "write", *(f"write:{name}" for name in _WRITE),
    "follow", "push", "admin:read", *(f"admin:read:{name}" for name in _ADMIN),
    "admin:write", *(f"admin:write:{name}" for name in _ADMIN),
)
_KNOWN = frozenset(ALL)
_FOLLOW = frozenset(f"{verb}:{name}" for verb in ("read", "write") for name in ("blocks", "follows", "mutes"))
# Apps of newer servers ask for these by name; they are of use to nobody here, but no mistake.
_LATER = frozenset({"read:collections", "write:collections", "read:me"})


def parse(text: str) -> list[str]:
    """Scopes out of `read write:statuses`, each once."""
    return list(dict.fromkeys(text.replace("+", " ").replace(",", " ").split()))


def unknown(scopes: Collection[str]) -> list[str]:
    """Those that do not exist."""
    return [scope for scope in scopes if scope not in _KNOWN and scope not in _LATER]


def covers(granted: Collection[str], wanted: str) -> bool:
    """Whether one of the granted scopes includes the wanted one: a parent covers its children."""
    if wanted in granted:
        return True
    parts = wanted.split(":")
    if any(":".join(parts[:size]) in granted for size in range(1, len(parts))):
        return True
    return "follow" in granted and wanted in _FOLLOW


def within(granted: Collection[str], wanted: Collection[str]) -> bool:
    """Whether every wanted scope is covered."""
    return all(covers(granted, scope) for scope in wanted)
