"""Errors in the shape of the Mastodon API: `{"error": text}`, never a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from litestar.exceptions import HTTPException

from potluck.social.errors import Invalid, SocialError, TooMany

log = structlog.get_logger(__name__)

_TEXTS = {400: "Bad request", 401: "The access token is invalid", 403: "This action is not allowed",
          404: "Record not found", 405: "This method is not allowed here", 410: "Gone",
          413: "The request is too large", 429: "Too many requests", 503: "Temporarily unavailable"}


class ApiError(Exception):
    """A call is refused.

    Args:
        status: HTTP status.
        text: what the app shows.
        description: further text (`error_description`).
        details: per field, for sign-up: `{field: [{error, description}]}`.
        headers: further headers.
    """

    def __init__(self, status: int, text: str, description: str | None = None, *,
                 details: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.description = description
        self.details = details
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        found: dict[str, Any] = {"error": self.text}
        if self.description is not None:
            found["error_description"] = self.description
        if self.details:
            found["details"] = self.details
        return found


def not_found() -> ApiError:
    """Unknown, or not for the asker to see."""
    return ApiError(404, "Record not found")


def from_exception(error: Exception) -> ApiError:
    """What an exception of any room becomes for an app. Faults of ours are logged."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, SocialError):
        return _from_social(error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return ApiError(error.status_code, _TEXTS.get(error.status_code, "Bad request"),
                        headers={key: value for key, value in (error.headers or {}).items() if key.lower() == "allow"})
    log.error("api_failed", exc_info=error)
    return ApiError(500, "Something went wrong on our side")


def _from_social(error: SocialError) -> ApiError:
    if isinstance(error, TooMany):
        return ApiError(429, "Too many requests", headers={"Retry-After": str(error.retry_after)})
    if isinstance(error, Invalid) and not error.text.startswith("Validation failed"):
        return ApiError(422, f"Validation failed: {error.text}")
    status = 422 if error.status == 409 else error.status
    return ApiError(status, error.text)
