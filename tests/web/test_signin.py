"""Signing in and out, sign-up, first run, reset."""

import re
import time
from dataclasses import replace

import pyotp
import pytest
from sqlalchemy import select

from potluck import settings
from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social.accounts import passwords, resets, totp
from potluck.social.model import Invite, User
from web.conftest import Site

PASSWORD = "correct horse battery"
FORM = {"login": "alice", "password": PASSWORD}


async def give_password(site: Site) -> None:
    hashed = await passwords.hash_password(PASSWORD)
    async with site.database.write() as session:
        user = await session.get_one(User, site.cast.alice.owner_id)
        user.password_hash = hashed


async def test_signing_in_and_out(site: Site) -> None:
    """The session cookie is out of reach of scripts and other sites; signing out ends it."""
    await give_password(site)
    browser = site.guest()
    await browser.get("/signin?next=/bookmarks")
    found = await browser.post("/signin", {**FORM, "next": "/bookmarks"})
    assert found.headers["location"] == "/bookmarks"
    cookie = next(value for value in found.headers.get_list("set-cookie")
                  if value.startswith("__Host-potluck_session="))
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert (await browser.get("/bookmarks")).status_code == 200
    await browser.post("/signout")
    assert (await browser.get("/bookmarks")).status_code == 303


@pytest.mark.parametrize("form", [{**FORM, "password": "wrong"}, {**FORM, "login": "nobody"}, {}])
async def test_wrong_credentials_look_the_same(site: Site, form: dict[str, str]) -> None:
    """Nobody learns whether the name or the password was wrong."""
    await give_password(site)
    found = await site.guest().post("/signin", form)
    assert found.status_code == 422
    assert "The name or password is wrong" in found.text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
async def test_sign_in_leads_nowhere_else(site: Site, target: str) -> None:
    """`next` cannot lead to another site."""
    await give_password(site)
    assert (await site.guest().post("/signin", {**FORM, "next": target})).headers["location"] == "/home"


async def test_second_factor(site: Site) -> None:
    """With two-factor on, the password alone signs nobody in; a code does, once."""
    await give_password(site)
    async with site.database.write() as session:
        user = await session.get_one(User, site.cast.alice.owner_id)
        secret = await totp.begin(session, user)
        user.totp_enabled_at = now()
    browser = site.guest()
    found = await browser.post("/signin", {**FORM, "next": "/lists"})
    assert found.headers["location"] == "/signin/second"
    assert (await browser.get("/home")).status_code == 303
    await browser.get("/signin/second")
    assert (await browser.post("/signin/second", {"code": "000000"})).status_code == 422
    code = pyotp.TOTP(secret).at(int(time.time()))
    assert (await browser.post("/signin/second", {"code": code})).headers["location"] == "/lists"
    assert (await browser.get("/home")).status_code == 200


async def test_a_second_factor_needs_the_first(site: Site) -> None:
    """The page for the code is of no use without a password that was right, nor with a forged cookie."""
    browser = site.guest()
    assert (await browser.get("/signin/second")).headers["location"] == "/signin"
    browser.client.cookies.set("__Host-potluck_pending", "Zm9yZ2Vk")
    assert (await browser.post("/signin/second", {"code": "123456"})).headers["location"] == "/signin"


async def test_forms_of_other_sites_are_refused(site: Site) -> None:
    """Without the token, with a wrong one, or from another site a form does nothing."""
    browser = await site.browser(site.cast.alice)
    assert (await browser.post("/compose", {"text": "x"}, csrf=False)).status_code == 403
    assert (await browser.post("/compose", {"text": "x", "_csrf": "0" * 64}, csrf=False)).status_code == 403
    assert (await browser.post("/compose", {"text": "x"}, **{"sec-fetch-site": "cross-site"})).status_code == 403
    assert (await browser.client.post("/compose", json={"text": "x"})).status_code == 403


