"""Errors as OAuth 2 and Micropub write them: a word for the program, a sentence for whoever reads it."""

from __future__ import annotations

from typing import Any

import structlog
from litestar.exceptions import HTTPException

from potluck.apis.errors import ApiError
from potluck.social.errors import Invalid, NotFound, SocialError, TooMany

log = structlog.get_logger(__name__)

INVALID, UNAUTHORIZED, FORBIDDEN = "invalid_request", "unauthorized", "forbidden"
_WORDS = {401: UNAUTHORIZED, 403: FORBIDDEN, 429: "too_many_requests", 503: "temporarily_unavailable"}


def invalid(text: str) -> ApiError:
    """The request cannot be understood, or names what is not there."""
    return ApiError(400, INVALID, text)


def forbidden(text: str) -> ApiError:
    """It is understood, and not for who asks."""
    return ApiError(403, FORBIDDEN, text)


def unauthorized(text: str, code: str = "") -> ApiError:
    """There is no token, or none that is known."""
    reason = f', error="{code}"' if code else ""
    return ApiError(401, UNAUTHORIZED, text, headers={"www-authenticate": f'Bearer realm="Potluck"{reason}'})


def insufficient_scope(wanted: str) -> ApiError:
    """The token is good, but not for this. 401, as the Recommendation has it."""
    return ApiError(401, "insufficient_scope", "The person did not allow this app to do this", details={
        "scope": wanted}, headers={"www-authenticate": f'Bearer realm="Potluck", error="insufficient_scope", '
                                                       f'scope="{wanted}"'})


def body_of(error: ApiError) -> dict[str, Any]:
    """The JSON of a refusal."""
    return {"error": error.text, "error_description": error.description or "", **(error.details or {})}


def from_exception(error: Exception) -> ApiError:
    """What an exception of any room becomes for an app. Faults of ours are logged."""
    if isinstance(error, ApiError):
        return error if error.description is not None else _worded(error.status, error.text, error.headers)
    if isinstance(error, NotFound):
        return invalid("There is no such post, or it is not yours")
    if isinstance(error, TooMany):
        return _worded(429, error.text, {"retry-after": str(error.retry_after)})
    if isinstance(error, SocialError):
        status = 413 if isinstance(error, Invalid) and error.code == "too_large" else error.status
        return _worded(status, error.text, {})
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _worded(error.status_code, error.detail, {})
    log.error("api_failed", exc_info=error)
    return ApiError(500, "server_error", "Something went wrong on our side")


def _worded(status: int, text: str, headers: dict[str, str]) -> ApiError:
    status = 400 if status in (409, 422) else status
    return ApiError(status, _WORDS.get(status, INVALID), text.removeprefix("Validation failed: "), headers=headers)
