"""Errors in the shape of the Lemmy API: `{"error": code, "message"?: text}`, with the codes that apps know."""

from __future__ import annotations

from typing import Any

import structlog
from litestar.exceptions import HTTPException

from potluck.apis.errors import ApiError
from potluck.social.accounts.signin import WrongCredentials
from potluck.social.errors import Conflict, Invalid, NotAllowed, SocialError, TooMany

__all__ = ["ApiError", "body_of", "from_exception", "missing", "refused"]

log = structlog.get_logger(__name__)

_WORDS = {
    "You are banned from this community": "banned_from_community",
    "Only moderators may post in this community": "only_mods_can_post_in_community",
    "Only moderators of this community may do this": "not_a_moderator",
    "This community was removed": "cannot_create_post_or_comment_in_deleted_or_removed_community",
    "This post is locked": "locked",
    "This community takes no downvotes": "downvotes_are_disabled",
    "This community lives on another server": "object_not_local",
    "This moderator was appointed before you": "not_higher_mod",
    "This server takes no new accounts": "registration_closed",
    "You cannot block yourself": "cant_block_yourself",
    "Only who leads the community may close it": "not_top_mod",
}
"""What our rules say in English, in Lemmy's words."""

_FIELDS = {"title": "invalid_post_title", "link": "invalid_url", "text": "invalid_body_field",
           "password": "invalid_password", "username": "invalid_name", "email": "invalid_email",
           "display_name": "invalid_display_name", "note": "bio_length_overflow",
           "reason": "registration_application_answer_required"}
_TAKEN = {"username": "user_already_exists", "email": "email_already_exists"}
_STATUS = {400: "invalid_body_field", 401: "not_logged_in", 403: "not_allowed", 404: "not_found", 405: "not_found",
           413: "too_large", 422: "invalid_body_field", 429: "rate_limit_error"}


def refused(code: str, status: int = 400, message: str = "") -> ApiError:
    """A refusal by a word that apps know."""
    return ApiError(status, message, code=code)


def missing(what: str) -> ApiError:
    """A post, comment, community, person or object that does not exist, or is not for the asker to see."""
    return ApiError(404, "", code=f"couldnt_find_{what}")


def body_of(error: ApiError) -> dict[str, Any]:
    """The JSON of a refusal."""
    code = error.code or _STATUS.get(error.status, "unknown")
    return {"error": code, "message": error.text} if error.text else {"error": code}


def from_exception(error: Exception) -> ApiError:
    """What an exception of any room becomes for an app. Faults of ours are logged."""
    if isinstance(error, ApiError):
        return error if error.code else _from_machinery(error)
    if isinstance(error, SocialError):
        return _from_social(error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return ApiError(error.status_code, "", code=_STATUS.get(error.status_code, "unknown"))
    log.error("api_failed", exc_info=error)
    return ApiError(500, "Something went wrong on our side", code="unknown")


def _from_machinery(error: ApiError) -> ApiError:
    """A refusal by what all APIs share: parameters, limits, networks."""
    status = 400 if error.status == 422 else error.status
    return ApiError(status, error.text.removeprefix("Validation failed: "), headers=error.headers,
                    code=_STATUS.get(error.status, "unknown"))


def _from_social(error: SocialError) -> ApiError:
    if isinstance(error, TooMany):
        return ApiError(429, error.text, headers={"retry-after": str(error.retry_after)}, code="rate_limit_error")
    if isinstance(error, WrongCredentials):
        return ApiError(401, "", code="incorrect_login")
    if isinstance(error, Invalid):
        names = _TAKEN if error.code in ("taken", "reserved") else _FIELDS
        return ApiError(400, error.text.removeprefix("Validation failed: "), code=names.get(
            error.field, "invalid_body_field"))
    if isinstance(error, NotAllowed | Conflict):
        return ApiError(400, error.text, code=_WORDS.get(error.text, "not_allowed"))
    return ApiError(404, "", code="not_found")
