"""What a document must not hold for its LD signature to be believed: JSON-LD that changes what it says.

See protocol §4 and CVE-2022-24307, CVE-2026-42462, CVE-2026-46349.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from potluck.federation import contexts
from potluck.federation.errors import SignatureError
from potluck.federation.vocabulary import AS, AS_PREFIX, as_list

_MAX_VALUES = 3000  # JSON values in a document
_MAX_DEPTH = 20
_MAX_CONTEXTS = 10
_MAX_TERMS = 300

_KEYWORDS = frozenset({"@id", "@type", "@value", "@language", "@list", "@set"})
_DEFINITION_KEYS = frozenset({"@id", "@type", "@container"})
_CONTAINERS = (None, "@list", "@set", "@language")
_ALIASES = {"id": "@id", "type": "@type"}


def check_document(document: Mapping[str, Any]) -> None:
    """Refuse documents whose JSON-LD could say something else than it seems to.

    Taken are: a top-level @context of known addresses and plain term definitions that leave the terms of
    ActivityStreams alone. Refused are @graph, @included, @reverse, @nest and every other rare keyword, nested
    contexts, aliases of keywords, and documents beyond the bounds.

    Raises:
        SignatureError: saying what is refused.
    """
    context = as_list(document.get("@context"))
    if AS not in context:
        raise SignatureError("the @context must name ActivityStreams")
    _check_context(context)
    body = {key: value for key, value in document.items() if key not in {"@context", "proof"}}
    # Proofs carry a copy of the @context (FEP-8b32). They are never read from the compacted document.
    for proof in as_list(document.get("proof")):
        if not isinstance(proof, Mapping):
            raise SignatureError("malformed proof")
        _check_context(as_list(proof.get("@context")))
        _check_values({key: value for key, value in proof.items() if key != "@context"})
    _check_values(body)


def _check_values(document: Mapping[str, Any]) -> None:
    waiting: list[tuple[Any, int]] = [(document, 0)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if count > _MAX_VALUES or depth > _MAX_DEPTH:
            raise SignatureError("the document is too large for its LD signature to be checked")
        if isinstance(value, Mapping):
            rare = [key for key in value if key.startswith("@") and key not in _KEYWORDS]
            if rare:
                raise SignatureError(f"{rare[0][:40]!r} inside of a signed document is refused")
            waiting.extend((inner, depth + 1) for inner in value.values())
        elif isinstance(value, list):
            waiting.extend((inner, depth + 1) for inner in value)


def _check_context(parts: list[Any]) -> None:
    if len(parts) > _MAX_CONTEXTS:
        raise SignatureError("the @context has too many parts")
    for part in parts:
        if isinstance(part, str):
            if not contexts.is_known(part):
                raise SignatureError(f"unknown context {part[:200]!r}")
        elif isinstance(part, Mapping):
            if len(part) > _MAX_TERMS:
                raise SignatureError("the @context defines too many terms")
            for term, definition in part.items():
                _check_term(term, definition)
        else:
            raise SignatureError("malformed @context")


def _check_term(term: str, definition: Any) -> None:
    if term == "@language" and (definition is None or isinstance(definition, str)):
        return
    if term.startswith("@") or ":" in term or "/" in term or "#" in term:
        raise SignatureError(f"the @context defines {term[:40]!r}")
    meaning = {"@id": definition} if isinstance(definition, str) else definition
    if not isinstance(meaning, Mapping) or not isinstance(meaning.get("@id"), str):
        raise SignatureError(f"the @context does not say what {term[:40]!r} is")
    if not _DEFINITION_KEYS.issuperset(meaning):
        raise SignatureError(f"the @context defines {term[:40]!r} in a way that is refused")
    if meaning["@id"].startswith("@") and meaning != {"@id": _ALIASES.get(term)}:
        raise SignatureError(f"the @context makes {term[:40]!r} another name of a keyword")
    container, coercion = meaning.get("@container"), meaning.get("@type", "@id")
    if container not in _CONTAINERS:
        raise SignatureError(f"the @context gives {term[:40]!r} a container that is refused")
    if not isinstance(coercion, str) or (coercion.startswith("@") and coercion not in ("@id", "@vocab")):
        raise SignatureError(f"the @context gives {term[:40]!r} a type that is refused")
    known = _activitystreams().get(term)
    if known is not None and _expanded(meaning) != known:
        raise SignatureError(f"the @context redefines {term[:40]!r}")


@cache
def _activitystreams() -> dict[str, dict[str, Any]]:
    """Every term of ActivityStreams with its meaning written out."""
    terms = contexts.load(AS)["@context"]
    meanings = {term: {"@id": value} if isinstance(value, str) else value for term, value in terms.items()}
    return {term: _expanded(meaning) for term, meaning in meanings.items() if not term.startswith("@")}


def _expanded(meaning: Mapping[str, Any]) -> dict[str, Any]:
    prefixes = {
        "as": AS_PREFIX,
        "ldp": "http://www.w3.org/ns/ldp#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }

    def full(value: Any) -> Any:
        prefix, colon, name = value.partition(":") if isinstance(value, str) else ("", "", "")
        return prefixes[prefix] + name if colon and prefix in prefixes else value

    return {key: full(value) for key, value in meaning.items()}
