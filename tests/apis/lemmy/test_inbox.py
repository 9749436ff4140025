"""Answers, mentions and private messages, read and unread."""

from __future__ import annotations

from dataclasses import replace

from potluck import settings
from potluck.kinds.note.actions import NoteRequest, compose
from potluck.social.model import Actor, Object

from .conftest import Api


async def say(api: Api, who: str, text: str, parent: Object) -> Object:
    """A comment."""
    async with api.database.write() as session:
        author = await session.get_one(Actor, getattr(api.cast, who).id)
        return await compose(session, author, NoteRequest(text, in_reply_to_id=parent.id))


async def test_answers_and_mentions(api: Api, gardens) -> None:
    """Listed with their comment, counted, marked one by one or all at once; nobody marks another's."""
    post = await api.link("alice", gardens)
    first = await say(api, "bob", "Too early", post)
    await say(api, "eve", "@alice what do you think?", first)
    assert await api.get("/user/unread_count", "alice") == {"replies": 1, "mentions": 1, "private_messages": 0}
    [reply] = (await api.get("/user/replies", "alice", unread_only="true"))["replies"]
    assert (reply["comment"]["content"], reply["creator"]["name"], reply["recipient"]["name"]) == (
        "Too early", "bob", "alice")
    record = reply["comment_reply"]
    assert (record["comment_id"], record["read"]) == (first.id, False)
    assert (await api.refused("POST", "/comment/mark_as_read", "bob", comment_reply_id=record["id"], read=True)) == (
        404, "couldnt_find_comment")
    marked = await api.post("/comment/mark_as_read", "alice", comment_reply_id=record["id"], read=True)
    assert marked["comment_reply_view"]["comment_reply"]["read"] is True
    assert (await api.get("/user/replies", "alice", unread_only="true"))["replies"] == []
    [mention] = (await api.get("/user/mention", "alice"))["mentions"]
    found = await api.post("/user/mention/mark_as_read", "alice", read=True,
                           person_mention_id=mention["person_mention"]["id"])
    assert found["person_mention_view"]["person_mention"]["read"] is True
    await api.post("/comment/mark_as_read", "alice", comment_reply_id=record["id"], read=False)
    assert await api.post("/user/mark_all_as_read", "alice") == {"replies": []}
    assert await api.get("/user/unread_count", "alice") == {"replies": 0, "mentions": 0, "private_messages": 0}
    assert await api.refused("GET", "/user/replies", "alice", sort="Loud") == (400, "invalid_body_field")
    assert await api.refused("GET", "/user/unread_count") == (401, "not_logged_in")


async def test_private_messages(api: Api) -> None:
    """Between two people, whoever is named in them; the recipient reads, the sender changes and deletes."""
    cast = api.cast
    sent = (await api.post("/private_message", "alice", recipient_id=cast.bob.id, content="Ask @eve *quietly*")
            )["private_message_view"]
    ident = sent["private_message"]["id"]
    assert (sent["private_message"]["content"], sent["creator"]["name"], sent["recipient"]["name"]) == (
        "Ask @eve *quietly*", "alice", "bob")
    assert (await api.get("/user/unread_count", "bob"))["private_messages"] == 1
    [got] = (await api.get("/private_message/list", "bob", unread_only="true"))["private_messages"]
    assert got["private_message"]["read"] is False
    assert (await api.get("/private_message/list", "eve"))["private_messages"] == []
    for path, body in (("mark_as_read", {"read": True}), ("delete", {"deleted": True}), ("report", {"reason": "x"})):
        assert await api.refused("POST", f"/private_message/{path}", "eve", private_message_id=ident, **body) == (
            404, "couldnt_find_private_message")
    marked = await api.post("/private_message/mark_as_read", "bob", private_message_id=ident, read=True)
    assert marked["private_message_view"]["private_message"]["read"] is True
    assert (await api.get("/private_message/list", "bob", unread_only="true"))["private_messages"] == []
    await api.post("/private_message", "bob", recipient_id=cast.alice.id, content="No")
    talk = await api.get("/private_message/list", "alice", creator_id=cast.bob.id)
    assert [view["private_message"]["content"] for view in talk["private_messages"]] == ["No", "Ask @eve *quietly*"]
    assert (await api.refused("PUT", "/private_message", "bob", private_message_id=ident, content="x"))[0] == 400
    changed = await api.put("/private_message", "alice", private_message_id=ident, content="Never mind")
    assert changed["private_message_view"]["private_message"]["content"] == "Never mind"
    gone = await api.post("/private_message/delete", "alice", private_message_id=ident, deleted=True)
    assert (gone["private_message_view"]["private_message"]["content"],
            gone["private_message_view"]["private_message"]["deleted"]) == ("", True)
    assert len((await api.get("/private_message/list", "bob"))["private_messages"]) == 1


