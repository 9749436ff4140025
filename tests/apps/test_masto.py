"""masto.js 8, the library of web apps: PKCE, JSON bodies, camel case made by itself, one WebSocket for all streams."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from apps.bridge import DRIVERS, Client, Program, Refused, wait_for
from apps.conftest import Backdrop
from apps.recorder import Recorder
from apps.visitor import Visitor
from potluck.demo.cast import PASSWORD
from support import clients

pytestmark = pytest.mark.timeout(280)
CALLBACK = "http://127.0.0.1:4999/back"
SCOPES = "read write follow"


@pytest.fixture(scope="module")
def program(environ: dict[str, str]) -> Iterator[Program]:
    """The library on its Node."""
    masto = clients.node_client("masto")
    with Program([masto.node.program, DRIVERS / "masto.mjs"], environ,
                 masto.folder) as started:
        yield started


class SignIn:
    """The steps of a web app's sign-in."""

    def __init__(self, program: Program, backdrop: Backdrop, name: str) -> None:
        self.backdrop, self.name = backdrop, name
        self.library = program.person(f"guest-{name}", url=backdrop.url)
        self.verifier = secrets.token_urlsafe(48)
        self.app: dict[str, Any] = self.library.do(
            "v1/apps/create", {"clientName": "Web app", "redirectUris": CALLBACK, "scopes": SCOPES})

    def come_back(self, decision: str = "allow") -> dict[str, str]:
        """Go to the consent page and decide; returns what the app's address is called with."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        url = f"{self.backdrop.url}/oauth/authorize?" + urlencode({
            "response_type": "code", "client_id": self.app["clientId"], "redirect_uri": CALLBACK, "scope": SCOPES,
            "state": "a b&c", "code_challenge": challenge, "code_challenge_method": "S256"})

        async def work() -> dict[str, str]:
            async with Visitor() as visitor:
                consent = await visitor.asked_for_consent(url, self.name, PASSWORD)
                return await visitor.led_back(consent, decision)

        return self.backdrop.run(work())

    def token(self, code: str, **changes: str) -> dict[str, Any]:
        """Turn a code into a token."""
        found: dict[str, Any] = self.library.do("oauth/token/create", {
            "grantType": "authorization_code", "code": code, "clientId": self.app["clientId"],
            "clientSecret": self.app["clientSecret"], "redirectUri": CALLBACK, "codeVerifier": self.verifier,
            **changes})
        return found


def signed_in(program: Program, backdrop: Backdrop, name: str) -> Client:
    """Someone's client after consent."""
    steps = SignIn(program, backdrop, name)
    token = steps.token(steps.come_back()["code"])
    return program.person(name, url=backdrop.url, accessToken=token["accessToken"])


@pytest.fixture(scope="module")
def mia(program: Program, backdrop: Backdrop) -> Client:
    """Mia, signed in."""
    return signed_in(program, backdrop, "mia")


@pytest.fixture(scope="module")
def bob(program: Program, backdrop: Backdrop) -> Client:
    """Bob, signed in; he and Mia follow each other."""
    return signed_in(program, backdrop, "bob")


def ids(rows: list[dict[str, Any]]) -> list[str]:
    """The ids of entities."""
    return [row["id"] for row in rows]


def me(client: Client) -> str:
    """The id of one's own account."""
    found: str = client.do("v1/accounts/verifyCredentials")["id"]
    return found


