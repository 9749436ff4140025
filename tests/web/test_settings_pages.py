"""What people decide about their own account."""

import io
import re
import time
import zipfile

import pyotp
import pytest
from sqlalchemy import select

from potluck.jobs import JobEngine
from potluck.social import preferences
from potluck.social.accounts import passwords, sessions
from potluck.social.live import Waker
from potluck.social.model import Actor, AppPassword, OAuthToken, User
from web.conftest import Browser, Site

PASSWORD = "correct horse battery"


async def alice_with_password(site: Site) -> Browser:
    hashed = await passwords.hash_password(PASSWORD)
    async with site.database.write() as session:
        (await session.get_one(User, site.cast.alice.owner_id)).password_hash = hashed
    return await site.browser(site.cast.alice)


async def test_every_page_opens(site: Site) -> None:
    """Every place named on the settings page is there, with its frame, and guests are asked to sign in."""
    browser = await site.browser(site.cast.alice)
    places = re.findall(r'<li><a href="(/[a-z/-]+)">', (await browser.get("/settings")).text)
    assert len(places) > 10
    for place in places:
        found = await browser.get(place)
        assert found.status_code == 200, place
        assert '<nav class="side-nav"' in found.text, place
        assert (await site.guest().get(place)).headers["location"].startswith("/signin"), place


async def test_the_profile(site: Site) -> None:
    """Name, text and facts are saved; markup in them is text."""
    browser = await site.browser(site.cast.alice)
    page = await browser.page_after(await browser.post("/settings/profile", {
        "display_name": "Alice <b>", "summary": "I bake #bread", "field_name_0": "Web",
        "field_value_0": "https://alice.example", "locked": "1", "bot": "1", "show_media": "1"}))
    assert "/@alice/media" in page
    without = await browser.page_after(await browser.post("/settings/profile", {
        "display_name": "Alice <b>", "summary": "I bake #bread", "field_name_0": "Web",
        "field_value_0": "https://alice.example", "locked": "1", "bot": "1"}))
    assert "/@alice/media" not in without
    assert "Alice &lt;b&gt;" in page
    assert "/tags/bread" in page
    assert "https://alice.example" in page
    async with site.database.read() as session:
        actor = await session.get_one(Actor, site.cast.alice.id)
    assert (actor.locked, actor.type, actor.indexable) == (True, "Service", False)
    assert 'value="https://alice.example"' in (await browser.get("/settings/profile")).text


async def test_too_long_a_name(site: Site) -> None:
    """What does not fit is said at its field, and what was typed is kept."""
    found = await (await site.browser(site.cast.alice)).post("/settings/profile", {"display_name": "x" * 200})
    assert found.status_code == 422
    assert 'id="display_name-error"' in found.text
    assert "x" * 200 in found.text


async def test_preferences_and_language(site: Site) -> None:
    """Preferences are kept, and the site speaks the chosen language at once."""
    browser = await site.browser(site.cast.alice)
    page = await browser.page_after(await browser.post("/settings/preferences", {
        "locale": "de", "visibility": "unlisted", "language": "de", "quote_policy": "nobody",
        "content_type": "text/markdown", "mail_mention": "1"}))
    assert '<html lang="de"' in page
    assert "Einstellungen" in page
    mine = preferences.of(await site.user(site.cast.alice))
    assert (mine.visibility, mine.language, mine.quote_policy, mine.content_type, mine.mail_mention) == (
        "unlisted", "de", "nobody", "text/markdown", True)
    assert '<option value="unlisted" selected>' in (await browser.get("/compose")).text


@pytest.mark.parametrize(("address", "said"), [
    ("/settings/filters/new", ("Start und Listen", "Die Bilder verdecken", "in einer halben Stunde")),
    ("/notifications/requests", ("Leute, denen du nicht folgst", "annehmen")),
    ("/communities", ("Umstritten",)), ("/communities/new", ("Alle, überall",)),
])
async def test_what_one_chooses_from_is_translated(site: Site, address: str, said: tuple[str, ...]) -> None:
    """What a form offers is said in the reader's language, like the form itself."""
    async with site.database.write() as session:
        (await session.get_one(User, site.cast.alice.owner_id)).locale = "de"
    page = (await (await site.browser(site.cast.alice)).get(address)).text
    assert [text for text in said if text not in page] == []


