"""Where the mail of a domain goes, as the name servers say."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from potluck.federation.addresses import AddressPolicy
from potluck.federation.mail_hosts import MailHosts
from potluck.social.accounts.signup import Unreachable

RECORDS: dict[str, list[str] | None] = {
    "mail.example": ["127.0.0.1", "nowhere.invalid"], "plain.localhost": [], "null.example": [""],
    "dead.example": ["nowhere.invalid"], "unsure.example": None}


async def _ask(domain: str) -> list[str] | None:
    return RECORDS[domain]


async def _of(domain: str, *allowed: str) -> Sequence[str]:
    hosts = MailHosts(AddressPolicy([ip_network(item) for item in allowed]), _ask)
    try:
        return await hosts.of(domain)
    finally:
        await hosts.close()


async def test_hosts_of_a_domain() -> None:
    """Its MX records; without any, itself; nobody is refused while nobody can say."""
    assert await _of("mail.example", "127.0.0.0/8") == ["127.0.0.1", "nowhere.invalid"]
    assert await _of("unsure.example") == []


@pytest.mark.parametrize("domain", ["null.example", "dead.example", "mail.example"])
async def test_where_no_mail_goes(domain: str) -> None:
    """Domains that take none, whose hosts are not there, or lie at private addresses."""
    with pytest.raises(Unreachable):
        await _of(domain)