def test_sign_in_with_pkce_and_revoke(program: Program, backdrop: Backdrop, recorder: Recorder) -> None:
    """State comes back untouched, a wrong verifier is refused, the right one gives a token, revocation ends it."""
    steps = SignIn(program, backdrop, "mia")
    back = steps.come_back()
    assert back["state"] == "a b&c"
    recorder.expect(400, "POST /oauth/token")
    with pytest.raises(Refused, match="grant"):
        steps.token(back["code"], codeVerifier=secrets.token_urlsafe(48))
    token = steps.token(steps.come_back()["code"])
    assert token["scope"] == SCOPES
    signed = program.person("mia-once", url=backdrop.url, accessToken=token["accessToken"])
    assert signed.do("v1/accounts/verifyCredentials")["acct"] == "mia"
    signed.do("oauth/revoke", {"clientId": steps.app["clientId"], "clientSecret": steps.app["clientSecret"],
                               "token": token["accessToken"]})
    with pytest.raises(Refused, match="401"):
        signed.do("v1/accounts/verifyCredentials")


def test_refusal_is_told_to_the_app(program: Program, backdrop: Backdrop) -> None:
    """Who says no at the consent page is led back with `access_denied` and without a code."""
    back = SignIn(program, backdrop, "mia").come_back("deny")
    assert back == {"error": "access_denied", "state": "a b&c", "iss": f"{backdrop.url}/"}


def test_post_edit_delete(mia: Client, recorder: Recorder) -> None:
    """A post made from JSON is edited, keeps its history and is deleted with its text given back."""
    made = mia.do("v1/statuses/create", {"status": "First light", "visibility": "public", "spoilerText": "morning",
                                         "language": "en"})
    edited = mia.do(f"v1/statuses/${made['id']}/update", {"status": "Second light"})
    assert "Second" in edited["content"]
    assert len(mia.do(f"v1/statuses/${made['id']}/history/list")) == 2
    assert mia.do(f"v1/statuses/${made['id']}/source/fetch")["text"] == "Second light"
    assert mia.do(f"v1/statuses/${made['id']}/remove")["text"] == "Second light"
    recorder.expect(404, f"GET /api/v1/statuses/{made['id']}")
    with pytest.raises(Refused, match="404"):
        mia.do(f"v1/statuses/${made['id']}/fetch")


def test_reply_boost_favourite_bookmark_pin(mia: Client, bob: Client) -> None:
    """A day's clicks each change what the next reading shows."""
    made = mia.do("v1/statuses/create", {"status": "Tomatoes"})
    reply = bob.do("v1/statuses/create", {"status": "@mia Red ones?", "inReplyToId": made["id"]})
    assert ids(mia.do(f"v1/statuses/${made['id']}/context/fetch")["descendants"]) == [reply["id"]]
    for verb, mark in (("reblog", "reblogged"), ("favourite", "favourited"), ("bookmark", "bookmarked")):
        bob.do(f"v1/statuses/${made['id']}/{verb}")
        assert bob.do(f"v1/statuses/${made['id']}/fetch")[mark] is True
        bob.do(f"v1/statuses/${made['id']}/un{verb}")
        assert bob.do(f"v1/statuses/${made['id']}/fetch")[mark] is False
    assert mia.do(f"v1/statuses/${made['id']}/pin")["pinned"] is True
    assert mia.do(f"v1/statuses/${made['id']}/unpin")["pinned"] is False


def test_poll(mia: Client, bob: Client) -> None:
    """A poll of several choices takes them and shows the voter what was chosen."""
    made = mia.do("v1/statuses/create", {"status": "Which?", "poll": {
        "options": ["Beans", "Peas", "Corn"], "expiresIn": 3600, "multiple": True}})
    voted = bob.do(f"v1/polls/${made['poll']['id']}/votes/create", {"choices": [0, 2]})
    assert voted["ownVotes"] == [0, 2]
    assert mia.do(f"v1/polls/${made['poll']['id']}/fetch")["votersCount"] == 1


def test_pages_by_link_header(mia: Client) -> None:
    """The library's paginator walks a timeline by the Link headers, without gap or repeat."""
    made = [mia.do("v1/statuses/create", {"status": f"{number} #ladder"})["id"] for number in range(5)]
    pages = mia.pages("v1/timelines/tag/$ladder/list", {"limit": 2})
    assert [row["id"] for page in pages for row in page] == made[::-1]


