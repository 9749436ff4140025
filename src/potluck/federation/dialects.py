"""Documents in the form a receiver takes, where two receivers contradict each other.

Nearly everybody reads the same document. A dialect names the software that does not, by what it says in NodeInfo; a
kind writes for it by the `Receiver` that stands for all of that software, so that an act is rendered once for each
dialect and not for each host. Where the document comes out the same nothing is sent twice.

| dialect | software | why |
| --- | --- | --- |
| lemmy | Lemmy | private messages are `ChatMessage` (0.x); an attachment of type Video or Audio spoils the document |
| mbin | Mbin, kbin | private messages are `ChatMessage` |
| folding | GoToSocial, Pleroma, Akkoma | an Article's `summary` is a warning that folds its text |
| misskey | Misskey and its kin | the same, with its markup as text; they show no `name` |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import registry
from potluck.social.model import Actor, Server
from potluck.social.registry import Receiver
from potluck.social.views import ObjectView

Activity = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What some software reads differently from all other."""

    name: str
    software: frozenset[str]

    @property
    def receiver(self) -> Receiver:
        """Who stands for all of them."""
        return Receiver(self.name)


DIALECTS = (
    Dialect("lemmy", frozenset({"lemmy"})), Dialect("mbin", frozenset({"mbin", "kbin"})),
    Dialect("folding", frozenset({"gotosocial", "pleroma", "akkoma"})),
    Dialect("misskey", frozenset({"misskey", "sharkey", "cherrypick", "firefish", "calckey", "foundkey", "iceshrimp",
                                  "catodon", "groundpolis", "meisskey"})))
_BY_SOFTWARE = {software: dialect for dialect in DIALECTS for software in dialect.software}


@dataclass(frozen=True, slots=True)
class Rendered:
    """An activity, and how it differs for the dialects for which it does."""

    plain: Activity
    variants: Mapping[Dialect, Activity]


def document_for(view: ObjectView, receiver: Receiver | None = None) -> dict[str, Any]:
    """The document of an object, without @context, written by its kind."""
    return registry.kind_named(view.object.kind).write(view, receiver or Receiver())


def render(view: ObjectView, wrap: Callable[[dict[str, Any]], dict[str, Any]]) -> Rendered:
    """An object in every form it has.

    Args:
        wrap: makes the activity out of a document.
    """
    plain = document_for(view)
    spoken = registry.kind_named(view.object.kind).dialects
    found = {dialect: document_for(view, dialect.receiver) for dialect in DIALECTS
             if spoken is None or dialect.name in spoken}
    return Rendered(wrap(plain), {dialect: wrap(document) for dialect, document in found.items() if document != plain})


async def receiver_of(session: AsyncSession, actor_id: int | None) -> Receiver:
    """For whom to write what a remote actor asks for."""
    if actor_id is None:
        return Receiver()
    software = await session.scalar(select(Server.software).join(Actor, Actor.server_id == Server.id).where(
        Actor.id == actor_id))
    dialect = _BY_SOFTWARE.get(software or "")
    return dialect.receiver if dialect else Receiver()
