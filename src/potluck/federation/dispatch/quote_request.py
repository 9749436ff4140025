"""QuoteRequest: somebody elsewhere asks to quote something said here (FEP-044f)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import activities
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Known, References, Unauthorised
from potluck.federation.outgoing import Audience, send
from potluck.federation.quotes import may_quote, stamp_uri
from potluck.federation.vocabulary import first_id, get
from potluck.social.model import Actor, Object
from potluck.social.quoting import FINAL, set_state

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation


def _instrument(inbound: Inbound) -> str | None:
    return first_id(get(inbound.activity, "instrument"))


def references(inbound: Inbound, wanted: References) -> None:
    """Both posts."""
    wanted.add(objects=[inbound.object_uri, _instrument(inbound)])


def needs_fetch(inbound: Inbound, known: Known) -> bool:
    """Whether the quoting post is not here, while the quoted one is ours."""
    quoted = known.object(inbound.object_uri)
    return not inbound.prepared and quoted is not None and quoted.local and _instrument(inbound) not in known.objects


async def prepare(federation: Federation, inbound: Inbound) -> None:
    """Store the quoting post: as sent, since it comes from its author, else as its host serves it."""
    uri = _instrument(inbound)
    if uri is None:
        raise Dropped("QuoteRequest without instrument")
    embedded = get(inbound.activity, "instrument")
    document = embedded if isinstance(embedded, dict) and inbound.trusted else None
    await federation.object_by_uri(uri, budget=inbound.budget, document=document, sender=inbound.actor_uri)


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Give the stamp when the policy allows it, else refuse."""
    quoted_ref, quoting_ref = known.object(inbound.object_uri), known.object(_instrument(inbound))
    if quoted_ref is None or not quoted_ref.local:
        raise Dropped(f"{inbound.object_uri} is nothing said here")
    quoter = await acting(session, inbound, known)
    if quoting_ref is None:
        raise Dropped("the quoting post is not to be had")
    if quoting_ref.author_id != quoter.id:
        raise Unauthorised(f"{quoter.uri} did not write {quoting_ref.uri}")
    quoted, quoting = await session.get_one(Object, quoted_ref.id), await session.get_one(Object, quoting_ref.id)
    author = await session.get_one(Actor, quoted.author_id)
    request = {"id": inbound.uri, "type": "QuoteRequest", "actor": quoter.uri, "object": quoted.uri,
               "instrument": quoting.uri}
    may = quoting.quote_uri == quoted.uri and quoting.quote_state not in FINAL
    if may and await may_quote(session, quoted, quoter):
        stamp = stamp_uri(quoted, quoting)
        await set_state(session, quoting.id, "accepted", quoted_id=quoted.id, stamp=stamp)
        answer = activities.accept(request, author, quoter, result=stamp)
    else:
        answer = activities.reject(request, author, quoter)
    await send(session, author, answer, Audience(actors={quoter.id}, personal=True))


HANDLER = Handler(apply, references, needs_fetch, prepare, once=False)