def test_timelines_and_profile(mia: Client, bob: Client) -> None:
    """A post is found in home, public and account timelines and by its author's lookup."""
    made = bob.do("v1/statuses/create", {"status": "Planed an oak board"})
    author = mia.do("v1/accounts/lookup", {"acct": "bob"})["id"]
    for path, options in (("v1/timelines/home/list", {}), ("v1/timelines/public/list", {"local": True}),
                          (f"v1/accounts/${author}/statuses/list", {"excludeReplies": True})):
        assert made["id"] in ids(mia.do(path, {"limit": 20, **options})), path


def test_relationships(mia: Client) -> None:
    """Follow, mute and block with their opposites each answer with the new relationship."""
    dave = mia.do("v1/accounts/lookup", {"acct": "dave"})["id"]
    for verb, mark in (("follow", "following"), ("mute", "muting"), ("block", "blocking")):
        assert mia.do(f"v1/accounts/${dave}/{verb}")[mark] is True
        assert mia.do("v1/accounts/relationships/fetch", {"id": [dave]})[0][mark] is True
        assert mia.do(f"v1/accounts/${dave}/un{verb}")[mark] is False


def test_search_and_resolve(mia: Client, backdrop: Backdrop) -> None:
    """Search finds someone of another server by handle and their post by its address."""
    found = mia.do("v2/search/list", {"q": backdrop.carol.handle, "resolve": True, "type": "accounts"})
    assert found["accounts"][0]["acct"] == backdrop.carol.handle[1:]
    said = backdrop.run(backdrop.carol.say("Seen from a web app"))
    found = mia.do("v2/search/list", {"q": said["uri"], "resolve": True})
    assert "web app" in found["statuses"][0]["content"]


def test_lists(mia: Client, bob: Client) -> None:
    """A list takes members from JSON bodies, on DELETE too."""
    made = mia.do("v1/lists/create", {"title": "Garden", "repliesPolicy": "list"})
    member = me(bob)
    mia.do(f"v1/lists/${made['id']}/accounts/create", {"accountIds": [member]})
    assert ids(mia.do(f"v1/lists/${made['id']}/accounts/list")) == [member]
    mia.do(f"v1/lists/${made['id']}/accounts/remove", {"accountIds": [member]})
    assert mia.do(f"v1/lists/${made['id']}/accounts/list") == []
    mia.do(f"v1/lists/${made['id']}/remove")
    assert made["id"] not in ids(mia.do("v1/lists/list"))


def test_what_a_web_app_asks_when_it_starts(mia: Client) -> None:
    """Instance, preferences, markers, notifications, filters, announcements, emoji and trends all answer."""
    assert mia.do("v2/instance/fetch")["configuration"]["urls"]["streaming"].startswith("ws")
    assert mia.do("v1/instance/fetch")["urls"]["streamingApi"].startswith("ws")
    newest = mia.do("v1/timelines/home/list", {"limit": 1})[0]["id"]
    assert mia.do("v1/markers/create", {"home": {"lastReadId": newest}})["home"]["lastReadId"] == newest
    assert mia.do("v1/markers/fetch", {"timeline": ["home"]})["home"]["lastReadId"] == newest
    assert mia.do("v1/preferences/fetch")["posting:default:visibility"] in {"public", "unlisted", "private"}
    for path in ("v1/notifications/list", "v2/filters/list", "v1/announcements/list", "v1/customEmojis/list",
                 "v1/trends/tags/list", "v1/trends/statuses/list", "v1/followedTags/list", "v1/blocks/list",
                 "v1/mutes/list", "v1/favourites/list", "v1/bookmarks/list", "v1/conversations/list",
                 "v1/followRequests/list", "v1/scheduledStatuses/list", "v1/suggestions/list", "v1/domainBlocks/list"):
        assert isinstance(mia.do(path), list), path
    assert isinstance(mia.do("v2/notifications/list")["notificationGroups"], list)


