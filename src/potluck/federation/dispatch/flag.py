"""Flag: another server reports somebody here, or something said here."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Known, References
from potluck.federation.vocabulary import get, ids, text
from potluck.social import domain_policies, reports
from potluck.social.model import Actor
from potluck.text.sanitise import to_plain_text

MAX_COMMENT = 5000
MAX_TARGETS = 100


def _targets(inbound: Inbound) -> list[str]:
    """Everything it names; Misskey and others put post URLs into the text, which a moderator can read there."""
    return ids(get(inbound.activity, "object"))[:MAX_TARGETS]


def references(inbound: Inbound, wanted: References) -> None:
    """Accounts and posts alike: which is which shows when they are looked up."""
    targets = _targets(inbound)
    wanted.add(actors=targets, objects=targets)


def comment(inbound: Inbound) -> str:
    """The reason, as plain text: `content` (Mastodon), `summary` (Lemmy)."""
    written = text(get(inbound.activity, "content")) or text(get(inbound.activity, "summary")) or ""
    return to_plain_text(written)[:MAX_COMMENT] if "<" in written else written[:MAX_COMMENT]


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """One report for each local account concerned; foreign and unknown ids are passed over (microblog §15)."""
    targets = _targets(inbound)
    local_objects = [ref for uri in targets if (ref := known.object(uri)) and ref.local]
    accounts = {actor.id for uri in targets if (actor := known.actor(uri)) and actor.is_local}
    accounts |= {ref.author_id for ref in local_objects}
    if not accounts:
        raise Dropped("a Flag that concerns nobody here")
    if (await domain_policies.policy_for(session, inbound.host)).reject_reports:
        raise Dropped(f"reports of {inbound.host} are not wanted")
    reporter = await acting(session, inbound, known)
    for number, account_id in enumerate(sorted(accounts)):
        target = await session.get_one(Actor, account_id)
        await reports.create(
            session, reporter, target, object_ids=[ref.id for ref in local_objects if ref.author_id == account_id],
            comment=comment(inbound), uri=inbound.uri if number == 0 else None)


HANDLER = Handler(apply, references)
