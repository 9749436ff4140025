"""Documents of types that no kind owns: read for what every object may have, written only for completeness."""

from __future__ import annotations

from typing import Any

from potluck.federation.reading import natural_text, read_common
from potluck.federation.vocabulary import Document
from potluck.federation.writing import object_base, with_language
from potluck.social.drafts import Draft
from potluck.social.registry import Receiver
from potluck.social.views import ObjectView
from potluck.text.sanitise import sanitise_html, to_plain_text

MAX_TITLE = 500


def read(document: Document) -> Draft:
    """Any object: its name as title, its summary as abstract, its content, and where the original is.

    Raises:
        Unreadable: no id or type.
    """
    draft = read_common(document, "unknown")
    draft.title = to_plain_text(natural_text(document, "name")).strip()[:MAX_TITLE] or None
    draft.summary = to_plain_text(natural_text(document, "summary")).strip()
    draft.content = sanitise_html(natural_text(document, "content"))
    draft.url = draft.url or draft.uri
    return draft


def write(view: ObjectView, _receiver: Receiver) -> dict[str, Any]:
    """The common part, for an object of a kind that is no longer installed here."""
    row = view.object
    document = object_base(view)
    if row.title:
        document["name"] = row.title
    if row.summary:
        document["summary"] = row.summary
    return document | with_language("content", row.content, row.language)
