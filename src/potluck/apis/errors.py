"""A refused call, whatever the API: each API puts it into its own shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """A call is refused.

    Args:
        status: HTTP status.
        text: what the app shows.
        description: further text.
        details: per field, for sign-up: `{field: [{error, description}]}`.
        headers: further headers.
        code: a word that programs know, where the API has such words.
    """

    def __init__(self, status: int, text: str, description: str | None = None, *,
                 details: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None,
                 code: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.description = description
        self.details = details
        self.headers = dict(headers or {})
        self.code = code
