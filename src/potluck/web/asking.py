"""The types by which a page says what it needs of a request: who is looking, the form, parts of the path."""

from __future__ import annotations

from typing import TypeAlias

from potluck.web.auth import Viewer
from potluck.web.forms import Form

Me: TypeAlias = Viewer
"""Someone signed in: as `me` anyone, as `staff` a moderator, as `admin` an administrator."""

Guest: TypeAlias = Viewer | None
"""As `viewer`: who is looking, perhaps nobody."""

SentForm: TypeAlias = Form
"""As `form`: what was sent."""

PathId: TypeAlias = int
PathWord: TypeAlias = str
