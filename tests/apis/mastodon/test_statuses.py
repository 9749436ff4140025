"""Statuses: written, read, changed, deleted, and what people do with them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from potluck import settings
from potluck.apis.mastodon import async_refreshes
from potluck.db.base import now
from potluck.kinds.note.model import PollDraft
from potluck.social import follows, thread_fetches
from potluck.social.drafts import AttachmentDraft, EmojiDraft, MentionDraft
from potluck.social.model import Actor

from . import fields
from .conftest import Person, Server


async def test_a_status_has_every_field(alice: Person) -> None:
    """A new status answers with every documented field, for its author."""
    status = await alice.say("Hello #World", spoiler_text="greeting", language="en", visibility="unlisted")
    fields.check(status, "SignedInStatus")
    assert status["spoiler_text"] == "greeting"
    assert status["sensitive"] is True
    assert status["visibility"] == "unlisted"
    assert status["language"] == "en"
    assert [tag["name"] for tag in status["tags"]] == ["world"]
    assert status["application"] == {"name": "Tusky", "website": "https://tusky.example"}
    assert status["account"]["acct"] == "alice"
    assert status["pinned"] is False
    assert status["quote_approval"] == {"automatic": ["public"], "manual": [], "current_user": "automatic"}


@pytest.mark.parametrize("send", [
    {"json": {"status": "hi", "visibility": "private"}}, {"data": {"status": "hi", "visibility": "private"}},
    {"params": {"status": "hi", "visibility": "private"}}, {"files": {"status": (None, "hi"),
                                                                      "visibility": (None, "private")}}])
async def test_posting_in_any_encoding(alice: Person, send: dict[str, Any]) -> None:
    """JSON, form, query and multipart post the same."""
    status = await alice.post("/api/v1/statuses", **send)
    assert (status["content"], status["visibility"]) == ("<p>hi</p>", "private")


async def test_signed_out_readers_get_no_marks(server: Server, alice: Person) -> None:
    """Without token a public status has no marks, and a private one is not there."""
    public = await alice.say("open")
    private = await alice.say("closed", visibility="private")
    seen = (await server.http.get(f"/api/v1/statuses/{public['id']}")).json()
    fields.check(seen, "Status")
    assert "favourited" not in seen
    assert seen["quote_approval"]["current_user"] == "unknown"
    hidden = await server.http.get(f"/api/v1/statuses/{private['id']}")
    assert (hidden.status_code, hidden.json()) == (404, {"error": "Record not found"})


async def test_the_same_key_posts_once(alice: Person, bob: Person) -> None:
    """An Idempotency-Key is good for one status of a person, also when asked twice at the same moment."""
    headers = {"Idempotency-Key": "k1"}
    first, second = await asyncio.gather(*(alice.call("POST", "/api/v1/statuses", data={"status": "once"},
                                                      headers=headers) for _ in range(2)))
    assert first.json()["id"] == second.json()["id"]
    other = await bob.call("POST", "/api/v1/statuses", data={"status": "mine"}, headers=headers)
    assert other.json()["id"] != first.json()["id"]


async def test_a_failed_key_may_be_used_again(alice: Person) -> None:
    """A refused status does not use up its key."""
    headers = {"Idempotency-Key": "k2"}
    refused = await alice.call("POST", "/api/v1/statuses", json={"status": ""}, headers=headers)
    assert refused.status_code == 422
    accepted = await alice.call("POST", "/api/v1/statuses", json={"status": "now"}, headers=headers)
    assert accepted.status_code == 200


@pytest.mark.parametrize("bad", [
    {"status": ""}, {"status": "x", "visibility": "secret"}, {"status": "x" * 6000}, {"status": "x", "language": "-"},
    {"status": "x", "poll": {"options": ["one"], "expires_in": 600}}, {"status": "x", "media_ids": ["1"]},
    {"status": {"a": 1}}, {"status": "x", "scheduled_at": "2020-01-01T00:00:00Z"}])
async def test_what_cannot_be_posted_is_422(alice: Person, bad: dict[str, Any]) -> None:
    """Every unusable value is refused with a reason and leaves nothing."""
    answer = await alice.call("POST", "/api/v1/statuses", json=bad)
    assert answer.status_code == 422
    fields.check(answer.json(), "Error")
    assert await alice.get(f"/api/v1/accounts/{alice.id}/statuses") == []


async def test_replying_to_nothing_is_404(alice: Person) -> None:
    """A parent that is not there is told."""
    answer = await alice.call("POST", "/api/v1/statuses", json={"status": "x", "in_reply_to_id": "12345"})
    assert answer.status_code == 404


async def test_favourite_boost_bookmark_mute_pin(alice: Person, bob: Person) -> None:
    """Each act shows on the status, undoing it takes it back, and counts follow."""
    status = await alice.say("nice")
    path = f"/api/v1/statuses/{status['id']}"
    for act, undo, mark in (("favourite", "unfavourite", "favourited"), ("bookmark", "unbookmark", "bookmarked"),
                            ("mute", "unmute", "muted")):
        done = await bob.post(f"{path}/{act}")
        fields.check(done, "SignedInStatus")
        assert done[mark] is True
        assert (await bob.post(f"{path}/{undo}"))[mark] is False
    assert (await alice.post(f"{path}/pin"))["pinned"] is True
    assert (await alice.post(f"{path}/unpin"))["pinned"] is False
    assert (await bob.call("POST", f"{path}/pin")).status_code == 422
    await bob.post(f"{path}/favourite")
    assert (await alice.get(path))["favourites_count"] == 1
    people = await alice.get(f"{path}/favourited_by")
    fields.check_all(people, "Account")
    assert [person["acct"] for person in people] == ["bob"]


async def test_a_boost_wraps_the_status(alice: Person, bob: Person) -> None:
    """Boosting answers the boost with the status in `reblog`; the boost's id works wherever a status id does."""
    status = await alice.say("boost me")
    boost = await bob.post(f"/api/v1/statuses/{status['id']}/reblog", data={"visibility": "public"})
    fields.check(boost, "SignedInStatus")
    assert boost["id"] != status["id"]
    assert boost["account"]["acct"] == "bob"
    assert boost["content"] == ""
    assert boost["reblog"]["id"] == status["id"]
    assert boost["reblogged"] is boost["reblog"]["reblogged"] is True
    assert boost["reblogs_count"] == boost["reblog"]["reblogs_count"] == 1
    assert (await alice.get(f"/api/v1/statuses/{boost['id']}"))["reblog"]["id"] == status["id"]
    assert [person["acct"] for person in await alice.get(f"/api/v1/statuses/{status['id']}/reblogged_by")] == ["bob"]
    undone = await bob.post(f"/api/v1/statuses/{boost['id']}/unreblog")
    assert (undone["id"], undone["reblogged"], undone["reblogs_count"]) == (status["id"], False, 0)


