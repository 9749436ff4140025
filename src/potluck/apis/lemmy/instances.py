"""Servers that are known here, and the policy towards them as far as it is public."""

from __future__ import annotations

from sqlalchemy import select

from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.site import instance
from potluck.social.model import DomainPolicy, Server

MOST = 10_000


@endpoint("GET", "/federated_instances", who="anyone")
async def show(call: Call) -> Answer:
    """Servers we talk with, and those that are shut out and named as such."""
    session = await call.reader()
    policies = {row.domain: row for row in (await session.scalars(select(DomainPolicy))).all()}
    shut = {domain for domain, row in policies.items() if row.severity == "suspend"}
    rows = (await session.scalars(select(Server).where(Server.gone_at.is_(None)).order_by(
        Server.host).limit(MOST))).all()
    linked = [instance(row) for row in rows if not _within(row.host, shut)]
    named = {domain for domain in shut if not policies[domain].obfuscate}
    known = {row.host: row for row in rows}
    blocked = [instance(known[domain]) for domain in sorted(named) if domain in known]
    allowed = [instance(known[domain]) for domain, row in sorted(policies.items())
               if row.severity == "allow" and domain in known] if call.settings.limited_federation else []
    return answer({"federated_instances": {"linked": linked, "allowed": allowed, "blocked": blocked}})


def _within(host: str, domains: set[str]) -> bool:
    """Whether a host or a domain above it is among these."""
    parts = host.split(".")
    return any(".".join(parts[start:]) in domains for start in range(len(parts)))


route_handlers = [show]
