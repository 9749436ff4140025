"""Signing an app in with the address of one's profile or blog."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from potluck.apis.indieauth import clients
from potluck.federation.addresses import AddressPolicy
from potluck.federation.fetch import SafeClient
from potluck.social.accounts import tokens
from potluck.social.model import OAuthApp

from .conftest import CHALLENGE, URL, VERIFIER, Server, query_of, refusal

HAPP = """<!doctype html><title>Ignored</title><link rel="redirect_uri" href="quill://back">
<div class="h-app"><img class="u-logo" src="/logo.png"><a href="/" class="u-url p-name">Quill &amp; <b>Co</b></a></div>
<p class="h-app"><span class="p-name">Second</span></p>"""


def wish(server: Server, **more: str) -> dict[str, str]:
    """What an app asks for."""
    return {"response_type": "code", "client_id": server.page.url, "redirect_uri": f"{server.page.url}back?a=1",
            "scope": "profile email create media", "state": "a b&c", "code_challenge": CHALLENGE,
            "code_challenge_method": "S256", **more}


async def asked(server: Server, **more: str) -> httpx.Response:
    """The consent page, as Alice asks for it."""
    await server.visits(server.cast.alice)
    return await server.http.get("/oauth/authorize", params=wish(server, **more))


async def consent(server: Server, *, site: int = 0, grant: tuple[str, ...] = ("profile", "email", "create", "media"),
                  decision: str = "allow", **more: str) -> httpx.Response:
    """Alice's answer on the consent page."""
    await server.visits(server.cast.alice)
    return await server.http.post("/oauth/authorize", data={
        **wish(server, **more), "_csrf": "right", "site": str(site or server.cast.alice.id), "grant": list(grant),
        "decision": decision})


async def redeem(server: Server, code: str, path: str = "/oauth/token", **more: str) -> httpx.Response:
    """What an app gets for a code."""
    return await server.http.post(path, data={
        "grant_type": "authorization_code", "code": code, "client_id": server.page.url,
        "redirect_uri": f"{server.page.url}back?a=1", "code_verifier": VERIFIER, **more})


