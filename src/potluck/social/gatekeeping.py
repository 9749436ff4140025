"""Who is kept out: domains of e-mail addresses, single mailboxes by hash, networks.

Networks are asked about for every request, so each process keeps them in memory and looks again after some seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from sqlalchemy import URL, ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import after_commit
from potluck.db.ids import ids
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.fading import FadingCache
from potluck.social.model import CanonicalEmailBlock, EmailDomainBlock, IpBlock
from potluck.social.paging import Page, rows_of
from potluck.text.names import normalise_host, with_parents

APPROVAL, NO_SIGN_UP, NO_ACCESS = "sign_up_requires_approval", "sign_up_block", "no_access"
SEVERITIES = (APPROVAL, NO_SIGN_UP, NO_ACCESS)
MAX_COMMENT = 500
_SECONDS = 10.0
_MOST = 200
_DAYS = 7

Network = IPv4Network | IPv6Network
Block = EmailDomainBlock | CanonicalEmailBlock | IpBlock


class Blocked(Invalid):
    """An address that may not be used to sign up."""

    def __init__(self) -> None:
        super().__init__("email", "This address cannot be used here", "blocked")


@dataclass(frozen=True, slots=True)
class KeptNetwork:
    """A blocked network ready for use."""

    network: Network
    severity: str
    expires_at: datetime | None


_networks: FadingCache[object, tuple[KeptNetwork, ...]] = FadingCache(most=8, seconds=_SECONDS)


def known_networks(url: URL) -> tuple[KeptNetwork, ...] | None:
    """The blocked networks of a database if they were looked up in the last seconds, without asking it."""
    return _networks.get(_place(url))


def _place(url: URL) -> object:
    """What tells databases apart; an address as a key would be written out as text each time."""
    return url.host, url.port, url.database


async def networks(session: AsyncSession) -> tuple[KeptNetwork, ...]:
    """The blocked networks, as of some seconds ago at the most."""
    key = _place(session.get_bind().engine.url)
    found = _networks.get(key)
    if found is None:
        generation = _networks.generation
        rows = await session.execute(select(IpBlock.network, IpBlock.severity, IpBlock.expires_at))
        found = tuple(KeptNetwork(ip_network(row.network), row.severity, row.expires_at) for row in rows.all())
        _networks.put(key, found, generation)
    return found


async def severity_at(session: AsyncSession, address: str) -> str:
    """What may not be done from an address: the most severe of the blocks it is in, '' for none."""
    blocked = await networks(session)
    return severity_in(blocked, address) if blocked else ""


def severity_in(blocked: Sequence[KeptNetwork], address: str) -> str:
    """As `severity_at`, for networks that were looked up already."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    moment = now()
    found = [item.severity for item in blocked if item.network.version == parsed.version and parsed in item.network
             and (item.expires_at is None or item.expires_at > moment)]
    return max(found, key=SEVERITIES.index, default="")


async def check_sign_up(session: AsyncSession, email: str, address: str, *, mail_hosts: Sequence[str] = ()) -> bool:
    """Whether somebody may sign up with a mailbox from an address.

    Args:
        mail_hosts: hosts that take the mail of its domain, as far as known.

    Returns:
        Whether a moderator has to approve.

    Raises:
        Blocked: not with this mailbox.
        NotAllowed: not from this address.
    """
    severity = await severity_at(session, address) if address else ""
    if severity in {NO_SIGN_UP, NO_ACCESS}:
        raise NotAllowed("New accounts cannot be made from your network")
    if await is_blocked(session, email) or await _any_blocked(session, mail_hosts):
        raise Blocked
    return severity == APPROVAL


async def is_blocked(session: AsyncSession, email: str) -> bool:
    """Whether a mailbox may not be used: its domain, a domain above it, or the box itself is blocked."""
    if await session.scalar(select(EmailDomainBlock.id).where(_covers(email)).limit(1)):
        return True
    return bool(await session.scalar(select(CanonicalEmailBlock.id).where(
        CanonicalEmailBlock.digest == canonical_digest(email))))


async def _any_blocked(session: AsyncSession, hosts: Sequence[str]) -> bool:
    """Whether mail goes to a blocked host: throw-away services have many domains and few mail hosts."""
    names = {name for host in hosts for name in with_parents(host)}
    return bool(names) and await session.scalar(
        select(EmailDomainBlock.id).where(EmailDomainBlock.domain.in_(names)).limit(1)) is not None


def _covers(email: str) -> ColumnElement[bool]:
    return EmailDomainBlock.domain.in_(with_parents(email.rpartition("@")[2].lower()))


async def count_refusal(session: AsyncSession, email: str) -> None:
    """Count a sign-up that was refused for its domain, for a week; in a transaction of its own."""
    row = await session.scalar(select(EmailDomainBlock).where(_covers(email)).limit(1))
    if row is not None:
        today = now().date()
        oldest = (today - timedelta(days=_DAYS)).isoformat()
        counts = {day: number for day, number in row.attempts.items() if day > oldest}
        counts[today.isoformat()] = counts.get(today.isoformat(), 0) + 1
        row.attempts = counts
        await session.flush()


# ---- mailboxes --------------------------------------------------------------------------------------------------


def canonical_digest(email: str) -> str:
    """The hash by which a mailbox is known: without dots and `+` parts, as Mastodon makes it."""
    name, _, domain = email.strip().lower().rpartition("@")
    return sha256(f"{name.partition('+')[0].replace('.', '')}@{domain}".encode()).hexdigest()


