"""Private stays private: every page, endpoint, feed, search, count and stream is asked by everybody who may not know.

Alice says something in every way there is. Bob follows her and is in her community, Eve is a stranger whom one private
message names, Dave is blocked, Mona moderates the server, and a guest has no account. Each asks every address that can
be read, with every id that Alice's things have, and finds nothing that is not for them.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from potluck.apis import routes as apis
from potluck.federation import endpoints
from potluck.web import routes
from support.servers import PASSWORD, Person, Server, server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(280)]

MARK = "quagga"
"""With the name of what it stands in behind it, this word is in every secret."""

FORBIDDEN = {
    "guest": {"followers", "direct", "local", "group", "draft", "waiting", "note", "list", "filter", "alt"},
    "bob": {"direct", "draft", "waiting", "note", "list", "filter"},
    "eve": {"followers", "group", "draft", "waiting", "note", "list", "filter", "alt"},
    "dave": {"followers", "direct", "local", "group", "draft", "waiting", "note", "list", "filter", "alt"},
    "mona": {"followers", "direct", "group", "draft", "waiting", "note", "list", "filter", "alt"},
}
_ENDLESS = re.compile(r"/events|/streaming")
_PARAMETER = re.compile(r"\{([^:}]+)(?::(\w+))?\}")
_ACTIVITY = "application/activity+json"


@dataclass
class Scene:
    """The server, who is there, and the ids of what is secret."""

    place: Server
    people: dict[str, Person]
    ids: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, aiohttp.ClientSession] = field(default_factory=dict)


async def _browser(place: Server, name: str) -> aiohttp.ClientSession:
    """Somebody's browser, signed in; the guest's is not."""
    made = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
    place.clients.append(made)
    if name != "guest":
        async with made.get(f"{place.url}/signin") as page:
            token = re.search(r'name="_csrf" value="([^"]+)"', await page.text())
        assert token is not None
        async with made.post(f"{place.url}/signin", data={
                "_csrf": token[1], "login": name, "password": PASSWORD}, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
    return made


async def _send(scene: Scene, path: str, **fields: str) -> str:
    """A form of Alice's; gives where it leads."""
    alice, place = scene.sessions["alice"], scene.place
    async with alice.get(f"{place.url}/about") as page:
        token = re.search(r'name="_csrf" value="([^"]+)"', await page.text())
    assert token is not None
    async with alice.post(f"{place.url}{path}", data={"_csrf": token[1], **fields}, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[Scene]:
    """Everything is said and done."""
    async with server() as place:
        names = ("alice", "bob", "eve", "dave", "mona")
        made = Scene(place, dict(zip(names, await place.people(*names), strict=True)))
        await place.command("admin", "role", "mona", "moderator")
        for name in ("guest", *names):
            made.sessions[name] = await _browser(place, name)
        await _speak(made)
        yield made


async def _speak(scene: Scene) -> None:
    alice, bob = scene.people["alice"], scene.people["bob"]
    account = await bob.follow(alice)
    scene.ids["alice"] = account["id"]
    dave = await alice.find(scene.people["dave"])
    await alice.post(f"/api/v1/accounts/{dave['id']}/block")
    open_post = await alice.say("zebra for everyone #zebra")
    scene.ids["open"] = open_post["id"]
    for word, visibility, text in (("followers", "private", "zebra"), ("direct", "direct", "@eve zebra"),
                                   ("local", "local", "zebra")):
        said = await alice.say(f"{text} {MARK}{word} #zebra", visibility=visibility, in_reply_to_id=open_post["id"])
        scene.ids[word] = said["id"]
    await _communities(scene, bob)
    await _keep(scene)


async def _communities(scene: Scene, bob: Person) -> None:
    await _send(scene, "/communities/new", name="pantry", title="Pantry", visibility="private", posting="everyone")
    group = (await scene.people["alice"].get("/api/v1/accounts/lookup?acct=pantry"))["id"]
    scene.ids["pantry"] = group
    await bob.post(f"/api/v1/accounts/{group}/follow")
    account = (await bob.get("/api/v1/accounts/verify_credentials"))["id"]
    await _send(scene, f"/communities/{group}/accept", person=account)
    place = await _send(scene, "/@pantry/submit", title=f"zebra {MARK}group", text=f"{MARK}group")
    scene.ids["group"] = place.rpartition("/")[2]
    await _send(scene, "/compose", text=f"zebra {MARK}group too", reply_id=scene.ids["group"], visibility="public")
    await _send(scene, f"/posts/{scene.ids['group']}/mod", act="lock", reason=f"{MARK}group")


async def _keep(scene: Scene) -> None:
    """What only Alice keeps for herself."""
    alice = scene.people["alice"]
    await _send(scene, "/compose", text=f"zebra {MARK}draft", keep="1")
    await _send(scene, "/compose", text=f"zebra {MARK}waiting", publish_at="2027-05-01T10:00", visibility="public")
    bob = await alice.find(scene.people["bob"])
    await alice.post(f"/api/v1/accounts/{bob['id']}/note", comment=f"{MARK}note")
    await alice.post("/api/v1/lists", title=f"{MARK}list")
    await alice.post("/api/v2/filters", title=f"{MARK}filter", context=["home"],
                     keywords_attributes=[{"keyword": f"{MARK}filter"}])
    scene.ids["bob"] = bob["id"]


def _patterns() -> list[tuple[str, bool]]:
    """Every address that can be read, and whether it speaks to apps and servers."""
    found: dict[str, bool] = {}
    pages = [handler for area in routes.AREAS for handler in area.route_handlers]
    for handlers, for_apps in ((pages, False), ((*apis.endpoints, *endpoints.route_handlers), True)):
        for handler in handlers:
            if "GET" in handler.http_methods:
                for path in handler.paths:
                    found.setdefault(path, for_apps)
    return [(path, for_apps) for path, for_apps in found.items() if not _ENDLESS.search(path)]


def _addresses(scene: Scene, who: str) -> Iterator[tuple[str, bool]]:
    """The patterns with everything of Alice's filled in that could be hidden from somebody."""
    numbers = [scene.ids[word] for word in ("open", *sorted(FORBIDDEN[who])) if scene.ids.get(word)]
    numbers += [scene.ids["alice"], scene.ids["pantry"]]
    words = {"handle": ["@alice", "@pantry", "@alice.rss"], "name": ["alice", "pantry", "zebra", "zebra.rss"],
             "acct": ["alice"], "hashtag": ["zebra"]}
    for pattern, for_apps in _patterns():
        names = _PARAMETER.findall(pattern)
        choices = [words.get(name) or numbers for name, _kind in names]
        for values in itertools.islice(itertools.product(*choices), 40):
            remaining = iter(values)
            yield _PARAMETER.sub(lambda _match, values=remaining: next(values), pattern), for_apps


_QUERY = {"q": "zebra", "acct": "alice", "resource": "acct:alice", "uri": "", "limit": "40"}


async def _ask(scene: Scene, who: str, path: str, *, for_apps: bool) -> str:
    session = scene.sessions[who]
    headers = {"Accept": "text/html"}
    if for_apps:
        headers = {"Accept": "application/json" if path.startswith("/api") else _ACTIVITY}
        if who != "guest" and path.startswith("/api"):
            headers["Authorization"] = f"Bearer {scene.people[who].token}"
    async with session.get(f"{scene.place.url}{path}", params=_QUERY, headers=headers, allow_redirects=False) as answer:
        assert answer.status < 500, f"{who} {path}: {answer.status}"
        return await answer.text()


async def _leaks(scene: Scene, who: str) -> list[str]:
    limit = asyncio.Semaphore(8)
    found: list[str] = []

    async def look(path: str, for_apps: bool) -> None:
        async with limit:
            text = await _ask(scene, who, path, for_apps=for_apps)
        found.extend(f"{path}: {word}" for word in sorted(FORBIDDEN[who]) if f"{MARK}{word}" in text)

    addresses = dict(_addresses(scene, who))
    await asyncio.gather(*(look(path, for_apps) for path, for_apps in addresses.items()))
    assert len(addresses) > 300
    return found


async def test_a_guest_learns_nothing(scene: Scene) -> None:
    """Not even what everybody of the server may read."""
    assert await _leaks(scene, "guest") == []


async def test_a_follower_learns_what_followers_may(scene: Scene) -> None:
    """The private message, drafts, notes, lists and filters are not among it."""
    assert await _leaks(scene, "bob") == []
    page = await _ask(scene, "bob", f"/posts/{scene.ids['followers']}", for_apps=False)
    assert page == "" or MARK not in page
    assert f"{MARK}followers" in await _ask(scene, "bob", "/home", for_apps=False)
    assert f"{MARK}group" in await _ask(scene, "bob", "/@pantry", for_apps=False)


async def test_a_stranger_learns_what_names_them(scene: Scene) -> None:
    """And what the server's people share."""
    assert await _leaks(scene, "eve") == []
    assert f"{MARK}direct" in await _ask(scene, "eve", "/api/v1/notifications", for_apps=True)


async def test_the_blocked_learn_nothing(scene: Scene) -> None:
    """Not what is for the server's people either."""
    assert await _leaks(scene, "dave") == []


async def test_moderators_learn_nothing_that_was_not_reported(scene: Scene) -> None:
    """Their pages show what concerns them, not what people say in private."""
    assert await _leaks(scene, "mona") == []


async def test_counts_tell_nothing(scene: Scene) -> None:
    """The number of posts that everybody reads counts only what everybody may know of."""
    account = await scene.people["eve"].get(f"/api/v1/accounts/{scene.ids['alice']}")
    status: dict[str, Any] = await scene.people["eve"].get(f"/api/v1/statuses/{scene.ids['open']}")
    assert account["statuses_count"] <= 4  # the open one, the local one, the two in the community
    assert status["replies_count"] <= 1


async def test_streams_tell_nothing(scene: Scene) -> None:
    """While Alice speaks again, in every way, open streams bring only what is for their reader."""
    heard: dict[str, str] = {}

    async def listen(who: str, path: str) -> None:
        session = scene.sessions[who]
        headers = {"Authorization": f"Bearer {scene.people[who].token}"} if path.startswith("/api") else {}
        timeout = aiohttp.ClientTimeout(total=4)
        text = ""
        try:
            async with session.get(f"{scene.place.url}{path}", headers=headers, timeout=timeout) as answer:
                async for chunk in answer.content.iter_any():
                    text += chunk.decode(errors="replace")
        except TimeoutError:
            pass
        heard[f"{who} {path}"] = text

    paths = ("/api/v1/streaming/user", "/api/v1/streaming/public", "/api/v1/streaming/public/local",
             "/api/v1/streaming/hashtag?tag=zebra", "/events?stream=home", "/events?stream=public")
    listeners = [asyncio.create_task(listen(who, path)) for who in ("bob", "eve", "dave", "mona") for path in paths]
    await asyncio.sleep(1)
    alice = scene.people["alice"]
    for word, visibility in (("followers", "private"), ("direct", "direct"), ("local", "local")):
        await alice.say(f"zebra {MARK}{word} again #zebra" + (" @eve" if word == "direct" else ""),
                        visibility=visibility)
    await asyncio.gather(*listeners)
    leaks = [f"{name}: {word}" for name, text in heard.items() for word in FORBIDDEN[name.split()[0]]
             if f"{MARK}{word}" in text]
    assert leaks == []
    assert f"{MARK}followers" in heard["bob /api/v1/streaming/user"]
