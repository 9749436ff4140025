"""One's own profile, signing up through an app, translations, and smaller calls."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from potluck import settings
from potluck.apis.mastodon import translation
from potluck.social import follows, gatekeeping
from potluck.social.accounts import oauth_apps, tokens
from potluck.social.model import Actor, User
from potluck.social.paging import Page

from . import fields
from .conftest import Person, Server


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Nothing is remembered of another test."""
    translation.forget()
    gatekeeping.forget()


def change_settings(**changes: Any) -> None:
    """Other settings for this test."""
    settings.use(replace(settings.current(), **changes))


# ---- profile ----------------------------------------------------------------------------------------------------


async def test_profile(alice: Person) -> None:
    """Texts come as typed; what is changed here is changed everywhere."""
    found = await alice.get("/api/v1/profile")
    fields.check(found, "Profile")
    changed = await alice.patch("/api/v1/profile", json={"note": "*hi* #cake", "show_media": False, "locked": True,
                                                         "fields_attributes": [{"name": "web", "value": "x"}]})
    fields.check(changed, "Profile")
    assert (changed["note"], changed["show_media"], changed["show_featured"]) == ("*hi* #cake", False, True)
    account = await alice.get("/api/v1/accounts/verify_credentials")
    assert account["locked"] is True
    assert account["source"]["note"] == "*hi* #cake"


async def test_what_blocking_a_server_would_cost(server: Server, alice: Person, dana: Actor) -> None:
    """Follows both ways are counted."""
    await alice.post(f"/api/v1/accounts/{dana.id}/follow")
    async with server.db.write() as session:
        await follows.accept(session, await session.get_one(Actor, dana.id),
                             await session.get_one(Actor, alice.actor.id))
    found = await alice.get("/api/v1/domain_blocks/preview?domain=far.example")
    assert found == {"following_count": 1, "followers_count": 0}
    assert (await alice.call("GET", "/api/v1/domain_blocks/preview")).status_code == 400


async def test_oembed(server: Server, alice: Person) -> None:
    """Public posts of this server only, as a quotation in which nothing runs."""
    status = await alice.say("hello <b>")
    secret = await alice.say("secret", visibility="private")
    found = (await server.http.get("/api/oembed", params={"url": status["url"], "maxwidth": 300})).json()
    fields.check(found, "OEmbed")
    assert "hello &lt;b&gt;" in found["html"]
    assert found["width"] == 300
    for url in (secret["url"], "https://far.example/@x/1", "nonsense"):
        assert (await server.http.get("/api/oembed", params={"url": url})).status_code == 404


async def test_annual_reports_and_languages(server: Server, alice: Person) -> None:
    """There are no reports; languages are named."""
    assert await alice.get("/api/v1/annual_reports") == []
    assert await alice.get("/api/v1/annual_reports/2025/state") == {"state": "ineligible"}
    assert (await alice.call("GET", "/api/v1/annual_reports/2025")).status_code == 404
    found = (await server.http.get("/api/v1/instance/languages")).json()
    assert {"code": "de", "name": "German"} in found


# ---- signing up -------------------------------------------------------------------------------------------------


async def app_token(server: Server) -> dict[str, str]:
    """The token of an app itself, as a header."""
    async with server.db.write() as session:
        app, _ = await oauth_apps.register(session, name="Tusky", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"],
                                           scopes=["read", "write"], website=None)
        issued = await tokens.issue(session, None, ["read", "write"], app=app)
    return {"Authorization": f"Bearer {issued.secret}"}


GOOD = {"username": "nina", "email": "nina@example.org", "password": "long enough words", "agreement": True,
        "locale": "en"}


async def test_signing_up(server: Server) -> None:
    """The token is of use once the address is confirmed; the mail can be sent again, to another address."""
    change_settings(sign_up="open", confirm_email=True)
    header = await app_token(server)
    made = await server.http.post("/api/v1/accounts", json=GOOD, headers=header)
    fields.check(made.json(), "Token")
    mine = {"Authorization": f"Bearer {made.json()['access_token']}"}
    refused = await server.http.get("/api/v1/accounts/verify_credentials", headers=mine)
    assert (refused.status_code, refused.json()["error"]) == (403, "Your login is missing a confirmed e-mail address")
    assert (await server.http.get("/api/v1/emails/check_confirmation", headers=mine)).json() is False
    again = await server.http.post("/api/v1/emails/confirmations", json={"email": "n@example.org"}, headers=mine)
    assert (again.status_code, again.json()) == (200, {})
    async with server.db.write() as session:
        user = (await session.scalars(select(User).where(User.email == "n@example.org"))).one()
        user.confirmed_at = user.created_at
        tokens.forget_user(session, user.id)
    assert (await server.http.get("/api/v1/accounts/verify_credentials", headers=mine)).json()["acct"] == "nina"
    assert (await server.http.post("/api/v1/emails/confirmations", headers=mine)).status_code == 403


@pytest.mark.parametrize(("bad", "field", "code"), [
    ({"username": ""}, "username", "ERR_BLANK"), ({"username": "alice"}, "username", "ERR_TAKEN"),
    ({"email": "nonsense"}, "email", "ERR_INVALID"), ({"email": "alice@example.org"}, "email", "ERR_TAKEN"),
    ({"password": "short"}, "password", "ERR_TOO_SHORT"), ({"agreement": False}, "agreement", "ERR_ACCEPTED")])
