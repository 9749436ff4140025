"""The first minutes: setting a server up, signing up, signing in with one factor, two, or a passkey."""

from __future__ import annotations

import re
import time
from typing import Any

import pyotp
import pytest
from playwright.sync_api import expect

from browser.audit import audit
from browser.conftest import Open
from browser.people import Person
from potluck.demo.cast import PASSWORD
from support.servers import Server
from support.stage import Stage

pytestmark = pytest.mark.timeout(120)
LONG_ENOUGH = "ten tables and a chair"


def logged_link(server: Server, pattern: str, after: int = 0) -> str:
    """The newest address of a kind in the log, which is also where mail goes in development."""
    deadline = time.monotonic() + 15
    while not (found := re.findall(re.escape(server.url) + pattern, server.log()[after:])):
        assert time.monotonic() < deadline, server.log()[-2000:]
        time.sleep(0.1)
    return str(found[-1])


def look_at(person: Person) -> None:
    """Hold the page before someone to the rules of every page (with scripts, since the looking is done by one)."""
    if person.scripts:
        assert audit(person.page) == []


def signed_up(person: Person, site: Server, name: str) -> None:
    """Create an account, confirm its address by the link in the mail, and sign in."""
    before = len(site.log())
    person.go("/signup")
    person.fill("User name", name)
    person.fill("E-mail address", f"{name}@example.org")
    person.fill("Password", LONG_ENOUGH)
    person.page.get_by_label("I have read the rules").check()
    person.press("Create account")
    person.go(logged_link(site, r"/confirm/[\w.-]+", before))
    look_at(person)
    person.press("Confirm")
    person.sees("Your e-mail address is confirmed.")
    person.sign_in(name, LONG_ENOUGH)
    person.is_at("/home")


def test_first_run(stage: Stage, open_browser: Open, scripts: bool) -> None:
    """The link printed at the first start makes the administrator and names the server, once."""
    server = stage.server(migrated=False)
    person = open_browser(scripts=scripts, base=server.url)
    link = logged_link(server, r"/setup/[\w-]+")
    person.go(link)
    look_at(person)
    person.fill("User name", "ruth")
    person.fill("E-mail address", "ruth@example.org")
    person.fill("Password", LONG_ENOUGH)
    person.fill("Its name", "The Long Table")
    person.page.get_by_label("Anyone", exact=False).first.check()
    person.press("Finish")
    person.is_at("/")
    person.go("/admin")
    expect(person.page).to_have_title(re.compile("The Long Table"))
    again = open_browser(scripts=scripts, base=server.url)
    answer = again.page.goto(link)
    assert answer is not None
    assert answer.status in {404, 410}
    person.go("/home")  # which hears what happens as long as it is open
    stage.run(server.stop())
    assert "web_stopped" in server.log(), "it had to be killed"


def test_sign_up_with_confirmed_address(site: Server, open_browser: Open, scripts: bool) -> None:
    """A new account confirms its address by the link in the mail, signs in and posts."""
    name = "nina" if scripts else "otto"
    person = open_browser(scripts=scripts)
    signed_up(person, site, name)
    person.say(f"First words of {name}")


def test_sign_up_says_what_is_wrong(open_browser: Open, scripts: bool) -> None:
    """A taken name is said at its field, and what was typed stays, but for the password."""
    person = open_browser(scripts=scripts)
    person.go("/signup")
    person.fill("User name", "alice")
    person.fill("E-mail address", "second-alice@example.org")
    person.fill("Password", LONG_ENOUGH)
    person.page.get_by_label("I have read the rules").check()
    person.press("Create account")
    field = person.page.get_by_label("User name")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("alice")
    expect(person.page.get_by_label("Password")).to_have_value("")
    expect(person.page.get_by_role("alert")).to_be_visible()


def test_wrong_password_is_refused(open_browser: Open, scripts: bool) -> None:
    """A wrong password signs nobody in, and does not say whether the account exists."""
    person = open_browser(scripts=scripts)
    told = []
    for name in ("alice", "nobody_at_all"):
        person.sign_in(name, "not the password")
        person.is_at("/signin")
        told.append(person.page.get_by_role("alert").inner_text())
    assert told[0] == told[1]


def test_totp(site: Server, open_browser: Open, scripts: bool) -> None:
    """Once an authenticator is set up, the password alone is not enough; its digits, or a recovery code, are."""
    name = "otis" if scripts else "olga"
    person = open_browser(scripts=scripts)
    signed_up(person, site, name)
    person.go("/settings/two-factor")
    person.fill("Your password", LONG_ENOUGH)
    person.press("Set up")
    expect(person.page.get_by_role("img", name="QR code")).to_be_visible()
    look_at(person)
    secret = person.page.locator("code").first.inner_text().replace(" ", "")
    person.fill("The six digits", pyotp.TOTP(secret).now())
    person.press("Switch on")
    look_at(person)
    recovery = person.page.locator("main code, main li code").first.inner_text().split()[0]

    again = open_browser(scripts=scripts)
    again.sign_in(name, LONG_ENOUGH)
    again.is_at("/signin/second")
    look_at(again)
    again.fill("Code", "000000")
    again.press("Sign in")
    expect(again.page.get_by_role("alert")).to_be_visible()
    again.fill("Code", recovery)
    again.press("Sign in")
    again.is_at("/home")


def test_passkey(site: Server, open_browser: Open) -> None:
    """A passkey made in the settings signs in without name and password."""
    person = open_browser()
    signed_up(person, site, "petra")
    devtools = person.page.context.new_cdp_session(person.page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True}})
    person.go("/settings/passkeys")
    person.fill("Name of the new passkey", "My laptop")
    person.press("Add a passkey")
    person.sees("My laptop")
    person.page.context.clear_cookies()
    person.go("/signin")
    person.press("Use a passkey")
    person.is_at("/home")


def test_password_reset(site: Server, open_browser: Open, scripts: bool) -> None:
    """The link in the mail sets a new password, with which one signs in."""
    name = "rosa" if scripts else "ralf"
    person = open_browser(scripts=scripts)
    signed_up(person, site, name)
    stranger = open_browser(scripts=scripts)
    before = len(site.log())
    stranger.go("/reset")
    stranger.page.get_by_role("textbox").first.fill(f"{name}@example.org")
    stranger.page.locator("main form button").first.click()
    stranger.go(logged_link(site, r"/reset/[\w.-]+", before))
    look_at(stranger)
    stranger.fill("password", "a different long one")
    stranger.page.locator("main form button").first.click()
    stranger.sign_in(name, "a different long one")
    stranger.is_at("/home")


def test_signing_out(as_: Any, open_browser: Open, scripts: bool) -> None:
    """Signing out ends the session: the home page asks to sign in again, and leads back there."""
    person = open_browser(scripts=scripts)
    person.sign_in("mona", PASSWORD)
    person.is_at("/home")
    person.page.locator("nav .user-menu summary").click()
    person.press("Sign out")
    person.page.goto(f"{person.base}/bookmarks")
    person.is_at("/signin")
    person.fill("User name or e-mail address", "mona")
    person.fill("Password", PASSWORD)
    person.press("Sign in")
    person.is_at("/bookmarks")
