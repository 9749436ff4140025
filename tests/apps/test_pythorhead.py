"""pythorhead 0.34: the library of Lemmy's bots; it sends the token in the header, in the query and as a cookie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.bridge import DRIVERS, Client, Program, Refused
from apps.conftest import Backdrop
from apps.lemmy_apps import signed_in
from apps.recorder import Recorder
from support import clients

pytestmark = pytest.mark.timeout(280)


@pytest.fixture(scope="module")
def program(environ: dict[str, str], home: Path) -> Iterator[Program]:
    """The library in its own environment."""
    python = clients.python_client("pythorhead") / "python"
    with Program([python, DRIVERS / "pythorhead_bot.py"], environ, home) as started:
        yield started


@pytest.fixture(scope="module")
def alice(program: Program, backdrop: Backdrop) -> Client:
    """Alice, an administrator."""
    return signed_in(program, backdrop, "alice")


@pytest.fixture(scope="module")
def bob(program: Program, backdrop: Backdrop) -> Client:
    """Bob."""
    return signed_in(program, backdrop, "bob")


@pytest.fixture(scope="module")
def place(alice: Client) -> int:
    """The community of Alice's bot."""
    made: int = alice.do("community.create", "bots", "Bots", "For *bots*")["community_view"]["community"]["id"]
    return made


def person(client: Client, name: str) -> Any:
    """Somebody, as the server shows them."""
    return client.do("user.get", username=name)["person_view"]["person"]


def test_knows_the_server(bob: Client) -> None:
    """NodeInfo where the library looks, and the site with its version."""
    assert bob.do("nodeinfo")["software"]["name"] == "potluck"
    assert bob.do("site.get")["version"].startswith("0.19.")


def test_a_bot_posts_and_is_answered(alice: Client, bob: Client, place: int) -> None:
    """A post with a picture, a comment, a vote; the answer arrives in the inbox and is marked read."""
    post = bob.do("post.create", place, "Two walls", body="*plain*")["post_view"]["post"]
    assert bob.do("post.get", post["id"])["post_view"]["post"]["body"] == "*plain*"
    comment = alice.do("comment.create", post["id"], "Which walls?")["comment_view"]["comment"]
    assert alice.do("post.like", post["id"], 1)["post_view"]["my_vote"] == 1
    [reply] = [entry for entry in bob.do("comment.get_replies", True, 1)["replies"]
               if entry["comment"]["id"] == comment["id"]]
    read = bob.do("comment.mark_as_read", reply["comment_reply"]["id"], True)
    assert read["comment_reply_view"]["comment_reply"]["read"] is True
    answered = bob.do("comment.create", post["id"], "@alice mine", parent_id=comment["id"])
    assert answered["comment_view"]["comment"]["path"].split(".")[1] == str(comment["id"])
    found = alice.do("search", "walls", type_={"$enum": "SearchType.Posts"})
    assert found["type_"] == "Posts"


def test_pictures(bob: Client, place: int, photo: Path) -> None:
    """Sent with the cookie, posted by its address, deleted by the other one."""
    [sent] = bob.do("image.upload", str(photo))
    assert sent["image_url"].startswith("http://127.0.0.1")
    post = bob.do("post.create", place, "A wall", url=sent["image_url"])["post_view"]["post"]
    assert post["url"] == sent["image_url"]
    assert post["thumbnail_url"]
    assert bob.do("image.delete", sent["delete_url"]) is True


def test_messages(alice: Client, bob: Client) -> None:
    """Written, listed, read."""
    alice.do("private_message.create", "Soup at *eight*", person(alice, "bob")["id"])
    [first, *_] = bob.do("private_message.list", True, 1)["private_messages"]
    assert (first["private_message"]["content"], first["creator"]["name"]) == ("Soup at *eight*", "alice")
    bob.do("private_message.mark_as_read", first["private_message"]["id"], True)
    assert bob.do("private_message.list", True, 1)["private_messages"] == []


def test_a_moderators_bot(alice: Client, bob: Client, place: int, recorder: Recorder) -> None:
    """Reports, removal, locks, bans; the log tells of them; who is no moderator is refused."""
    post = bob.do("post.create", place, "Buy leeks")["post_view"]["post"]
    alice.do("post.report", post["id"], "spam")
    [report] = [entry for entry in alice.do("post.report_list", community_id=place, unresolved_only="true")
                if entry["post"]["id"] == post["id"]]
    assert report["post_report"]["reason"] == "spam"
    alice.do("post.resolve_report", report["post_report"]["id"])
    assert alice.do("post.lock", post["id"], True)["post_view"]["post"]["locked"] is True
    feature = {"$enum": "FeatureType.Community"}
    assert alice.do("post.feature", post["id"], True, feature)["post_view"]["post"]["featured_community"] is True
    assert alice.do("post.remove", post["id"], True, "spam")["post_view"]["post"]["removed"] is True
    bobs = {"community_id": place, "person_id": person(alice, "bob")["id"]}
    assert alice.do("community.ban_user", True, reason="spam", **bobs)["banned"] is True
    alice.do("community.ban_user", False, **bobs)
    log = alice.do("modlog.get", community_id=place)
    assert log["removed_posts"][0]["mod_remove_post"]["reason"] == "spam"
    recorder.expect(400, "POST /api/v3/post/lock")
    with pytest.raises(Refused, match="not_a_moderator"):
        bob.do("post.lock", post["id"], False)


def test_settings_and_wrong_passwords(program: Program, backdrop: Backdrop, bob: Client, recorder: Recorder) -> None:
    """The bio is saved; a wrong password gives Lemmy's word."""
    bob.do("user.save_user_settings", bio="I build *tables*")
    assert "tables" in person(bob, "bob")["bio"]
    with pytest.raises(Refused, match="incorrect_login"):
        program.person("nobody", url=backdrop.url, login=["bob", "wrong"])
    assert [one.status for one in recorder.exchanges if one.path == "/api/v3/user/login"] == [401]
