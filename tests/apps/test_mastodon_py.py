"""Mastodon.py 2.3: signing in and a day's life of somebody whose bot or script is built on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.bridge import DRIVERS, Client, Program, Refused, wait_for
from apps.conftest import Backdrop
from apps.recorder import Recorder
from support import clients

pytestmark = pytest.mark.timeout(280)
SCOPES = ["read", "write", "follow"]


@pytest.fixture(scope="module")
def program(environ: dict[str, str], home: Path) -> Iterator[Program]:
    """The library in its own environment."""
    python = clients.python_client("mastodon-py") / "python"
    with Program([python, DRIVERS / "mastodon_py.py"], environ, home) as started:
        yield started


def signed_in(program: Program, backdrop: Backdrop, name: str, scopes: list[str] | None = None) -> Client:
    """Someone's client after registration, consent and code."""
    wanted = scopes or SCOPES
    stranger = program.person(f"nobody-{name}", api_base_url=backdrop.url)
    app_id, secret = stranger.create_app(f"Script of {name}", scopes=wanted, api_base_url=backdrop.url)
    person = program.person(name, client_id=app_id, client_secret=secret, api_base_url=backdrop.url)
    code = backdrop.authorize(person.auth_request_url(scopes=wanted, allow_http=True), name)
    assert person.log_in(code=code, scopes=wanted, allow_http=True)
    return person


@pytest.fixture(scope="module")
def alice(program: Program, backdrop: Backdrop) -> Client:
    """Alice, signed in."""
    return signed_in(program, backdrop, "alice")


@pytest.fixture(scope="module")
def bob(program: Program, backdrop: Backdrop) -> Client:
    """Bob, signed in; he and Alice follow each other."""
    return signed_in(program, backdrop, "bob")


@pytest.fixture(scope="module")
def eve(program: Program, backdrop: Backdrop) -> Client:
    """Eve, signed in; she approves followers."""
    return signed_in(program, backdrop, "eve")


def ids(rows: list[dict[str, Any]]) -> list[str]:
    """The ids of entities."""
    return [row["id"] for row in rows]


def account(client: Client, acct: str) -> dict[str, Any]:
    """An account as someone sees it."""
    found: dict[str, Any] = client.account_lookup(acct)
    return found


def test_sign_in_registers_asks_and_gives_exactly_what_was_asked(program: Program, backdrop: Backdrop) -> None:
    """An app gets a token through registration, our consent page and an out-of-band code, for the scopes asked."""
    mia = signed_in(program, backdrop, "mia", ["read:accounts", "write:statuses"])
    assert mia.app_verify_credentials()["name"] == "Script of mia"
    assert mia.me()["acct"] == "mia"
    posted = mia.status_post("Through the smallest door")
    assert posted["application"]["name"] == "Script of mia"


def test_scopes_not_asked_for_are_closed(program: Program, backdrop: Backdrop, recorder: Recorder) -> None:
    """A token for reading accounts cannot post: 403, in the words that clients match."""
    reader = signed_in(program, backdrop, "mia", ["read:accounts"])
    with pytest.raises(Refused, match="outside the authorized scopes"):
        reader.status_post("No key for this")
    assert [one.status for one in recorder.exchanges][-1] == 403


def test_revoked_token_is_refused(program: Program, backdrop: Backdrop) -> None:
    """After revocation the token opens nothing any more."""
    dave = signed_in(program, backdrop, "dave")
    token = dave.persistable_login_credentials().splitlines()[0]
    again = program.person("dave-again", api_base_url=backdrop.url, access_token=token)
    assert again.me()["acct"] == "dave"
    dave.revoke_access_token(allow_http=True)
    with pytest.raises(Refused, match="access token"):
        again.me()


def test_code_works_once(program: Program, backdrop: Backdrop, recorder: Recorder) -> None:
    """A code that was turned into a token is refused the second time."""
    stranger = program.person("nobody", api_base_url=backdrop.url)
    app_id, secret = stranger.create_app("Twice", scopes=SCOPES, api_base_url=backdrop.url)
    dave = program.person("dave", client_id=app_id, client_secret=secret, api_base_url=backdrop.url)
    code = backdrop.authorize(dave.auth_request_url(scopes=SCOPES, allow_http=True), "dave")
    dave.log_in(code=code, scopes=SCOPES, allow_http=True)
    recorder.expect(400, "POST /oauth/token")
    with pytest.raises(Refused, match="grant"):
        dave.log_in(code=code, scopes=SCOPES, allow_http=True)


