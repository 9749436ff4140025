"""Notes that are put aside or published later."""

from __future__ import annotations

from potluck.kinds.note import actions
from potluck.kinds.note.actions import NoteRequest
from potluck.kinds.publishing_later import Requests

REQUESTS = Requests("note", NoteRequest, actions.check, actions.compose)
LATER = REQUESTS.later()
