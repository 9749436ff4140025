"""Posts for communities that are put aside or published later."""

from __future__ import annotations

from potluck.kinds.link import actions
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.publishing_later import Requests

REQUESTS = Requests("link", LinkRequest, actions.check, actions.compose)
LATER = REQUESTS.later()