def test_post_with_everything_and_read_it_back(alice: Client) -> None:
    """Text, warning, language, visibility and sensitivity arrive as given, and the source can be edited from."""
    made = alice.status_post("Bread at six. #Sourdough @bob", spoiler_text="food", sensitive=True, language="en",
                             visibility="unlisted")
    seen = alice.status(made["id"])
    assert seen["spoiler_text"] == "food"
    assert (seen["sensitive"], seen["language"], seen["visibility"]) == (True, "en", "unlisted")
    assert [tag["name"] for tag in seen["tags"]] == ["sourdough"]
    assert [one["acct"] for one in seen["mentions"]] == ["bob"]
    assert alice.status_source(made["id"])["text"] == "Bread at six. #Sourdough @bob"


def test_same_idempotency_key_posts_once(alice: Client) -> None:
    """A post repeated with the same key is the first post, not a second one."""
    first = alice.status_post("Only once", idempotency_key="one-and-only")
    assert alice.status_post("Only once", idempotency_key="one-and-only")["id"] == first["id"]


def test_edit_keeps_history(alice: Client) -> None:
    """An edit changes the text, says when, and the history shows both versions, oldest first."""
    made = alice.status_post("Seven chairs")
    edited = alice.status_update(made["id"], "Eight chairs")
    assert edited["id"] == made["id"]
    assert edited["edited_at"]
    history = alice.status_history(made["id"])
    assert ["Seven" in history[0]["content"], "Eight" in history[1]["content"]] == [True, True]


def test_delete_gives_the_text_back(alice: Client, recorder: Recorder) -> None:
    """Deleting returns the source for redrafting, and the post is gone."""
    made = alice.status_post("Soon gone")
    assert alice.status_delete(made["id"])["text"] == "Soon gone"
    recorder.expect(404, f"GET /api/v1/statuses/{made['id']}")
    with pytest.raises(Refused, match="not found"):
        alice.status(made["id"])


def test_replies_make_a_thread(alice: Client, bob: Client) -> None:
    """A reply and its reply stand below the first post, in order, and the first above them."""
    first = alice.status_post("Who brings soup?")
    second = bob.status_reply(first, "I do")
    third = alice.status_reply(second, "Good")
    assert ids(alice.status_context(first["id"])["descendants"]) == ids([second, third])
    assert ids(alice.status_context(third["id"])["ancestors"]) == ids([first, second])
    assert second["mentions"][0]["acct"] == "alice"
    assert alice.status(first["id"])["replies_count"] == 1


@pytest.mark.parametrize(("do", "undo", "mark"), [
    ("favourite", "unfavourite", "favourited"), ("reblog", "unreblog", "reblogged"),
    ("bookmark", "unbookmark", "bookmarked"), ("mute", "unmute", "muted")])
def test_marks_go_on_and_off(alice: Client, bob: Client, do: str, undo: str, mark: str) -> None:
    """Each mark that a reader sets on a post is shown to that reader, and can be taken back."""
    made = alice.status_post(f"To be {mark}")
    bob.do(f"status_{do}", made["id"])
    assert bob.status(made["id"])[mark] is True
    bob.do(f"status_{undo}", made["id"])
    assert bob.status(made["id"])[mark] is False


def test_who_favourited_and_boosted(alice: Client, bob: Client) -> None:
    """The author can see who favourited and boosted a post, and the counts say the same."""
    made = alice.status_post("Count me")
    bob.status_favourite(made["id"])
    boost = bob.status_reblog(made["id"])
    assert boost["reblog"]["id"] == made["id"]
    assert [one["acct"] for one in alice.status_favourited_by(made["id"])] == ["bob"]
    assert [one["acct"] for one in alice.status_reblogged_by(made["id"])] == ["bob"]
    seen = alice.status(made["id"])
    assert (seen["favourites_count"], seen["reblogs_count"]) == (1, 1)


