"""Signing an app in: registration, consent, codes, tokens, revoking."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from support.consenting import Visitor

from . import fields
from .conftest import Person, Server

OOB = "urn:ietf:wg:oauth:2.0:oob"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


async def register(server: Server, **more: Any) -> Any:
    answer = await server.http.post("/api/v1/apps", json={
        "client_name": "Elk", "redirect_uris": ["https://elk.example/back", OOB, "elk://back"],
        "scopes": "read write", "website": "https://elk.example", **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def wish(app: Any, **more: Any) -> dict[str, str]:
    return {"response_type": "code", "client_id": app["client_id"], "redirect_uri": "https://elk.example/back",
            "scope": "read write:statuses", "state": "a b&c", **more}


async def consent(server: Server, app: Any, **more: Any) -> Any:
    return await server.http.post("/oauth/authorize", data={**wish(app, **more), "_csrf": "right",
                                                            "decision": more.get("decision", "allow")})


async def code_for(server: Server, alice: Person, app: Any, **more: Any) -> str:
    server.visitor = Visitor(alice.user, alice.actor)
    answer = await consent(server, app, **more)
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


async def redeem(server: Server, app: Any, code: str, **more: Any) -> Any:
    return await server.http.post("/oauth/token", data={
        "grant_type": "authorization_code", "code": code, "client_id": app["client_id"],
        "client_secret": app["client_secret"], "redirect_uri": "https://elk.example/back", **more})


async def test_an_app_registers_in_form_and_json(server: Server) -> None:
    """Redirect URIs may come as a list or on lines; the answer has every field."""
    app = await register(server)
    fields.check(app, "CredentialApplication")
    assert app["redirect_uris"] == ["https://elk.example/back", OOB, "elk://back"]
    form = await server.http.post("/api/v1/apps", data={"client_name": "a", "redirect_uris": f"{OOB}\nx://y"})
    assert form.json()["redirect_uris"] == [OOB, "x://y"]
    assert form.json()["scopes"] == ["read"]


@pytest.mark.parametrize("bad", [
    {"redirect_uris": "javascript:alert(1)"}, {"redirect_uris": "nothing"}, {"redirect_uris": ""},
    {"scopes": "bake"}, {"client_name": ""}])
async def test_a_bad_registration_is_refused(server: Server, bad: dict[str, str]) -> None:
    """Addresses that a browser would run, unknown scopes and empty names are 422."""
    answer = await server.http.post("/api/v1/apps", json={"client_name": "x", "redirect_uris": OOB, **bad})
    assert answer.status_code == 422
    fields.check(answer.json(), "Error")


async def test_a_person_lets_an_app_in(server: Server, alice: Person) -> None:
    """Consent leads back with code and untouched state; the code gives a token of the scopes agreed to."""
    app = await register(server)
    server.visitor = Visitor(alice.user, alice.actor)
    page = await server.http.get("/oauth/authorize", params=wish(app))
    assert page.status_code == 200
    assert server.pages[-1][0] == "oauth/authorize.html"
    assert server.form_targets == ["https://elk.example"]
    back = await consent(server, app)
    assert back.status_code == 302
    query = parse_qs(urlsplit(back.headers["location"]).query)
    assert query["state"] == ["a b&c"]
    assert "iss" not in query
    answer = await redeem(server, app, query["code"][0])
    fields.check(answer.json(), "Token")
    assert answer.json()["scope"] == "read write:statuses"
    assert answer.headers["cache-control"] == "no-store"
    me = await server.http.get("/api/v1/accounts/verify_credentials", headers={
        "Authorization": f"Bearer {answer.json()['access_token']}"})
    assert me.json()["username"] == "alice"


async def test_a_signed_out_person_signs_in_first(server: Server) -> None:
    """Without a session the consent page leads to the sign-in page."""
    app = await register(server)
    answer = await server.http.get("/oauth/authorize", params=wish(app))
    assert answer.status_code == 302
    assert answer.headers["location"] == "/signin?next=here"


async def test_denial_is_told_to_the_app(server: Server, alice: Person) -> None:
    """Saying no leads back with access_denied."""
    app = await register(server)
    server.visitor = Visitor(alice.user, alice.actor)
    answer = await consent(server, app, decision="deny")
    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == ["access_denied"]


@pytest.mark.parametrize("bad", [{"client_id": "unknown"}, {"redirect_uri": "https://evil.example/"}])
async def test_nobody_is_led_to_an_unknown_place(server: Server, alice: Person, bad: dict[str, str]) -> None:
    """With an unknown app or address the person stays here, with an explanation."""
    app = await register(server)
    server.visitor = Visitor(alice.user, alice.actor)
    answer = await server.http.get("/oauth/authorize", params=wish(app, **bad))
    assert answer.status_code in (400, 401)
    assert "location" not in answer.headers


@pytest.mark.parametrize(("bad", "code"), [
    ({"scope": "read follow"}, "invalid_scope"), ({"response_type": "token"}, "unsupported_response_type"),
    ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request")])
async def test_a_wrong_wish_is_told_to_the_app(server: Server, alice: Person, bad: dict[str, str], code: str) -> None:
    """Scopes beyond the app's, other flows and weak PKCE lead back with the error."""
    app = await register(server)
    server.visitor = Visitor(alice.user, alice.actor)
    answer = await server.http.get("/oauth/authorize", params=wish(app, **bad))
    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == [code]


