"""Nonsense in every parameter of every call: refused in Lemmy's shape, and never a fault of ours."""

from __future__ import annotations

from typing import Any

import pytest

from potluck.apis.lemmy.routes import route_handlers

from .conftest import Api
from .test_admin import role

NAMES = (
    "id", "person_id", "community_id", "post_id", "comment_id", "parent_id", "report_id", "private_message_id",
    "recipient_id", "instance_id", "comment_reply_id", "person_mention_id", "post_ids", "name", "title", "content", "q",
    "url", "reason", "page", "limit", "page_cursor", "max_depth", "sort", "type_", "listing_type", "score", "block",
    "read", "removed", "deleted", "locked", "featured", "feature_type", "added", "ban", "expires", "hidden", "hide",
    "resolved", "follow", "save", "approve", "password", "old_password", "new_password", "new_password_verify", "email",
    "token", "avatar", "bio", "settings", "followed_communities", "discussion_languages", "sidebar", "taglines",
    "shortcode", "image_url", "username", "creator_id", "community_name", "mod_person_id", "other_person_id",
    "honeypot", "language_id", "visibility", "description", "icon", "delete_content", "distinguished", "thumbnail")
LAST = ("/delete_account", "/logout", "/leave_admin")
VALUES: tuple[Any, ...] = (
    "\x00", -1, 0, 2**63, 10**30, 1.5, True, None, [], {}, ["x", None, {}], {"a": {"b": []}}, "x" * 5000, "NaN",
    "%00' OR 1=1", "\u202e", "null", "../../etc", "true")


def calls() -> list[tuple[str, str]]:
    """Method and path of every call, but of those after which the rest would be asked by nobody."""
    return sorted((str(getattr(method, "value", method)), path) for handler in route_handlers
                  for path in handler.paths for method in handler.http_methods if not path.endswith(LAST))


@pytest.mark.parametrize("start", [0, 5, 11])
async def test_nonsense(api: Api, gardens, start: int) -> None:
    """As an administrator, whom no call turns away before it has read what was sent."""
    await role(api, "mia", "admin")
    post = await api.link("mia", gardens)
    faults = []
    for number, (method, path) in enumerate(calls()):
        values = {name: VALUES[(number + place + start) % len(VALUES)] for place, name in enumerate(NAMES)}
        if start == 11:  # right ids, so that more of the call is reached
            values |= {"post_id": post.id, "community_id": gardens.id, "person_id": api.cast.bob.id, "name": "x"}
        options: dict[str, Any] = {"json": values} if method != "GET" else {
            "params": {key: str(value) for key, value in values.items() if value not in ([], {}, None)}}
        headers = {"Authorization": f"Bearer {await api.token('mia')}"}
        answer = await api.http.request(method, path.replace("{name:str}", "x").replace("{token:str}", "x"),
                                        headers=headers, **options)
        shaped = answer.status_code < 400 or {"error", "msg"} & set(answer.json())
        if answer.status_code >= 500 or not shaped:
            faults.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
    assert not faults, "\n".join(faults)