def test_pinned_posts_lead_the_profile(alice: Client) -> None:
    """A pinned post is among the pinned ones of the profile until it is unpinned."""
    made = alice.status_post("Pin me")
    me = alice.me()["id"]
    assert alice.status_pin(made["id"])["pinned"] is True
    assert made["id"] in ids(alice.account_statuses(me, pinned=True))
    alice.status_unpin(made["id"])
    assert made["id"] not in ids(alice.account_statuses(me, pinned=True))


def test_favourites_and_bookmarks_are_lists_of_ones_own(alice: Client, bob: Client) -> None:
    """What one favourited and bookmarked is found again in one's own lists."""
    made = alice.status_post("Keep me")
    bob.status_favourite(made["id"])
    bob.status_bookmark(made["id"])
    assert made["id"] in ids(bob.favourites())
    assert made["id"] in ids(bob.bookmarks())


def test_timelines_show_what_they_should(alice: Client, bob: Client) -> None:
    """A public post is in home, local, public and hashtag timelines; a followers-only post in home alone."""
    loud = alice.status_post("Loud #everywhere")
    quiet = alice.status_post("Quiet #everywhere", visibility="private")
    assert ids([quiet, loud]) == ids(bob.timeline_home(limit=2))
    for rows in (bob.timeline_local(), bob.timeline_public(), bob.timeline_hashtag("everywhere")):
        assert loud["id"] in ids(rows)
        assert quiet["id"] not in ids(rows)
    assert loud["id"] in ids(bob.account_statuses(alice.me()["id"]))


def test_pages_follow_each_other_without_gap_or_repeat(alice: Client) -> None:
    """Following the Link headers walks a timeline once, newest first, and ends."""
    made = [alice.status_post(f"Page {number} #walkthrough")["id"] for number in range(7)]
    pages = alice.pages("timeline_hashtag", "walkthrough", limit=3)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [row["id"] for page in pages for row in page] == made[::-1]


def test_newer_than_a_known_post(alice: Client) -> None:
    """`min_id` gives the posts right after a known one, `since_id` those newest."""
    made = [alice.status_post(f"Step {number} #stairs")["id"] for number in range(4)]
    assert ids(alice.timeline_hashtag("stairs", min_id=made[0], limit=2)) == [made[2], made[1]]
    assert ids(alice.timeline_hashtag("stairs", since_id=made[1])) == [made[3], made[2]]


def test_follow_and_unfollow(bob: Client, backdrop: Backdrop) -> None:
    """Following an open account works at once and shows in relationship, followers and following."""
    mona = account(bob, "mona")["id"]
    assert bob.account_follow(mona)["following"] is True
    assert bob.account_relationships(mona)[0]["following"] is True
    assert "mona" in [one["acct"] for one in bob.account_following(bob.me()["id"])]
    assert "bob" in [one["acct"] for one in bob.account_followers(mona)]
    assert bob.account_unfollow(mona)["following"] is False


def test_locked_account_answers_requests(alice: Client, eve: Client) -> None:
    """A request to a locked account waits, is seen by its owner, and is accepted or rejected."""
    target, asker = eve.me()["id"], alice.me()["id"]
    wait_for(lambda: alice.account_follow(target)["requested"])
    assert asker in ids(eve.follow_requests())
    eve.follow_request_authorize(asker)
    assert alice.account_relationships(target)[0]["following"] is True
    alice.account_unfollow(target)
    alice.account_follow(target)
    eve.follow_request_reject(asker)
    relation = alice.account_relationships(target)[0]
    assert (relation["following"], relation["requested"]) == (False, False)


def test_mute_hides_and_unmute_shows(alice: Client, bob: Client) -> None:
    """A muted account's posts leave the public timeline, and come back."""
    made = alice.status_post("Heard by some")
    author = alice.me()["id"]
    try:
        assert bob.account_mute(author, notifications=True)["muting"] is True
        assert made["id"] not in ids(bob.timeline_local())
        assert [one["acct"] for one in bob.mutes()] == ["alice"]
    finally:
        assert bob.account_unmute(author)["muting"] is False
    assert made["id"] in ids(bob.timeline_local())