async def test_private_statuses_cannot_be_boosted(alice: Person, bob: Person) -> None:
    """What only some may read is not passed on."""
    status = await alice.say("@bob psst", visibility="direct")
    answer = await bob.call("POST", f"/api/v1/statuses/{status['id']}/reblog")
    assert answer.status_code == 403


async def test_editing_keeps_the_history(alice: Person, bob: Person) -> None:
    """An edit shows at once to everyone, and every version stays readable, oldest first."""
    status = await alice.say("frist", spoiler_text="cw")
    await bob.get(f"/api/v1/statuses/{status['id']}")
    edited = await alice.put(f"/api/v1/statuses/{status['id']}", json={"status": "first", "spoiler_text": ""})
    fields.check(edited, "SignedInStatus")
    assert edited["content"] == "<p>first</p>"
    assert edited["edited_at"]
    assert (await bob.get(f"/api/v1/statuses/{status['id']}"))["content"] == "<p>first</p>"
    history = await bob.get(f"/api/v1/statuses/{status['id']}/history")
    fields.check_all(history, "StatusEdit")
    assert [item["content"] for item in history] == ["<p>frist</p>", "<p>first</p>"]
    assert [item["spoiler_text"] for item in history] == ["cw", ""]
    source = await alice.get(f"/api/v1/statuses/{status['id']}/source")
    fields.check(source, "StatusSource")
    assert source["text"] == "first"


