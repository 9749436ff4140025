"""lemmy-js-client, the library of lemmy-ui, Photon and many more: every answer has the type it declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.bridge import DRIVERS, Program, Refused, wait_for
from apps.conftest import Backdrop
from apps.recorder import Recorder
from potluck.demo.cast import PASSWORD
from support import clients, lemmy_types

pytestmark = pytest.mark.timeout(280)


class Person:
    """Somebody's client, whose answers are held against the library's own types."""

    def __init__(self, program: Program, name: str, url: str, token: str = "") -> None:
        self._client = program.person(name, url=url, token=token)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**form: Any) -> Any:
            found = self._client.do(name, form)
            types = lemmy_types.load()
            types.check(found, types.functions[name], name)
            return found

        return call

    def upload(self, picture: Path) -> dict[str, Any]:
        """Send a picture."""
        found: dict[str, Any] = self._client.do("uploadImage", {"image": {"$file": str(picture)}})
        return found


@pytest.fixture(scope="module")
def program(environ: dict[str, str]) -> Iterator[Program]:
    """The library on its Node."""
    library = clients.node_client("lemmy-js-client")
    with Program([library.node.program, DRIVERS / "lemmy.mjs", "lemmy-js-client"], environ, library.folder) as started:
        yield started


def signed_in(program: Program, backdrop: Backdrop, name: str) -> Person:
    """Somebody after signing in."""
    found = Person(program, f"guest-{name}", backdrop.url).login(username_or_email=name, password=PASSWORD)
    return Person(program, name, backdrop.url, found["jwt"])


@pytest.fixture(scope="module")
def alice(program: Program, backdrop: Backdrop) -> Person:
    """Alice, who looks after the server."""
    return signed_in(program, backdrop, "alice")


@pytest.fixture(scope="module")
def bob(program: Program, backdrop: Backdrop) -> Person:
    """Bob, signed in."""
    return signed_in(program, backdrop, "bob")


@pytest.fixture(scope="module")
def community(alice: Person, bob: Person) -> int:
    """A community that Alice leads and Bob reads."""
    made = alice.createCommunity(name="joinery", title="Joinery", description="*Wood* and glue")
    found: int = made["community_view"]["community"]["id"]
    bob.followCommunity(community_id=found, follow=True)
    return found


def test_what_an_app_asks_when_it_starts(alice: Person, bob: Person, community: int) -> None:
    """The site with oneself, communities, posts, unread counts, and lists that may be empty."""
    site = bob.getSite()
    assert site["my_user"]["local_user_view"]["person"]["name"] == "bob"
    assert "joinery" in [entry["community"]["name"] for entry in site["my_user"]["follows"]]
    assert bob.getCommunity(name="joinery")["community_view"]["subscribed"] == "Subscribed"
    for name, form in (("listCommunities", {"type_": "All"}), ("getPosts", {"type_": "All", "sort": "Hot"}),
                       ("getComments", {"type_": "All"}), ("getReplies", {"sort": "New"}), ("getPersonMentions", {}),
                       ("getPrivateMessages", {}), ("getUnreadCount", {}), ("getModlog", {}), ("listMedia", {}),
                       ("getFederatedInstances", {}), ("listLogins", {}), ("getCaptcha", {}), ("validateAuth", {})):
        getattr(bob, name)(**form)
    for name in ("getUnreadRegistrationApplicationCount", "listRegistrationApplications", "getBannedPersons",
                 "listPostReports", "listCommentReports", "listAllMedia"):
        getattr(alice, name)()


def test_a_discussion(alice: Person, bob: Person, community: int, recorder: Recorder) -> None:
    """Post, comment, answer, vote, save, edit, delete and put back."""
    post = bob.createPost(name="Dovetails by hand", community_id=community, body="Any **tips**?",
                          url="https://wood.example/dovetails")["post_view"]["post"]
    comment = alice.createComment(post_id=post["id"], content="A sharp chisel")["comment_view"]["comment"]
    answer = bob.createComment(post_id=post["id"], parent_id=comment["id"], content="Noted")["comment_view"]
    assert answer["comment"]["path"] == f"0.{comment['id']}.{answer['comment']['id']}"
    assert alice.likePost(post_id=post["id"], score=1)["post_view"]["counts"]["score"] == 1
    assert bob.likeComment(comment_id=comment["id"], score=-1)["comment_view"]["my_vote"] == -1
    tree = alice.getComments(post_id=post["id"], max_depth=6, sort="Old")["comments"]
    assert [view["counts"]["child_count"] for view in tree] == [1, 0]
    shown = alice.getPost(id=post["id"])
    assert shown["post_view"]["counts"]["comments"] == 2
    assert alice.savePost(post_id=post["id"], save=True)["post_view"]["saved"]
    assert [view["post"]["id"] for view in alice.getPosts(saved_only=True)["posts"]] == [post["id"]]
    assert bob.editPost(post_id=post["id"], body="Tips?")["post_view"]["post"]["body"] == "Tips?"
    assert alice.editComment(comment_id=comment["id"], content="Two chisels")["comment_view"]["comment"]["updated"]
    assert wait_for(lambda: bob.getUnreadCount()["replies"]) == 1
    reply = bob.getReplies(unread_only=True)["replies"][0]
    assert reply["comment"]["id"] == comment["id"]
    bob.markCommentReplyAsRead(comment_reply_id=reply["comment_reply"]["id"], read=True)
    assert bob.getUnreadCount()["replies"] == 0
    assert alice.deleteComment(comment_id=comment["id"], deleted=True)["comment_view"]["comment"]["deleted"]
    assert not alice.deleteComment(comment_id=comment["id"], deleted=False)["comment_view"]["comment"]["deleted"]
    bob.hidePost(post_ids=[post["id"]], hide=True)
    assert post["id"] not in [view["post"]["id"] for view in bob.getPosts(community_id=community)["posts"]]
    bob.hidePost(post_ids=[post["id"]], hide=False)
    bob.markPostAsRead(post_ids=[post["id"]], read=False)
    assert post["id"] in [view["post"]["id"] for view in bob.search(q="dovetails", type_="Posts")["posts"]]
    assert bob.resolveObject(q=post["ap_id"])["post"]["post"]["id"] == post["id"]
    bob.deletePost(post_id=post["id"], deleted=True)
    recorder.expect(404, "GET /api/v3/post")
    with pytest.raises(Refused, match="couldnt_find_post"):
        alice.getPost(id=post["id"])


def test_a_picture(bob: Person, community: int, photo: Path, backdrop: Backdrop) -> None:
    """A picture is sent, shown by a post under its own address, and can be read by everyone."""
    sent = bob.upload(photo)
    assert sent["msg"] == "ok"
    post = bob.createPost(name="A workbench", community_id=community, url=sent["url"], alt_text="a bench")["post_view"]
    assert post["post"]["url"] == sent["url"]
    assert post["post"]["alt_text"] == "a bench"
    assert [view["local_image"]["pictrs_alias"] for view in bob.listMedia()["images"]] == [sent["files"][0]["file"]]


def test_looking_after_a_community(alice: Person, bob: Person, community: int, recorder: Recorder) -> None:
    """Report, lock, pin, remove with a reason, ban and appoint; the log tells it."""
    post = bob.createPost(name="Buy my saws", community_id=community)["post_view"]["post"]
    alice.createPostReport(post_id=post["id"], reason="An advert")
    report = alice.listPostReports(community_id=community)["post_reports"][0]
    alice.resolvePostReport(report_id=report["post_report"]["id"], resolved=True)
    assert alice.lockPost(post_id=post["id"], locked=True)["post_view"]["post"]["locked"]
    recorder.expect(400, "POST /api/v3/comment")
    with pytest.raises(Refused, match="locked"):
        bob.createComment(post_id=post["id"], content="But why?")
    pinned = alice.featurePost(post_id=post["id"], featured=True, feature_type="Community")
    assert pinned["post_view"]["post"]["featured_community"]
    assert alice.removePost(post_id=post["id"], removed=True, reason="spam")["post_view"]["post"]["removed"]
    me = bob.getSite()["my_user"]["local_user_view"]["person"]["id"]
    assert alice.addModToCommunity(community_id=community, person_id=me, added=True)["moderators"]
    alice.addModToCommunity(community_id=community, person_id=me, added=False)
    assert alice.banFromCommunity(community_id=community, person_id=me, ban=True, reason="spam")["banned"]
    assert not alice.banFromCommunity(community_id=community, person_id=me, ban=False)["banned"]
    log = bob.getModlog(community_id=community)
    assert log["removed_posts"]
    assert log["locked_posts"]


def test_people(alice: Person, bob: Person, community: int, backdrop: Backdrop) -> None:
    """Write to somebody, block and unblock, change one's settings, find somebody of another server."""
    alice_id = alice.getSite()["my_user"]["local_user_view"]["person"]["id"]
    said = bob.createPrivateMessage(content="Coffee?", recipient_id=alice_id)["private_message_view"]
    assert said["private_message"]["content"] == "Coffee?"
    assert bob.getPersonDetails(username="alice")["person_view"]["is_admin"] is True
    found = bob.resolveObject(q=backdrop.carol.handle)["person"]["person"]
    assert found["local"] is False
    assert bob.blockPerson(person_id=found["id"], block=True)["blocked"]
    assert [entry["target"]["id"] for entry in bob.getSite()["my_user"]["person_blocks"]] == [found["id"]]
    assert not bob.blockPerson(person_id=found["id"], block=False)["blocked"]
    bob.saveUserSettings(show_nsfw=True, default_sort_type="New", bio="Long **tables**")
    mine = bob.getSite()["my_user"]["local_user_view"]
    assert (mine["local_user"]["default_sort_type"], mine["local_user"]["show_nsfw"]) == ("New", True)
    assert mine["person"]["bio"] == "Long **tables**"


def test_wrong_passwords_and_ended_sessions(program: Program, backdrop: Backdrop, recorder: Recorder) -> None:
    """Both are told in the words that apps know."""
    with pytest.raises(Refused, match="incorrect_login"):
        Person(program, "nobody", backdrop.url).login(username_or_email="bob", password="no")
    mia = signed_in(program, backdrop, "mia")
    mia.logout()
    with pytest.raises(Refused, match="not_logged_in"):
        mia.getUnreadCount()
