"""XML-RPC in both directions. What comes in is hostile: no document types, no entities, bounded in size and depth."""

from __future__ import annotations

import xmlrpc.client
from dataclasses import dataclass
from typing import Any, cast
from xml.parsers import expat

MAX_BYTES = 16 * 1024 * 1024
"""A picture travels inside, as base64."""

_MAX_DEPTH = 40
_MAX_ELEMENTS = 20_000


class Fault(Exception):
    """A call that is refused, in the numbers that WordPress uses: HTTP's."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class MethodCall:
    """What somebody calls."""

    method: str
    params: tuple[Any, ...]


class _Reader:
    """Feeds the standard library's decoder, and refuses what it should not see."""

    def __init__(self) -> None:
        self._decoder = xmlrpc.client.Unmarshaller(use_builtin_types=True)
        self._decoder.xml(cast("Any", None), None)  # texts come decoded from the parser
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._decoder.data
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse
        self._parser.buffer_text = True
        self._depth = self._elements = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise Fault(400, "The call is too deep or has too many values")
        self._decoder.start(name, attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._decoder.end(name)

    def _refuse(self, *_: Any) -> None:
        raise Fault(400, "Document types and entities are not taken")

    def read(self, body: bytes) -> MethodCall:
        """The call in a body."""
        self._parser.Parse(body, True)
        params = self._decoder.close()
        method = self._decoder.getmethodname()
        if not method:
            raise Fault(400, "No method is called")
        return MethodCall(method, tuple(params))


def read(body: bytes) -> MethodCall:
    """The call in a body.

    Raises:
        Fault: it is none.
    """
    try:
        return _Reader().read(body)
    except Fault:
        raise
    except Exception as error:  # the decoder raises whatever it stumbles over
        raise Fault(400, "The call cannot be read") from error


def answer(value: Any) -> bytes:
    """A value as an answer."""
    return xmlrpc.client.dumps((value,), methodresponse=True, allow_none=False, encoding="utf-8").encode()


def refusal(fault: Fault) -> bytes:
    """A refusal as an answer."""
    return xmlrpc.client.dumps(xmlrpc.client.Fault(fault.code, _clean(fault.text)), methodresponse=True,
                               encoding="utf-8").encode()


def _clean(text: str) -> str:
    return "".join(sign for sign in text if sign >= " " or sign in "\n\t")