def test_block_severs_and_hides(alice: Client, program: Program, backdrop: Backdrop, recorder: Recorder) -> None:
    """A block ends the follow, hides the author, and is listed until it is lifted."""
    dave = signed_in(program, backdrop, "dave")
    me, author = dave.me()["id"], alice.me()["id"]
    made = alice.status_post("Not for Dave")
    relation = alice.account_block(me)
    assert (relation["blocking"], relation["followed_by"]) == (True, False)
    assert ids(alice.blocks()) == [me]
    assert made["id"] not in ids(dave.timeline_home())
    recorder.expect(404, f"GET /api/v1/statuses/{made['id']}")
    with pytest.raises(Refused, match="not found"):
        dave.status(made["id"])
    assert alice.account_unblock(me)["blocking"] is False
    assert dave.account_relationships(author)[0]["following"] is False


def test_note_on_an_account_is_ones_own(alice: Client, bob: Client) -> None:
    """A private note about someone is kept, and only its author sees it."""
    target = account(alice, "bob")["id"]
    alice.account_note_set(target, "builds tables")
    assert alice.account_relationships(target)[0]["note"] == "builds tables"
    assert bob.account_relationships(alice.me()["id"])[0]["note"] == ""


def test_notifications_say_who_did_what(alice: Client, bob: Client) -> None:
    """A mention, a favourite and a boost arrive as notifications, can be dismissed one by one and cleared."""
    made = alice.status_post("Tell me")
    bob.status_favourite(made["id"])
    bob.status_reblog(made["id"])
    reply = bob.status_reply(made, "Told")
    rows = alice.notifications(limit=3)
    assert [(row["type"], row["account"]["acct"]) for row in rows] == [
        ("mention", "bob"), ("reblog", "bob"), ("favourite", "bob")]
    assert rows[0]["status"]["id"] == reply["id"]
    assert ids(alice.notifications(types=["reblog"], limit=1)) == [rows[1]["id"]]
    assert alice.notifications_unread_count()["count"] >= 3
    alice.notifications_dismiss(rows[0]["id"])
    assert rows[0]["id"] not in ids(alice.notifications())
    alice.notifications_clear()
    assert alice.notifications() == []


def test_grouped_notifications_gather_what_belongs_together(alice: Client, bob: Client, eve: Client) -> None:
    """Two favourites of one post are one group with both accounts in it."""
    made = alice.status_post("Gather here")
    bob.status_favourite(made["id"])
    eve.status_favourite(made["id"])
    grouped = alice.grouped_notifications(limit=5)
    group = next(one for one in grouped["notification_groups"] if one["status_id"] == made["id"])
    assert (group["type"], group["notifications_count"]) == ("favourite", 2)
    assert set(group["sample_account_ids"]) == {bob.me()["id"], eve.me()["id"]}


def test_search_finds_people_tags_and_own_posts(alice: Client) -> None:
    """One search gives accounts by name, hashtags by beginning and posts by word."""
    alice.status_post("Rhubarb crumble #pudding")
    assert "bob" in [one["acct"] for one in alice.search("bob")["accounts"]]
    found = alice.search("puddi", exclude_unreviewed=False)  # the library asks for reviewed ones only
    assert "pudding" in [one["name"] for one in found["hashtags"]]
    assert any("Rhubarb" in one["content"] for one in alice.search("rhubarb")["statuses"])
    assert [one["acct"] for one in alice.account_search("mia")] == ["mia"]


def test_search_resolves_people_and_posts_of_another_server(alice: Client, backdrop: Backdrop) -> None:
    """A pasted handle, and the address of a post, of a server never heard of are fetched and answered."""
    found = alice.search(backdrop.carol.handle, resolve=True)["accounts"]
    assert [one["acct"] for one in found] == [backdrop.carol.handle[1:]]
    said = backdrop.run(backdrop.carol.say("From the other side"))
    found = alice.search(said["url"], resolve=True)["statuses"]
    assert "From the other side" in found[0]["content"]
    assert found[0]["account"]["acct"] == backdrop.carol.handle[1:]


def test_life_with_someone_on_another_server(alice: Client, backdrop: Backdrop) -> None:
    """Following someone elsewhere brings their posts home; a reply, a favourite and a boost reach them."""
    carol = alice.search(backdrop.carol.handle, resolve=True)["accounts"][0]
    alice.account_follow(carol["id"])
    wait_for(lambda: alice.account_relationships(carol["id"])[0]["following"])
    backdrop.run(backdrop.carol.say("Travelling words"))
    seen = wait_for(lambda: [row for row in alice.timeline_home() if "Travelling words" in row["content"]])[0]
    alice.status_reply(seen, "They arrived")
    alice.status_favourite(seen["id"])
    alice.status_reblog(seen["id"])
    for kind in ("mention", "favourite", "reblog"):
        assert backdrop.run(backdrop.carol.notified(kind))["account"]["username"] == "alice"