async def test_a_token_belongs_to_one_browser(site: Site) -> None:
    """A token that was seen in one browser is refused in another."""
    one, other = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    await one.get("/compose")
    await other.get("/compose")
    assert (await other.post("/compose", {"text": "x", "_csrf": one.token}, csrf=False)).status_code == 403


async def test_htmx_sends_the_token_in_a_header(site: Site) -> None:
    """Scripts send the token of the page's head."""
    browser = await site.browser(site.cast.alice)
    page = (await browser.get("/home")).text
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert token
    row = await site.cast.say(site.cast.bob, "<p>hi</p>")
    found = await browser.post(f"/posts/{row.id}/favourite", csrf=False,
                               **{"x-csrf-token": token[1], "hx-request": "true"})
    assert found.status_code == 200
    assert 'aria-pressed="true"' in found.text


def _sign_up(mode: str) -> None:
    settings.use(replace(settings.current(), sign_up=mode))


NEW = {"name": "Zoe", "email": "zoe@mail.test", "password": "a new long password", "agree": "1"}


async def test_open_sign_up(site: Site) -> None:
    """Anyone may join; the account waits for its address to be confirmed."""
    _sign_up("open")
    found = await site.guest().post("/signup", NEW)
    assert "We have sent you a mail" in found.text
    async with site.database.read() as session:
        user = (await session.scalars(select(User).where(User.email == "zoe@mail.test"))).one()
    assert (user.confirmed_at, user.approved_at is not None) == (None, True)


async def test_a_taken_address_is_not_given_away(site: Site) -> None:
    """Whoever tries someone else's address sees the page of a fresh one."""
    _sign_up("open")
    fresh = await site.guest().post("/signup", NEW)
    taken = await site.guest().post("/signup", {**NEW, "name": "yan", "email": "alice@mail.test"})
    assert taken.status_code == fresh.status_code
    assert "We have sent you a mail" in taken.text


async def test_sign_up_by_approval_asks_why(site: Site) -> None:
    """The reason is asked for, and the account has to wait."""
    _sign_up("approval")
    assert "Please say why you want to join" in (await site.guest().post("/signup", NEW)).text
    assert "The moderators will look" in (await site.guest().post("/signup", {**NEW, "reason": "bread"})).text


async def test_closed_sign_up(site: Site) -> None:
    """Neither the form nor a direct request makes an account."""
    _sign_up("closed")
    assert (await site.guest().get("/signup")).status_code == 403
    assert (await site.guest().post("/signup", NEW)).status_code == 403


async def test_sign_up_by_invitation(site: Site) -> None:
    """An invitation opens the door, once."""
    _sign_up("invite")
    async with site.database.write() as session:
        session.add(Invite(id=ids.new(), code="bring-bread", role="user", max_uses=1))
    guest = site.guest()
    assert (await guest.get("/signup")).status_code == 403
    assert (await guest.get("/invite/bring-bread")).headers["location"] == "/signup?code=bring-bread"
    assert (await guest.get("/signup?code=bring-bread")).status_code == 200
    assert "We have sent you a mail" in (await guest.post("/signup", {**NEW, "code": "bring-bread"})).text
    assert (await site.guest().get("/signup?code=bring-bread")).status_code == 403


@pytest.mark.parametrize(("field", "value"), [
    ("name", "a b"), ("name", ""), ("email", "nonsense"), ("password", "short"), ("agree", ""), ("name", "alice")])
async def test_sign_up_errors_stand_at_their_field(site: Site, field: str, value: str) -> None:
    """What is wrong is said at the field, what was typed is kept, the password is not."""
    _sign_up("open")
    found = await site.guest().post("/signup", {**NEW, field: value})
    assert found.status_code == 422
    assert f'id="{field}-error"' in found.text
    assert "a new long password" not in found.text


