"""Recorded payloads of forum software are read as what they are: kind, title, link, community, audience, author."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from potluck import kinds, settings
from potluck.federation import group_documents
from potluck.federation.actor_documents import read_actor
from potluck.federation.dispatch import create
from potluck.settings import Settings
from support.samples import sample


@pytest.fixture(autouse=True)
def _loopback(tmp_path: Path) -> Any:
    """Old recordings have plain http ids and ports."""
    before = settings._current
    settings.use(Settings(url="https://potluck.test", data=tmp_path, allow_private=(ip_network("127.0.0.0/8"),)))
    kinds.install()
    yield
    settings._current = before


POSTS = {
    "lemmy/page-link-post": ("link", "Post title", None, "https://enterprise.lemmy.ml/c/tenforward"),
    "lotide/page-link-post": ("link", "What's Dylan Grillin'? (reupload)",
                              "https://www.youtube.com/watch?v=ZI4LGTXscR4", "https://narwhal.city/communities/4"),
    "lotide/create-page-image": ("link", "image", None, "http://localhost:8536/c/elsewhere"),
    "nodebb/page-topic": ("article", "Welcome to your NodeBB!", None, "https://bb.devnull.land/category/2"),
    "discourse/note-topic": ("link", "Our next meeting", None,
                             "https://socialhub.activitypub.rocks/ap/actor/797217cf18c0e819dfafc52425590146"),
    "friendica/create-page-2": ("article", "From Friendica to Lemmy", None, "https://ds9.lemmy.ml/c/testcom"),
    "gnusocial/create-page": ("link", "hello, world.", None, "https://instance.gnusocial.test/actor/21"),
}
COMMENTS = {
    "lotide/note-comment": "https://narwhal.city/posts/9",
    "smithereen/create-note-comment": "https://ds9.lemmy.ml/post/1723",
}
GROUPS = {"lemmy/group-community": "Group", "lotide/group-community": "Group", "nodebb/group-category": "Group",
          "gnusocial/group": "Group", "mbin/application-instance-actor": "Application",
          "lemmy/application-instance-actor": "Application"}


def draft_of(name: str) -> Any:
    """A recorded object, or that of a recorded Create, as its kind reads it."""
    document = sample(name)
    inner = document["object"] if document["type"] == "Create" else document
    return create.draft_of(inner, document if inner is not document else None)


@pytest.mark.parametrize("name", POSTS)
def test_posts(name: str) -> None:
    """A post keeps its title and link, and names its community among those it is for."""
    kind, title, link, community = POSTS[name]
    draft = draft_of(name)
    assert (draft.kind, draft.title, draft.extra.get("link")) == (kind, title, link)
    assert community in (draft.group_uri, *draft.to, *draft.cc)
    assert draft.in_reply_to_uri is None


def test_a_picture_post_has_its_picture() -> None:
    """Lemmy links the picture, Lotide attaches it."""
    for name in ("lemmy/page-link-post", "lotide/create-page-image"):
        (picture,) = draft_of(name).attachments
        assert picture.type == "image"


@pytest.mark.parametrize("name", COMMENTS)
def test_comments(name: str) -> None:
    """A comment is a note that answers one thing, readable by everyone."""
    draft = draft_of(name)
    assert (draft.kind, draft.in_reply_to_uri) == ("note", COMMENTS[name])
    assert draft.visibility in ("public", "unlisted")


@pytest.mark.parametrize("name", GROUPS)
def test_actors(name: str) -> None:
    """Communities and the actors of whole servers are known by their type."""
    assert read_actor(sample(name)).type == GROUPS[name]


def test_flairs() -> None:
    """Lemmy 1.0 and PieFed name them differently."""
    tags = [{"type": "CommunityPostTag", "id": "https://a.test/tag/1", "preferredUsername": "q", "name": "Question"},
            {"type": "lemmy:CommunityTag", "id": "https://a.test/tag/2", "display_name": "Meta"},
            {"type": "Hashtag", "name": "#soup"}]
    assert group_documents.flairs_of({"tag": tags}) == ["Question", "Meta"]
