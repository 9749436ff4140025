"""Reads the parameters of a call, in whichever form the app sends them: query, form, multipart, JSON.

Apps mix all of these, on every method (Mastodon.py sends JSON with a GET, toot sends it with a DELETE), and spell
lists as `id[]=1&id[]=2`, `id[0]=1`, `id=1&id=2` or a JSON array. All end in one dictionary of plain values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request

from potluck.apis.errors import ApiError
from potluck.media.multipart_form import read_form
from potluck.media.quotas import TooLarge
from potluck.social.errors import Invalid

MAX_BODY = 1024 * 1024
MAX_FIELDS = 1000
MAX_DEPTH = 6
LARGEST_ID = 2**53 - 1

_NAME = re.compile(r"[^\[\]]+")
_INDEX = re.compile(r"\[([^\[\]]*)\]")
_TRUE = frozenset({"1", "true", "t", "on", "yes"})
_FALSE = frozenset({"0", "false", "f", "off", "no", ""})


class Upload:
    """A file in a multipart body of a call that takes files; on disk at `path` until the call ends."""

    __slots__ = ("filename", "path")

    def __init__(self, filename: str, path: Path) -> None:
        self.filename = filename
        self.path = path


class Params:
    """The parameters of a call, read by type. A value of a wrong type counts as a mistake of the caller (422)."""

    __slots__ = ("values",)

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def _last(self, name: str) -> Any:
        value = self.values.get(name)
        if isinstance(value, list):
            return value[-1] if value else None
        return value

    def text(self, name: str, default: str = "") -> str:
        """A text; `default` if it is absent or null."""
        found = self.optional_text(name)
        return default if found is None else found

    def optional_text(self, name: str) -> str | None:
        """A text, None if it is absent or null."""
        value = self._last(name)
        if value is None or isinstance(value, Upload):
            return None
        if isinstance(value, dict):
            raise ApiError(422, f"Validation failed: {name} must be text")
        return _as_text(value)

    def required(self, name: str) -> str:
        """A text that must be there.

        Raises:
            ApiError: it is absent or empty (400).
        """
        value = self.text(name)
        if not value:
            raise ApiError(400, f"Missing parameter: {name}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A truth value in any spelling; `default` if it is absent."""
        found = self.optional_flag(name)
        return default if found is None else found

    def optional_flag(self, name: str) -> bool | None:
        """A truth value in any spelling, None if it is absent (which is not the same as false)."""
        value = self._last(name)
        if value is None or isinstance(value, bool):
            return value
        word = _as_text(value).strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise ApiError(422, f"Validation failed: {name} must be true or false")

    def whole(self, name: str) -> int | None:
        """A whole number, None if it is absent or empty."""
        value = self._last(name)
        if value is None or value == "":
            return None
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
            return int(value)
        word = _as_text(value).strip()
        if not re.fullmatch(r"-?[0-9]{1,18}", word):
            raise ApiError(422, f"Validation failed: {name} must be a whole number")
        return int(word)

    def ident(self, name: str) -> int | None:
        """An id, None if it is absent or empty; something that can be no id becomes 0, which nothing has."""
        value = self.text(name)
        return None if value in ("", "null", "None") else parse_id(value) or 0

    def idents(self, name: str) -> list[int]:
        """A list of ids, each once, in the order given; what can be no id is left out."""
        found = (parse_id(word) for word in self.texts(name))
        return list(dict.fromkeys(value for value in found if value))

    def texts(self, name: str) -> list[str]:
        """A list of texts; a single value is a list of one."""
        return [_as_text(item) for item in self.items(name) if item is not None and not isinstance(item, dict)]

    def items(self, name: str) -> list[Any]:
        """A list of whatever was sent; a single value is a list of one, a map with numbers as keys its values."""
        value = self.values.get(name)
        if value is None:
            return []
        if isinstance(value, dict):
            return list(value.values()) if all(key.isdigit() for key in value) else [value]
        return value if isinstance(value, list) else [value]

    def records(self, name: str) -> list[Params]:
        """A list of nested parameters (`fields_attributes`, `keywords_attributes`)."""
        return [Params(item) for item in self.items(name) if isinstance(item, dict)]

    def nested(self, name: str) -> Params:
        """Nested parameters (`poll`, `source`); none if absent."""
        value = self.values.get(name)
        return Params(value) if isinstance(value, dict) else Params({})

    def upload(self, name: str) -> tuple[Path, str] | None:
        """A file and what it is called, None if there is none (or the call takes none)."""
        value = self._last(name)
        return (value.path, value.filename) if isinstance(value, Upload) else None

    def uploads(self, name: str) -> list[tuple[Path, str]]:
        """All files of a name, in the order in which they came."""
        return [(value.path, value.filename) for value in self.items(name) if isinstance(value, Upload)]

    def point(self, name: str) -> tuple[float, float] | None:
        """Two numbers (`0.5,-0.3`), None if absent or empty."""
        value = self.text(name).strip()
        if not value:
            return None
        try:
            x, y = (float(part) for part in value.split(","))
        except ValueError as error:
            raise ApiError(422, f"Validation failed: {name} must be two numbers, as in 0.5,-0.3") from error
        return x, y

    def moment(self, name: str) -> datetime | None:
        """A time with zone, None if it is absent or empty."""
        value = self.text(name)
        if not value:
            return None
        try:
            found = datetime.fromisoformat(value.replace(" ", "+"))
        except ValueError as error:
            raise ApiError(422, f"Validation failed: {name} must be a time") from error
        if found.tzinfo is None:
            raise ApiError(422, f"Validation failed: {name} must be a time with its zone")
        return found


