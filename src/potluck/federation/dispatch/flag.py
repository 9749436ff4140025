"""Flag: another server reports somebody here, or something said here or in a community that people here look after.

Resolve (Lemmy 1.0) is a moderator's word that such a report is dealt with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.federation.dispatch import moderation
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Known, ObjectRef, References
from potluck.federation.vocabulary import first_id, get, ids, text
from potluck.social import domain_policies, reports
from potluck.social.communities import reporting
from potluck.social.model import Actor, Moderator
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


async def _of_our_moderators(session: AsyncSession, refs: Sequence[ObjectRef]) -> set[int]:
    """Which of the communities these things were said in live here or have a moderator here."""
    groups = {ref.group_id for ref in refs if ref.group_id is not None}
    if not groups:
        return set()
    moderator = aliased(Actor)
    here = select(Moderator.community_id).join(moderator, moderator.id == Moderator.actor_id).where(
        Moderator.community_id == Actor.id, moderator.host == "").exists()
    return set((await session.scalars(select(Actor.id).where(Actor.id.in_(groups), or_(Actor.host == "", here)))).all())


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """One report for each account concerned; foreign and unknown ids are passed over (microblog §15, forum §8)."""
    targets = _targets(inbound)
    found = [ref for uri in targets if (ref := known.object(uri))]
    looked_after = await _of_our_moderators(session, found)
    objects = [ref for ref in found if ref.local or ref.group_id in looked_after]
    accounts = {actor.id for uri in targets if (actor := known.actor(uri)) and actor.is_local}
    accounts |= {ref.author_id for ref in objects}
    if not accounts:
        raise Dropped("a Flag that concerns nobody here")
    if (await domain_policies.policy_for(session, inbound.host)).reject_reports:
        raise Dropped(f"reports of {inbound.host} are not wanted")
    reporter = await acting(session, inbound, known)
    for number, account_id in enumerate(sorted(accounts - {reporter.id})):
        target = await session.get_one(Actor, account_id)
        await reports.create(
            session, reporter, target, object_ids=[ref.id for ref in objects if ref.author_id == account_id],
            comment=comment(inbound), uri=inbound.uri if number == 0 else None)


def _flagged(inbound: Inbound) -> tuple[str | None, list[str]]:
    """Id of the Flag that is resolved, and what it was about."""
    inner = get(inbound.activity, "object")
    return first_id(inner), ids(get(inner, "object"))[:MAX_TARGETS] if isinstance(inner, Mapping) else []


def resolve_references(inbound: Inbound, wanted: References) -> None:
    """What was reported."""
    wanted.add(objects=_flagged(inbound)[1])


async def resolve(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Resolve: a moderator has dealt with a report."""
    uri, targets = _flagged(inbound)
    for ref in filter(None, map(known.object, targets)):
        group = await session.get(Actor, ref.group_id) if ref.group_id else None
        if group is None:
            continue
        actor = await moderation.check_authority(session, inbound, group)
        await reporting.resolve_all_of(session, actor, [ref.id], report_uri=uri)


HANDLER = Handler(apply, references)
RESOLVE = Handler(resolve, resolve_references)