async def test_changing_the_password(site: Site) -> None:
    """The present password is asked for; the change ends every other session, not this one."""
    browser = await alice_with_password(site)
    other = await site.browser(site.cast.alice)
    form = {"current": "wrong", "password": "another long password"}
    assert 'id="current-error"' in (await browser.post("/settings/account/password", form)).text
    form["current"] = PASSWORD
    assert (await browser.post("/settings/account/password", form)).status_code == 303
    assert (await browser.get("/home")).status_code == 200
    assert (await other.get("/home")).status_code == 303


async def test_changing_the_address(site: Site) -> None:
    """A new address counts only once it is confirmed, and is asked for with the password."""
    browser = await alice_with_password(site)
    found = await browser.post("/settings/account/email", {"email": "new@mail.test", "email_password": "wrong"})
    assert 'id="email_password-error"' in found.text
    found = await browser.post("/settings/account/email", {"email": "new@mail.test", "email_password": PASSWORD})
    assert found.status_code == 303
    assert (await site.user(site.cast.alice)).email == "alice@mail.test"


async def test_two_factor(site: Site) -> None:
    """Set up with password, QR code and first code; recovery codes are shown once; switched off with the password."""
    browser = await alice_with_password(site)
    assert (await browser.get("/settings/two-factor/qr.svg")).status_code == 404
    assert (await browser.post("/settings/two-factor/start", {"password": "wrong"})).status_code == 422
    page = await browser.page_after(await browser.post("/settings/two-factor/start", {"password": PASSWORD}))
    secret = (await site.user(site.cast.alice)).totp_secret
    assert secret in page
    picture = await browser.get("/settings/two-factor/qr.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert "style=" not in picture.text
    assert 'id="code-error"' in (await browser.post("/settings/two-factor/enable", {"code": "000000"})).text
    code = pyotp.TOTP(secret).at(int(time.time()))
    found = await browser.post("/settings/two-factor/enable", {"code": code})
    assert found.text.count("<li><code>") == 10
    assert found.headers["cache-control"] == "no-store"
    assert (await browser.get("/settings/two-factor/qr.svg")).status_code == 404
    assert secret not in (await browser.get("/settings/two-factor")).text
    assert (await browser.post("/settings/two-factor/codes", {"password": PASSWORD})).text.count("<li><code>") == 10
    await browser.post("/settings/two-factor/disable", {"off_password": PASSWORD})
    assert (await site.user(site.cast.alice)).totp_enabled_at is None


async def test_sessions(site: Site) -> None:
    """Sessions are listed, this one marked; others can be ended, someone else's not."""
    browser, other = await site.browser(site.cast.alice), await site.browser(site.cast.alice)
    bob = await site.browser(site.cast.bob)
    assert (await browser.get("/settings/sessions")).text.count(">this browser<") == 1
    async with site.database.read() as session:
        bobs = (await sessions.all_of(session, site.cast.bob.owner_id))[0]
    assert (await browser.post(f"/settings/sessions/{bobs.id}/end")).status_code == 404
    await browser.post("/settings/sessions/end-others")
    assert (await browser.get("/home")).status_code == 200
    assert (await other.get("/home")).status_code == 303
    assert (await bob.get("/home")).status_code == 200


async def test_tokens_made_by_hand(site: Site) -> None:
    """A token is shown once, has the scopes asked for and no others, and can be taken back."""
    browser = await site.browser(site.cast.alice)
    assert (await browser.post("/settings/tokens", {"name": "x"})).status_code == 422
    found = await browser.post("/settings/tokens", {"name": "script", "scopes": ["read", "admin:write"]})
    assert "not shown again" in found.text
    async with site.database.read() as session:
        row = (await session.scalars(select(OAuthToken))).one()
    assert (row.scopes, row.name) == ("read", "script")
    assert (await (await site.browser(site.cast.bob)).post(f"/settings/tokens/{row.id}/revoke")).status_code == 404
    await browser.post(f"/settings/tokens/{row.id}/revoke")
    assert "<b>script</b>" not in (await browser.get("/settings/apps")).text


async def test_app_passwords(site: Site) -> None:
    """An app password is shown once, belongs to one family, and can be taken back."""
    browser = await site.browser(site.cast.alice)
    assert (await browser.post("/settings/app-passwords", {"name": "phone", "family": "nonsense"})).status_code == 422
    found = await browser.post("/settings/app-passwords", {"name": "phone", "family": "subsonic"})
    assert "not shown again" in found.text
    async with site.database.read() as session:
        row = (await session.scalars(select(AppPassword))).one()
    assert row.secret
    assert row.secret in found.text
    assert row.secret not in (await browser.get("/settings/app-passwords")).text
    await browser.post(f"/settings/app-passwords/{row.id}/revoke")
    assert "<b>phone</b>" not in (await browser.get("/settings/app-passwords")).text


async def test_export(site: Site) -> None:
    """The archive is a zip with the profile, the posts and the tables."""
    await site.cast.say(site.cast.alice, "<p>mine</p>")
    found = await (await site.browser(site.cast.alice)).post("/settings/export")
    assert found.headers["content-disposition"].startswith('attachment; filename="potluck-alice-')
    with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
        assert archive.testzip() is None
        assert {"actor.json", "outbox.json", "following_accounts.csv"} <= set(archive.namelist())


async def test_aliases_and_moving(site: Site) -> None:
    """An alias is found by its address; moving asks for the password and the other side's alias."""
    browser = await alice_with_password(site)
    site.federation.known = {"@frank@frank.example": site.cast.frank, site.cast.frank.uri: site.cast.frank}
    assert 'id="alias-error"' in (await browser.post("/settings/migration/aliases", {"alias": "@no@no.example"})).text
    form = {"alias": "@frank@frank.example"}
    page = await browser.page_after(await browser.post("/settings/migration/aliases", form))
    assert site.cast.frank.uri in page
    form = {"target": "@frank@frank.example", "password": "wrong"}
    assert 'id="password-error"' in (await browser.post("/settings/migration/move", form)).text
    form["password"] = PASSWORD
    assert 'id="target-error"' in (await browser.post("/settings/migration/move", form)).text
    await site.cast.change(site.cast.frank, also_known_as=[site.cast.alice.uri])
    page = await browser.page_after(await browser.post("/settings/migration/move", form))
    assert "This account has moved to:" in page
    assert (await browser.post("/compose", {"text": "still here"})).status_code == 403
    page = await browser.page_after(await browser.post("/settings/migration/back"))
    assert "Take the move back" not in page
    assert 'id="target-error"' in (await browser.post("/settings/migration/move", form)).text  # within a week
    await browser.post("/settings/migration/move", form | {"redirect": "1"})
    assert "Take the move back" in (await browser.get("/settings/migration")).text
    await browser.post("/settings/migration/aliases/remove", {"uri": site.cast.frank.uri})
    assert site.cast.frank.uri not in (await browser.get("/settings/migration")).text


@pytest.mark.parametrize("form", [{"name": "alice", "password": "wrong"}, {"name": "bob", "password": PASSWORD}, {}])
async def test_deleting_asks_twice(site: Site, form: dict[str, str]) -> None:
    """Name and password must both be right."""
    browser = await alice_with_password(site)
    assert (await browser.post("/settings/delete", form)).status_code == 422
    assert (await browser.get("/@alice")).status_code == 200


async def test_deleting_the_account(site: Site) -> None:
    """The account is gone, the browser signed out, the name never given again."""
    browser = await alice_with_password(site)
    found = await browser.post("/settings/delete", {"name": "@alice", "password": PASSWORD})
    assert found.status_code == 303
    assert (await site.guest().get("/@alice")).status_code == 410
    assert (await browser.get("/home")).status_code == 303


async def test_limits_are_told_in_the_readers_language(site: Site) -> None:
    """What is refused for a limit is said in the reader's language, the number with it."""
    async with site.database.write() as session:
        (await session.get_one(User, site.cast.alice.owner_id)).locale = "de"
    browser = await site.browser(site.cast.alice)
    found = await browser.post("/settings/filters/new", {"title": "x" * 300, "keywords": "rain", "contexts": "home"})
    assert found.status_code == 422
    assert "Der Titel ist zu lang (höchstens 256 Zeichen)" in found.text


async def test_the_archive_with_files(site: Site) -> None:
    """It is packed in the background, fetched whole or in parts by its owner alone, and thrown away."""
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    path = "/settings/export/archive.zip"
    assert (await alice.get(path)).status_code == 404
    assert (await site.guest().get(path)).headers["location"].startswith("/signin")
    await alice.post("/settings/export/pack")
    assert "Packing your archive" in (await alice.get("/settings/export")).text
    await JobEngine(site.database, Waker(site.database)).drain()
    assert path in (await alice.get("/settings/export")).text
    whole = await alice.get(path)
    assert (whole.status_code, whole.content[:2]) == (200, b"PK")
    part = await alice.get(path, range="bytes=2-9")
    assert (part.status_code, part.content) == (206, whole.content[2:10])
    assert (await alice.get(path, range="bytes=99999999-")).status_code == 416
    assert (await bob.get(path)).status_code == 404
    await alice.post("/settings/export/drop")
    assert (await alice.get(path)).status_code == 404
