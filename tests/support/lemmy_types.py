"""What Lemmy's own JavaScript client expects: its type declarations, as checks of answers.

    types = lemmy_types.load()
    types.check_answer("GET", "/post", answer.json())

An answer has every field that is not optional, none that is not declared, and no null where null is not declared.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from support import clients

_FIELD = re.compile(r"^\s+([A-Za-z0-9_]+)(\??): ([^;{]+);", re.MULTILINE)
_ALIAS = re.compile(r"export type (\w+) = ([^;{]+);")
_CALL = re.compile(r"`HTTP\.(\w+) (/[^`]*)`.*?\*/\s+(\w+)\([^)]*\): Promise<([^;]+)>;", re.DOTALL)
_PLAIN: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float), "boolean": (bool,)}
_OTHERWISE = {("GET", "/user/export_settings"): "any", ("GET", "/image_proxy"): "any"}
"""What the declarations say wrongly (an export is a record, whatever stands in it), or not at all."""


class Types:
    """The declarations of a release.

    Attributes:
        calls: (method, path) -> the type of its answer.
        functions: name of the client's function -> the type of its answer.
        errors: the words of refusals.
    """

    def __init__(self, folder: Path) -> None:
        self.records: dict[str, dict[str, tuple[bool, str]]] = {}
        self.aliases: dict[str, str] = {}
        for path in sorted((folder / "types").glob("*.d.ts")):
            text = path.read_text(encoding="utf-8")
            self.aliases.update(_ALIAS.findall(text))
            if "export interface" in text:
                self.records[path.name.removesuffix(".d.ts")] = {
                    name: (mark == "?", kind) for name, mark, kind in _FIELD.findall(text)}
        http = (folder / "http.d.ts").read_text(encoding="utf-8")
        self.calls = {(method.upper(), path): kind for method, path, _, kind in _CALL.findall(http)} | _OTHERWISE
        self.functions = {name: kind for _, _, name, kind in _CALL.findall(http)} | {"exportSettings": "any"}
        self.errors = set(re.findall(r'"([a-z0-9_]+)"', (folder / "types" / "LemmyErrorType.d.ts").read_text()))

    def check_answer(self, method: str, path: str, value: Any) -> None:
        """Whether a good answer is what the client expects of this call."""
        kind = self.calls.get((method, path))
        assert kind is not None, f"{method} {path} is no call of the client"
        self.check(value, kind, path)

    def check(self, value: Any, kind: str, where: str) -> None:
        """Whether a value has a type."""
        kind = kind.strip()
        if kind == "any":
            return
        if " | " in kind:
            self._check_choice(value, kind.split(" | "), where)
        elif kind.startswith("Array<") or kind.endswith("[]"):
            assert isinstance(value, list), f"{where}: {value!r} is no list"
            inner = kind.removeprefix("Array<").removesuffix(">").removesuffix("[]")
            for number, item in enumerate(value):
                self.check(item, inner, f"{where}[{number}]")
        elif kind in _PLAIN:
            right = isinstance(value, _PLAIN[kind]) and (kind == "boolean" or not isinstance(value, bool))
            assert right, f"{where}: {value!r} is no {kind}"
        elif kind in self.aliases:
            self.check(value, self.aliases[kind], where)
        elif kind in self.records:
            self._check_record(value, kind, where)
        else:
            raise AssertionError(f"{where}: unknown type {kind}")

    def _check_choice(self, value: Any, kinds: list[str], where: str) -> None:
        words = {kind.strip('"') for kind in kinds if kind.startswith('"')}
        if words:
            assert value in words, f"{where}: {value!r} is none of {sorted(words)}"
        elif not (value is None and "null" in kinds):
            self.check(value, next(kind for kind in kinds if kind != "null"), where)

    def _check_record(self, value: Any, name: str, where: str) -> None:
        assert isinstance(value, dict), f"{where}: {value!r} is no {name}"
        fields = self.records[name]
        missing = sorted(key for key, (optional, _) in fields.items() if not optional and key not in value)
        assert not missing, f"{where}: {name} lacks {missing}"
        unknown = sorted(value.keys() - fields.keys())
        assert not unknown, f"{where}: {name} has {unknown}"
        for key, item in value.items():
            self.check(item, fields[key][1], f"{where}.{key}")


@lru_cache(maxsize=1)
def load() -> Types:
    """The declarations of the locked release."""
    return Types(clients.node_client("lemmy-js-client").folder / "node_modules" / "lemmy-js-client" / "dist")