async def test_the_first_administrator(site: Site) -> None:
    """The set-up link makes the administrator, keeps the server's name, and works once."""
    async with site.database.write() as session:
        session.add(Invite(id=ids.new(), code="lay-the-table", role="admin", max_uses=1))
    browser = site.guest()
    assert (await browser.get("/setup/nonsense")).status_code == 404
    assert (await browser.get("/setup/lay-the-table")).status_code == 200
    page = await browser.page_after(await browser.post("/setup/lay-the-table", {
        **NEW, "title": "Long Table", "description": "We share.", "sign_up": "approval"}))
    assert "Your server is ready" in page
    assert (settings.current().title, settings.current().sign_up) == ("Long Table", "approval")
    assert (await browser.get("/admin")).status_code == 200
    assert (await browser.get("/setup/lay-the-table")).status_code == 404


async def test_an_ordinary_invitation_makes_no_administrator(site: Site) -> None:
    """The wizard takes the set-up link only."""
    async with site.database.write() as session:
        session.add(Invite(id=ids.new(), code="bring-bread", role="user"))
    assert (await site.guest().get("/setup/bring-bread")).status_code == 404
    assert (await site.guest().post("/setup/bring-bread", NEW)).status_code == 422


async def test_asking_for_a_reset_tells_nothing(site: Site) -> None:
    """The answer is the same whether the address has an account."""
    pages = [(await site.guest().post("/reset", {"email": address})).text
             for address in ("alice@mail.test", "nobody@mail.test")]
    texts = [re.sub(r'(value|content)="[^"]{30,}"', "", page) for page in pages]
    assert texts[0] == texts[1]


async def test_a_reset_link(site: Site) -> None:
    """The link sets a password once; a weak one is refused and the link stays good."""
    async with site.database.write() as session:
        user = await session.get_one(User, site.cast.alice.owner_id)
        token = (await resets.link(session, user)).rpartition("/")[2]
    browser = site.guest()
    assert (await browser.get(f"/reset/{token}")).status_code == 200
    assert (await browser.post(f"/reset/{token}", {"password": "x"})).status_code == 422
    assert (await browser.post(f"/reset/{token}", {"password": PASSWORD})).headers["location"] == "/signin"
    assert (await browser.get(f"/reset/{token}")).status_code == 404
    assert (await browser.post("/signin", FORM)).headers["location"] == "/home"


async def test_confirming_needs_a_press(site: Site) -> None:
    """Opening the mail's link confirms nothing (mail scanners do that); pressing the button does."""
    from potluck.social.accounts import confirmations
    await site.cast.change(await site.user(site.cast.alice), confirmed_at=None)
    async with site.database.write() as session:
        mail = await confirmations.begin(session, await session.get_one(User, site.cast.alice.owner_id))
    found = re.search(r"/confirm/\S+", mail.text)
    assert found
    browser = site.guest()
    await browser.get(found[0])
    assert (await site.user(site.cast.alice)).confirmed_at is None
    assert "Your e-mail address is confirmed." in await browser.page_after(await browser.post(found[0]))
    assert (await site.user(site.cast.alice)).confirmed_at is not None
    assert (await browser.post(found[0])).status_code == 404


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"credential": 7}', b'{"credential": {"id": "x"}}', b"\xff"])
async def test_passkey_nonsense_is_refused(site: Site, body: bytes) -> None:
    """A broken answer of a device gets words, not a crash."""
    browser = site.guest()
    await browser.get("/signin")
    found = await browser.client.post("/signin/passkey", content=body, headers={
        "x-csrf-token": browser.token, "content-type": "application/json"})
    assert found.status_code == 422
    assert found.json()["error"]


async def test_passkey_options(site: Site) -> None:
    """The first half of a ceremony gives a challenge, kept in a signed cookie."""
    browser = site.guest()
    await browser.get("/signin")
    found = await browser.client.post("/signin/passkey/options", json={}, headers={"x-csrf-token": browser.token})
    assert found.json()["challenge"]
    assert "__Host-potluck_pending" in found.headers["set-cookie"]