async def test_out_of_band_shows_the_code(server: Server, alice: Person) -> None:
    """An app without address gets its code through the person's clipboard."""
    app = await register(server)
    server.visitor = Visitor(alice.user, alice.actor)
    await consent(server, app, redirect_uri=OOB)
    template, context = server.pages[-1]
    assert template == "oauth/code.html"
    answer = await redeem(server, app, context["code"], redirect_uri=OOB)
    assert answer.status_code == 200


async def test_private_schemes_are_led_to(server: Server, alice: Person) -> None:
    """Apps on phones are reached by a scheme of their own, which the page's policy lets pass."""
    app = await register(server)
    server.visitor = Visitor(alice.user, alice.actor)
    answer = await consent(server, app, redirect_uri="elk://back")
    assert answer.headers["location"].startswith("elk://back?code=")
    assert server.form_targets == ["elk:"]


async def test_a_code_works_once(server: Server, alice: Person) -> None:
    """A code that comes twice gives nothing, and takes back what it gave."""
    app = await register(server)
    code = await code_for(server, alice, app)
    first = (await redeem(server, app, code)).json()["access_token"]
    second = await redeem(server, app, code)
    assert second.status_code == 400
    assert second.json()["error"] == "invalid_grant"
    answer = await server.http.get("/api/v1/timelines/home", headers={"Authorization": f"Bearer {first}"})
    assert answer.status_code == 401


async def test_pkce_takes_the_place_of_the_secret(server: Server, alice: Person) -> None:
    """With a verifier the secret may be absent; a wrong verifier gives nothing."""
    app = await register(server)
    code = await code_for(server, alice, app, code_challenge=CHALLENGE, code_challenge_method="S256")
    wrong = await redeem(server, app, code, client_secret="", code_verifier="w" * 50)
    assert wrong.json()["error"] == "invalid_grant"
    code = await code_for(server, alice, app, code_challenge=CHALLENGE, code_challenge_method="S256")
    right = await redeem(server, app, code, client_secret="", code_verifier=VERIFIER)
    assert right.status_code == 200


@pytest.mark.parametrize(("bad", "status", "error"), [
    ({"client_secret": "wrong"}, 401, "invalid_client"), ({"client_id": "wrong"}, 401, "invalid_client"),
    ({"redirect_uri": OOB}, 400, "invalid_grant"), ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ({"grant_type": ""}, 400, "invalid_request"), ({"code": "wrong"}, 400, "invalid_grant")])
async def test_bad_token_requests(server: Server, alice: Person, bad: dict[str, str], status: int, error: str) -> None:
    """Every mistake has its OAuth word and status."""
    app = await register(server)
    code = await code_for(server, alice, app)
    answer = await redeem(server, app, code, **bad) if "code" not in bad else await redeem(server, app, "wrong")
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_an_app_gets_its_own_token(server: Server) -> None:
    """client_credentials, as JSON and with Basic; such a token is nobody's."""
    app = await register(server)
    answer = await server.http.post("/oauth/token", json={
        "grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"],
        "scope": "read"})
    fields.check(answer.json(), "Token")
    again = await server.http.post("/oauth/token", data={"grant_type": "client_credentials"},
                                   auth=(app["client_id"], app["client_secret"]))
    headers = {"Authorization": f"Bearer {again.json()['access_token']}"}
    known = await server.http.get("/api/v1/apps/verify_credentials", headers=headers)
    fields.check(known.json(), "Application")
    home = await server.http.get("/api/v1/timelines/home", headers=headers)
    assert home.status_code == 422
    assert home.json()["error"] == "This method requires an authenticated user"


async def test_revoking(server: Server, alice: Person) -> None:
    """A revoked token stops working; an unknown one is no error; another app's is refused."""
    app, other = await register(server), await register(server)
    token = (await redeem(server, app, await code_for(server, alice, app))).json()["access_token"]

    async def revoke(by: Any, what: str) -> Any:
        return await server.http.post("/oauth/revoke", data={
            "client_id": by["client_id"], "client_secret": by["client_secret"], "token": what})

    refused = await revoke(other, token)
    assert (refused.status_code, refused.json()["error"]) == (403, "unauthorized_client")
    done = await revoke(app, token)
    assert (done.status_code, done.json()) == (200, {})
    assert (await revoke(app, "unknown")).status_code == 200
    answer = await server.http.get("/api/v1/timelines/home", headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == {"error": "The access token is invalid"}


async def test_metadata(server: Server) -> None:
    """RFC 8414 with everything apps look for."""
    answer = (await server.http.get("/.well-known/oauth-authorization-server")).json()
    assert answer["authorization_endpoint"] == "https://potluck.test/oauth/authorize"
    assert answer["code_challenge_methods_supported"] == ["S256"]
    assert {"read", "write", "profile", "push"} <= set(answer["scopes_supported"])


async def test_userinfo(server: Server, alice: Person) -> None:
    """Who the token stands for."""
    answer = await alice.get("/oauth/userinfo")
    assert answer["sub"] == alice.actor.uri
    assert answer["preferred_username"] == "alice"
