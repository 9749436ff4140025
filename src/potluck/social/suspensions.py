"""Whose a suspension is: ours, or that of the actor's own server, which may take back its own and no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BY_ORIGIN = "suspended_by_origin"  # in `Actor.extra`; documents cannot set it, they are read key by key


def is_by_origin(extra: Mapping[str, Any]) -> bool:
    """Whether an actor with this `extra` is suspended by its own server, and by nobody here."""
    return bool(extra.get(_BY_ORIGIN))


def marked(extra: Mapping[str, Any], *, by_origin: bool) -> dict[str, Any]:
    """`extra` of an actor that says whose its suspension is."""
    rest = {key: value for key, value in extra.items() if key != _BY_ORIGIN}
    return rest | ({_BY_ORIGIN: True} if by_origin else {})
