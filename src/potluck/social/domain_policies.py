"""Policies towards other servers: limited, suspended, or (in limited federation) allowed; each covers its subdomains.

The table is small and asked about for every request from elsewhere, so each process keeps it in memory: looked at anew
after some seconds, and at once when this process changes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import after_commit
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import severances
from potluck.social.errors import Invalid
from potluck.social.fading import FadingCache
from potluck.social.model import Actor, DomainPolicy, FeedEntry, Media, Object, Server
from potluck.text.names import normalise_host, with_parents

ALLOW = "allow"
NOOP = "noop"
SILENCE = "silence"
SUSPEND = "suspend"
SEVERITIES = (ALLOW, NOOP, SILENCE, SUSPEND)

SECONDS = 2.0
_ACTOR: Any = Actor.__table__
_ENTRY: Any = FeedEntry.__table__
_OBJECT: Any = Object.__table__


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts for one server."""

    severity: str = NOOP
    reject_media: bool = False
    reject_reports: bool = False
    since: datetime | None = None  # when a moderator decided so

    @property
    def is_suspended(self) -> bool:
        """Nothing goes there, nothing is taken from there."""
        return self.severity == SUSPEND

    @property
    def is_silenced(self) -> bool:
        """Its people are come across only by those who follow them."""
        return self.severity == SILENCE


