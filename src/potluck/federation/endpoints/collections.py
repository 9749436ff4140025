"""Collections, paged as every reader takes them (protocol §11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from potluck.federation.endpoints.negotiate import AnyRequest


def number(request: AnyRequest, name: str) -> int | None:
    """A whole number out of the query; None when it is absent or none."""
    value = request.query_params.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def is_page(request: AnyRequest) -> bool:
    """Whether a page of a collection is asked for, not the collection."""
    return request.query_params.get("page") not in (None, "", "false", "0")


def overview(uri: str, total: int, *, hidden: bool = False, last: str | None = None) -> dict[str, Any]:
    """A paged collection; a hidden one only tells its size."""
    document: dict[str, Any] = {"id": uri, "type": "OrderedCollection", "totalItems": total}
    if not hidden:
        document["first"] = f"{uri}?page=true"
        if last:
            document["last"] = last
    return document


def page(
    uri: str, query: str, items: Sequence[Any], *, next_query: str | None = None, prev_query: str | None = None,
    ordered: bool = True,
) -> dict[str, Any]:
    """One page. Readers stop where `next` is missing."""
    document: dict[str, Any] = {
        "id": f"{uri}?{query}", "type": "OrderedCollectionPage" if ordered else "CollectionPage", "partOf": uri}
    if next_query:
        document["next"] = f"{uri}?{next_query}"
    if prev_query:
        document["prev"] = f"{uri}?{prev_query}"
    document["orderedItems" if ordered else "items"] = list(items)
    return document


def inline(uri: str, items: Sequence[Any]) -> dict[str, Any]:
    """A small collection with all it has."""
    return {"id": uri, "type": "OrderedCollection", "totalItems": len(items), "orderedItems": list(items)}
