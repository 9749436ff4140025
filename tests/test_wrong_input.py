"""Wrong input, for every route there is: nothing that is sent makes the server fail, and every refusal says something.

One request for each route and method: ids that cannot be, parameters twice, nested, endless, with NUL and broken UTF-8,
bodies that are not what they claim to be. What is found by more of it becomes a test of its own where it belongs.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from potluck.apis import routes as apis
from potluck.db.base import now
from potluck.db.ids import ids
from potluck.federation import endpoints as wire
from potluck.operation import metrics
from potluck.settings import Settings
from potluck.social import actors
from potluck.social.accounts import oauth_apps, sessions, tokens
from potluck.social.model import User
from potluck.web import cookies
from potluck.web import routes as pages
from support.whole import whole_server

SCOPES = ["profile", "read", "write", "follow", "push", "admin:read", "admin:write"]
ENDLESS = ("/streaming", "/events")
"""Answers that go on for ever."""
IDS = ("9" * 300, "0", "-1", "null", "%00", "%FF%FE", "..%2f..%2fetc", "1%27%20OR%201=1")
QUERY = "&".join((
    "q=%FF%FE%00&q=x&q[x][y]=z&id[]=%00&id[]=-1&limit=-9&offset=99999999999999999999&max_id=%C2%B2&min_id=nan",
    f"page=-1&before=x&after={'y' * 3000}&type=%00&url=https://[::1&{'a[' * 60}=1&[]=&=&page_cursor=%00&acct=%00@%00",
    "resource=acct:%00@x&uri=http://%00&lang=%00&only=%00&by=%C2%B2&sort=%00&show=%00&code=%00"))
NAMES = (
    "id", "status", "text", "title", "name", "url", "uri", "domain", "comment", "reason", "expires_in", "scheduled_at",
    "media_ids", "poll", "choices", "context", "account_id", "account_ids", "source", "fields_attributes", "data",
    "keywords_attributes", "subscription", "keys", "start_at", "ip", "email", "severity", "scopes", "redirect_uris",
    "code", "locked", "focus", "description", "category", "type", "note", "language", "visibility", "tag",
    "community_id", "post_id", "comment_id", "person_id", "score", "content", "body", "auth")
VALUES: tuple[Any, ...] = (
    None, True, -1, 10**18, 1.5, "", "\x00", "x" * 5000, [], {}, [[[[]]]], [None], [{"a": {"b": [1]}}],
    {"0": {"name": ["x"]}}, {"options": 5, "expires_in": "x"}, "\N{SUPERSCRIPT TWO}", "nan,nan")
HEADERS = {
    "referer": "http://[::1", "hx-current-url": "http://[", "accept-language": "%;q=x,*;q=nan", "range": "bytes=9-1,x",
    "if-none-match": "\\", "if-modified-since": "soon", "idempotency-key": "\t", "x-forwarded-for": "x, ::, 1.2.3.4.5",
    "date": "soon", "digest": "x", "signature": "keyId=", "user-agent": "x" * 3000}
FORM = "&".join((
    f"text=%00&text={'z' * 5000}&id=%C2%B2&name=%FF&email=%00&verb=x&action=x&effective_date=x&publish_at=x&by=",
    "choices=-1&posts=99999999999999999999&back=//evil&ip=x&domain=%00&alias=@@@&target=%00&report=x&file=x")).encode()


@dataclass
class Nonsense:
    """A client of the application, and someone who may do everything in it, as an app and as a browser."""

    http: httpx.AsyncClient
    token: str
    cookie: str
    csrf: str


@asynccontextmanager
async def owned_server(database_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Nonsense]:
    """The application, started, with an owner who is signed in."""
    async with whole_server(database_settings, monkeypatch) as whole:
        http = whole.http
        async with whole.db.write() as session:
            actor = await actors.create_local(session, "alice")
            user = User(id=ids.new(), actor_id=actor.id, email="alice@example.org", password_hash="", role="owner",
                        confirmed_at=now(), approved_at=now(), locale="en", preferences={}, created_at=now())
            session.add(user)
            await session.flush()
            actor.owner_id = user.id
            app, _ = await oauth_apps.register(session, name="X", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"],
                                               scopes=SCOPES, website=None)
            issued = await tokens.issue(session, user, SCOPES, app=app)
            cookie = f"{cookies.full_name(cookies.SESSION)}={await sessions.start(session, user)}"
        page = await http.get("/settings/profile", headers={"cookie": cookie})
        found = re.search(r'name="_csrf" value="([^"]+)"', page.text)
        assert found
        cookie += "".join(f"; {name}={value}" for name, value in page.cookies.items())
        http.cookies.clear()
        yield Nonsense(http, issued.secret, cookie, found[1])


def _routes() -> Iterator[tuple[str, str]]:
    there = [*apis.endpoints, *pages.endpoints, *wire.endpoints, *metrics.endpoints]
    for method, path in ((method, path) for each in there for path in each.paths for method in each.http_methods):
        if method in {"GET", "POST", "PUT", "PATCH", "DELETE"} and not any(word in path for word in ENDLESS):
            yield method, path


def _requests(site: Nonsense) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for number, (method, pattern) in enumerate(sorted(set(_routes()), key=lambda item: item[::-1])):
        path = re.sub(r"\{[^}]*\}", IDS[number % len(IDS)], pattern)
        for_apps = pattern.startswith(("/api/", "/oauth/", "/pictrs/"))
        who = {"authorization": f"Bearer {site.token}"} if for_apps else {"cookie": site.cookie,
                                                                          "x-csrf-token": site.csrf}
        options: dict[str, Any] = {"headers": {**HEADERS, **who, "accept": "*/*" if for_apps else "text/html"}}
        if method != "GET":
            kind = "application/json" if for_apps else "application/x-www-form-urlencoded"
            values = {name: VALUES[(number + place) % len(VALUES)] for place, name in enumerate(NAMES)}
            options["content"] = json.dumps(values).encode() if for_apps else FORM
            options["headers"]["content-type"] = kind
        yield method, f"{path}?{QUERY}", options


async def test_every_route(database_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """No route fails over it, and apps read in words what is wrong."""
    async with owned_server(database_settings, monkeypatch) as site:
        failed = [wrong async for wrong in _failures(site)]
    assert not failed, "\n".join(failed)


async def _failures(site: Nonsense) -> AsyncIterator[str]:
    for method, url, options in _requests(site):
        answer = await site.http.request(method, url, **options)
        if answer.status_code >= 500:
            yield f"{answer.status_code} {method} {url[:100]}"
        elif answer.status_code >= 400 and url.startswith("/api/") and not _words(answer):
            yield f"no words: {answer.status_code} {method} {url[:100]}: {answer.text[:100]}"


def _words(answer: httpx.Response) -> str:
    """What a refusal says, in whatever shape its API has; '' for nothing."""
    found = answer.json() if answer.headers["content-type"].startswith("application/json") else None
    said = [found.get(name) for name in ("error", "error_msg", "message")] if isinstance(found, dict) else []
    return next((text for text in said if isinstance(text, str) and text), "")
