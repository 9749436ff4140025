"""Texts of the server, written by administrators: description, privacy policy, terms of service."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from potluck import terms_mails
from potluck.db.base import now
from potluck.jobs import JobEngine
from potluck.social.accounts import email
from potluck.social.live import Waker
from potluck.social.model import Announcement, Terms
from web.conftest import Browser, Site


async def _admin(site: Site) -> Browser:
    await site.cast.change(await site.user(site.cast.mona), role="admin")
    return await site.browser(site.cast.mona)


async def test_texts(site: Site) -> None:
    """Administrators write them, moderators do not; the pages show them, and without them what is true anyway."""
    mona = await site.browser(site.cast.mona)
    assert (await mona.get("/admin/texts")).status_code == 403
    assert (await mona.post("/admin/texts/privacy_policy", {"text": "x"})).status_code == 403
    mona = await _admin(site)
    await mona.post("/admin/texts/extended_description", {"text": "All about *soup* <script>x</script>"})
    about = (await site.guest().get("/about")).text
    assert "All about <em>soup</em>" in about
    assert "<script>x" not in about
    usual = "What is kept"
    assert usual in (await site.guest().get("/privacy")).text
    await mona.post("/admin/texts/privacy_policy", {"text": "We keep soup"})
    page = (await site.guest().get("/privacy")).text
    assert "We keep soup" in page
    assert usual not in page
    await mona.post("/admin/texts/privacy_policy", {"text": " "})
    assert usual in (await site.guest().get("/privacy")).text
    assert (await mona.post("/admin/texts/other", {"text": "x"})).status_code == 404
    refused = await mona.post("/admin/texts/privacy_policy", {"text": "x" * 100_001})
    assert refused.status_code == 422
    assert "too long" in refused.text


async def test_terms(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft is seen by nobody; a version holds from its day, is announced and mailed once, and may be taken back."""
    sent: list[email.Mail] = []

    async def keep(mail: email.Mail) -> None:
        sent.append(mail)

    monkeypatch.setattr(terms_mails, "send", keep)
    monkeypatch.setattr(terms_mails, "BATCH", 2)
    mona, guest = await _admin(site), site.guest()
    today, soon = now().date().isoformat(), (now().date() + timedelta(days=20)).isoformat()
    assert (await guest.get("/terms-of-service")).status_code == 404
    assert "/terms-of-service" not in (await guest.get("/about")).text
    await mona.post("/admin/terms", {"text": "Share soup", "effective_date": today, "act": "draft"})
    assert (await guest.get("/terms-of-service")).status_code == 404
    assert "Share soup" in (await mona.get("/admin/terms")).text
    await mona.post("/admin/terms", {"text": "Share *all* soup", "effective_date": today, "act": "publish"})
    assert "Share <em>all</em> soup" in (await guest.get("/terms-of-service")).text
    assert "/terms-of-service" in (await guest.get("/about")).text
    await mona.post("/admin/terms", {"text": "Share bread", "effective_date": soon, "act": "publish", "mail": "1",
                                     "announce": "1", "changelog": "Bread"})
    assert "Other terms come" in (await guest.get("/terms-of-service")).text
    assert "do not hold yet" in (await guest.get(f"/terms-of-service/{soon}")).text
    for bad in ("soon", "2020-01-01", "%00"):
        assert (await guest.get(f"/terms-of-service/{bad}")).status_code == 404
    for field, value in (("effective_date", "2020-01-01"), ("effective_date", soon), ("effective_date", "x"),
                         ("text", " "), ("changelog", "x" * 3000)):
        form = {"text": "x", "effective_date": today, "act": "publish", field: value}
        assert (await mona.post("/admin/terms", form)).status_code == 422, field
    async with site.database.read() as session:
        told = (await session.scalars(select(Announcement.source))).all()
        later = await session.scalar(select(Terms.id).where(Terms.source == "Share bread"))
    assert len(told) == 1
    assert soon in told[0]
    await JobEngine(site.database, Waker(site.database)).drain()
    assert len({mail.to for mail in sent}) == len(sent) > 2
    assert "Bread" in sent[0].text
    await mona.post(f"/admin/terms/{later}/withdraw")
    assert (await guest.get(f"/terms-of-service/{soon}")).status_code == 404
    assert (await mona.post(f"/admin/terms/{later}/withdraw")).status_code == 404
