"""What one job in the sandbox may use."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one job. Reaching any of them ends it with `Exhausted`."""

    memory: int = 1024 * MIB  # bytes of memory of its own
    cpu_seconds: int = 60  # of all its threads together
    wall_seconds: float = 120.0
    output_bytes: int = 256 * MIB  # all files together, and each
    files: int = 100
    nice: int = 10  # how far it stands back behind the server itself
