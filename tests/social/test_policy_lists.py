"""Shared lists of servers, and media that moderators do not want."""

import pytest
from sqlalchemy import select

from potluck import settings
from potluck.settings import Settings, current
from potluck.social import domain_policies, policy_lists
from potluck.social.drafts import AttachmentDraft
from potluck.social.errors import Invalid
from potluck.social.model import Media
from support.cast import Cast

MASTODON = """#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate
Spam.Example,suspend,False,False,"spam, and more",False
*.loud.example,silence,true,TRUE,,true
potluck.test,suspend,False,False,,False
not a host,suspend,False,False,,False
s*m.example,suspend,False,False,,True
x.example,explode,False,False,,False
"""


def test_the_common_form() -> None:
    """Head, quotes, capitals and stars are read as Mastodon writes them; what cannot be used is named."""
    found = policy_lists.read(MASTODON.replace("potluck.test", current().domain))
    assert [(row.domain, row.severity) for row in found.entries] == [
        ("spam.example", "suspend"), ("loud.example", "silence")]
    assert found.entries[0].public_comment == "spam, and more"
    assert (found.entries[1].reject_media, found.entries[1].reject_reports, found.entries[1].obfuscate) == (
        True, True, True)
    assert len(found.unusable) == 4
    assert policy_lists.read(policy_lists.lines(found.entries)).entries == found.entries


def test_a_server_on_a_port_is_not_covered_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line without a port would hold for every port of this server, and cannot be used."""
    monkeypatch.setattr(settings, "_current", Settings(url="https://potluck.test:8443"))
    found = policy_lists.read("potluck.test\ntest\npotluck.test:8444\n")
    assert [entry.domain for entry in found.entries] == ["potluck.test:8444"]


def test_plain_lists() -> None:
    """One domain in each line is a list of servers to block."""
    assert [(row.domain, row.severity) for row in policy_lists.read("\ufeffa.example\n\nb.example\n").entries] == [
        ("a.example", "suspend"), ("b.example", "suspend")]
    assert policy_lists.read("").entries == []
    with pytest.raises(Invalid):
        policy_lists.read("x" * 190_001)
    with pytest.raises(Invalid):
        policy_lists.read("\n".join(f"n{number}.example" for number in range(5002)))


async def test_looking_through(cast: Cast) -> None:
    """Nothing changes, and every follow that would end is counted, of subdomains too."""
    await cast.follow(cast.alice, cast.frank)
    async with cast.database.write() as session:
        await domain_policies.set_policy(session, "old.example", severity="suspend")
    entries = policy_lists.read("example.com\nfrank.example\nold.example,silence\n").entries
    async with cast.database.read() as session:
        found = {item.entry.domain: item for item in await policy_lists.compare(session, entries)}
        assert (found["frank.example"].followers, found["frank.example"].following) == (1, 1)
        assert found["old.example"].state == "weaker"
        assert found["example.com"].followers == 0
        assert [row.domain for row in await domain_policies.all_(session)] == ["old.example"]


async def test_taking_over(cast: Cast) -> None:
    """Servers with a policy keep it unless one wants it otherwise; notes for moderators stay."""
    async with cast.database.write() as session:
        await domain_policies.set_policy(session, "old.example", severity="silence", private_comment="ask mona")
        entry = policy_lists.read("old.example").entries[0]
        assert not await policy_lists.apply(session, entry, overwrite=False)
        assert await policy_lists.apply(session, entry, overwrite=True)
        row = await domain_policies.find(session, "old.example")
        assert row is not None
        assert (row.severity, row.private_comment) == ("suspend", "ask mona")


async def test_unwanted_media(cast: Cast) -> None:
    """Media known from there are forgotten, further ones not taken; others' stay."""
    picture = AttachmentDraft(url="https://carol.example/a.png", type="image", media_type="image/png")
    before = await cast.say(cast.carol, "look", attachments=[picture])
    async with cast.database.write() as session:
        await domain_policies.set_policy(session, "carol.example", severity="noop", reject_media=True)
    after = await cast.say(cast.carol, "look again", attachments=[picture])
    other = await cast.say(cast.frank, "look here", attachments=[picture])
    async with cast.database.read() as session:
        kept = (await session.scalars(select(Media.object_id))).all()
    assert kept == [other.id]
    assert before.id not in kept
    assert after.id not in kept
