"""Errors in the shape of WriteFreely's API: `{"code": 404, "error_msg": "…"}`, with the same HTTP status."""

from __future__ import annotations

from typing import Any

import structlog
from litestar.exceptions import HTTPException

from potluck.apis.errors import ApiError
from potluck.social.errors import Conflict, Invalid, NotAllowed, NotFound, SocialError, TooMany

log = structlog.get_logger(__name__)


def body_of(error: ApiError) -> dict[str, Any]:
    """The JSON of a refusal."""
    return {"code": error.status, "error_msg": error.text}


def from_exception(error: Exception) -> ApiError:
    """What an exception of any room becomes for an app. Faults of ours are logged."""
    if isinstance(error, ApiError):
        return ApiError(400 if error.status == 422 else error.status, _plain(error.text), headers=error.headers)
    if isinstance(error, SocialError):
        return _from_social(error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return ApiError(error.status_code, "Not found" if error.status_code == 404 else error.detail)
    log.error("api_failed", exc_info=error)
    return ApiError(500, "Something went wrong on our side")


def _from_social(error: SocialError) -> ApiError:
    text = _plain(error.text)
    if isinstance(error, TooMany):
        return ApiError(429, text, headers={"retry-after": str(error.retry_after)})
    if isinstance(error, Invalid):
        return ApiError(409 if error.code == "taken" else 400, text)
    if isinstance(error, NotFound):
        return ApiError(404, "Not found")
    return ApiError(error.status if isinstance(error, NotAllowed | Conflict) else 400, text)


def _plain(text: str) -> str:
    return text.removeprefix("Validation failed: ")
