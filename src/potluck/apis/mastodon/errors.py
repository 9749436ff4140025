"""Errors in the shape of the Mastodon API: `{"error": text}`, never a page."""

from __future__ import annotations

from typing import Any

import structlog
from litestar.exceptions import HTTPException

from potluck.apis.errors import ApiError
from potluck.social.errors import Invalid, SocialError, TooMany

__all__ = ["ApiError", "body_of", "from_exception", "not_found"]

log = structlog.get_logger(__name__)

_TEXTS = {400: "Bad request", 401: "The access token is invalid", 403: "This action is not allowed",
          404: "Record not found", 405: "This method is not allowed here", 410: "Gone",
          413: "The request is too large", 429: "Too many requests", 503: "Temporarily unavailable"}


def body_of(error: ApiError) -> dict[str, Any]:
    """The JSON of a refusal."""
    found: dict[str, Any] = {"error": error.text}
    if error.description is not None:
        found["error_description"] = error.description
    if error.details:
        found["details"] = error.details
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
