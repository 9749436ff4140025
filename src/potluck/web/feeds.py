"""The cards of a timeline for a page: from references to what the template shows, with the next part's address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import filtering, registry, views
from potluck.social.views import EntryRef, EntryView
from potluck.web.auth import Viewer
from potluck.web.i18n import _
from potluck.web.paging import PAGE_SIZE, next_url
from potluck.web.presenters.posts import Post, shown_entries
from potluck.web.types import AnyRequest


@dataclass(frozen=True, slots=True)
class Feed:
    """Cards and the address of the next part."""

    posts: list[Post]
    next_url: str


@dataclass(frozen=True, slots=True)
class Lens:
    """A chip above a timeline (see `lens_chips`)."""

    url: str
    label: str
    symbol: str
    current: bool


async def load(session: AsyncSession, request: AnyRequest, refs: Sequence[EntryRef], viewer: Viewer | None, *,
               limit: int = PAGE_SIZE, featured: bool = False, context: str = "") -> Feed:
    """The feed of references; a post the viewer may not see is left out.

    Args:
        context: where the viewer's filters take it to stand (`social.filters.CONTEXTS`); '' for what they picked
            themselves, which is not filtered.
    """
    entries = await views.load_entries(session, refs, viewer.actor.id if viewer else None)
    entries, covers = await sift(session, entries, viewer, context)
    last = refs[-1].position if refs else None
    return Feed(shown_entries(entries, viewer, featured=featured, covers=covers),
                next_url(request, len(refs), last, limit))


async def sift(session: AsyncSession, entries: Sequence[EntryView], viewer: Viewer | None, context: str,
               ) -> tuple[list[EntryView], dict[int, str]]:
    """Entries without those the viewer's filters hide, and by object id the filter that covers one with its title."""
    if viewer is None or not context:
        return list(entries), {}
    rules = await filtering.of_reader(session, viewer.actor.id)
    kept, covers = [], {}
    for entry in entries:
        matches = rules.of_view(entry.object)
        if filtering.hides(matches, context):
            continue
        covering = filtering.warning(matches, context)
        if covering is not None:
            covers[entry.object.object.id] = covering.rule.title
        kept.append(entry)
    return kept, covers


_SYMBOLS = {"note": "chat", "article": "article", "photo": "photo", "video": "video", "audio": "audio",
            "book": "book", "event": "calendar", "link": "link"}


def kinds_of_lens(name: str) -> tuple[str, ...] | None:
    """Kinds shown through a lens, None for all."""
    wanted = tuple(kind.name for kind in registry.all_kinds() if kind.lens and kind.lens.casefold() == name.casefold())
    return wanted or None


def lenses(path: str, current: str) -> list[Lens]:
    """All, and one for each lens that a kind is shown under."""
    found = {kind.lens: kind.name for kind in reversed(list(registry.all_kinds())) if kind.lens}
    chosen = current.casefold() if kinds_of_lens(current) else ""
    chips = [Lens(path, _("All"), "", not chosen)]
    for label in dict.fromkeys(kind.lens for kind in registry.all_kinds() if kind.lens):
        word = label.casefold()
        chips.append(Lens(f"{path}?lens={word}", _(label), _SYMBOLS.get(found[label], ""), word == chosen))
    return chips
