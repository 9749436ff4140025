"""Strict, bounded JSON: one object, no NaN, no excess of bytes or depth, on request no repeated keys."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from potluck.federation.errors import InvalidJson

MAX_BYTES = 1_000_000
MAX_DEPTH = 64

_decoder = msgspec.json.Decoder()


def parse(
    data: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH, unique_keys: bool = False
) -> dict[str, Any]:
    """Parse one JSON object.

    Args:
        data: UTF-8 bytes, or text.
        max_bytes: longest input taken.
        max_depth: deepest nesting of arrays and objects taken.
        unique_keys: refuse objects that name a key twice. Slower; needed before a proof over the parsed
            document is believed, because two parsers could see two documents (protocol §5).

    Raises:
        InvalidJson: anything else than such an object.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > max_bytes:
        raise InvalidJson(f"more than {max_bytes} bytes of JSON")
    # Checked before parsing: brackets inside of strings only cost a second, exact look.
    if raw.count(b"[") + raw.count(b"{") > max_depth:
        _check_depth(raw, max_depth)
    try:
        value = _decoder.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidJson(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidJson("not a JSON object")
    if b"\\u0000" in raw:
        _check_no_nul(value)
    if unique_keys:
        _check_unique_keys(raw)
    return value


def dump(value: Any) -> bytes:
    """Compact JSON in UTF-8; the order of keys is kept."""
    return msgspec.json.encode(value)


_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _check_depth(raw: bytes, max_depth: int) -> None:
    unescaped = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = b"".join(unescaped.split(b'"')[::2])
    depth = 0
    for bracket in outside_strings.translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > max_depth:
            raise InvalidJson(f"JSON nested deeper than {max_depth}")


def _check_no_nul(value: Any) -> None:
    """PostgreSQL cannot store U+0000 in text, and nobody writes it."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\x00" in item:
                raise InvalidJson("U+0000 in a JSON string")
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _check_unique_keys(raw: bytes) -> None:
    def pairs(members: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in members}) != len(members):
            raise InvalidJson("a key occurs twice in one JSON object")

    json.loads(raw, object_pairs_hook=pairs)