async def test_what_is_wrong_is_told_by_field(server: Server, alice: Person, bad: dict[str, Any], field: str,
                                              code: str) -> None:
    """In the words of the API, and nothing is made."""
    change_settings(sign_up="open")
    answer = await server.http.post("/api/v1/accounts", json=GOOD | bad, headers=await app_token(server))
    assert answer.status_code == 422
    fields.check(answer.json(), "Error")
    assert [item["error"] for item in answer.json()["details"][field]] == [code]


async def test_who_may_sign_up(server: Server, alice: Person) -> None:
    """Only an app by itself, and only where sign-ups are open."""
    assert (await server.http.post("/api/v1/accounts", json=GOOD, headers=await app_token(server))).status_code == 403
    change_settings(sign_up="open")
    assert (await alice.call("POST", "/api/v1/accounts", json=GOOD)).status_code == 403
    assert (await server.http.post("/api/v1/accounts", json=GOOD)).status_code == 401


async def test_who_is_kept_out(server: Server) -> None:
    """Blocked mailboxes and networks make no account, nor does one move to such a mailbox; a refusal is counted."""
    change_settings(sign_up="open", confirm_email=True)
    header = await app_token(server)
    async with server.db.write() as session:
        await gatekeeping.block_email_domain(session, "spam.example")
    refused = await server.http.post("/api/v1/accounts", json=GOOD | {"email": "n@spam.example"}, headers=header)
    assert refused.status_code == 422
    assert [item["error"] for item in refused.json()["details"]["email"]] == ["ERR_BLOCKED"]
    async with server.db.read() as session:
        rows = await gatekeeping.email_domains(session, Page())
    assert [sum(row.attempts.values()) for row in rows] == [1]
    made = (await server.http.post("/api/v1/accounts", json=GOOD, headers=header)).json()
    moved = await server.http.post("/api/v1/emails/confirmations", json={"email": "n@spam.example"},
                                   headers={"Authorization": f"Bearer {made['access_token']}"})
    assert moved.status_code == 422
    assert [item["error"] for item in moved.json()["details"]["email"]] == ["ERR_BLOCKED"]
    async with server.db.write() as session:
        assert await session.scalar(select(User.email).where(User.email.startswith("n"))) == GOOD["email"]
        await gatekeeping.block_network(session, "127.0.0.0/8", "sign_up_block")
    refused = await server.http.post("/api/v1/accounts", json=GOOD | {"username": "nora", "email": "o@example.org"},
                                     headers=header)
    assert refused.status_code == 403
    async with server.db.read() as session:
        assert await session.scalar(select(Actor.id).where(Actor.name == "nora")) is None


# ---- translation ------------------------------------------------------------------------------------------------


@pytest.fixture
async def translator() -> AsyncIterator[list[Any]]:
    """A translation service on loopback that shouts; what it was asked."""
    asked: list[Any] = []

    async def translate(request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        asked.append(body)
        if body["target"] == "xx":
            return web.Response(status=500)
        return web.json_response({"translatedText": [text.upper() + "<script>x</script>" for text in body["q"]],
                                  "detectedLanguage": [{"language": "de"}] * len(body["q"])})

    async def languages(_: web.Request) -> web.Response:
        return web.json_response([{"code": "de", "name": "German", "targets": ["en"]}, {"code": "en", "name": "E"}])

    app = web.Application()
    app.router.add_post("/translate", translate)
    app.router.add_get("/languages", languages)
    service = TestServer(app)
    await service.start_server()
    change_settings(translation_url=str(service.make_url("")).rstrip("/"), translation_key="KEY")
    yield asked
    await service.close()


async def test_translating(server: Server, alice: Person, bob: Person, translator: list[Any]) -> None:
    """Everything of a public status, once for each language; cleaned as everything from elsewhere."""
    status = await bob.say("hallo", spoiler_text="warnung", language="de",
                           poll={"options": ["ja", "nein"], "expires_in": 600})
    path = f"/api/v1/statuses/{status['id']}/translate"
    found = await alice.post(path, data={"lang": "en"})
    fields.check(found, "Translation")
    assert "HALLO" in found["content"].upper()
    assert "<script" not in found["content"]
    assert (found["spoiler_text"], found["detected_source_language"]) == ("WARNUNG", "de")
    assert [item["title"] for item in found["poll"]["options"]] == ["JA", "NEIN"]
    assert await alice.post(path, data={"lang": "en"}) == found
    assert len(translator) == 1
    assert (translator[0]["api_key"], translator[0]["source"]) == ("KEY", "de")
    languages = (await server.http.get("/api/v1/instance/translation_languages")).json()
    assert languages["de"] == ["en"]
    assert (await server.http.get("/api/v2/instance")).json()["configuration"]["translation"] == {"enabled": True}
    private = await bob.say("@alice geheim", visibility="direct")
    assert (await alice.call("POST", f"/api/v1/statuses/{private['id']}/translate")).status_code == 403
    assert (await alice.call("POST", "/api/v1/statuses/5/translate")).status_code == 404


async def test_without_a_service(server: Server, alice: Person) -> None:
    """Nobody pretends there is one; one in trouble is a passing error."""
    status = await alice.say("hi")
    path = f"/api/v1/statuses/{status['id']}/translate"
    assert (await alice.call("POST", path)).status_code == 403
    assert (await server.http.get("/api/v1/instance/translation_languages")).json() == {}
    change_settings(translation_url="http://127.0.0.1:9")
    assert (await alice.call("POST", path)).status_code == 503