async def test_only_the_author_edits_deletes_and_sees_the_source(alice: Person, bob: Person) -> None:
    """Someone else's status is not there to be changed."""
    status = await alice.say("mine")
    path = f"/api/v1/statuses/{status['id']}"
    for method, where in (("PUT", path), ("DELETE", path), ("GET", f"{path}/source"),
                          ("PUT", f"{path}/interaction_policy?quote_approval_policy=nobody")):
        assert (await bob.call(method, where, json={"status": "x"} if method == "PUT" else None)).status_code == 404


async def test_deleting_gives_what_is_needed_to_write_anew(alice: Person) -> None:
    """The answer has the text as typed; afterwards the status is gone."""
    status = await alice.say("oops #tag")
    gone = await alice.delete(f"/api/v1/statuses/{status['id']}")
    fields.check(gone, "DeletedStatus")
    assert gone["text"] == "oops #tag"
    assert (await alice.call("GET", f"/api/v1/statuses/{status['id']}")).status_code == 404
    assert (await alice.call("DELETE", f"/api/v1/statuses/{status['id']}")).status_code == 404


async def test_threads(server: Server, alice: Person, bob: Person) -> None:
    """The context has what came before, oldest first, and what came after in thread order; private branches hide."""
    root = await alice.say("root")
    reply = await bob.say("@alice reply", in_reply_to_id=root["id"])
    deep = await alice.say("@bob deep", in_reply_to_id=reply["id"])
    second = await alice.say("second", in_reply_to_id=root["id"])
    secret = await alice.say("@bob secret", in_reply_to_id=reply["id"], visibility="direct")
    context = await bob.get(f"/api/v1/statuses/{root['id']}/context")
    fields.check(context, "Context")
    assert [item["id"] for item in context["descendants"]] == [reply["id"], deep["id"], secret["id"], second["id"]]
    above = await bob.get(f"/api/v1/statuses/{deep['id']}/context")
    assert [item["id"] for item in above["ancestors"]] == [root["id"], reply["id"]]
    public = (await server.http.get(f"/api/v1/statuses/{root['id']}/context")).json()
    assert secret["id"] not in [item["id"] for item in public["descendants"]]
    assert reply["in_reply_to_id"] == root["id"]
    assert reply["in_reply_to_account_id"] == alice.id
    assert reply["mentions"][0]["acct"] == "alice"
    assert (await alice.get(f"/api/v1/statuses/{root['id']}"))["replies_count"] == 2


async def test_missing_parts_of_a_thread(server: Server, alice: Person, bob: Person) -> None:
    """Opening a thread that may be incomplete says so in a header, with an id to ask again; guests cause nothing."""
    dana = await server.remote("dana")
    row = await server.arrives(dana, "<p>old</p>", published=now() - timedelta(days=3),
                               replies_uri="https://far.example/replies")
    path = f"/api/v1/statuses/{row.id}/context"
    assert async_refreshes.HEADER not in (await server.http.get(path)).headers
    said = (await alice.call("GET", path)).headers[async_refreshes.HEADER]
    found = re.fullmatch(r'id="(\d+)", retry=\d+, result_count=0', said)
    assert found
    assert (await bob.call("GET", path)).headers[async_refreshes.HEADER] == said
    refresh = f"/api/v1_alpha/async_refreshes/{found[1]}"
    assert await alice.get(refresh) == {"async_refresh": {"id": found[1], "status": "running", "result_count": 0}}
    async with server.db.write() as session:
        await thread_fetches.note(session, int(found[1]), found=2, finished=True)
    assert (await alice.get(refresh))["async_refresh"] == {"id": found[1], "status": "finished", "result_count": 2}
    assert async_refreshes.HEADER not in (await alice.call("GET", path)).headers
    assert (await alice.call("GET", "/api/v1_alpha/async_refreshes/1")).status_code == 404
    assert (await server.http.get(refresh)).status_code == 401