def test_lists_hold_people_and_their_posts(alice: Client, bob: Client) -> None:
    """A list is made, renamed, filled, read, emptied and deleted."""
    made = alice.list_create("Kitchen")
    assert alice.list_update(made["id"], "Kitchen crew")["title"] == "Kitchen crew"
    member = bob.me()["id"]
    alice.list_accounts_add(made["id"], [member])
    assert ids(alice.list_accounts(made["id"])) == [member]
    assert ids(alice.account_lists(member)) == [made["id"]]
    post = bob.status_post("Chopping onions")
    assert post["id"] in ids(alice.timeline_list(made["id"]))
    alice.list_accounts_delete(made["id"], [member])
    assert alice.list_accounts(made["id"]) == []
    alice.list_delete(made["id"])
    assert made["id"] not in ids(alice.lists())


def test_instance_says_what_apps_build_on(alice: Client, backdrop: Backdrop) -> None:
    """Both forms of the instance document, rules, activity, peers and NodeInfo are there and agree on the name."""
    old, new = alice.instance_v1(), alice.instance_v2()
    assert old["uri"] == new["domain"] == backdrop.here.host
    assert new["configuration"]["statuses"]["max_characters"] >= 500
    assert old["version"] == new["version"]
    assert "potluck" in new["version"].lower()
    assert alice.instance_nodeinfo()["software"]["name"] == "potluck"
    assert isinstance(alice.instance_rules(), list)
    assert isinstance(alice.instance_activity(), list)
    assert isinstance(alice.instance_peers(), list)
    assert alice.instance_health() is True
    assert isinstance(alice.custom_emojis(), list)


def test_markers_remember_where_one_was(alice: Client) -> None:
    """A read position is kept, and its version counts the changes."""
    newest = alice.timeline_home(limit=1)[0]["id"]
    first = alice.markers_set(["home"], [newest])["home"]
    assert first["last_read_id"] == newest
    assert alice.markers_get(["home"])["home"]["last_read_id"] == newest
    assert alice.markers_set(["home"], [newest])["home"]["version"] > first["version"]


def test_preferences_are_what_the_profile_says(alice: Client) -> None:
    """Posting defaults and reading wishes are there under the names that apps read, as the profile has them."""
    preferences, source = alice.preferences(), alice.me()["source"]
    assert preferences["posting:default:visibility"] == source["privacy"]
    assert preferences["posting:default:sensitive"] == source["sensitive"]
    assert preferences["reading:expand:media"] == "default"
    assert preferences["reading:expand:spoilers"] is False


def test_profile_is_edited(program: Program, backdrop: Backdrop) -> None:
    """Name, note, fields and flags of one's own profile change as given."""
    mona = signed_in(program, backdrop, "mona")
    changed = mona.account_update_credentials(display_name="Mona R.", note="Keeps the lights on #admin",
                                              fields=[["Coffee", "black"]], locked=False, bot=False, discoverable=True)
    assert changed["display_name"] == "Mona R."
    assert changed["source"]["note"] == "Keeps the lights on #admin"
    assert [(one["name"], one["value"]) for one in changed["fields"]] == [("Coffee", "black")]
    assert mona.me()["display_name"] == "Mona R."


def test_pictures_hang_on_a_post(alice: Client, bob: Client, photo: Path) -> None:
    """A photo is sent, described, waited for and posted; a reader's app gets every address and size."""
    sent = alice.media_post(str(photo), description="A wall", focus=[0.5, -0.5], synchronous=True)
    assert sent["url"]
    changed = alice.media_update(sent["id"], description="A wall, blue below")
    assert changed["description"] == "A wall, blue below"
    made = alice.status_post("Seen", media_ids=[sent["id"]])
    found = bob.status(made["id"])["media_attachments"][0]
    assert (found["type"], found["description"]) == ("image", "A wall, blue below")
    assert (found["meta"]["original"]["width"], found["meta"]["focus"]["x"]) == (300, 0.5)
    assert found["preview_url"]


