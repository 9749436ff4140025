"""Administration: servers blocked or allowed, domains and mailboxes nobody signs up with, networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon import admin_entities as shown
from potluck.apis.mastodon.admin_loading import check_staff
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.errors import ApiError, not_found
from potluck.apis.mastodon.paging import links, page_of
from potluck.social import audit, domain_policies, gatekeeping
from potluck.social.model import CanonicalEmailBlock, DomainPolicy, EmailDomainBlock, IpBlock
from potluck.social.paging import rows_of
from potluck.switchboard import Endpoint

Show = Callable[[Any], Json]


def _reading(name: str, model: Any, show: Show, what: str, *conditions: Any) -> list[Endpoint]:
    """The list and the single entry of one kind of block."""
    async def all_(call: Call) -> Answer:
        check_staff(call)
        page = page_of(call.params, 100, 200)
        rows = await rows_of(await call.reader(), select(model).where(*conditions), model.id, page)
        return answer([show(row) for row in rows], headers=dict(
            links(call, [row.id for row in rows], more=len(rows) >= page.limit)))

    async def one(call: Call) -> Answer:
        check_staff(call)
        row = await (await call.reader()).scalar(select(model).where(model.id == call.ident(), *conditions))
        if row is None:
            raise not_found()
        return answer(show(row))

    all_.__name__, all_.__doc__ = f"{name}_all", f"{what}, newest first."
    one.__name__, one.__doc__ = f"{name}_one", f"One of: {what.lower()}."
    return [endpoint("GET", f"/api/v1/admin/{name}", scope=f"admin:read:{name}")(all_),
            endpoint("GET", f"/api/v1/admin/{name}/{{id:str}}", scope=f"admin:read:{name}")(one)]


def _removing(name: str, model: Any, what: str) -> Endpoint:
    async def remove(call: Call) -> Answer:
        user = check_staff(call)
        async with call.write() as session:
            done = await gatekeeping.remove(session, model, call.ident())
            await audit.record(session, user.id, f"unblock_{name}", done)
        return Answer(EMPTY)

    remove.__name__, remove.__doc__ = f"{name}_remove", f"Lift one of: {what.lower()}."
    return endpoint("DELETE", f"/api/v1/admin/{name}/{{id:str}}", scope=f"admin:write:{name}")(remove)


# ---- servers ----------------------------------------------------------------------------------------------------


async def _policy(session: AsyncSession, policy_id: int, *, allow: bool) -> DomainPolicy:
    row = await session.get(DomainPolicy, policy_id)
    if row is None or (row.severity == domain_policies.ALLOW) != allow:
        raise not_found()
    return row


def _severity(call: Call, default: str) -> str:
    found = call.params.text("severity") or default
    if found not in {"noop", "silence", "suspend"}:
        raise ApiError(422, "Validation failed: Severity is not included in the list")
    return found


@endpoint("POST", "/api/v1/admin/domain_blocks", scope="admin:write:domain_blocks")
async def block_domain(call: Call) -> Answer:
    """Limit or block a server; with severity `noop` only its media or reports."""
    user, params = check_staff(call), call.params
    domain, severity = params.required("domain"), _severity(call, "silence")
    async with call.write() as session:
        before = await domain_policies.find(session, domain)
        if before is not None and before.severity != domain_policies.ALLOW:
            raise ApiError(422, "Validation failed: Domain is blocked already")
        row = await domain_policies.set_policy(
            session, domain, severity=severity, reject_media=params.flag("reject_media"),
            reject_reports=params.flag("reject_reports"), obfuscate=params.flag("obfuscate"),
            public_comment=params.text("public_comment")[:1000], private_comment=params.text("private_comment")[:1000])
        await audit.record(session, user.id, "set_domain_policy", row.domain, {"severity": severity})
    return answer(shown.domain_block(row))


@endpoint("PUT", "/api/v1/admin/domain_blocks/{id:str}", scope="admin:write:domain_blocks")
async def change_domain(call: Call) -> Answer:
    """Change how a server is limited; what is not named stays."""
    user, params = check_staff(call), call.params
    async with call.write() as session:
        row = await _policy(session, call.ident(), allow=False)
        row = await domain_policies.set_policy(
            session, row.domain, severity=_severity(call, row.severity),
            reject_media=params.flag("reject_media", row.reject_media),
            reject_reports=params.flag("reject_reports", row.reject_reports),
            obfuscate=params.flag("obfuscate", row.obfuscate),
            public_comment=params.text("public_comment", row.public_comment)[:1000],
            private_comment=params.text("private_comment", row.private_comment)[:1000])
        await audit.record(session, user.id, "set_domain_policy", row.domain, {"severity": row.severity})
    return answer(shown.domain_block(row))


@endpoint("POST", "/api/v1/admin/domain_allows", scope="admin:write:domain_allows")
async def allow_domain(call: Call) -> Answer:
    """Allow a server, for limited federation; one that is blocked stays so until the block is lifted."""
    user = check_staff(call)
    async with call.write() as session:
        before = await domain_policies.find(session, call.params.required("domain"))
        if before is not None and before.severity != domain_policies.ALLOW:
            raise ApiError(422, "Validation failed: Domain is blocked")
        row = before or await domain_policies.set_policy(session, call.params.required("domain"), severity="allow")
        await audit.record(session, user.id, "set_domain_policy", row.domain, {"severity": "allow"})
    return answer(shown.domain_allow(row))


def _lifting(name: str, *, allow: bool, doc: str) -> Endpoint:
    async def lift(call: Call) -> Answer:
        user = check_staff(call)
        async with call.write() as session:
            row = await _policy(session, call.ident(), allow=allow)
            await domain_policies.remove(session, row.domain)
            await audit.record(session, user.id, "set_domain_policy", row.domain, {"severity": "none"})
        return Answer(EMPTY)

    lift.__name__, lift.__doc__ = f"{name}_remove", doc
    return endpoint("DELETE", f"/api/v1/admin/{name}/{{id:str}}", scope=f"admin:write:{name}")(lift)


# ---- addresses and networks ---------------------------------------------------------------------------------------


@endpoint("POST", "/api/v1/admin/email_domain_blocks", scope="admin:write:email_domain_blocks")
async def block_email_domain(call: Call) -> Answer:
    """Take no sign-ups with addresses of a domain."""
    user = check_staff(call)
    async with call.write() as session:
        row = await gatekeeping.block_email_domain(session, call.params.required("domain"))
        await audit.record(session, user.id, "block_domains", row.domain)
    return answer(shown.email_domain_block(row))


@endpoint("POST", "/api/v1/admin/canonical_email_blocks/test", scope="admin:read:canonical_email_blocks")
async def test_mailbox(call: Call) -> Answer:
    """The blocks an address would meet."""
    check_staff(call)
    page = page_of(call.params, 100, 200)
    rows = await gatekeeping.mailboxes(await call.reader(), page, email=call.params.required("email"))
    return answer([shown.canonical_email_block(row) for row in rows])


@endpoint("POST", "/api/v1/admin/canonical_email_blocks", scope="admin:write:canonical_email_blocks")
async def block_mailbox(call: Call) -> Answer:
    """Keep a mailbox out, by address or hash."""
    user = check_staff(call)
    async with call.write() as session:
        row = await gatekeeping.block_mailbox(session, email=call.params.text("email"),
                                              digest=call.params.text("canonical_email_hash"))
        await audit.record(session, user.id, "block_mailboxes", row.digest)
    return answer(shown.canonical_email_block(row))


@endpoint("POST", "/api/v1/admin/ip_blocks", scope="admin:write:ip_blocks")
async def block_network(call: Call) -> Answer:
    """Restrict what may be done from a network, perhaps for a time (seconds)."""
    user = check_staff(call)
    async with call.write() as session:
        row = await gatekeeping.block_network(
            session, call.params.required("ip"), call.params.required("severity"),
            comment=call.params.text("comment"), lasts=call.params.whole("expires_in"))
        await audit.record(session, user.id, "block_networks", row.network)
    return answer(shown.ip_block(row))


@endpoint("PUT", "/api/v1/admin/ip_blocks/{id:str}", scope="admin:write:ip_blocks")
async def change_network(call: Call) -> Answer:
    """Change what may not be done from a network; what is not named stays, but the time begins anew."""
    user, params = check_staff(call), call.params
    async with call.write() as session:
        row = await session.get(IpBlock, call.ident())
        if row is None:
            raise not_found()
        until = row.expires_at
        row = await gatekeeping.block_network(
            session, params.text("ip", row.network), params.text("severity", row.severity),
            comment=params.text("comment", row.comment), lasts=params.whole("expires_in"), block_id=row.id)
        if "expires_in" not in params:
            row.expires_at = until
            await session.flush()
        await audit.record(session, user.id, "block_networks", row.network)
    return answer(shown.ip_block(row))


_BLOCKS = DomainPolicy.severity != domain_policies.ALLOW
_ALLOWS = DomainPolicy.severity == domain_policies.ALLOW

route_handlers = [
    *_reading("domain_blocks", DomainPolicy, shown.domain_block, "Servers that are limited or blocked", _BLOCKS),
    block_domain, change_domain,
    _lifting("domain_blocks", allow=False, doc="Lift the block of a server."),
    *_reading("domain_allows", DomainPolicy, shown.domain_allow, "Servers that are allowed", _ALLOWS),
    allow_domain, _lifting("domain_allows", allow=True, doc="Allow a server no longer."),
    *_reading("email_domain_blocks", EmailDomainBlock, shown.email_domain_block, "Domains nobody signs up with"),
    block_email_domain, _removing("email_domain_blocks", EmailDomainBlock, "Domains nobody signs up with"),
    *_reading("canonical_email_blocks", CanonicalEmailBlock, shown.canonical_email_block, "Mailboxes kept out"),
    test_mailbox, block_mailbox, _removing("canonical_email_blocks", CanonicalEmailBlock, "Mailboxes kept out"),
    *_reading("ip_blocks", IpBlock, shown.ip_block, "Networks that are restricted"),
    block_network, change_network, _removing("ip_blocks", IpBlock, "Networks that are restricted"),
]
