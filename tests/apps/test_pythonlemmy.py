"""pythonlemmy 0.3: every answer is read by the strict class that the library has for it; signed in by cookie."""

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
    python = clients.python_client("pythonlemmy") / "python"
    with Program([python, DRIVERS / "pythonlemmy_bot.py"], environ, home) as started:
        yield started


@pytest.fixture(scope="module")
def alice(program: Program, backdrop: Backdrop) -> Client:
    """Alice, an administrator."""
    return signed_in(program, backdrop, "alice")


@pytest.fixture(scope="module")
def mia(program: Program, backdrop: Backdrop) -> Client:
    """Mia."""
    return signed_in(program, backdrop, "mia")


@pytest.fixture(scope="module")
def place(alice: Client) -> Any:
    """A community of Alice's."""
    return alice.create_community("strict", "Strict")["community_view"]["community"]


@pytest.fixture(scope="module")
def post(mia: Client, place: Any) -> Any:
    """Mia's post there."""
    return mia.create_post("A leek", place["id"], body="*green*")["post_view"]["post"]


def person_id(client: Client) -> int:
    """Who somebody is."""
    found: int = client.get_site()["my_user"]["local_user_view"]["person"]["id"]
    return found


def test_reading(mia: Client, place: Any, post: Any) -> None:
    """Site, communities, posts, comments, people, servers."""
    assert mia.get_site()["my_user"]["local_user_view"]["person"]["name"] == "mia"
    assert mia.get_community(id=place["id"])["moderators"][0]["moderator"]["name"] == "alice"
    assert place["id"] in {view["community"]["id"] for view in mia.list_communities()["communities"]}
    assert mia.get_posts(community_id=place["id"])["posts"][0]["post"]["id"] == post["id"]
    assert mia.get_post(id=post["id"])["post_view"]["post"]["name"] == "A leek"
    assert mia.get_person_details(username="mia")["posts"]
    assert mia.get_federated_instances()["federated_instances"]["linked"]
    assert mia.validate_auth()["success"] is True


def test_discussing(alice: Client, mia: Client, post: Any) -> None:
    """Comments, votes, saving; answers and mentions are counted and read."""
    comment = alice.create_comment("Green, @mia?", post["id"])["comment_view"]["comment"]
    assert mia.like_comment(comment["id"], 1)["comment_view"]["my_vote"] == 1
    assert mia.save_comment(comment["id"], True)["comment_view"]["saved"] is True
    assert mia.save_post(post["id"], True)["post_view"]["saved"] is True
    assert mia.get_comments(post_id=post["id"])["comments"][0]["comment"]["id"] == comment["id"]
    assert mia.get_unread_count()["replies"] >= 1
    reply = mia.get_replies(unread_only=True)["replies"][0]
    mia.mark_comment_reply_as_read(reply["comment_reply"]["id"], True)
    own = mia.create_comment("Yes", post["id"], parent_id=comment["id"])["comment_view"]["comment"]
    alice.create_comment("@mia see above", post["id"], parent_id=comment["id"])
    mention = mia.get_person_mentions()["mentions"][0]
    mia.mark_person_mention_as_read(mention["person_mention"]["id"], True)
    assert mia.edit_comment(own["id"], "Yes!")["comment_view"]["comment"]["content"] == "Yes!"
    assert mia.delete_comment(own["id"], True)["comment_view"]["comment"]["deleted"] is True
    assert mia.mark_all_as_read()["replies"] == []