_NONE = Policy()
_OUTSIDE = Policy(severity=SUSPEND, reject_media=True, reject_reports=True)


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies, as of some seconds ago at the most."""

    by_domain: Mapping[str, Policy]
    limited: bool = False
    rejects_media: bool = False  # some policy does

    def of(self, host: str) -> Policy:
        """The policy for a host: its own with its port, its own, else that of the nearest parent domain with one."""
        if not self.by_domain:
            return _OUTSIDE if self.limited else _NONE
        whole = normalise_host(host) or host.lower()
        if whole in self.by_domain:
            return self.by_domain[whole]
        names = with_parents(whole.partition(":")[0].rstrip("."))
        found = next((self.by_domain[name] for name in names if name in self.by_domain), None)
        return found or (_OUTSIDE if self.limited else _NONE)


_cache: FadingCache[object, Policies] = FadingCache(most=8, seconds=SECONDS)


async def load(session: AsyncSession) -> Policies:
    """All policies; one query every ten seconds."""
    key = session.get_bind().engine.url
    found = _cache.get(key)
    if found is None:
        generation = _cache.generation
        found = await _read(session)
        _cache.put(key, found, generation)
    return found


async def _read(session: AsyncSession) -> Policies:
    rows = await session.execute(select(
        DomainPolicy.domain, DomainPolicy.severity, DomainPolicy.reject_media, DomainPolicy.reject_reports,
        DomainPolicy.created_at))
    found = {row.domain: Policy(row.severity, row.reject_media, row.reject_reports, row.created_at)
             for row in rows.all()}
    return Policies(found, current().limited_federation, any(policy.reject_media for policy in found.values()))


async def policy_for(session: AsyncSession, host: str) -> Policy:
    """The policy for a host. This server itself has none."""
    if host in {"", current().host, current().domain}:
        return _NONE
    return (await load(session)).of(host)


async def all_(session: AsyncSession) -> Sequence[DomainPolicy]:
    """Every policy in order of domain."""
    return (await session.scalars(select(DomainPolicy).order_by(DomainPolicy.domain))).all()


async def find(session: AsyncSession, domain: str) -> DomainPolicy | None:
    """The policy for exactly this domain."""
    name = normalise_host(domain.strip().strip(".").removeprefix("*.")) or domain
    found: DomainPolicy | None = await session.scalar(select(DomainPolicy).where(DomainPolicy.domain == name))
    return found


def domain_of(text: str) -> str:
    """The domain that a text names, as policies have it.

    Raises:
        Invalid: it is none, or a policy for it would cover this server itself.
    """
    name = normalise_host(text.strip().strip(".").removeprefix("*."))
    if name is None:
        raise Invalid("domain", "This is not a domain")
    own = {current().domain.lower(), current().host.lower()}
    if ":" not in name:  # a policy without port holds for every port
        own = {host.partition(":")[0] for host in own}
    if any(host == name or host.endswith(f".{name}") for host in own):
        raise Invalid("domain", "This would cover this server itself")
    return name


async def set_policy(
    session: AsyncSession,
    domain: str,
    *,
    severity: str,
    reject_media: bool = False,
    reject_reports: bool = False,
    obfuscate: bool = False,
    public_comment: str = "",
    private_comment: str = "",
) -> DomainPolicy:
    """Decide how to treat a domain and its subdomains; people known from there are treated so at once.

    Suspending ends every follow to and from there. It is not told to them.

    Raises:
        Invalid: it is no domain, this server's own, or there is no such severity.
    """
    if severity not in SEVERITIES:
        raise Invalid("severity", "Validation failed: Severity is not included in the list")
    name = domain_of(domain)
    row = await session.scalar(select(DomainPolicy).where(DomainPolicy.domain == name))
    if row is None:
        row = DomainPolicy(id=ids.new(), domain=name, severity=severity, created_at=now())
        session.add(row)
        await _apply(session, row)
    elif row.severity != severity:
        await _lift(session, row)
        row.severity, row.created_at = severity, now()
        await _apply(session, row)
    row.reject_media, row.reject_reports, row.obfuscate = reject_media, reject_reports, obfuscate
    row.public_comment, row.private_comment = public_comment, private_comment
    await session.flush()
    if reject_media:
        await _drop_media(session, name)
    after_commit(session, _cache.clear)
    return row


async def remove(session: AsyncSession, domain: str) -> None:
    """Lift the policy for a domain; without one nothing happens. Follows that ended do not come back."""
    name = normalise_host(domain.strip().strip(".")) or domain
    row = await session.scalar(select(DomainPolicy).where(DomainPolicy.domain == name))
    if row is not None:
        await _lift(session, row)
        await session.execute(delete(DomainPolicy).where(DomainPolicy.id == row.id))
        after_commit(session, _cache.clear)


def _lives_at(domain: str) -> ColumnElement[bool]:
    """A condition on `Actor`: its handle or its id is at a domain or a subdomain, on whatever port."""

    def covered(column: Any) -> ColumnElement[bool]:
        return or_(column == domain, column.startswith(f"{domain}:", autoescape=True),
                   column.endswith(f".{domain}", autoescape=True),
                   column.contains(f".{domain}:", autoescape=True))

    return or_(covered(Actor.host), Actor.server_id.in_(select(Server.id).where(covered(Server.host))))


async def _drop_media(session: AsyncSession, domain: str) -> None:
    """Forget attachments and pictures of a domain's people that are known; more does not come in."""
    there = select(Actor.id).where(_lives_at(domain), Actor.host != "")
    shown = select(Media.object_id).where(Media.object_id == _OBJECT.c.id).exists()
    await session.execute(update(_OBJECT).where(_OBJECT.c.author_id.in_(there), shown)
                          .values(version=_OBJECT.c.version + 1))
    await session.execute(delete(Media).where(Media.owner_id.is_(None), Media.object_id.in_(
        select(Object.id).where(Object.author_id.in_(there)))))
    await session.execute(update(_ACTOR).where(_lives_at(domain), _ACTOR.c.host != "").values(
        avatar_url=None, header_url=None, updated_at=now()))


async def _apply(session: AsyncSession, row: DomainPolicy) -> None:
    """Mark the people of a domain with the time of the policy, by which `_lift` knows them again."""
    column = {SILENCE: _ACTOR.c.silenced_at, SUSPEND: _ACTOR.c.suspended_at}.get(row.severity)
    if column is None:
        return
    await session.execute(update(_ACTOR).where(_lives_at(row.domain), _ACTOR.c.host != "", column.is_(None))
                          .values({column: row.created_at, _ACTOR.c.updated_at: now()}))
    if row.severity == SUSPEND:
        there = select(Actor.id).where(_lives_at(row.domain), Actor.host != "")
        await severances.of_server(session, there, row.domain)
        await session.execute(delete(_ENTRY).where(
            _ENTRY.c.object_id.in_(select(Object.id).where(Object.author_id.in_(there)))))


async def _lift(session: AsyncSession, row: DomainPolicy) -> None:
    """Whom a moderator limited or suspended one by one stays so."""
    for column in (_ACTOR.c.silenced_at, _ACTOR.c.suspended_at):
        await session.execute(update(_ACTOR).where(_lives_at(row.domain), column == row.created_at)
                              .values({column: None, _ACTOR.c.updated_at: now()}))