def test_picture_of_the_profile_is_sent(program: Program, backdrop: Backdrop, photo: Path) -> None:
    """A picture sent with the profile is there in the answer."""
    mia = signed_in(program, backdrop, "mia")
    before = mia.me()["avatar"]
    changed = mia.account_update_credentials(avatar=str(photo), header=str(photo))
    assert changed["avatar"] != before
    assert "/media/" in changed["header"]


def test_poll_is_voted_in_once(alice: Client, bob: Client, program: Program, recorder: Recorder) -> None:
    """A poll counts a reader's choice, shows it to that reader alone and refuses a second one."""
    poll = {"options": ["Soup", "Salad"], "expires_in": 3600, "multiple": False, "hide_totals": False}
    made = alice.status_post("What first?", poll=poll)
    voted = bob.poll_vote(made["poll"]["id"], [1])
    assert (voted["voted"], voted["own_votes"], voted["votes_count"]) == (True, [1], 1)
    seen = alice.poll(made["poll"]["id"])
    assert [one["votes_count"] for one in seen["options"]] == [0, 1]
    recorder.expect(422, "POST /api/v1/polls/.*/votes")
    with pytest.raises(Refused, match="already voted"):
        bob.poll_vote(made["poll"]["id"], [0])


def test_followed_hashtags_come_home(alice: Client, bob: Client, program: Program, backdrop: Backdrop) -> None:
    """A followed hashtag brings a stranger's posts home."""
    assert alice.tag_follow("nettles")["following"] is True
    assert "nettles" in [one["name"] for one in alice.followed_tags()]
    dave = signed_in(program, backdrop, "dave")
    made = dave.status_post("Stinging #nettles")
    wait_for(lambda: made["id"] in ids(alice.timeline_home()))
    assert alice.tag_unfollow("nettles")["following"] is False


def test_direct_messages_are_conversations(alice: Client, bob: Client) -> None:
    """A direct post makes a conversation for both sides, unread for the one who gets it until it is read."""
    made = bob.status_post("@alice between us", visibility="direct")
    top = alice.conversations()[0]
    assert top["last_status"]["id"] == made["id"]
    assert top["unread"] is True
    alice.conversations_read(top["id"])
    assert alice.conversations()[0]["unread"] is False
    assert made["id"] not in ids(alice.timeline_public())


@pytest.mark.parametrize("transport", ["events", "websocket"])
def test_stream_brings_posts_edits_deletes_and_notifications(alice: Client, bob: Client, transport: str) -> None:
    """The user's stream says within moments what happens, over server-sent events and over a WebSocket."""
    alice.listen(transport)
    try:
        made = bob.status_post("@alice live now")
        alice.will_hear("update", lambda one: one["id"] == made["id"])
        alice.will_hear("notification", lambda one: one["type"] == "mention")
        bob.status_update(made["id"], "@alice live and edited")
        alice.will_hear("status.update", lambda one: "edited" in one["content"])
        bob.status_delete(made["id"])
        alice.will_hear("delete", lambda one: str(one) == made["id"])
    finally:
        alice.hush()


def test_streams_of_a_hashtag_and_the_public(alice: Client, bob: Client) -> None:
    """Public posts come over the local stream, and those with the hashtag over its own."""
    alice.listen("websocket", "local")
    alice.listen("events", "hashtag", tag="elderberry")
    try:
        plain = bob.status_post("No tag at all")
        tagged = bob.status_post("Syrup #elderberry")
        for made in (plain, tagged):
            alice.will_hear("update", lambda one, made=made: one["id"] == made["id"])

        def heard_of_both() -> list[str]:
            heard = [one["payload"]["id"] for one in alice.heard() if one["event"] == "update"]
            return heard if heard.count(tagged["id"]) >= 2 else []

        heard = wait_for(heard_of_both)
        assert heard.count(tagged["id"]) == 2
        assert heard.count(plain["id"]) == 1
    finally:
        alice.hush()


@pytest.fixture(scope="module")
def mona(program: Program, backdrop: Backdrop) -> Client:
    """Mona, who moderates, signed in with an app for moderators."""
    return signed_in(program, backdrop, "mona", ["read", "write", "admin:read", "admin:write"])