def test_messages_and_reports(alice: Client, mia: Client, post: Any) -> None:
    """Each with its list and its report."""
    message = alice.create_private_message("Soup?", person_id(mia))["private_message_view"]["private_message"]
    assert mia.get_private_messages()["private_messages"][0]["private_message"]["content"] == "Soup?"
    mia.mark_private_message_as_read(message["id"], True)
    mia.create_private_message_report(message["id"], "odd")
    report = alice.list_private_message_reports()["private_message_reports"][0]
    alice.resolve_private_message_report(report["private_message_report"]["id"], True)
    alice.edit_private_message(message["id"], "Stew?")
    assert alice.delete_private_message(message["id"], True)["private_message_view"]["private_message"]["deleted"]
    alice.create_post_report(post["id"], "spam")
    report = alice.list_post_reports(unresolved_only=True)["post_reports"][0]
    alice.resolve_post_report(report["post_report"]["id"], True)
    comment = mia.create_comment("Hm", post["id"])["comment_view"]["comment"]
    alice.create_comment_report(comment["id"], "rude")
    report = alice.list_comment_reports(unresolved_only=True)["comment_reports"][0]
    alice.resolve_comment_report(report["comment_report"]["id"], True)
    assert alice.get_report_count()["post_reports"] == 0


def test_moderating(alice: Client, mia: Client, place: Any, post: Any) -> None:
    """Posts, comments, people, and the log."""
    comment = mia.create_comment("Leek!", post["id"])["comment_view"]["comment"]
    assert alice.remove_comment(comment["id"], True, "rude")["comment_view"]["comment"]["removed"] is True
    alice.remove_comment(comment["id"], False)
    alice.lock_post(post["id"], True)
    alice.lock_post(post["id"], False)
    alice.feature_post(post["id"], True, "Community")
    own = alice.create_comment("Order!", post["id"])["comment_view"]["comment"]
    assert alice.distinguish_comment(own["id"], True)["comment_view"]["comment"]["distinguished"] is True
    mias = person_id(mia)
    assert len(alice.add_mod_to_community(place["id"], mias, True)["moderators"]) == 2
    alice.add_mod_to_community(place["id"], mias, False)
    assert alice.ban_from_community(place["id"], mias, True, reason="rude")["banned"] is True
    alice.ban_from_community(place["id"], mias, False)
    alice.remove_post(post["id"], True, "over")
    alice.remove_post(post["id"], False)
    log = alice.get_modlog(community_id=place["id"])
    assert log["removed_posts"]
    assert log["removed_comments"]
    assert log["banned_from_community"]
    assert log["added_to_community"]


def test_searching_and_hiding(alice: Client, mia: Client, backdrop: Backdrop, place: Any) -> None:
    """Search, addresses, blocks."""
    assert mia.search("strict", type_="Communities")["communities"][0]["community"]["id"] == place["id"]
    assert mia.resolve_object(place["actor_id"])["community"]["community"]["id"] == place["id"]
    assert mia.resolve_object(f"@carol@{backdrop.there.host}")["person"]["person"]["name"] == "carol"
    assert mia.block_person(person_id(alice), True)["blocked"] is True
    mia.block_person(person_id(alice), False)
    assert mia.block_community(place["id"], True)["blocked"] is True
    mia.block_community(place["id"], False)
    servers = mia.get_federated_instances()["federated_instances"]["linked"]
    assert mia.block_instance(servers[0]["id"], True)["blocked"] is True
    mia.block_instance(servers[0]["id"], False)


def test_own_settings(mia: Client) -> None:
    """Saved, exported, taken again; the apps that are signed in."""
    assert mia.save_user_settings(show_nsfw=True, bio="Gardens")["success"] is True
    kept = mia.export_settings()
    assert kept["bio"] == "Gardens"
    assert mia.list_logins()
    assert mia.list_media()["images"] == []


def test_administration(alice: Client, mia: Client, place: Any, recorder: Recorder) -> None:
    """Sign-ups, suspensions, roles, the site, deleting for good; not for others."""
    assert alice.get_unread_registration_application_count()["registration_applications"] == 0
    assert alice.list_registration_applications()["registration_applications"] == []
    assert alice.get_banned_persons()["banned"] == []
    assert alice.edit_site(sidebar="All *ours*")["site_view"]["site"]["sidebar"] == "All *ours*"
    doomed = mia.create_post("Doomed", place["id"])["post_view"]["post"]
    assert alice.purge_post(doomed["id"], "law")["success"] is True
    recorder.expect(400, "GET /api/v3/user/banned")
    with pytest.raises(Refused, match="not_an_admin"):
        mia.get_banned_persons()
