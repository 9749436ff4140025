"""The registry of kinds: one short table from which every kind of shared thing is reached.

A kind registers the ActivityStreams types it owns, how to read and write them, its tables' hooks, what people may do
with it and how it looks. A type that nobody owns gets the fallback kind, so nothing is ever dropped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.drafts import Draft

if TYPE_CHECKING:
    from potluck.social.glances import Glance
    from potluck.social.model import Object
    from potluck.social.views import ObjectView

Document = Mapping[str, Any]


class Unreadable(ValueError):
    """A document cannot be understood at all (no id, wrong shapes); the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who a document is written for: what its server runs, if known."""

    software: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of shared thing.

    Attributes:
        name: registry name, stored in `object.kind`.
        types: ActivityStreams types it owns.
        label: English name for one of it (a message id for translation).
        lens: name of the home lens it is shown under (a message id), or None.
        read: document -> Draft with uris (raises `Unreadable`); tolerant of every known dialect. Audience, author,
            and times are filled in by it too, through `potluck.federation.reading`.
        claims: documents of another kind's types that are one of this all the same (a Note that is a forum's topic).
        write: ObjectView -> document (without @context), in the form the receiver understands best.
        store: after new objects of this kind were inserted: write the kind's own rows, in bulk.
        update: an object of this kind was edited: replace the kind's own rows.
        forget: objects of this kind were deleted: remove the kind's own rows.
        words: more text that objects of this kind are found by: {object id: texts}, in bulk.
        load: bulk-load kind data for views: ids, viewer id -> {object id: data}.
        glance: one of it in a few words, for apps that have no word for the kind (see `glances`).
        interactions: what people may do: reply, like, dislike, boost, react, quote, vote, bookmark, pin, …
        card: template of its card in any feed.
        page: template of its own page's main part.
        put_back: ActivityStreams types that authors may put back into a community after they deleted them there:
            those of which nothing but the object's own row would be lost.
        editor: last part of the address of the page that changes one of them (`/posts/ID/…`).
        dialects: names of those for which its documents may differ (`potluck.federation.dialects`); None for any.
    """

    name: str
    types: frozenset[str]
    label: str
    lens: str | None
    read: Callable[[Document], Draft]
    write: Callable[[ObjectView, Receiver], dict[str, Any]]
    claims: Callable[[Document], bool] | None = None
    store: Callable[[AsyncSession, Sequence[tuple[Object, Draft]]], Awaitable[None]] | None = None
    update: Callable[[AsyncSession, Object, Draft], Awaitable[None]] | None = None
    forget: Callable[[AsyncSession, Sequence[int]], Awaitable[None]] | None = None
    words: Callable[[AsyncSession, Sequence[Object]], Awaitable[dict[int, list[str]]]] | None = None
    load: Callable[[AsyncSession, Sequence[int], int | None], Awaitable[dict[int, Any]]] | None = None
    glance: Callable[[ObjectView], Glance] | None = None
    interactions: frozenset[str] = frozenset()
    card: str = ""
    page: str = ""
    put_back: frozenset[str] = frozenset()
    editor: str = "edit"
    dialects: frozenset[str] | None = None


_kinds: dict[str, Kind] = {}
_by_type: dict[str, Kind] = {}
_fallback: list[Kind] = []


def register(kind: Kind, *, fallback: bool = False) -> None:
    """Add a kind. Registering the same kind again has no effect.

    Raises:
        ValueError: another kind has the name or one of the types.
    """
    if _kinds.get(kind.name) is kind:
        return
    taken = [name for name in kind.types if name in _by_type]
    if kind.name in _kinds or taken:
        raise ValueError(f"kind {kind.name!r}: name or types {taken} are taken")
    _kinds[kind.name] = kind
    _by_type.update(dict.fromkeys(kind.types, kind))
    if fallback:
        _fallback[:] = [kind]


def kind_of_type(type_name: str) -> Kind:
    """The kind that owns an ActivityStreams type, or the fallback kind."""
    return _by_type.get(type_name) or _fallback[0]


def kind_of_document(type_name: str, document: Document) -> Kind:
    """The kind that reads a document: one that claims it, else the one that owns its type."""
    claimed = (kind for kind in _kinds.values() if kind.claims is not None and kind.claims(document))
    return next(claimed, None) or kind_of_type(type_name)


def kind_named(name: str) -> Kind:
    """The kind with this registry name, or the fallback kind (a kind that is no longer installed)."""
    return _kinds.get(name) or _fallback[0]


def all_kinds() -> Iterable[Kind]:
    """Every kind, in order of registration."""
    return tuple(_kinds.values())
