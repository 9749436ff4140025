"""How often apps may call: all together by the operator's `account_calls`, some acts more narrowly, as with Lemmy."""

from __future__ import annotations

from typing import Literal

from potluck.apis import limits
from potluck.apis.limits import Windows

Act = Literal["message", "register", "post", "image", "comment", "search", "import_user_settings"]

FIGURES: dict[Act, tuple[int, int]] = {
    "register": (10, 3600), "post": (6, 600), "image": (6, 600), "comment": (6, 60), "search": (60, 600),
    "import_user_settings": (1, 86400)}
"""Act -> how many in so many seconds."""

general = Windows(limits.LIMIT, limits.WINDOW_SECONDS)
of_acts: dict[Act, Windows] = {act: Windows(most, seconds) for act, (most, seconds) in FIGURES.items()}


def forget() -> None:
    """Forget what was counted (tests)."""
    for windows in (general, *of_acts.values()):
        windows.clear()