async def block_mailbox(session: AsyncSession, *, email: str = "", digest: str = "", reference_id: int | None = None
                        ) -> CanonicalEmailBlock:
    """Keep a mailbox out, by address or hash.

    Raises:
        Invalid: neither is given, or the hash is none.
    """
    value = canonical_digest(email) if email else digest.strip().lower()
    if len(value) != 64 or any(letter not in "0123456789abcdef" for letter in value):
        raise Invalid("canonical_email_hash", "Please give an address or its hash")
    found: CanonicalEmailBlock | None = await session.scalar(select(CanonicalEmailBlock).where(
        CanonicalEmailBlock.digest == value))
    if found is not None:
        return found
    row = CanonicalEmailBlock(id=ids.new(), digest=value, reference_id=reference_id, created_at=now())
    session.add(row)
    await session.flush()
    return row


async def mailboxes(session: AsyncSession, part: Page, *, email: str = "") -> list[CanonicalEmailBlock]:
    """A page of the blocked mailboxes, newest first; with `email` only its own."""
    query = select(CanonicalEmailBlock)
    if email:
        query = query.where(CanonicalEmailBlock.digest == canonical_digest(email))
    return await _page(session, query, CanonicalEmailBlock.id, part)


# ---- domains of addresses ---------------------------------------------------------------------------------------


async def block_email_domain(session: AsyncSession, domain: str) -> EmailDomainBlock:
    """Take no addresses of a domain and its subdomains.

    Raises:
        Invalid: it is no domain.
    """
    name = normalise_host(domain.strip().lstrip("@").strip("."))
    if name is None or ":" in name:
        raise Invalid("domain", "This is not a domain")
    found: EmailDomainBlock | None = await session.scalar(select(EmailDomainBlock).where(
        EmailDomainBlock.domain == name))
    if found is not None:
        return found
    row = EmailDomainBlock(id=ids.new(), domain=name, attempts={}, created_at=now())
    session.add(row)
    await session.flush()
    return row


async def email_domains(session: AsyncSession, part: Page) -> list[EmailDomainBlock]:
    """A page of the blocked domains, newest first."""
    return await _page(session, select(EmailDomainBlock), EmailDomainBlock.id, part)


# ---- networks ---------------------------------------------------------------------------------------------------


def parse_network(text: str) -> Network:
    """A network out of an address or CIDR.

    Raises:
        Invalid: it is neither, or would cover the whole internet.
    """
    try:
        found = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise Invalid("ip", "This is neither an address nor a network such as 192.0.2.0/24") from error
    if found.prefixlen < (8 if found.version == 4 else 16):
        raise Invalid("ip", "This network is too large: at least /8, or /16 for IPv6")
    return found


async def block_network(session: AsyncSession, network: str, severity: str, *, comment: str = "",
                        lasts: int | None = None, block_id: int | None = None) -> IpBlock:
    """Restrict what may be done from a network, or change how.

    Args:
        lasts: seconds; None or 0 for ever.
        block_id: the block to change; otherwise one for the same network is changed, or made.

    Raises:
        Invalid: the network, severity or time cannot be used.
        NotFound: there is none to change.
    """
    if severity not in SEVERITIES:
        raise Invalid("severity", "Validation failed: Severity is not included in the list")
    if lasts is not None and not 0 <= lasts <= 10 * 366 * 86_400:
        raise Invalid("expires_in", "Please give a time of at most ten years")
    if len(comment) > MAX_COMMENT:
        raise Invalid("comment", "This is too long", "too_long")
    name = str(parse_network(network))
    row = await session.get(IpBlock, block_id) if block_id else await session.scalar(
        select(IpBlock).where(IpBlock.network == name))
    if row is None:
        if block_id:
            raise NotFound
        row = IpBlock(id=ids.new(), created_at=now())
        session.add(row)
    row.network, row.severity, row.comment = name, severity, comment.strip()
    row.expires_at = now() + timedelta(seconds=lasts) if lasts else None
    await session.flush()
    after_commit(session, _networks.clear)
    return row


async def ip_blocks(session: AsyncSession, part: Page) -> list[IpBlock]:
    """A page of the blocked networks that still count, newest first."""
    query = select(IpBlock).where(or_(IpBlock.expires_at.is_(None), IpBlock.expires_at > now()))
    return await _page(session, query, IpBlock.id, part)


async def expire(session: AsyncSession) -> None:
    """Forget networks whose time is up."""
    await session.execute(delete(IpBlock).where(IpBlock.expires_at <= now()))


# ---- all --------------------------------------------------------------------------------------------------------


async def _page(session: AsyncSession, query: Any, cursor: Any, part: Page) -> list[Any]:
    return await rows_of(session, query, cursor, part.at_most(_MOST))


async def remove(session: AsyncSession, kind: type[Block], block_id: int) -> str:
    """Lift a block.

    Returns:
        What was blocked, for the log.

    Raises:
        NotFound: there is none.
    """
    row: Block | None = await session.get(kind, block_id)
    if row is None:
        raise NotFound
    await session.execute(delete(kind).where(kind.id == block_id))
    after_commit(session, _networks.clear)
    if isinstance(row, IpBlock):
        return row.network
    return row.domain if isinstance(row, EmailDomainBlock) else row.digest


def forget() -> None:
    """Look networks up anew (tests)."""
    _networks.clear()