def parse_id(word: str) -> int | None:
    """The id in a text, None if it is none. Ids are decimal digits below 2^53."""
    if not word.isascii() or not word.isdigit() or len(word) > 20:
        return None
    return min(int(word), LARGEST_ID)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return ""


def of_query(query: bytes) -> Params:
    """The parameters of a query string."""
    return Params(tree(_pairs(query.decode("latin-1"))))


async def read(request: Request[Any, Any, Any], *, most: int = MAX_BODY, array: str = "") -> Params:
    """All parameters of a request; those of the body win over those of the query.

    Args:
        most: bytes that a body may have.
        array: under which name a body is found that is a JSON array; '' where none is taken.

    Raises:
        ApiError: the body is too large (413), or not what its content type says (400).
    """
    values = tree(_pairs(request.scope["query_string"].decode("latin-1")))
    if _has_body(request):
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            values.update(tree(await _of_multipart(request)))
        else:
            values.update(_of_body(await _body(request, most), kind, array))
    return Params(values)


def _has_body(request: Request[Any, Any, Any]) -> bool:
    for name, value in request.scope["headers"]:
        if name == b"transfer-encoding" or (name == b"content-length" and value not in (b"", b"0")):
            return True
    return False


async def _body(request: Request[Any, Any, Any], most: int) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise ApiError(413, "The request is too large")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise ApiError(413, "The request is too large")
        parts.append(part)
    return b"".join(parts)


def _of_body(body: bytes, kind: str, array: str) -> dict[str, Any]:
    if not body.strip():
        return {}
    if kind == "application/json" or kind.endswith("+json"):
        return _of_json(body, array)
    if kind in ("application/x-www-form-urlencoded", ""):
        try:
            return tree(_pairs(body.decode("utf-8")))
        except UnicodeDecodeError as error:
            raise ApiError(400, "The form is not UTF-8") from error
    return {}


def _of_json(body: bytes, array: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, "The request body is not valid JSON") from error
    if array and isinstance(value, list):
        return {array: value}
    if not isinstance(value, dict):
        raise ApiError(400, "The request body must be a JSON object")
    return {key.removesuffix("[]"): item for key, item in value.items()}


async def _of_multipart(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    """The fields; files are passed over (see `files` for the calls that take them)."""
    try:
        async with read_form(request.headers.get("content-type", ""), request.stream(), None, parts=MAX_FIELDS) as form:
            return form.fields
    except TooLarge as error:
        raise ApiError(413, "The request is too large") from error
    except Invalid as error:
        raise ApiError(400, "The multipart body cannot be read") from error


def _pairs(text: str) -> list[tuple[str, str]]:
    if not text:
        return []
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace")
    except ValueError as error:
        raise ApiError(400, "There are too many parameters") from error


def tree(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Nested values out of bracketed names."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        path = _path(name)
        if path:
            _put(root, path, value)
    return root


def _path(name: str) -> list[str]:
    """`poll[options][]` -> poll, options, ''. A name that is not of this form is taken as it is."""
    if "[" not in name:
        return [name] if name else []
    head = _NAME.match(name)
    if head is None:
        return []
    rest = name[head.end():]
    keys = _INDEX.findall(rest)
    if sum(len(key) + 2 for key in keys) != len(rest) or len(keys) > MAX_DEPTH:
        return [name]
    return [head.group(), *keys]


def _put(node: dict[str, Any], path: list[str], value: Any) -> None:
    key, rest = path[0], path[1:]
    if not rest:
        _put_value(node, key, value)
    elif rest[0] == "":
        _append(node, key, rest[1:], value)
    else:
        child = node.get(key)
        if not isinstance(child, dict):
            child = node[key] = {}
        _put(child, rest, value)


def _put_value(node: dict[str, Any], key: str, value: Any) -> None:
    """A name given twice without brackets makes a list, of which a reader of one value takes the last."""
    known = node.get(key)
    if isinstance(known, list):
        known.append(value)
    elif key in node and not isinstance(known, dict):
        node[key] = [known, value]
    else:
        node[key] = value


def _append(node: dict[str, Any], key: str, rest: list[str], value: Any) -> None:
    """`key[]=value`, and `key[][name]=value`: a new record begins where a name comes again."""
    known = node.get(key)
    items = node[key] = known if isinstance(known, list) else ([] if known is None else [known])
    if not rest:
        items.append(value)
        return
    if not items or not isinstance(items[-1], dict) or (rest[0] in items[-1] and len(rest) == 1):
        items.append({})
    _put(items[-1], rest, value)
