"""Writes the settings table of `docs/operators/configuration.md` from the settings themselves (`make docs`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, fields
from typing import Any

from places import ROOT
from potluck.settings import Settings

PAGE = ROOT / "docs" / "operators" / "configuration.md"
_BEGIN = "<!-- settings: written by `make docs` -->\n"
_END = "<!-- end of settings -->\n"


def main() -> None:
    """Bring the page up to date."""
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def renewed(page: str) -> str:
    """The page with the table of today's settings between its two marks."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return before + _BEGIN + _table() + _END + after


def _table() -> str:
    rows = "".join(_row(setting) for setting in fields(Settings))
    return f"| in `potluck.toml` | environment | default | meaning |\n| --- | --- | --- | --- |\n{rows}"


def _row(setting: Field[Any]) -> str:
    doc = str(setting.metadata["doc"]).replace("|", "\\|")
    return f"| `{setting.name}` | `POTLUCK_{setting.name.upper()}` | {_shown(setting.default)} | {doc} |\n"


def _shown(value: object) -> str:
    if value is True or value is False:
        return f"`{str(value).lower()}`"
    if isinstance(value, Iterable) and not isinstance(value, str):
        value = ",".join(map(str, value))
    return f"`{value}`" if str(value) else "empty"


if __name__ == "__main__":
    main()
