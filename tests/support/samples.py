"""Real payloads by program. They lie beside the checkout, as they are nobody's to redistribute."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "wire" / "samples"


def sample(name: str) -> dict[str, Any]:
    """The document `software/name`, with or without `.json`.

    Raises:
        AssertionError: the samples are not there; the text says where they belong.
    """
    path = SAMPLES / f"{name.removesuffix('.json')}.json"
    assert path.exists(), f"payload samples are absent: expected {path} (they belong beside the checkout)"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
