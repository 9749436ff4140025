"""What people share: one package each, listed here once. Adding a kind is adding a package and a line."""

from __future__ import annotations

from potluck.kinds import article, fallback, link, note


def install() -> None:
    """Register every kind. Calling it again has no effect."""
    note.install()
    link.install()
    article.install()
    fallback.install()
