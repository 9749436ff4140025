"""Markdown as it will look."""

from __future__ import annotations

from potluck.apis.errors import ApiError
from potluck.apis.writefreely.endpoint import Answer, Call, data, endpoint
from potluck.kinds.article import actions
from potluck.kinds.article.actions import ArticleRequest

MOST = 200_000
"""Characters that are rendered for whoever asks."""


@endpoint("POST", "/markdown", who="anyone")
async def markdown(call: Call) -> Answer:
    """A text as HTML, by the same hand as what is published."""
    text = call.params.text("raw_body")
    if not text.strip():
        raise ApiError(400, "Expected a text in raw_body")
    if len(text) > MOST and call.viewer_id is None:
        raise ApiError(413, "This is too long")
    prepared = await actions.prepare(call.db, None, ArticleRequest(text, title="-"))
    return data({"body": prepared.long.rendered.html})


route_handlers = [markdown]