def test_profile_with_json_fields(mia: Client) -> None:
    """A profile is edited as the library sends it."""
    changed = mia.do("v1/accounts/updateCredentials", {
        "displayName": "Mia T.", "note": "Gardens", "fieldsAttributes": [{"name": "Zone", "value": "7b"}],
        "source": {"privacy": "unlisted", "language": "en"}})
    assert changed["displayName"] == "Mia T."
    assert changed["source"]["privacy"] == "unlisted"
    assert mia.do("v1/preferences/fetch")["posting:default:visibility"] == "unlisted"
    mia.do("v1/accounts/updateCredentials", {"source": {"privacy": "public"}})


def test_socket_with_token_as_subprotocol(mia: Client, bob: Client, backdrop: Backdrop) -> None:
    """The token sent as subprotocol is echoed and opens the streams; posts, edits, deletes and notices arrive."""
    base = backdrop.url.replace("http", "ws")
    mia.listen("websocket", "user", base=base)
    try:
        made = bob.do("v1/statuses/create", {"status": "@mia over the wire"})
        mia.will_hear("update", lambda one: one["id"] == made["id"])
        mia.will_hear("notification", lambda one: one["type"] == "mention")
        bob.do(f"v1/statuses/${made['id']}/update", {"status": "@mia over the wires"})
        mia.will_hear("status.update", lambda one: "wires" in one["content"])
        bob.do(f"v1/statuses/${made['id']}/remove")
        mia.will_hear("delete", lambda one: str(one) == made["id"])
    finally:
        mia.hush()


def test_many_streams_over_one_socket(mia: Client, bob: Client, backdrop: Backdrop) -> None:
    """A hashtag's stream brings what carries the tag and nothing else."""
    mia.listen("websocket", "hashtag", base=backdrop.url.replace("http", "ws"), tag="quince")
    try:
        bob.do("v1/statuses/create", {"status": "no fruit"})
        made = bob.do("v1/statuses/create", {"status": "jelly #Quince"})
        wait_for(mia.heard)
        assert [one["payload"]["id"] for one in mia.heard()] == [made["id"]]
    finally:
        mia.hush()


def test_filters_scheduled_and_policies(mia: Client, bob: Client) -> None:
    """Filters catch what bob says, a scheduled post waits, and the notification policy changes; all from JSON."""
    made = mia.do("v2/filters/create", {"title": "Hail", "context": ["home", "public"], "filterAction": "warn",
                                        "keywordsAttributes": [{"keyword": "hailstorm", "wholeWord": True}]})
    said = bob.do("v1/statuses/create", {"status": "A hailstorm at noon"})
    seen = mia.do(f"v1/statuses/${said['id']}/fetch")
    assert [row["keywordMatches"] for row in seen["filtered"]] == [["hailstorm"]]
    mia.do(f"v2/filters/${made['id']}/keywords/create", {"keyword": "sleet", "wholeWord": False})
    assert len(mia.do(f"v2/filters/${made['id']}/keywords/list")) == 2
    mia.do(f"v2/filters/${made['id']}/remove")
    assert made["id"] not in ids(mia.do("v2/filters/list"))
    waiting = mia.do("v1/statuses/create", {"status": "Later", "scheduledAt": "2030-01-01T12:00:00.000Z"})
    assert waiting["id"] in ids(mia.do("v1/scheduledStatuses/list"))
    mia.do(f"v1/scheduledStatuses/${waiting['id']}/remove")
    policy = mia.do("v2/notifications/policy/update", {"forNewAccounts": "filter"})
    assert policy["forNewAccounts"] == "filter"
    assert mia.do("v2/notifications/policy/update", {"forNewAccounts": "accept"})["forNewAccounts"] == "accept"
    assert isinstance(mia.do("v1/notifications/requests/list"), list)
