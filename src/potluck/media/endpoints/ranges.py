"""The Range header (RFC 9110, section 14)."""

from __future__ import annotations

import re

_SPEC = re.compile(r"([0-9]{0,19})-([0-9]{0,19})")
_MOST = 16

WHOLE = None


class Unsatisfiable(Exception):
    """No part that was asked for exists (416)."""


def part(header: str, size: int) -> tuple[int, int] | None:
    """The part of a file that a Range header asks for, as first byte and the one behind the last.

    Parts that touch are one. Of several that do not, none is picked: the whole file is a proper answer and costs
    the asker no more than it wanted, while an answer of many parts could be made to cost us much.

    Args:
        header: the value; '' without one.
        size: of the file.

    Returns:
        `WHOLE` if the whole file is to be sent (no header, another unit, not to be understood, several parts).

    Raises:
        Unsatisfiable: all of it lies behind the end.
    """
    unit, _, rest = header.partition("=")
    if unit.strip().lower() != "bytes":
        return WHOLE
    wanted = [_SPEC.fullmatch(spec.strip()) for spec in rest.split(",", _MOST)]
    if len(wanted) > _MOST:
        return WHOLE
    parts = []
    for found in wanted:
        if found is None or (not found[1] and not found[2]):
            return WHOLE
        if found[1] and found[2] and int(found[2]) < int(found[1]):
            return WHOLE
        span = _span(found[1], found[2], size)
        if span is not None:
            parts.append(span)
    if not parts:
        raise Unsatisfiable
    return _joined(sorted(parts))


def _span(first: str, last: str, size: int) -> tuple[int, int] | None:
    if not first:
        length = min(int(last), size)
        return (size - length, size) if length else None
    if int(first) >= size:
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _joined(parts: list[tuple[int, int]]) -> tuple[int, int] | None:
    start, end = parts[0]
    for first, behind in parts[1:]:
        if first > end:
            return WHOLE
        end = max(end, behind)
    return start, end
