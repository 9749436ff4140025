"""Signing in and up, and where a token may stand."""

from __future__ import annotations

import time
from dataclasses import replace

import pyotp
import pytest

from potluck import settings
from potluck.social.accounts import app_passwords, passwords, tokens, totp
from potluck.social.model import User

from .conftest import Api

pytestmark = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)  # accounts: tests/social
PASSWORD = "a table for everyone"


async def _set_password(api: Api, who: str) -> None:
    hashed = await passwords.hash_password(PASSWORD)
    async with api.database.write() as session:
        (await session.get_one(User, getattr(api.cast, who).owner_id)).password_hash = hashed


async def _sign_in(api: Api, name: str, password: str, **more: str) -> str:
    found = await api.post("/user/login", username_or_email=name, password=password, **more)
    assert found == {"jwt": found["jwt"], "registration_created": False, "verify_email_sent": False}
    return str(found["jwt"])


async def test_a_token_counts_in_all_four_places(api: Api) -> None:
    """Header, cookie, `auth` in the query and `auth` in the body name the same person."""
    async with api.database.write() as session:
        user = await session.get_one(User, api.cast.bob.owner_id)
        secret = await app_passwords.create(session, user, "phone", "lemmy")
    jwt = await _sign_in(api, "bob", secret)
    for options in ({"headers": {"Authorization": f"Bearer {jwt}"}}, {"headers": {"Cookie": f"jwt={jwt}"}},
                    {"params": {"auth": jwt}}):
        found = (await api.call("GET", "/site", **options)).json()
        assert found["my_user"]["local_user_view"]["person"]["name"] == "bob", options
    assert await api.post("/user/logout", auth=jwt) == {"success": True}
    assert "my_user" not in await api.get("/site", auth=jwt)
    assert await api.refused("GET", "/user/validate_auth", auth=jwt) == (401, "not_logged_in")


async def test_a_cookie_does_not_count_for_another_sites_page(api: Api) -> None:
    """A browser that another site makes ask acts as nobody."""
    headers = {"Cookie": f"jwt={await api.token('bob')}", "Sec-Fetch-Site": "cross-site"}
    assert (await api.call("POST", "/user/logout", headers=headers)).status_code == 401


async def test_tokens_of_other_families_mean_nothing(api: Api) -> None:
    """A Mastodon app's token is nobody's here, and ours is refused there."""
    async with api.database.write() as session:
        user = await session.get_one(User, api.cast.bob.owner_id)
        other = (await tokens.issue(session, user, ("read", "write"))).secret
    assert (await api.call("GET", "/user/validate_auth", headers={"Authorization": f"Bearer {other}"})
            ).status_code == 401
    headers = {"Authorization": f"Bearer {await api.token('bob')}"}
    assert (await api.http.get("/api/v1/instance", headers=headers)).status_code == 401


async def test_the_account_password_counts_only_where_it_may(api: Api) -> None:
    """It is the operator's choice, and the answer to a wrong one is the same."""
    await _set_password(api, "bob")
    assert await _sign_in(api, "bob@mail.test", PASSWORD)
    wrong = await api.refused("POST", "/user/login", username_or_email="bob", password="no")
    assert wrong == (401, "incorrect_login")
    settings.use(replace(settings.current(), legacy_passwords=False))
    assert await api.refused("POST", "/user/login", username_or_email="bob", password=PASSWORD) == wrong


async def test_a_second_factor_is_asked_for(api: Api) -> None:
    """With the account password; an app password stands for both."""
    await _set_password(api, "bob")
    async with api.database.write() as session:
        user = await session.get_one(User, api.cast.bob.owner_id)
        secret = await totp.begin(session, user)
        await totp.enable(session, user, pyotp.TOTP(secret).at(time.time() - 30))
        app = await app_passwords.create(session, user, "phone", "lemmy")
    login = {"username_or_email": "bob", "password": PASSWORD}
    assert await api.refused("POST", "/user/login", **login, totp_2fa_token=None) == (400, "missing_totp_token")
    assert await api.refused("POST", "/user/login", **login, totp_2fa_token="000000") == (400, "incorrect_totp_token")
    assert await _sign_in(api, "bob", PASSWORD, totp_2fa_token=pyotp.TOTP(secret).now())
    assert await _sign_in(api, "bob", app)


@pytest.mark.parametrize(("changes", "word"), [
    ({"disabled_at": True}, "site_ban"), ({"confirmed_at": None}, "email_not_verified"),
    ({"approved_at": None}, "registration_application_is_pending")])
async def test_a_login_that_may_not_be_used_is_told_why(api: Api, changes: dict[str, object], word: str) -> None:
    """When the password is right."""
    await _set_password(api, "bob")
    async with api.database.write() as session:
        user = await session.get_one(User, api.cast.bob.owner_id)
        for name, value in changes.items():
            setattr(user, name, user.created_at if value else None)
    assert await api.refused("POST", "/user/login", username_or_email="bob", password=PASSWORD) == (400, word)


async def test_signing_up(api: Api) -> None:
    """As the settings allow; a name is given once, and the address is confirmed first."""
    wish = {"username": "newbie", "password": "long enough a word", "password_verify": "long enough a word",
            "email": "newbie@mail.test", "show_nsfw": False}
    assert await api.refused("POST", "/user/register", **wish) == (400, "registration_closed")
    settings.use(replace(settings.current(), sign_up="open"))
    assert await api.refused("POST", "/user/register", **{**wish, "password_verify": "x"}) == (
        400, "passwords_do_not_match")
    assert await api.refused("POST", "/user/register", **{**wish, "username": "alice"}) == (
        400, "user_already_exists")
    assert await api.refused("POST", "/user/register", **{**wish, "email": ""}) == (400, "email_required")
    assert await api.post("/user/register", **wish) == {"registration_created": False, "verify_email_sent": True}
    settings.use(replace(settings.current(), confirm_email=False))
    made = await api.post("/user/register", **{**wish, "username": "second", "email": "second@mail.test"})
    assert (await api.get("/site", auth=made["jwt"]))["my_user"]["local_user_view"]["person"]["name"] == "second"
    assert await api.get("/user/get_captcha") == {}


async def test_errors_have_one_shape(api: Api) -> None:
    """`error` with a word, perhaps a `message`; also where no endpoint is."""
    assert await api.refused("GET", "/nothing") == (404, "not_found")
    assert await api.refused("POST", "/user/login") == (400, "invalid_body_field")
    answer = await api.call("POST", "/user/login", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_body_field")
    assert answer.headers["access-control-allow-origin"] == "*"