@pytest.fixture(scope="module")
def dave(program: Program, backdrop: Backdrop) -> Client:
    """Dave, signed in; his token does not survive what moderators do to him."""
    return signed_in(program, backdrop, "dave")


def test_moderators_read_and_act(mona: Client, dave: Client) -> None:
    """Reports, accounts and measures through the library's admin calls."""
    daves = dave.account_verify_credentials()
    said = dave.status_post("for the moderators to look at")
    mona.report(daves["id"], status_ids=[said["id"]], comment="please look", category="spam")
    report = next(row for row in mona.admin_reports() if row["comment"] == "please look")
    assert [row["id"] for row in report["statuses"]] == [said["id"]]
    assert mona.admin_report_assign(report["id"])["assigned_account"]["username"] == "mona"
    assert mona.admin_report_unassign(report["id"])["assigned_account"] is None
    mona.admin_account_moderate(daves["id"], action="silence", report_id=report["id"], text="A pause")
    assert mona.admin_account(daves["id"])["silenced"]
    assert mona.admin_report(report["id"])["action_taken"]
    assert not mona.admin_account_unsilence(daves["id"])["silenced"]
    mona.admin_report_reopen(report["id"])
    assert mona.admin_report_resolve(report["id"])["action_taken"]
    for word in ("sensitive", "suspend"):
        mona.admin_account_moderate(daves["id"], action=word)
    assert mona.admin_account_unsuspend(daves["id"])["sensitized"]
    assert not mona.admin_account_unsensitive(daves["id"])["sensitized"]
    assert "mona" in {row["username"] for row in mona.admin_accounts_v1(staff_only=True)}
    assert "carol" not in {row["username"] for row in mona.admin_accounts_v2(origin="local")}


def test_moderators_keep_doors(mona: Client) -> None:
    """Blocks and allows of servers, mail domains and mailboxes; figures."""
    block = mona.admin_create_domain_block("spam.example", severity="silence", public_comment="spam")
    assert mona.admin_update_domain_block(block["id"], severity="suspend")["severity"] == "suspend"
    assert "spam.example" in {row["domain"] for row in mona.admin_domain_blocks()}
    assert mona.admin_domain_blocks(block["id"])["public_comment"] == "spam"
    mona.admin_delete_domain_block(block["id"])
    domain = mona.admin_create_email_domain_block("throwaway.example")
    assert mona.admin_email_domain_block(domain["id"])["domain"] == "throwaway.example"
    mona.admin_delete_email_domain_block(domain["id"])
    box = mona.admin_create_canonical_email_block(email="spammer@mail.example")
    assert ids(mona.admin_test_canonical_email_block("s.pammer@mail.example")) == [box["id"]]
    mona.admin_delete_canonical_email_block(box["id"])
    for name in ("admin_domain_allows", "admin_email_domain_blocks", "admin_canonical_email_blocks"):
        getattr(mona, name)()
    network = mona.admin_create_ip_block("192.0.2.0/24", "sign_up_requires_approval", comment="many sign-ups")
    assert mona.admin_update_ip_block(network["id"], severity="no_access")["severity"] == "no_access"
    assert mona.admin_ip_block(network["id"])["comment"] == "many sign-ups"
    mona.admin_delete_ip_block(network["id"])
    assert network["id"] not in ids(mona.admin_ip_blocks())


def test_moderators_say_what_trends(mona: Client, alice: Client, recorder: Recorder) -> None:
    """Hashtags and posts are kept from trending, and let; what trends is listed with what was decided."""
    said = alice.status_post("A #dumpling a day")
    tag = alice.tag("dumpling")["id"]
    assert mona.admin_reject_trending_tag(tag)["trendable"] is False
    allowed = mona.admin_approve_trending_tag(tag)
    assert (allowed["trendable"], allowed["requires_review"]) == (True, False)
    assert mona.admin_reject_trending_status(said["id"])["requires_review"] is False
    assert mona.admin_approve_trending_status(said["id"])["id"] == said["id"]
    for name in ("admin_trending_tags", "admin_trending_statuses", "admin_trending_links"):
        assert isinstance(getattr(mona, name)(), list), name
    recorder.expect(404, "POST /api/v1/admin/trends/links/1/approve")
    with pytest.raises(Refused, match="not found"):
        mona.admin_approve_trending_link(1)