async def test_polls(alice: Person, bob: Person, carol: Person) -> None:
    """A poll is asked, voted in once, and each person sees their own votes."""
    status = await alice.post("/api/v1/statuses", data={
        "status": "tea?", "poll[options][]": ["yes", "no"], "poll[expires_in]": "3600", "poll[multiple]": "0"})
    fields.check(status, "SignedInStatus")
    poll = status["poll"]
    path = f"/api/v1/polls/{poll['id']}"
    voted = await bob.post(f"{path}/votes", data={"choices[]": ["1"]})
    fields.check(voted, "Poll")
    assert (voted["voted"], voted["own_votes"], voted["votes_count"], voted["voters_count"]) == (True, [1], 1, 1)
    assert (await carol.get(path))["voted"] is False
    assert (await carol.get(f"/api/v1/statuses/{status['id']}"))["poll"]["votes_count"] == 1
    assert (await bob.get(f"/api/v1/statuses/{status['id']}"))["poll"]["own_votes"] == [1]
    assert (await bob.call("POST", f"{path}/votes", json={"choices": [0]})).status_code == 422
    assert (await carol.call("POST", f"{path}/votes", json={"choices": [7]})).status_code == 422
    assert (await carol.call("POST", f"{path}/votes", json={"choices": ["x"]})).status_code == 422
    assert (await carol.call("GET", f"/api/v1/polls/{(await alice.say('no poll'))['id']}")).status_code == 404


async def test_hidden_totals(alice: Person, bob: Person) -> None:
    """Totals that the author hides are null until the end."""
    status = await alice.say("?", poll={"options": ["a", "b"], "expires_in": 600, "hide_totals": True})
    poll = await bob.get(f"/api/v1/polls/{status['poll']['id']}")
    fields.check(poll, "Poll")
    assert [option["votes_count"] for option in poll["options"]] == [None, None]


