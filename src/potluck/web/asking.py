"""The types by which a page says what it needs of a request: who is looking, the form, parts of the path."""

from __future__ import annotations

from typing import TypeAlias

from litestar.di import NamedDependency
from litestar.params import FromPath

from potluck.web.auth import Viewer
from potluck.web.forms import Form

Me: TypeAlias = NamedDependency[Viewer]
"""Someone signed in: as `me` anyone, as `staff` a moderator, as `admin` an administrator."""

Guest: TypeAlias = NamedDependency[Viewer | None]
"""As `viewer`: who is looking, perhaps nobody."""

SentForm: TypeAlias = NamedDependency[Form]
"""As `form`: what was sent."""

PathId: TypeAlias = FromPath[int]
PathWord: TypeAlias = FromPath[str]
