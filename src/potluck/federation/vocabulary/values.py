"""Readers of property values that may be a scalar, an array or an object, prefixed or expanded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from potluck.federation.vocabulary.terms import AS, NAMESPACES, PUBLIC

Document = Mapping[str, Any]

# Bases under which a term may be written out in full; longer first, so that "…/ns/#" is not cut short.
_BASES: tuple[str, ...] = tuple(
    sorted(
        {
            *NAMESPACES.values(),
            "http://schema.org/",
            "https://schema.org/",
            "https://schema.org#",
            "https://misskey-hub.net/ns/#",
            "http://www.w3.org/ns/activitystreams#",
        },
        key=len,
        reverse=True,
    )
)


def as_list(value: Any) -> list[Any]:
    """The value as a list: itself, its one member, or empty for null; `@list` and `@set` are unwrapped."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        for wrapper in ("@list", "@set"):
            if wrapper in value:
                return as_list(value[wrapper])
    if isinstance(value, (list, tuple)):
        return [member for member in value if member is not None]
    return [value]


def id_of(value: Any) -> str | None:
    """The id a single value stands for: a string, or an object's `id` (or `@id`), a Link's `href`."""
    if isinstance(value, str):
        return value or None
    if not isinstance(value, Mapping):
        return None
    for key in ("id", "@id", "href", "@value"):
        found = value.get(key)
        if isinstance(found, str) and found:
            return found
    return None


def ids(value: Any) -> list[str]:
    """The ids of every member, in order, without repetitions; members without an id are left out."""
    return list(dict.fromkeys(found for found in map(id_of, as_list(value)) if found))


def first_id(value: Any) -> str | None:
    """The id of the first member that has one."""
    return next(iter(ids(value)), None)


def short_name(name: str) -> str:
    """A term without its prefix or namespace: `as:sensitive` and the full iri both read `sensitive`."""
    if name.startswith("http"):
        for base in _BASES:
            if name.startswith(base):
                return name[len(base) :] or name
        return name
    prefix, colon, term = name.partition(":")
    return term if colon and term and prefix in NAMESPACES else name


def types_of(document: Any) -> list[str]:
    """Every type of a document by its short name, in order."""
    if not isinstance(document, Mapping):
        return []
    found = as_list(document.get("type", document.get("@type")))
    return [short_name(name) for name in found if isinstance(name, str) and name]


def type_of(document: Any, known: frozenset[str] | None = None) -> str | None:
    """The type of a document: the first of several, or the first that is in `known` if any is."""
    names = types_of(document)
    if known:
        names = [name for name in names if name in known] or names
    return names[0] if names else None


def get(document: Any, name: str, default: Any = None) -> Any:
    """A property by short name, prefixed name (`toot:votersCount`) or full iri; null reads as absent."""
    if not isinstance(document, Mapping):
        return default
    value = document.get(name)
    if value is not None:
        return value
    for key, other in document.items():
        if ":" in key and other is not None and key.endswith(name) and short_name(key) == name:
            return other
    return default


def get_list(document: Any, name: str) -> list[Any]:
    """`get` as a list."""
    return as_list(get(document, name))


def _scalars(value: Any) -> Iterator[Any]:
    """The members of a value, JSON-LD value objects opened."""
    for member in as_list(value):
        yield member.get("@value") if isinstance(member, Mapping) else member


def text(value: Any) -> str | None:
    """A plain string out of a string, a JSON-LD value object or the first string of an array; else None."""
    return next((scalar for scalar in _scalars(value) if isinstance(scalar, str)), None)


def number(value: Any) -> int | None:
    """A whole number ≥ 0 (a count, a size) out of a number or a string of digits; else None."""
    for scalar in _scalars(value):
        if isinstance(scalar, str) and scalar.isascii() and scalar.isdigit() and len(scalar) < 19:
            return int(scalar)
        if isinstance(scalar, (int, float)) and not isinstance(scalar, bool) and 0 <= scalar < 2**63:
            return int(scalar)
    return None


def boolean(value: Any, default: bool = False) -> bool:
    """A truth value out of a boolean or the words true and false; anything else reads as `default`."""
    for scalar in _scalars(value):
        if isinstance(scalar, bool):
            return scalar
        if scalar in ("true", "false"):
            return bool(scalar == "true")
    return default


def is_public(value: Any) -> bool:
    """Whether one addressee is Public, in any of its three spellings."""
    return id_of(value) in (PUBLIC, "as:Public", "Public")


def public_in(value: Any) -> bool:
    """Whether Public is among the addressees."""
    return any(map(is_public, as_list(value)))


def public_key_of(actor: Any) -> list[Document]:
    """The key objects in an actor's `publicKey` (object or array)."""
    return [key for key in get_list(actor, "publicKey") if isinstance(key, Mapping)]


def poll_options(document: Any) -> tuple[list[Document], bool]:
    """The options of a Question (at most 500) and whether several may be chosen (`anyOf`); microblog §7."""
    for name, multiple in (("anyOf", True), ("oneOf", False)):
        options = [option for option in get_list(document, name) if isinstance(option, Mapping)]
        if options:
            return options[:500], multiple
    return [], False


def total_items(value: Any) -> int | None:
    """The count a collection claims, None when it is a bare id or claims nothing."""
    return number(get(value, "totalItems")) if isinstance(value, Mapping) else None


def has_context(document: Document, context: str = AS) -> bool:
    """Whether the document's @context names this one (string or array member)."""
    return context in [part for part in as_list(document.get("@context")) if isinstance(part, str)]


def attributed_ids(document: Any) -> list[str]:
    """Whom a document is attributed to: `attributedTo`, else an activity's `actor`."""
    return ids(get(document, "attributedTo")) or ids(get(document, "actor"))
