"""Lists of servers to limit or block, as servers share them: read, compared with what is there, counted, written.

The common form is Mastodon's CSV (`#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate`); a
plain list of domains, one in each line, is read as a list of servers to block.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.social import domain_policies
from potluck.social.errors import Invalid
from potluck.social.model import Actor, DomainPolicy, Follow
from potluck.text.names import with_parents
from potluck.text.tables import rows_of

HEAD = ("#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate")
MOST = 5000
MAX_TEXT = 190_000  # it goes through a form once more
_COMMENT = 1000
_TRUE = frozenset({"true", "1", "yes", "t"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list."""

    domain: str
    severity: str = "suspend"
    reject_media: bool = False
    reject_reports: bool = False
    public_comment: str = ""
    obfuscate: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """An entry beside what is there: `state` is new, same, changed, stronger or weaker than before."""

    entry: Entry
    state: str
    before: str = ""
    followers: int = 0  # follows of people here that would end
    following: int = 0  # follows by people here that would end


@dataclass(frozen=True, slots=True)
class Read:
    """What a list says, and the lines that say nothing that can be used."""

    entries: list[Entry]
    unusable: list[str]


def read(text: str) -> Read:
    """Read a list; a domain named twice counts by its last line.

    Raises:
        Invalid: it is too long.
    """
    if len(text) > MAX_TEXT:
        raise Invalid("list", "This list is too long", "too_long")
    try:
        rows = rows_of(text, MOST + 1)
    except ValueError as error:
        raise Invalid("list", "This is no list of at most %(most)s lines", most=MOST) from error
    names = [cell.lstrip("#").lower() for cell in rows[0]] if rows else []
    if "domain" in names:
        rows = rows[1:]
    else:
        names = ["domain", *(name.lstrip("#") for name in HEAD[1:])]
    entries: dict[str, Entry] = {}
    unusable = []
    for row in rows:
        entry = _entry(dict(zip(names, row, strict=False)))
        if entry is None:
            unusable.append(",".join(row)[:100])
        else:
            entries[entry.domain] = entry
    return Read(list(entries.values()), unusable)


def _entry(cells: dict[str, str]) -> Entry | None:
    severity = cells.get("severity", "").lower() or "suspend"
    try:
        name = domain_policies.domain_of(cells.get("domain", ""))
    except Invalid:
        return None
    if severity not in domain_policies.SEVERITIES:
        return None
    return Entry(name, severity, cells.get("reject_media", "").lower() in _TRUE,
                 cells.get("reject_reports", "").lower() in _TRUE, cells.get("public_comment", "")[:_COMMENT],
                 cells.get("obfuscate", "").lower() in _TRUE)


def lines(rows: Sequence[DomainPolicy | Entry]) -> str:
    """Policies in the common form, with its head."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for row in rows:
        writer.writerow([row.domain, row.severity, str(row.reject_media).lower(), str(row.reject_reports).lower(),
                         row.public_comment, str(row.obfuscate).lower()])
    return text.getvalue()


async def compare(session: AsyncSession, entries: Sequence[Entry]) -> list[Compared]:
    """What a list would change, without changing it; the follows it would end are counted in two queries."""
    known = {row.domain: row for row in await domain_policies.all_(session)}
    followers, following = await _follows_by_domain(session)
    found = []
    for entry in entries:
        row = known.get(entry.domain)
        ends = entry.severity == "suspend" and (row is None or row.severity != "suspend")
        found.append(Compared(
            entry, _state(entry, row), row.severity if row else "",
            followers[entry.domain] if ends else 0, following[entry.domain] if ends else 0))
    return found


def _state(entry: Entry, row: DomainPolicy | None) -> str:
    if row is None:
        return "new"
    strength = domain_policies.SEVERITIES.index  # from the mildest to the most severe
    difference = strength(entry.severity) - strength(row.severity)
    if difference == 0:
        same = (entry.reject_media, entry.reject_reports) == (row.reject_media, row.reject_reports)
        return "same" if same else "changed"
    return "stronger" if difference > 0 else "weaker"


async def _follows_by_domain(session: AsyncSession) -> tuple[Counter[str], Counter[str]]:
    """Domain -> how many people of it and its subdomains follow somebody here, and how many are followed from here."""
    local, remote = aliased(Actor), aliased(Actor)
    found = []
    for theirs, mine in ((Follow.follower_id, Follow.followed_id), (Follow.followed_id, Follow.follower_id)):
        rows = await session.execute(select(remote.host, func.count()).select_from(Follow).join(
            remote, remote.id == theirs).join(local, local.id == mine).where(
            Follow.state == "accepted", remote.host != "", local.host == "").group_by(remote.host))
        counts: Counter[str] = Counter()
        for host, number in rows.all():
            for name in with_parents(host.partition(":")[0]):
                counts[name] += number
        found.append(counts)
    return found[0], found[1]


async def apply(session: AsyncSession, entry: Entry, *, overwrite: bool) -> bool:
    """Take one entry over. Without `overwrite` a domain that has a policy keeps it.

    Returns:
        Whether anything was done.
    """
    row = await domain_policies.find(session, entry.domain)
    if row is not None and not overwrite:
        return False
    await domain_policies.set_policy(
        session, entry.domain, severity=entry.severity, reject_media=entry.reject_media,
        reject_reports=entry.reject_reports, obfuscate=entry.obfuscate,
        public_comment=entry.public_comment or (row.public_comment if row else ""),
        private_comment=row.private_comment if row else "")
    return True
