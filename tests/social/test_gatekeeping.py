"""Who is kept out: mail domains, mailboxes, networks."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import settings
from potluck.db.engine import Database
from potluck.social import gatekeeping
from potluck.social.accounts import signup
from potluck.social.errors import Invalid, NotAllowed
from potluck.social.keys import KeyPairs
from potluck.social.paging import Page
from support.cast import ago


@pytest.fixture(autouse=True)
def _open(database: Database) -> Iterator[None]:
    before = settings.current()
    settings.use(replace(before, sign_up="open"))
    gatekeeping.forget()
    yield
    gatekeeping.forget()
    settings.use(before)


async def sign_up(session: AsyncSession, pairs: KeyPairs, email: str, ip: str = "203.0.113.9") -> signup.NewAccount:
    name = f"n{abs(hash((email, ip))) % 10**9}x"
    request = signup.Request(name=name, email=email, password="correct horse battery", ip=ip)
    return await signup.create(session, signup.Prepared(request, email, "-", pairs))


async def test_mail_domains(session: AsyncSession, pairs: KeyPairs) -> None:
    """A blocked domain covers its subdomains, and counts who tried; a longer name is another domain."""
    row = await gatekeeping.block_email_domain(session, "@Throwaway.example")
    assert (await gatekeeping.block_email_domain(session, "throwaway.example")).id == row.id
    for email in ("a@throwaway.example", "a@mail.throwaway.example"):
        with pytest.raises(gatekeeping.Blocked):
            await sign_up(session, pairs, email)
        await gatekeeping.count_refusal(session, email)
    assert sum(row.attempts.values()) == 2
    assert (await sign_up(session, pairs, "a@notthrowaway.example")).user.approved_at is not None
    with pytest.raises(Invalid):
        await gatekeeping.block_email_domain(session, "not a domain")


async def test_mailboxes(session: AsyncSession, pairs: KeyPairs) -> None:
    """A mailbox is known in all its spellings, and its address is not kept."""
    row = await gatekeeping.block_mailbox(session, email="e.v.e+spam@mail.example")
    assert "eve" not in row.digest
    with pytest.raises(gatekeeping.Blocked):
        await sign_up(session, pairs, "eve+again@mail.example")
    await gatekeeping.remove(session, type(row), row.id)
    await sign_up(session, pairs, "eve+again@mail.example")


@pytest.mark.parametrize(("address", "severity"), [
    ("192.0.2.1", "sign_up_block"), ("192.0.2.200", "sign_up_requires_approval"), ("198.51.100.1", ""),
    ("::ffff:192.0.2.200", "sign_up_requires_approval"), ("2001:db8::1", "no_access"), ("nonsense", "")])
async def test_networks(session: AsyncSession, address: str, severity: str) -> None:
    """The most severe of the blocks that hold an address counts, also for IPv4 within IPv6."""
    await gatekeeping.block_network(session, "192.0.2.0/24", "sign_up_requires_approval")
    await gatekeeping.block_network(session, "192.0.2.1", "sign_up_block")
    await gatekeeping.block_network(session, "2001:db8::/32", "no_access")
    assert await gatekeeping.severity_at(session, address) == severity


async def test_signing_up_from_a_network(session: AsyncSession, pairs: KeyPairs) -> None:
    """From one somebody must be let in, from another nobody may; a block whose time is up does nothing."""
    row = await gatekeeping.block_network(session, "192.0.2.0/24", "sign_up_requires_approval", lasts=60)
    assert (await sign_up(session, pairs, "a@mail.example", "192.0.2.5")).user.approved_at is None
    await gatekeeping.block_network(session, "192.0.2.0/24", "sign_up_block")
    gatekeeping.forget()
    with pytest.raises(NotAllowed):
        await sign_up(session, pairs, "b@mail.example", "192.0.2.5")
    row.expires_at = ago(minutes=1)
    await session.flush()
    gatekeeping.forget()
    assert (await sign_up(session, pairs, "c@mail.example", "192.0.2.5")).user.approved_at is not None
    await gatekeeping.expire(session)
    assert await gatekeeping.ip_blocks(session, Page()) == []


@pytest.mark.parametrize("network", ["", "x", "0.0.0.0/0", "10.0.0.0/7", "::/0", "192.0.2.0/99"])
async def test_networks_that_cannot_be(session: AsyncSession, network: str) -> None:
    """Nonsense, and what would shut out half the internet, is refused."""
    with pytest.raises(Invalid):
        await gatekeeping.block_network(session, network, "no_access")


async def test_blocked_mail_hosts(session: AsyncSession) -> None:
    """A domain whose mail goes to a blocked host, or to one below it, is blocked, too."""
    await gatekeeping.block_email_domain(session, "throwaway.example")
    for hosts in (["mx.throwaway.example"], ["good.example", "throwaway.example"]):
        with pytest.raises(gatekeeping.Blocked):
            await gatekeeping.check_sign_up(session, "a@fresh.example", "", mail_hosts=hosts)
    assert not await gatekeeping.check_sign_up(session, "a@fresh.example", "", mail_hosts=["mx.fresh.example"])


async def test_where_no_mail_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever signs up with such an address reads so at its field; not where no mail is sent, nor with the setting off,
    and the operator is believed."""
    async def nowhere(_domain: str) -> list[str]:
        raise signup.Unreachable

    wanted = signup.Request("ada", "ada@tpyo.example", "correct horse battery")
    monkeypatch.setattr(settings, "_current", settings.current())
    signup.use_mail_hosts(nowhere)
    try:
        assert (await signup.prepare(wanted)).mail_hosts == ()
        settings.use(replace(settings.current(), smtp_host="mail.potluck.test"))
        with pytest.raises(signup.Unreachable):
            await signup.prepare(wanted)
        assert (await signup.prepare(wanted, ask_for_mail_hosts=False)).mail_hosts == ()
        settings.use(replace(settings.current(), check_mail_domains=False))
        assert (await signup.prepare(wanted)).mail_hosts == ()
    finally:
        signup.use_mail_hosts(None)
