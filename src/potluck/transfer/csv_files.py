"""The CSVs by which people take their lists along, as Mastodon writes and reads them."""

from __future__ import annotations

from dataclasses import dataclass

from potluck.settings import current
from potluck.social.errors import Invalid
from potluck.text.names import normalise_host
from potluck.text.tables import rows_of

FOLLOWING, BLOCKS, MUTES, DOMAINS, LISTS, BOOKMARKS = (
    "following", "blocking", "muting", "domain_blocking", "lists", "bookmarks")
KINDS = (FOLLOWING, BLOCKS, MUTES, DOMAINS, LISTS, BOOKMARKS)
MOST = 20_000
MAX_BYTES = 4 << 20
_HEADS = frozenset({"account address", "#account address", "account", "#domain", "domain", "#uri", "uri", "list name"})
_FALSE = frozenset({"false", "0", "no", "f", ""})

Row = list[str]
"""following: address, boosts, notify, languages; muting: address, notifications; lists: title, address; else one."""


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of a file that can be used, and how many cannot."""

    rows: list[Row]
    unusable: int


def read(kind: str, data: bytes) -> Read:
    """Read a file; a row that is there twice counts once.

    Raises:
        Invalid: there is no such kind, it is no CSV, or too long.
    """
    if kind not in KINDS:
        raise Invalid("kind", "Please choose one of the list")
    if len(data) > MAX_BYTES:
        raise Invalid("file", "This file is too large", "too_long")
    try:
        found = rows_of(data.decode("utf-8"), MOST + 1)
    except ValueError as error:
        raise Invalid("file", "This is no CSV of at most %(most)s lines", most=MOST) from error
    if found and found[0][0].lower() in _HEADS:
        head, found = [cell.lower().lstrip("#") for cell in found[0]], found[1:]
    else:
        head = []
    rows: dict[str, Row] = {}
    unusable = 0
    for cells in found:
        row = _row(kind, cells, head)
        if row is None:
            unusable += 1
        else:
            rows[" ".join(row[:2]) if kind == LISTS else row[0]] = row
    return Read(list(rows.values()), unusable)


def _row(kind: str, cells: Row, head: Row) -> Row | None:
    if kind == DOMAINS:
        name = normalise_host(cells[0].lstrip("@"))
        return [name] if name else None
    if kind == BOOKMARKS:
        return [cells[0]] if cells[0].startswith("https://") and len(cells[0]) < 2048 else None
    if kind == LISTS:
        address = _address(cells[1]) if len(cells) > 1 else None
        return [cells[0][:100], address] if address else None
    address = _address(cells[0])
    if address is None:
        return None
    if kind == FOLLOWING:
        return [address, _flag(cells, head, "show boosts", 1, "true"),
                _flag(cells, head, "notify on new posts", 2, "false"), _cell(cells, head, "languages", 3)]
    return [address, _flag(cells, head, "hide notifications", 1, "true")] if kind == MUTES else [address]


def _cell(cells: Row, head: Row, name: str, place: int) -> str:
    if head:
        place = head.index(name) if name in head else len(cells)
    return cells[place] if place < len(cells) else ""


def _flag(cells: Row, head: Row, name: str, place: int, default: str) -> str:
    found = _cell(cells, head, name, place).lower() or default
    return "false" if found in _FALSE else "true"


def _address(text: str) -> str | None:
    """`name@host` in lower case; a name alone is somebody here."""
    name, at, host = text.strip().removeprefix("acct:").lstrip("@").lower().partition("@")
    known = normalise_host(host) if at else current().domain
    return f"{name}@{known}" if name and known and not set(name) & set(" /@,") and len(name) < 200 else None