async def test_quotes(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    """A quote shows the quoted status to those who may see it, one level deep."""
    first = await alice.say("first")
    second = await bob.say("second", quoted_status_id=first["id"])
    fields.check(second, "SignedInStatus")
    assert second["quote"]["state"] == "accepted"
    assert second["quote"]["quoted_status"]["id"] == first["id"]
    assert second["quote"]["quoted_status"]["favourited"] is False
    third = await carol.say("third", quoted_status_id=second["id"])
    inner = third["quote"]["quoted_status"]["quote"]
    assert inner == {"state": "accepted", "quoted_status_id": first["id"]}
    assert (await carol.get(f"/api/v1/statuses/{first['id']}"))["quotes_count"] == 1
    assert [item["id"] for item in await carol.get(f"/api/v1/statuses/{first['id']}/quotes")] == [second["id"]]
    await alice.delete(f"/api/v1/statuses/{first['id']}")
    assert (await carol.get(f"/api/v1/statuses/{second['id']}"))["quote"] == {
        "state": "deleted", "quoted_status": None}


async def test_a_quote_of_something_private_hides_it(alice: Person, bob: Person, carol: Person) -> None:
    """Who may not see the quoted status sees only that there is one."""
    private = await alice.say("between us", visibility="private")
    quoting = await alice.say("as I said", quoted_status_id=private["id"], visibility="private")
    await bob.post(f"/api/v1/accounts/{alice.id}/follow")
    seen = await bob.get(f"/api/v1/statuses/{quoting['id']}")
    assert seen["quote"]["quoted_status"]["id"] == private["id"]
    assert (await carol.call("GET", f"/api/v1/statuses/{quoting['id']}")).status_code == 404


async def test_who_may_quote(alice: Person, bob: Person) -> None:
    """The author decides who may quote, and everyone is told what holds for them."""
    status = await alice.say("hm")
    path = f"/api/v1/statuses/{status['id']}"
    changed = await alice.put(f"{path}/interaction_policy", json={"quote_approval_policy": "followers"})
    assert changed["quote_approval"] == {"automatic": ["followers"], "manual": [], "current_user": "automatic"}
    assert (await bob.get(path))["quote_approval"]["current_user"] == "denied"
    await bob.post(f"/api/v1/accounts/{alice.id}/follow")
    assert (await bob.get(path))["quote_approval"]["current_user"] == "automatic"
    await alice.put(f"{path}/interaction_policy", json={"quote_approval_policy": "nobody"})
    assert (await bob.get(path))["quote_approval"] == {"automatic": [], "manual": [], "current_user": "denied"}
    refused = await bob.call("POST", "/api/v1/statuses", json={"status": "q", "quoted_status_id": status["id"]})
    assert refused.status_code == 403


async def test_a_quote_is_revoked(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    """The quoted author takes their status out of a quote, for good; nobody else can."""
    first = await alice.say("first")
    second = await bob.say("second", quoted_status_id=first["id"])
    path = f"/api/v1/statuses/{first['id']}/quotes/{second['id']}/revoke"
    assert (await carol.call("POST", path)).status_code == 404
    assert (await bob.call("POST", path)).status_code == 404
    revoked = await alice.post(path)
    fields.check(revoked, "SignedInStatus")
    assert (revoked["id"], revoked["quote"]) == (second["id"], {"state": "revoked", "quoted_status": None})
    assert await alice.get(f"/api/v1/statuses/{first['id']}/quotes") == []
    assert (await carol.get(f"/api/v1/statuses/{first['id']}"))["quotes_count"] == 0
    assert (await alice.post(path))["quote"]["state"] == "revoked"
    assert (await alice.call("POST", f"/api/v1/statuses/{first['id']}/quotes/x/revoke")).status_code == 404
    bad = await alice.call("PUT", f"/api/v1/statuses/{first['id']}/interaction_policy",
                           json={"quote_approval_policy": "friends"})
    assert bad.status_code == 422


POLICY = {"canQuote": {"automaticApproval": ["https://far.example/users/dana/followers"],
                       "manualApproval": ["https://www.w3.org/ns/activitystreams#Public"]},
          "canReply": {"automaticApproval": ["https://far.example/users/dana/following"]},
          "canLike": {"always": [], "approvalRequired": []}, "canAnnounce": {"automaticApproval": "as:Public"}}


async def test_policies_of_elsewhere(server: Server, alice: Person, dana: Actor) -> None:
    """What a remote author lets people do is told, and refused with a reason where they may not."""
    row = await server.arrives(dana, "<p>mine</p>", interaction_policy=POLICY, quote_policy="followers")
    path = f"/api/v1/statuses/{row.id}"
    status = await alice.get(path)
    fields.check(status, "SignedInStatus")
    assert status["quote_approval"] == {"automatic": ["followers"], "manual": ["public"], "current_user": "manual"}
    reply = {"status": "hm", "in_reply_to_id": str(row.id)}
    for refused in (await alice.call("POST", "/api/v1/statuses", json=reply),
                    await alice.call("POST", f"{path}/favourite")):
        assert refused.status_code == 403
        assert "author" in refused.json()["error"]
    assert (await alice.post(f"{path}/reblog"))["reblog"]["id"] == str(row.id)
    quoting = await alice.say("look", quoted_status_id=str(row.id))
    assert quoting["quote"]["state"] == "pending"
    async with server.db.write() as session:
        await follows.follow(session, dana, alice.actor)
        await follows.follow(session, alice.actor, dana)
        await follows.accept(session, dana, alice.actor)
    assert (await alice.get(path))["quote_approval"]["current_user"] == "automatic"
    assert (await alice.post("/api/v1/statuses", json=reply))["in_reply_to_id"] == str(row.id)


async def test_a_remote_status_in_full(server: Server, alice: Person, dana: Actor, picture: AttachmentDraft) -> None:
    """Media, mentions, emoji and counts of a status from elsewhere, with every field."""
    row = await server.arrives(
        dana, "<p>look :cat:</p>", attachments=[picture], emojis=[EmojiDraft("cat", "https://far.example/e.png")],
        mentions=[MentionDraft(alice.actor.uri, "@alice", actor_id=alice.actor.id)], hashtags=["Katzen"],
        remote_likes=7, remote_boosts=3, summary="cats", sensitive=True)
    status = await alice.get(f"/api/v1/statuses/{row.id}")
    fields.check(status, "SignedInStatus")
    assert status["account"]["acct"] == "dana@far.example"
    assert (status["favourites_count"], status["reblogs_count"]) == (7, 3)
    assert status["emojis"][0]["shortcode"] == "cat"
    attachment = status["media_attachments"][0]
    assert attachment["description"] == "a cat"
    assert attachment["meta"]["original"] == {"width": 800, "height": 600, "size": "800x600", "aspect": 800 / 600}
    assert attachment["meta"]["focus"] == {"x": 0.1, "y": -0.2}
    assert status["mentions"] == [{"id": alice.id, "username": "alice", "acct": "alice",
                                   "url": "https://potluck.test/@alice"}]


@pytest.mark.parametrize(("type_name", "title"), [("Article", "Ten <cats>"), ("Event", None), ("Video", "Film")])
async def test_other_kinds_are_full_statuses(server: Server, alice: Person, dana: Actor, type_name: str,
                                             title: str | None) -> None:
    """What Mastodon has no word for is a linked title with summary and a filled card, never empty."""
    row = await server.arrives(dana, "<p>body</p>", kind="unknown", type=type_name, title=title,
                               summary="A summary")
    status = await alice.get(f"/api/v1/statuses/{row.id}")
    fields.check(status, "SignedInStatus")
    assert f'<a href="{row.url}"' in status["content"]
    assert "A summary" in status["content"]
    assert "<cats>" not in status["content"]
    assert status["card"]["url"] == row.url
    assert status["card"]["title"] == (title or type_name)
    assert status["spoiler_text"] == ""
    card = await alice.get(f"/api/v1/statuses/{row.id}/card")
    fields.check(card, "PreviewCard")


async def test_a_remote_poll(server: Server, alice: Person, dana: Actor) -> None:
    """A poll from elsewhere has its tallies."""
    row = await server.arrives(dana, "<p>?</p>", type="Question", kind_data=PollDraft(
        [("a", 3), ("b", 4)], expires_at=now() - timedelta(hours=1), voters_count=7))
    poll = (await alice.get(f"/api/v1/statuses/{row.id}"))["poll"]
    fields.check(poll, "Poll")
    assert (poll["expired"], poll["votes_count"], poll["voters_count"]) == (True, 7, 7)


async def test_several_by_id(alice: Person, bob: Person) -> None:
    """Several statuses at once; what is not there or not visible is left out."""
    first, secret = await alice.say("1"), await alice.say("2", visibility="direct")
    found = await bob.get("/api/v1/statuses", params={"id[]": [first["id"], secret["id"], "99"]})
    assert [item["id"] for item in found] == [first["id"]]


@pytest.mark.parametrize("path", ["/api/v1/statuses/abc", "/api/v1/statuses/99999999999999999999",
                                  "/api/v1/statuses/-1", "/api/v1/polls/x", "/api/v1/nothing"])
async def test_unknown_is_404_as_json(alice: Person, path: str) -> None:
    """Ids that can be none, and paths that do not exist, are JSON 404."""
    answer = await alice.call("GET", path)
    assert (answer.status_code, answer.json()) == (404, {"error": "Record not found"})


async def test_a_wrong_method_is_405_as_json(alice: Person) -> None:
    """A method that a path does not know is refused in the API's shape."""
    answer = await alice.call("PATCH", "/api/v1/timelines/home")
    assert answer.status_code == 405
    fields.check(answer.json(), "Error")


async def test_too_many_posts(server: Server, alice: Person) -> None:
    """The headers of a new status tell of their own limit; beyond it there is a 429."""
    settings.use(replace(settings.current(), rate_limits=True, posts_in_three_hours=2))
    first = await alice.call("POST", "/api/v1/statuses", json={"status": "one"})
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("2", "1")
    assert len(first.headers.get_list("x-ratelimit-limit")) == 1
    boost = await alice.call("POST", f"/api/v1/statuses/{first.json()['id']}/reblog")
    assert boost.headers["x-ratelimit-remaining"] == "0"
    refused = await alice.call("POST", "/api/v1/statuses", json={"status": "three"})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["x-ratelimit-reset"].endswith("Z")