async def test_a_person_lets_an_app_in(server: Server) -> None:
    """The page names the app by its h-app; what is unticked is not given; state comes back untouched, with issuer."""
    server.page.body = HAPP
    assert (await asked(server)).status_code == 200
    template, shown = server.pages[-1]
    assert template == "oauth/site.html"
    assert (shown["client"].name, shown["client"].website) == ("Quill & Co", server.page.url)
    assert shown["client"].logo.startswith(f"{URL}/proxy/")
    assert shown["client"].described
    assert shown["scopes"] == ["profile", "email", "create", "media"]
    assert [site["me"] for site in shown["sites"]] == [f"{URL}/@alice"]
    back = query_of(await consent(server, grant=("profile", "create")))
    assert (back["state"], back["iss"], back["a"]) == ("a b&c", f"{URL}/", "1")
    answer = await redeem(server, back["code"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert (found["me"], found["scope"], found["token_type"]) == (f"{URL}/@alice", "profile create", "Bearer")
    assert found["profile"] == {"name": "Alice", "url": f"{URL}/@alice", "photo": found["profile"]["photo"]}
    assert found["profile"]["photo"].startswith(f"{URL}/static/")
    assert server.page.asked == ["/"]  # asked once, and remembered


async def test_a_metadata_document(server: Server) -> None:
    """A JSON document names the app and publishes where it is returned to; that of another app counts for nothing."""
    server.page.type = "application/json"
    server.page.body = ('{"client_id": "{url}", "client_name": "Pen", "client_uri": "{url}", "logo_uri": "{url}l.png",'
                        ' "redirect_uris": ["pen://back", "https://other.example/cb"]}')
    for uri in ("pen://back", "https://other.example/cb"):
        assert query_of(await consent(server, redirect_uri=uri))["code"]
    assert server.pages == []


async def test_a_metadata_document_of_another_app(server: Server) -> None:
    """It is not believed: the app is known by its address alone."""
    server.page.type = "application/json"
    server.page.body = '{"client_id": "https://bank.example/", "client_name": "Bank", "redirect_uris": ["x://y"]}'
    await asked(server)
    client = server.pages[-1][1]["client"]
    assert (client.name, client.described) == (server.page.url, False)
    assert (await asked(server, redirect_uri="x://y")).status_code == 400


async def test_a_redirect_in_a_header(server: Server) -> None:
    """An app may publish its redirect address by a Link header."""
    server.page.headers = {"Link": '</x>; rel="next", <quill://there>; rel="redirect_uri"'}
    assert query_of(await consent(server, redirect_uri="quill://there"))["code"]


async def test_nobody_is_led_where_an_app_is_not(server: Server) -> None:
    """Another host or port, a scheme a browser would run, an address that is not published: the person stays here."""
    server.page.body = HAPP + "".join(
        f'<link rel="redirect_uri" href="{uri}">' for uri in ("javascript:alert(1)", "data:,x"))
    for uri in ("https://evil.example/back", "http://127.0.0.1:1/back", "javascript:alert(1)", "data:,x", "",
                "urn:ietf:wg:oauth:2.0:oob", "quill://elsewhere", "http://127.0.0.1@evil.example/", "//evil.example/",
                f"http://evil.example\\@{server.page.url[7:]}", f"http://a:b@{server.page.url[7:]}"):
        for answer in (await asked(server, redirect_uri=uri), await consent(server, redirect_uri=uri)):
            assert answer.status_code == 400, uri
            assert "location" not in answer.headers
    assert {template for template, _ in server.pages} == {"oauth/error.html"}


async def test_what_is_no_client_id(server: Server) -> None:
    """An address without path, with a login, a fragment or dots, or of a bare number stands for no app."""
    for client_id in ("https://app.example", "https://user:pw@app.example/", "https://app.example/#x",
                      "https://app.example/../x", "https://10.0.0.1/", "http://169.254.169.254/latest", "https://",
                      "http://app.example:99999/", "https://a b/", "https://[::1/"):
        answer = await asked(server, client_id=client_id, redirect_uri=f"{client_id}back")
        assert answer.status_code == 400, client_id
        assert server.pages[-1][0] == "oauth/error.html"


@pytest.fixture
async def strict(server: Server) -> AsyncIterator[Server]:
    """The server with the client as it is by default: nothing of this machine or network can be reached."""
    async with SafeClient(AddressPolicy([]), user_agent="Potluck test") as client:
        server.federation.client = client
        yield server


async def test_an_app_that_may_not_be_asked(strict: Server) -> None:
    """A client id within our own network is never fetched: the person sees the address alone, and may still go on."""
    assert (await asked(strict)).status_code == 200
    client = strict.pages[-1][1]["client"]
    assert (client.name, client.described, client.logo) == (strict.page.url, False, "")
    for inside in ("http://localhost:9/", "http://[::1]:9/", "http://potluck.localhost:9/"):
        await asked(strict, client_id=inside, redirect_uri=f"{inside}back")
        assert strict.pages[-1][1]["client"].name == inside
    assert strict.page.asked == []
    assert query_of(await consent(strict))["code"]


async def test_hostile_pages(server: Server) -> None:
    """A page too large or too deep, or of no sense, is no fault of ours."""
    for body in ("<p>" * 300_000, "\x00" * 100, "<div class=h-app>" * 5000, '{"client_id":' * 5000, "<a class='h-app'",
                 '<div class="h-app"><p class="p-name">' + "x" * 200_000, "[1]", '{"client_id": 1}'):
        for server.page.type in ("text/html", "application/json"):
            server.page.body = body
            clients.forget()
            assert (await asked(server)).status_code == 200
            assert len(server.pages[-1][1]["client"].name) <= 100


async def test_blocked_hosts_are_not_asked(server: Server) -> None:
    """Moderators' blocks hold for apps' pages, too."""
    server.federation.blocked = {server.page.url.removeprefix("http://").rstrip("/")}
    await asked(server)
    assert server.page.asked == []


async def test_a_wrong_wish_is_told_to_the_app(server: Server) -> None:
    """PKCE is required; the app learns what is missing, with its state and our issuer."""
    for bad, error in (({"response_type": "id"}, "unsupported_response_type"), ({"code_challenge": ""}, ""),
                       ({"code_challenge_method": "plain"}, ""), ({"code_challenge": "x"}, "")):
        found = query_of(await asked(server, **bad))
        assert (found["error"], found["state"], found["iss"]) == (error or "invalid_request", "a b&c", f"{URL}/")
        assert "code" not in query_of(await consent(server, **bad))


async def test_no_is_told_to_the_app(server: Server) -> None:
    """Saying no gives no code."""
    found = query_of(await consent(server, decision="deny"))
    assert found["error"] == "access_denied"
    async with server.cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(OAuthApp)) == 0


async def test_who_is_not_signed_in_signs_in_first(server: Server) -> None:
    """And no app's page is fetched for strangers."""
    answer = await server.http.get("/oauth/authorize", params=wish(server))
    assert answer.headers["location"] == "/signin?next=here"
    assert (await server.http.post("/oauth/authorize", data={**wish(server), "_csrf": "right"})).status_code == 302
    assert server.page.asked == []


async def test_a_code_is_good_for_who_asked_for_it(server: Server) -> None:
    """With a wrong verifier, redirect, client or code there is no token, at either endpoint."""
    for bad in ({"code_verifier": "w" * 50}, {"code_verifier": ""}, {"redirect_uri": "http://127.0.0.1:1/back"},
                {"client_id": "https://other.example/"}, {"code": "guessed"}, {"grant_type": "password"},
                {"redirect_uri": ""}):
        for path in ("/oauth/token", "/oauth/authorize"):
            code = query_of(await consent(server))["code"]
            answer = await redeem(server, path=path, **{"code": code, **bad})
            assert answer.status_code == 400, answer.text
            assert answer.json()["error"] in {"invalid_grant", "invalid_request", "unsupported_grant_type"}
            assert "access_token" not in answer.json()


async def test_a_code_works_once(server: Server) -> None:
    """A code that comes a second time has leaked: the token it gave is taken back."""
    code = query_of(await consent(server))["code"]
    token = (await redeem(server, code)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await server.http.get("/oauth/token", headers=headers)).status_code == 200
    assert (await redeem(server, code)).json()["error"] == "invalid_grant"
    assert (await server.http.get("/oauth/token", headers=headers)).status_code == 401


async def test_a_code_for_the_profile_alone(server: Server) -> None:
    """At the authorization endpoint a code says who it is; without scopes it is good for nothing else."""
    code = query_of(await consent(server, scope="", grant=()))["code"]
    assert (await redeem(server, code, "/oauth/authorize")).json() == {"me": f"{URL}/@alice"}
    code = query_of(await consent(server, scope="", grant=("create",)))["code"]  # nobody grants what was not asked
    assert (await redeem(server, code)).json()["error"] == "invalid_grant"
    code = query_of(await consent(server))["code"]
    answer = await redeem(server, code, "/oauth/authorize")
    assert answer.json()["profile"]["email"] == "alice@mail.test"
    assert "access_token" not in answer.json()
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_blogs_are_sites_too(server: Server) -> None:
    """A blog is chosen on the page, by the address typed in the app if it is one's own; those of others are not."""
    oven = await server.blog(server.cast.alice, "oven", domain="oven.example")
    cellar = await server.blog(server.cast.bob, "cellar")
    await asked(server, me="https://oven.example")
    assert [site["me"] for site in server.pages[-1][1]["sites"]] == [f"{URL}/@alice", "https://oven.example/"]
    assert [site["wanted"] for site in server.pages[-1][1]["sites"]] == [False, True]
    found = (await redeem(server, query_of(await consent(server, site=oven.id))["code"])).json()
    assert (found["me"], found["profile"]["name"]) == ("https://oven.example/", "Oven")
    for other in (cellar.id, server.cast.bob.id, 17):
        answer = await consent(server, site=other)
        assert (answer.status_code, server.pages[-1][0]) == (400, "oauth/error.html")


async def _token(server: Server, **more: Any) -> dict[str, str]:
    answer = await redeem(server, query_of(await consent(server, **more))["code"])
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def test_asking_about_tokens(server: Server) -> None:
    """Introspection, the older question, and userinfo tell what a token stands for, and nothing to others."""
    headers = await _token(server)
    mine, secret = headers["Authorization"], headers["Authorization"].removeprefix("Bearer ")
    older = (await server.http.get("/oauth/token", headers=headers)).json()
    assert (older["me"], older["client_id"]) == (f"{URL}/@alice", server.page.url)
    found = (await server.http.post("/oauth/introspect", headers=headers, data={"token": secret})).json()
    assert found == {"active": True, **older}
    assert set(found["scope"].split()) == {"profile", "email", "create", "media"}
    bobs = await server.app(server.cast.bob)
    for token, about in ((mine, "nonsense"), (mine, bobs.token), (f"Bearer {bobs.token}", secret)):
        answer = await server.http.post("/oauth/introspect", headers={"Authorization": token}, data={"token": about})
        assert answer.json() == {"active": False}
    refusal(await server.http.post("/oauth/introspect", data={"token": secret}), 401, "unauthorized")
    refusal(await server.http.post("/oauth/introspect", headers=headers), 400, "invalid_request")
    who = (await server.http.get("/oauth/userinfo", headers=headers)).json()
    assert who == {"name": "Alice", "url": f"{URL}/@alice", "photo": who["photo"], "email": "alice@mail.test"}
    refusal_of_scope = await bobs.send("GET", "/oauth/userinfo")
    assert refusal_of_scope.status_code == 403


async def test_tokens_are_given_back(server: Server) -> None:
    """By whoever holds one, in the older way as well; one that is unknown is no error."""
    for path, fields in (("/oauth/revoke", {}), ("/oauth/revoke", {"client_id": "https://quill.test/"}),
                         ("/oauth/token", {"action": "revoke"})):
        headers = await _token(server)
        secret = headers["Authorization"].removeprefix("Bearer ")
        for token in (secret, secret, "nonsense"):
            assert (await server.http.post(path, data={**fields, "token": token})).status_code == 200
        assert (await server.http.get("/oauth/token", headers=headers)).status_code == 401


async def test_tokens_of_other_families(server: Server) -> None:
    """A token of IndieAuth means nothing in the Mastodon API, and one of that nothing here."""
    headers = await _token(server)
    assert (await server.http.get("/api/v1/accounts/verify_credentials", headers=headers)).status_code == 401
    user = await server.user(server.cast.alice)
    async with server.cast.database.write() as session:
        secret = (await tokens.issue(session, user, ["read", "write", "profile", "create"])).secret
    for method, path in (("GET", "/micropub?q=config"), ("GET", "/oauth/token"), ("POST", "/micropub")):
        answer = await server.http.request(method, path, headers={"Authorization": f"Bearer {secret}"})
        refusal(answer, 401, "unauthorized")


async def test_a_person_takes_an_app_back(server: Server) -> None:
    """As every other app, under “Apps” in the settings; its codes go with its tokens."""
    code = query_of(await consent(server))["code"]
    headers = await _token(server)
    async with server.cast.database.write() as session:
        user = await server.user(server.cast.alice)
        [(token, app)] = await tokens.authorized(session, user.id)
        assert app is not None
        assert (app.client_id, token.site_id) == (server.page.url, server.cast.alice.id)
        await tokens.revoke_app(session, user.id, app.id)
    assert (await server.http.get("/oauth/token", headers=headers)).status_code == 401
    assert (await redeem(server, code)).json()["error"] == "invalid_grant"


async def test_metadata(server: Server) -> None:
    """One document for apps of both kinds; the issuer begins its address and is that of every answer."""
    found = (await server.http.get("/.well-known/oauth-authorization-server")).json()
    assert found["issuer"] == f"{URL}/"
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert {"create", "draft", "update", "delete", "undelete", "media", "profile", "email", "read"} <= set(
        found["scopes_supported"])
    for name in ("authorization", "token", "introspection", "revocation", "userinfo"):
        assert found[f"{name}_endpoint"].startswith(f"{URL}/oauth/")
