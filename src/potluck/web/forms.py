"""What a form sent, read with limits: every value is text of bounded length without control characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from litestar.datastructures import UploadFile

from potluck.social.errors import Invalid
from potluck.web.i18n import _
from potluck.web.types import AnyRequest

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MAX_VALUES = 100
MAX_TEXT = 200_000


class Form:
    """The fields of a submitted form.

    Args:
        fields: name and value pairs in the order sent.
        files: the same for files.
    """

    def __init__(self, fields: list[tuple[str, str]], files: Sequence[tuple[str, UploadFile]] = ()) -> None:
        self._fields = fields
        self._files = files

    def has(self, name: str) -> bool:
        """Whether there is such a field, be it empty."""
        return any(key == name for key, _value in self._fields)

    def files(self, name: str) -> list[UploadFile]:
        """The files of a field; a browser sends a nameless one where none was chosen."""
        return [file for key, file in self._files if key == name and file.filename]

    def text(self, name: str, default: str = "", *, limit: int = 1000) -> str:
        r"""The first value, with line ends as `\n` and outer white space removed.

        Raises:
            Invalid: it is longer than `limit` characters.
        """
        value = _clean(self._first(name, default)).strip()
        if len(value) > limit:
            raise Invalid(name, "This is too long", code="too_long")
        return value

    def long(self, name: str, *, limit: int) -> str:
        r"""A long text with its white space, line ends as `\n`.

        Raises:
            Invalid: it is longer than `limit` characters.
        """
        value = _clean(self._first(name, "", most=2 * limit))
        if len(value) > limit:
            raise Invalid(name, "This is too long", code="too_long")
        return value

    def secret(self, name: str) -> str:
        """A password or code, exactly as typed (at most 1000 characters)."""
        return self._first(name, "")[:1000]

    def whole(self, name: str, default: int | None = None) -> int | None:
        """A whole number below 2^53, or `default` if there is none."""
        raw = self._first(name, "").strip()
        return int(raw) if raw.isascii() and raw.isdigit() and len(raw) <= 16 else default

    def flag(self, name: str) -> bool:
        """Whether a checkbox was ticked."""
        return self._first(name, "") not in {"", "0", "false", "off"}

    def all(self, name: str, *, limit: int = 1000) -> list[str]:
        """All values of a repeated field (at most 100), each cut to `limit` characters."""
        return [_clean(value).strip()[:limit] for key, value in self._fields if key == name][:MAX_VALUES]

    def wholes(self, name: str) -> list[int]:
        """All whole numbers of a repeated field."""
        return [int(raw) for raw in self.all(name, limit=16) if raw.isascii() and raw.isdigit()]

    def one_of(self, name: str, words: tuple[str, ...], default: str) -> str:
        """The value if it is one of `words`, else `default`."""
        value = self._first(name, "")
        return value if value in words else default

    def kept(self, *names: str) -> dict[str, str]:
        """Values to fill a form with again after an error."""
        return {name: _clean(self._first(name, "")) for name in names}

    def _first(self, name: str, default: str, *, most: int = MAX_TEXT) -> str:
        return next((value for key, value in self._fields if key == name), default)[:most]


def _clean(value: str) -> str:
    return _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


async def read_form(request: AnyRequest) -> Form:
    """The form of a request (dependency `form`)."""
    fields = list((await request.form()).multi_items())
    return Form([(key, value) for key, value in fields if isinstance(value, str)],
                [(key, value) for key, value in fields if isinstance(value, UploadFile)])


def query_whole(request: AnyRequest, name: str) -> int | None:
    """A whole number from the query string, None if it is missing or not one."""
    raw = request.query_params.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) <= 16 else None


def choices(words: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """What `select` and `radios` of `components/forms.html` offer: values, and labels that `_l` marked, translated."""
    pairs = words.items() if isinstance(words, Mapping) else words
    return [{"value": value, "label": _(label), "hint": ""} for value, label in pairs]
