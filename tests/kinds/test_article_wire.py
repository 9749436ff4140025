"""Articles on the wire: real payloads are shown in full, and ours is what every known reader wants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from potluck.db.ids import ids
from potluck.kinds.article import wire
from potluck.kinds.article.wire import MAX_BYTES
from potluck.settings import Settings, current, use
from potluck.social.model import Actor, Hashtag, Media, Object
from potluck.social.registry import Receiver
from potluck.social.views import ObjectView
from potluck.text.sanitise import to_plain_text
from support.samples import sample
from text import harmless

URL = "https://potluck.test/@crumbs/rye"


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    before = current()
    use(Settings(url="https://potluck.test"))
    yield
    use(before)


def _inner(document: dict[str, Any]) -> dict[str, Any]:
    while document["type"] in ("Create", "Update", "Announce"):
        document = document["object"]
    return document


@pytest.mark.parametrize("name", [
    "writefreely/r-article", "writefreely/r-create-article", "writefreely/r-update-article",
    "writefreely/r-create-article-newer-id", "writefreely/r-article-with-preview", "wordpress/r-create-article",
    "wordpress/r-article-preview", "wordpress/announce-lemmy-fixture"])
def test_real_articles_are_read_in_full(name: str) -> None:
    """Title, whole text, tags; nothing in it can act, and its links are absolute."""
    document = _inner(sample(name))
    draft = wire.read(document)
    assert (draft.kind, draft.type) == ("article", "Article")
    assert draft.title == to_plain_text(document["name"])
    assert to_plain_text(draft.content).split() == to_plain_text(document["content"]).split()
    for tag in ("<h2", "<img", "<table", "<blockquote", "<pre"):
        assert draft.content.count(tag) == document["content"].count(tag), tag
    assert 'href="/' not in draft.content
    assert draft.extra["words"] > 0
    assert draft.url


def _read(**changes: Any) -> Any:
    return wire.read({"id": "https://blog.example/1", "type": "Article", "attributedTo": "https://blog.example/ann",
                      "url": "https://blog.example/rye/", "content": "<p>x</p>", "name": "Rye",
                      "to": "https://www.w3.org/ns/activitystreams#Public", **changes})


def test_pictures_tables_and_footnotes_stay() -> None:
    """Pictures stand in place with absolute addresses; footnotes lead both ways."""
    draft = _read(content='<h3 id="a">A</h3><img src="/i.png" alt="loaf"><table><tr><td>1</td></tr></table>'
                          '<p>x<sup><a href="#fn1" id="r1">1</a></sup></p><ol><li id="fn1">n <a href="#r1">b</a></ol>')
    assert '<h3 id="text-a">' in draft.content
    assert '<img src="https://blog.example/i.png" alt="loaf">' in draft.content
    assert 'href="#text-fn1" id="text-r1"' in draft.content
    assert "<table>" in draft.content


def test_covers() -> None:
    """`image` in every shape is the cover, and is attached once."""
    for image in ("https://blog.example/c.png", {"type": "Image", "url": "https://blog.example/c.png", "name": "loaf"},
                  [{"type": "Image", "url": [{"type": "Link", "href": "https://blog.example/c.png"}]}]):
        draft = _read(image=image, attachment=[{"type": "Image", "url": "https://blog.example/c.png"}])
        assert draft.extra["cover"]["url"] == "https://blog.example/c.png"
        assert len(draft.attachments) == 1


def test_summaries_are_teasers_and_warnings_only_when_sensitive() -> None:
    """WordPress puts a warning in their place; FEP-b2b8 has one in `preview`."""
    assert _read(summary="<p>On rye</p>").summary == "On rye"
    hidden = _read(summary="nuts", sensitive=True)
    assert (hidden.summary, hidden.extra["warning"]) == ("", "nuts")
    assert _read(preview={"type": "Note", "content": "<p>short</p>"}).summary == "short"


@pytest.mark.parametrize(("changes", "author"), [
    # Plume: the author and the blog, a Group, as bare ids; Ghost: a cover, an excerpt, a preview; Mobilizon: a post of
    # a group, by somebody in it.
    ({"attributedTo": ["https://plume.example/@/ann/", "https://plume.example/~/Crumbs/"], "summary": "On rye",
      "license": "CC-BY-SA", "icon": None}, "https://plume.example/@/ann/"),
    ({"attributedTo": "https://ghost.example/.ghost/activitypub/users/index", "image": "https://ghost.example/c.jpg",
      "summary": None, "preview": {"type": "Note", "content": "On rye"}, "feedbackId": "x"},
     "https://ghost.example/.ghost/activitypub/users/index"),
    ({"attributedTo": "https://mobilizon.example/@crumbs", "actor": "https://mobilizon.example/@ann",
      "summary": "On rye", "attachment": [{"type": "Document", "mediaType": "image/jpeg",
                                           "url": "https://mobilizon.example/c.jpg", "name": "banner"}]},
     "https://mobilizon.example/@crumbs")])
def test_shapes_of_others(changes: dict[str, Any], author: str) -> None:
    """Several authors, bare covers, teasers in a preview: made after what is known of them, without a payload."""
    draft = _read(content="<h2>Salt</h2><p>x</p>", **changes)
    assert (draft.author_uri, draft.title, draft.summary) == (author, "Rye", "On rye")
    assert draft.content == "<h2>Salt</h2><p>x</p>"


def test_no_title() -> None:
    """The first words stand in."""
    assert _read(name=None, content="<p>Only these words</p>").title == "Only these words"
    assert _read(name=None, content=None).title == "Article"


@pytest.mark.parametrize("changes", [
    {"content": 7}, {"name": ["x"]}, {"summary": {"a": 1}}, {"image": 3}, {"image": [None, {}]}, {"preview": "x"},
    {"url": {"type": "Link", "href": "javascript:alert(1)"}}, {"content": "<p>" * 100_000}, {"attachment": "x"},
    {"tag": [1, None]}, {"image": {"type": "Image", "url": "javascript:alert(1)"}}])
def test_wrong_shapes_do_no_harm(changes: dict[str, Any]) -> None:
    """Whatever is sent, an article comes out."""
    draft = _read(**changes)
    assert draft.title
    harmless.assert_harmless(draft.summary)
    assert "javascript" not in repr((draft.url, draft.extra, draft.content))


def _view(**changes: Any) -> ObjectView:
    author = Actor(id=2, uri="https://potluck.test/users/crumbs", name="crumbs", host="", display_name="Crumbs",
                   type="Person", followers_uri="https://potluck.test/users/crumbs/followers", extra={"blog": {}},
                   emojis=[])
    values: dict[str, Any] = {
        "uri": "https://potluck.test/objects/1", "kind": "article", "type": "Article", "author_id": 2, "local": True,
        "visibility": "public", "title": "Rye", "summary": "On rye & salt", "language": "en", "url": URL,
        "content": '<p>A <img src="https://potluck.test/m/b.png"> sour</p><pre><code class="language-python">'
                   '<span class="hl-keyword">def</span></code></pre>', "source": "A *sour*",
        "source_type": "text/markdown", "published": datetime(2026, 5, 1, tzinfo=UTC), "sensitive": False,
        "quote_policy": "public", "emojis": [], "thread_root_id": 1, "likes_count": 0, "boosts_count": 0,
        "extra": {"cover": {"url": "https://potluck.test/m/a.png", "alt": "a loaf"}}, **changes}
    view = ObjectView(Object(id=1, **values), author)
    view.media = [Media(id=ids.new(), owner_id=2, type="image", media_type="image/png", description="", meta={},
                        url=f"https://potluck.test/m/{name}.png") for name in ("c", "a")]
    view.media[1].description = "a loaf"
    view.hashtags = [Hashtag(id=1, name="bread", display="Bread")]
    return view


def test_the_one_document_for_all() -> None:
    """Name, a teaser in HTML, the whole text with absolute pictures, the cover first, and a short form (FEP-b2b8)."""
    document = wire.write(_view(), Receiver())
    assert (document["type"], document["name"], document["url"]) == ("Article", "Rye", URL)
    assert document["summary"] == "<p>On rye &amp; salt</p>"
    assert document["contentMap"] == {"en": document["content"]}
    assert "hl-" not in document["content"]
    assert document["source"] == {"content": "A *sour*", "mediaType": "text/markdown"}
    assert document["image"] == {"type": "Image", "mediaType": "image/png", "url": "https://potluck.test/m/a.png",
                                 "name": "a loaf"}
    assert [item["url"][-5:] for item in document["attachment"]] == ["a.png", "c.png", "b.png"]
    assert document["preview"]["type"] == "Note"
    assert "On rye &amp; salt" in document["preview"]["content"]
    assert URL in document["preview"]["content"]
    assert document["tag"] == [{"type": "Hashtag", "href": "https://potluck.test/tags/bread", "name": "#Bread"}]
    assert document["to"] == ["https://www.w3.org/ns/activitystreams#Public"]
    assert "updated" not in document


def test_a_warning_takes_the_place_of_the_teaser() -> None:
    """Nothing of the text shows through."""
    view = _view(sensitive=True)
    view.object.extra = {"warning": "nuts"}
    document = wire.write(view, Receiver())
    assert document["sensitive"] is True
    assert document["summary"] == "<p>⚠ nuts</p>"
    assert "salt" not in document["preview"]["content"]


def test_who_may_comment_is_said() -> None:
    """By an interaction policy, beside who may quote."""
    policy = {"canReply": {"automaticApproval": ["https://potluck.test/users/crumbs"], "manualApproval": []}}
    rules = wire.write(_view(interaction_policy=policy), Receiver())["interactionPolicy"]
    assert rules["canReply"] == policy["canReply"]
    assert rules["canQuote"]["automaticApproval"] == ["https://www.w3.org/ns/activitystreams#Public"]


def test_lemmy_gets_a_post() -> None:
    """In a community: audience, the link to our page as first attachment, only types that Lemmy takes."""
    view = _view(title="R" * 300)
    view.group = Actor(id=9, uri="https://lemmy.example/c/soups", name="soups", host="lemmy.example", type="Group")
    document = wire.write(view, Receiver("lemmy"))
    assert document["audience"] == "https://lemmy.example/c/soups"
    assert document["attachment"][0] == {"type": "Link", "href": URL}
    assert {item["type"] for item in document["attachment"]} <= {"Link", "Image", "Document"}
    assert len(document["name"]) == 200
    assert document["attributedTo"] == "https://potluck.test/users/crumbs"


def test_a_book_goes_out_as_its_beginning() -> None:
    """Others refuse documents beyond a megabyte; the link leads to the rest."""
    document = wire.write(_view(content="<p>word</p>" * 100_000, source="word " * 250_000), Receiver())
    assert len(document["content"]) < MAX_BYTES
    assert "source" not in document
    assert URL in document["content"]


def test_what_we_write_we_read() -> None:
    """A second Potluck shows the same."""
    draft = wire.read(wire.write(_view(), Receiver()))
    assert (draft.title, draft.summary, draft.language, draft.url) == ("Rye", "On rye & salt", "en", URL)
    assert draft.extra["cover"] == {"url": "https://potluck.test/m/a.png", "alt": "a loaf"}
    assert '<img src="https://potluck.test/m/b.png">' in draft.content