async def test_who_cannot_be_written_to(api: Api, gardens) -> None:
    """Those who block one, communities, nobody; and not without a text."""
    cast = api.cast
    for who, recipient, word in (
            ("dave", cast.alice.id, "person_is_blocked"), ("bob", gardens.id, "couldnt_find_person"),
            ("bob", 12345, "couldnt_find_person")):
        assert (await api.refused("POST", "/private_message", who, recipient_id=recipient, content="Hi"))[1] == word
    assert (await api.refused("POST", "/private_message", "bob", recipient_id=cast.eve.id, content=" "))[0] == 400


async def test_a_reported_message_is_shown_to_staff_alone(api: Api) -> None:
    """By whoever got it."""
    sent = await api.post("/private_message", "eve", recipient_id=api.cast.bob.id, content="You leek")
    ident = sent["private_message_view"]["private_message"]["id"]
    made = await api.post("/private_message/report", "bob", private_message_id=ident, reason="rude")
    assert made["private_message_report_view"]["private_message_report"]["original_pm_text"] == "You leek"
    for who in ("eve", "alice"):
        assert await api.refused("GET", "/private_message/report/list", who) == (400, "not_an_admin")
        assert "private_message_reports" not in await api.get("/user/report_count", who)
    waiting = await api.get("/private_message/report/list", "mona", unresolved_only="true")
    [report] = waiting["private_message_reports"]
    assert (report["creator"]["name"], report["private_message_creator"]["name"]) == ("bob", "eve")
    assert (await api.get("/user/report_count", "mona"))["private_message_reports"] == 1
    done = await api.put("/private_message/report/resolve", "mona", resolved=True,
                         report_id=report["private_message_report"]["id"])
    view = done["private_message_report_view"]
    assert (view["private_message_report"]["resolved"], view["resolver"]["name"]) == (True, "mona")
    assert (await api.get("/private_message/report/list", "mona", unresolved_only="true"))[
        "private_message_reports"] == []


async def test_too_much_is_refused_here_as_in_the_other_apis(api: Api, gardens) -> None:
    """Posts, comments and messages count together, for the account and not for the API; follows by themselves."""
    settings.use(replace(settings.current(), rate_limits=True, posts_in_three_hours=3, follows_a_day=1))
    post = (await api.post("/post", "bob", name="Leeks", community_id=gardens.id))["post_view"]["post"]
    await api.post("/comment", "bob", post_id=post["id"], content="Leek!")
    await api.post("/private_message", "bob", recipient_id=api.cast.mia.id, content="Leek?")
    for path, body in (("/post", {"name": "More", "community_id": gardens.id}),
                       ("/comment", {"post_id": post["id"], "content": "More"}),
                       ("/private_message", {"recipient_id": api.cast.mia.id, "content": "More"})):
        assert (await api.refused("POST", path, "bob", **body))[1] == "rate_limit_error", path
    # Bob follows somebody already, since today.
    assert (await api.refused("POST", "/community/follow", "bob", community_id=gardens.id, follow=True))[1] == (
        "rate_limit_error")
