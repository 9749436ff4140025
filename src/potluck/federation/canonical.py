"""RDF canonicalisation (URDNA2015) of JSON-LD documents from strangers, with bounds on its work.

The algorithm is exponential for graphs whose blank nodes look alike; a document is refused as soon as it
takes more than any real one does (protocol §4, poison graphs).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyld import jsonld

from potluck.federation.errors import SignatureError

_MAX_QUADS = 5000
_MAX_BLANK_NODES = 1000
_MAX_WALKS = 500  # visits to blank nodes that look like another
_MAX_ALIKE = 4  # neighbours of one node that look alike: their orders are all tried

Loader = Callable[[str, object], dict[str, Any]]


class _BoundedURDNA2015(jsonld.URDNA2015):  # type: ignore[misc]  # the library has no types
    """The library's algorithm, counting."""

    def __init__(self) -> None:
        super().__init__()
        self._walks = 0

    def hash_n_degree_quads(self, id_: str, issuer: Any) -> Any:
        """As the library's; refuses the visit that is one too many."""
        self._walks += 1
        if self._walks > _MAX_WALKS:
            raise SignatureError("the document's graph is too tangled")
        return super().hash_n_degree_quads(id_, issuer)

    def create_hash_to_related(self, id_: str, issuer: Any) -> Any:
        """As the library's; refuses groups whose permutations would be too many."""
        related = super().create_hash_to_related(id_, issuer)
        if any(len(group) > _MAX_ALIKE for group in related.values()):
            raise SignatureError("the document's graph is too uniform")
        return related


def canonical_nquads(document: dict[str, Any], loader: Loader) -> str:
    """The canonical N-Quads of a JSON-LD document.

    Args:
        document: with its @context.
        loader: gives the documents of contexts by address.

    Raises:
        SignatureError: not proper JSON-LD, or beyond the bounds.
    """
    try:
        dataset = jsonld.to_rdf(document, {"documentLoader": loader, "produceGeneralizedRdf": False})
        _check_size(dataset)
        return str(_BoundedURDNA2015().main(dataset, {"format": "application/n-quads"}))
    except (jsonld.JsonLdError, ValueError, TypeError, KeyError, RecursionError) as error:
        if isinstance(error, SignatureError):
            raise
        raise SignatureError(f"not JSON-LD we can read: {error}") from error


def _check_size(dataset: dict[str, list[dict[str, Any]]]) -> None:
    triples = [triple for graph in dataset.values() for triple in graph]
    if len(triples) > _MAX_QUADS:
        raise SignatureError("the document's graph is too large")
    blank = {
        triple[part]["value"]
        for triple in triples
        for part in ("subject", "object")
        if triple[part]["type"] == "blank node"
    }
    if len(blank) > _MAX_BLANK_NODES:
        raise SignatureError("the document's graph has too many unnamed nodes")
