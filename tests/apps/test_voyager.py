"""The library of Voyager, which takes no server whose NodeInfo does not say Lemmy, and holds answers to its schemas."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.bridge import DRIVERS, Client, Program, Refused
from apps.conftest import Backdrop
from potluck.demo.cast import PASSWORD
from support import clients

pytestmark = pytest.mark.timeout(280)


@pytest.fixture(scope="module")
def program(environ: dict[str, str]) -> Iterator[Program]:
    """The library on its Node."""
    library = clients.node_client("threadiverse")
    with Program([library.node.program, DRIVERS / "lemmy.mjs", "threadiverse"], environ, library.folder) as started:
        yield started


@pytest.fixture(scope="module")
def mia(program: Program, backdrop: Backdrop) -> Client:
    """Mia, signed in at the host that says it is Lemmy."""
    guest = program.person("guest", url=backdrop.lemmy_url)
    token = guest.do("login", {"username_or_email": "mia", "password": PASSWORD})["jwt"]
    return program.person("mia", url=backdrop.lemmy_url, token=token)


def test_it_knows_the_facade_and_not_the_main_host(program: Program, backdrop: Backdrop, mia: Client) -> None:
    """NodeInfo says lemmy there, and potluck here."""
    assert mia.do("connect") == {"mode": "lemmyv0", "software": {"name": "lemmy", "version": "0.19.15"}}
    with pytest.raises(Refused, match="potluck"):
        program.person("other", url=backdrop.url).do("getSite")


def test_reading_and_writing(mia: Client) -> None:
    """The site, a community, a post with comments, votes, saving, pages, search: all as its schemas want them."""
    mia_now = mia.do("getSite")["my_user"]["local_user_view"]["person"]
    assert mia_now["name"] == "mia"
    saved = len(mia.do("listPersonSaved", {"person_id": mia_now["id"], "type": "all"})["data"])
    guilds = mia.do("listCommunities", {"type_": "all", "mode": "lemmyv0"})["data"]
    assert any(view["community"]["name"] == "gardening" for view in guilds)
    community = mia.do("getCommunity", {"name": "gardening@lemmy.example"})["community_view"]["community"]
    made = [mia.do("createPost", {"name": f"Bed number {number}", "community_id": community["id"],
                                  "body": "With *beans*"})["post_view"]["post"] for number in range(3)]
    comment = mia.do("createComment", {"post_id": made[0]["id"], "content": "And peas"})["comment_view"]["comment"]
    assert mia.do("likePost", {"post_id": made[0]["id"], "is_upvote": True})["post_view"]["post"]["score"] == 1
    mia.do("likeComment", {"comment_id": comment["id"], "is_upvote": False})
    mia.do("savePost", {"post_id": made[0]["id"], "save": True})
    mia.do("saveComment", {"comment_id": comment["id"], "save": True})
    page = mia.do("getPosts", {"community_id": community["id"], "limit": 2, "mode": "lemmyv0", "sort": "New"})
    rest = mia.do("getPosts", {"community_id": community["id"], "limit": 2, "mode": "lemmyv0", "sort": "New",
                               "page_cursor": page["next_page"]})
    shown = [view["post"]["id"] for view in [*page["data"], *rest["data"]]]
    assert shown[:3] == [post["id"] for post in made[::-1]]
    tree = mia.do("getComments", {"post_id": made[0]["id"], "max_depth": 8, "mode": "lemmyv0", "sort": "Hot"})["data"]
    assert [view["comment"]["content"] for view in tree] == ["And peas"]
    assert mia.do("getPost", {"id": made[0]["id"]})["post_view"]["post"]["id"] == made[0]["id"]
    found = mia.do("search", {"search_term": "beans", "type_": "posts", "mode": "lemmyv0"})["data"]
    assert found
    assert mia.do("getUnreadCount") is not None
    assert mia.do("getNotifications", {})["data"] == []
    me = mia.do("getPersonDetails", {"username": "mia"})["person_view"]
    assert me["person"]["name"] == "mia"
    assert len(mia.do("listPersonSaved", {"person_id": me["person"]["id"], "type": "all"})["data"]) == saved + 2
    mia.do("deleteComment", {"comment_id": comment["id"], "deleted": True})
