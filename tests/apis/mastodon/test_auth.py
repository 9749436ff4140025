"""Tokens, scopes and logins: who may call what, and how refusals look."""

from __future__ import annotations

import pytest

from potluck import settings
from potluck.db.base import now
from potluck.social.accounts import tokens
from potluck.social.model import User

from . import fields
from .conftest import Person, Server


@pytest.mark.parametrize("path", ["/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/accounts/1"])
async def test_a_wrong_token_is_401_everywhere(server: Server, path: str) -> None:
    """A token that is wrong is refused also where none is needed."""
    answer = await server.http.get(path, headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()) == (401, {"error": "The access token is invalid"})


async def test_a_token_may_be_a_parameter(server: Server, alice: Person) -> None:
    """Old apps send it as access_token in query or form."""
    me = await server.http.get("/api/v1/accounts/verify_credentials", params={"access_token": alice.token})
    assert me.json()["username"] == "alice"
    said = await server.http.post("/api/v1/statuses", data={"access_token": alice.token, "status": "x"})
    assert said.status_code == 200


async def test_scopes_are_held(server: Server) -> None:
    """A token does only what it was given for; a public reading with a token needs the scope as well."""
    rita = await server.person("rita", scopes=["read:accounts"])
    assert (await rita.call("GET", "/api/v1/accounts/verify_credentials")).status_code == 200
    for method, path in (("POST", "/api/v1/statuses"), ("GET", "/api/v1/timelines/home"),
                         ("GET", "/api/v1/timelines/public")):
        answer = await rita.call(method, path)
        assert (answer.status_code, answer.json()) == (403, {
            "error": "This action is outside the authorized scopes"})


@pytest.mark.parametrize(("change", "text"), [
    ({"confirmed_at": None}, "Your login is missing a confirmed e-mail address"),
    ({"approved_at": None}, "Your login is currently pending approval"),
    ({"disabled_at": now()}, "Your login is currently disabled")])
async def test_logins_that_may_not_be_used(server: Server, alice: Person, change: dict[str, object], text: str,
                                           ) -> None:
    """A login that is not confirmed, approved or enabled is told why."""
    async with server.db.write() as session:
        user = await session.get_one(User, alice.user.id)
        for name, value in change.items():
            setattr(user, name, value)
        tokens.forget_user(session, user.id)
    answer = await alice.call("GET", "/api/v1/timelines/home")
    assert (answer.status_code, answer.json()["error"]) == (403, text)


@pytest.mark.parametrize("path", ["/api/v1/instance/", "/api/v2/instance/", "/api/v1/timelines/public/",
                                  "/oauth/token/", "/api/v1/conversations/"])
async def test_a_trailing_slash_is_no_redirect(server: Server, alice: Person, path: str) -> None:
    """A slash at the end changes nothing: a redirect would turn POST into GET."""
    method = "POST" if "token" in path else "GET"
    answer = await alice.call(method, path)
    assert answer.status_code in (200, 400)


async def test_rate_limits(server: Server, alice: Person) -> None:
    """Every answer says where the caller stands; beyond the limit it is 429 with the same headers."""
    from potluck.apis.mastodon import endpoint

    settings.use(settings.Settings(url="https://potluck.test", data=server.db.settings.data, rate_limits=True))
    endpoint.forget()
    answer = await alice.call("GET", "/api/v1/preferences")
    assert answer.headers["x-ratelimit-limit"] == "300"
    assert answer.headers["x-ratelimit-remaining"] == "299"
    assert answer.headers["x-ratelimit-reset"].endswith(".000000Z")
    for _ in range(299):
        answer = await alice.call("GET", "/api/v1/preferences")
    refused = await alice.call("GET", "/api/v1/preferences")
    assert refused.status_code == 429
    assert refused.json() == {"error": "Too many requests"}
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert int(refused.headers["retry-after"]) > 0


async def test_errors_keep_their_shape(server: Server, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a fault of ours is JSON and tells nothing of its inside."""
    from potluck.apis.mastodon import facts

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(facts, "of_feed", broken)
    answer = await alice.call("GET", "/api/v1/timelines/home")
    assert answer.status_code == 500
    fields.check(answer.json(), "Error")
    assert "secret" not in answer.text
