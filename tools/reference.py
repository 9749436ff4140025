"""Writes what the documentation has from the program itself (`make docs`).

That is the settings table of `docs/operators/configuration.md`, and the calls of each API in `docs/apps/`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, fields
from typing import Any

from places import ROOT
from potluck.apis.lemmy import routes as lemmy
from potluck.apis.mastodon import routes as mastodon
from potluck.apis.micropub import routes as micropub
from potluck.apis.writefreely import routes as writefreely
from potluck.setting_values import size, written_size
from potluck.settings import Settings

APIS: dict[str, Any] = {
    "mastodon": mastodon, "lemmy": lemmy, "writefreely": writefreely, "micropub": micropub}
"""The page of each API has its name."""

_CALLS_BEGIN = "<!-- calls: written by `make docs` -->\n"
PAGE = ROOT / "docs" / "operators" / "configuration.md"
_BEGIN = "<!-- settings: written by `make docs` -->\n"
_END = "<!-- end of settings -->\n"


def main() -> None:
    """Bring the page up to date."""
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    for name in APIS:
        page = ROOT / "docs" / "apps" / f"{name}.md"
        page.write_text(with_calls(page.read_text(encoding="utf-8"), name), encoding="utf-8")


def with_calls(page: str, api: str) -> str:
    """The page with every call of an API behind its mark, module by module."""
    before = page.partition(_CALLS_BEGIN)[0]
    return before + _CALLS_BEGIN + "".join(_module(module, api) for module in APIS[api].MODULES)


def _module(module: Any, api: str) -> str:
    title = " ".join(module.__doc__.partition("\n\n")[0].split())
    file = f"apis/{api}/{module.__name__.rpartition('.')[2]}.py"
    rows = "".join(_call(handler, path) for handler in module.route_handlers for path in sorted(handler.paths))
    return f"\n### {title}\n\n`{file}`\n\n| call | path | |\n| --- | --- | --- |\n{rows}"


def _call(handler: Any, path: str) -> str:
    found = getattr(handler, "http_methods", None)
    methods = ", ".join(sorted(getattr(method, "value", method) for method in found)) if found else "WebSocket"
    doc = " ".join((handler.fn.__doc__ or "").partition("\n\n")[0].split()).replace("|", "\\|")
    return f"| {methods} | `{path.replace(':str', '').replace(':path', '')}` | {doc} |\n"


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
    return f"| `{setting.name}` | `POTLUCK_{setting.name.upper()}` | {_default(setting)} | {doc} |\n"


def _default(setting: Field[Any]) -> str:
    default: Any = setting.default
    return _shown(written_size(default) if setting.metadata["parse"] is size else default)


def _shown(value: object) -> str:
    if value is True or value is False:
        return f"`{str(value).lower()}`"
    if isinstance(value, Iterable) and not isinstance(value, str):
        value = ",".join(map(str, value))
    return f"`{value}`" if str(value) else "empty"


if __name__ == "__main__":
    main()
