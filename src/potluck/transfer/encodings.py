"""Bytes of exports as text: what says it is UTF-8 and is not is a common sight."""

from __future__ import annotations

import codecs
import re

LETTERS = "windows-letters"
"""What to do with bytes that fit no UTF-8 (an error handler of codecs)."""

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})""")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_TAKEN = re.compile(
    r"utf_?8|utf_?16(?:_[lb]e)?|ascii|iso8859_?\d{1,2}|cp125\d|koi8_[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc_jp|euc_kr")


def _letters(error: UnicodeError) -> tuple[str, int]:
    """Bytes that fit no UTF-8 are the letters Windows has in their place."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start:error.end].decode("cp1252", "replace"), error.end


codecs.register_error(LETTERS, _letters)


def encoding_of(head: bytes) -> str:
    """The encoding a file begins with, by its first bytes; UTF-8 if it says none that is known."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if head[:2] in (b"<\x00", b"\x00<"):
        return "utf-16-le" if head[:1] == b"<" else "utf-16-be"
    declared = _DECLARED.search(head[:1000])
    if declared is None:
        return "utf-8"
    try:
        name = codecs.lookup(declared[1].decode()).name.replace("-", "_")
    except LookupError:
        return "utf-8"
    if name in ("ascii", "iso8859_1"):
        return "cp1252"
    return name if _TAKEN.fullmatch(name) and not name.startswith("utf_16") else "utf-8"


def decoder(head: bytes) -> codecs.IncrementalDecoder:
    """What turns the bytes of a file into text, piece by piece."""
    name = encoding_of(head)
    return codecs.getincrementaldecoder(name)(LETTERS if name.startswith("utf-8") else "replace")


def text_of(data: bytes) -> str:
    """A whole file as text."""
    return decoder(data[:1000]).decode(data, True)
