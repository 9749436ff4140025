"""Documents in every dialect become the same draft; drafts and rows become documents every reader takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from potluck.db.base import now
from potluck.federation import reading, writing
from potluck.federation.actor_documents import handle_hosts, read_actor, write_actor
from potluck.federation.vocabulary import PUBLIC
from potluck.social.model import Actor, Hashtag, Media, Object
from potluck.social.registry import Unreadable
from potluck.social.views import ObjectView

BOB = "https://peer.test/users/bob"
NOTE = {"id": "https://peer.test/notes/1", "type": "Note", "attributedTo": BOB, "content": "hi",
        "published": "2026-01-02T03:04:05Z"}


@pytest.mark.parametrize(("to", "cc", "expected"), [
    ([PUBLIC], [], "public"), ("as:Public", None, "public"), (["Public"], [], "public"),
    ([f"{BOB}/followers"], [PUBLIC], "unlisted"), ([f"{BOB}/followers"], [], "direct"), ([], [], "direct"),
    ({"id": PUBLIC}, [], "public"),
])
def test_where_public_stands_decides_visibility(to: object, cc: object, expected: str) -> None:
    """Three spellings of Public, as string, array or object; followers are settled later."""
    assert reading.read_common({**NOTE, "to": to, "cc": cc}, "note").visibility == expected


@pytest.mark.parametrize("value", [None, "nonsense", 7, "9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", []])
def test_an_absurd_time_is_now(value: object) -> None:
    """`published` that is missing, before 1970 or in the future reads as now."""
    draft = reading.read_common({**NOTE, "published": value}, "note")
    assert abs(draft.published - now()) < timedelta(minutes=1)


@pytest.mark.parametrize("document", [{}, {"type": "Note"}, {"id": 7, "type": "Note"}, {"id": "x", "type": "Note"},
                                      {"id": "https://peer.test/1"}, {"id": "javascript:alert(1)", "type": "Note"}])
def test_what_has_no_usable_id_or_type_is_unreadable(document: dict[str, object]) -> None:
    """Everything else reads as absent, but an object without id or type is none."""
    with pytest.raises(Unreadable):
        reading.read_common(document, "note")


def test_attachments_of_every_shape_are_files() -> None:
    """Arrays of links, single objects, focal points, alternative texts; link previews are no files."""
    document = {**NOTE, "attachment": [
        {"type": "Document", "mediaType": "image/png", "url": "https://peer.test/a.png", "name": "alt",
         "focalPoint": [0.5, -0.5], "width": 10, "height": 20, "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj"},
        {"type": "Document", "url": [{"type": "Link", "mediaType": "video/mp4", "href": "https://peer.test/b.mp4"}]},
        {"type": "Link", "href": "https://elsewhere.test/page"},
        {"type": "PropertyValue", "name": "x", "value": "y"}, "nonsense", None]}
    first, second = reading.read_common(document, "note").attachments
    assert (first.type, first.description, first.focus, first.width) == ("image", "alt", (0.5, -0.5), 10)
    assert (second.type, second.url) == ("video", "https://peer.test/b.mp4")
    assert reading.link_attachment(document) == "https://elsewhere.test/page"


@pytest.mark.parametrize("name", ["quote", "_misskey_quote", "quoteUrl", "quoteUri"])
def test_a_quote_is_read_in_every_form(name: str) -> None:
    """FEP-044f, Misskey, Fedibird and the older forms mean the same."""
    assert reading.read_common({**NOTE, name: "https://peer.test/9"}, "note").quote_uri == "https://peer.test/9"


def test_a_quote_by_a_link_tag() -> None:
    """FEP-e232 without any property."""
    tag = {"type": "Link", "href": "https://peer.test/9", "rel": "https://misskey-hub.net/ns#_misskey_quote",
           "mediaType": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'}
    assert reading.read_common({**NOTE, "tag": tag}, "note").quote_uri == "https://peer.test/9"


@pytest.mark.parametrize(("policy", "expected"), [
    (None, "public"), ({"canLike": {}}, "public"), ({"canQuote": {"automaticApproval": [PUBLIC]}}, "public"),
    ({"canQuote": {"automaticApproval": f"{BOB}/followers"}}, "followers"),
    ({"canQuote": {"automaticApproval": [BOB]}}, "nobody"), ({"canQuote": {}}, "nobody"),
])
def test_who_may_quote(policy: dict[str, object] | None, expected: str) -> None:
    """`canQuote` as Mastodon and GoToSocial write it."""
    assert reading.quote_policy(policy, BOB) == expected


@pytest.mark.parametrize(("value", "seconds"), [("PT1M3.5S", 63.5), (12, 12.0), ("P1DT1S", 86401.0), ("PT", None),
                                                ("nonsense", None), (True, None), (-1, None)])
def test_durations(value: object, seconds: float | None) -> None:
    """Numbers and ISO 8601."""
    assert reading.duration_of(value) == seconds


ACTOR = {"id": BOB, "type": "Person", "preferredUsername": "bob", "inbox": f"{BOB}/inbox",
         "followers": f"{BOB}/followers", "endpoints": {"sharedInbox": "https://peer.test/inbox"},
         "publicKey": {"id": f"{BOB}#main-key", "owner": BOB, "publicKeyPem": "PEM"}}


def test_addresses_on_other_hosts_are_not_taken() -> None:
    """An actor's inbox, shared inbox, collections and keys are on its own host (protocol §7)."""
    draft = read_actor({**ACTOR, "endpoints": {"sharedInbox": "https://evil.test/inbox"},
                        "followers": "https://evil.test/followers",
                        "publicKey": {"id": "https://evil.test/key", "owner": BOB, "publicKeyPem": "PEM"}})
    assert draft.shared_inbox is None
    assert draft.followers_uri is None
    assert draft.keys == []
    with pytest.raises(Unreadable):
        read_actor({**ACTOR, "inbox": "https://evil.test/inbox"})


def test_a_profile_is_cleaned() -> None:
    """Scripts go, names are text, bounds hold."""
    field = {"type": "PropertyValue", "name": "n", "value": "<a href='javascript:x'>v</a>"}
    draft = read_actor({**ACTOR, "name": "<b>Bob</b>", "summary": "<p onclick=x>hi<script>alert(1)</script></p>",
                        "attachment": [field] * 60})
    assert draft.display_name == "Bob"
    assert "script" not in draft.summary
    assert len(draft.fields) == 50
    assert "javascript" not in draft.fields[0]["value"]


def test_the_handle_an_actor_claims() -> None:
    """FEP-2c59, when it fits the name; else the host of the id. Either way WebFinger must confirm it."""
    assert handle_hosts(read_actor({**ACTOR, "webfinger": "bob@example.org"})) == ("bob", "example.org")
    assert handle_hosts(read_actor({**ACTOR, "webfinger": "eve@example.org"})) == ("bob", "peer.test")


def _view(**changes: object) -> ObjectView:
    author = Actor(id=1, uri="https://potluck.test/users/alice", name="alice", host="", followers_uri=None)
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    row = Object(**({"id": 2, "uri": "https://potluck.test/objects/2", "type": "Note", "kind": "note", "author_id": 1,
                     "visibility": "public", "published": moment, "sensitive": False, "emojis": [], "extra": {},
                     "likes_count": 0, "boosts_count": 0, "replies_count": 0, "quote_policy": "public",
                     "thread_root_id": 2} | changes))
    return ObjectView(row, author)


@pytest.mark.parametrize(("visibility", "to", "cc"), [
    ("public", [PUBLIC], ["F", BOB]), ("unlisted", ["F"], [PUBLIC, BOB]), ("followers", ["F"], [BOB]),
    ("direct", [BOB], []),
])
def test_addressing(visibility: str, to: list[str], cc: list[str]) -> None:
    """Every visibility as Mastodon writes it (microblog §3)."""
    view = _view(visibility=visibility)
    view.mentions = [Actor(id=9, uri=BOB, name="bob", host="peer.test")]
    followers = f"{view.author.uri}/followers"
    assert writing.audience(view) == ([uri.replace("F", followers) if uri == "F" else uri for uri in to],
                                      [uri.replace("F", followers) if uri == "F" else uri for uri in cc])


def test_the_common_part_of_an_object() -> None:
    """Arrays everywhere, times in Z, tags for all, policy, counters, every form of a quote."""
    view = _view(quote_uri="https://peer.test/9", quote_state="accepted", emojis=[{"shortcode": "x", "url": "u"}])
    view.hashtags = [Hashtag(id=1, name="cafe", display="Café")]
    view.media = [Media(id=1, type="image", url="https://potluck.test/a.png", description="alt", meta={"width": 3})]
    document = writing.object_base(view)
    assert document["published"] == "2026-01-02T00:00:00Z"
    assert [tag["type"] for tag in document["tag"]] == ["Hashtag", "Emoji", "Link"]
    assert document["attachment"][0]["name"] == document["attachment"][0]["summary"] == "alt"
    assert {document[name] for name in ("quote", "quoteUri", "quoteUrl", "_misskey_quote")} == {"https://peer.test/9"}
    assert document["interactionPolicy"]["canQuote"]["automaticApproval"] == [PUBLIC]
    assert "updated" not in document


def test_our_own_actor_reads_as_it_was_written() -> None:
    """What we write of an actor, our reader understands."""
    base = "https://potluck.test/users/alice"
    actor = Actor(id=1, uri=base, type="Person", name="alice", host="", display_name="Alice", summary="<p>hi</p>",
                  inbox=f"{base}/inbox", outbox=f"{base}/outbox", followers_uri=f"{base}/followers",
                  following_uri=f"{base}/following", featured_uri=f"{base}/featured", url="https://potluck.test/@alice",
                  locked=True, discoverable=True, indexable=False, memorial=False, fields=[], emojis=[],
                  also_known_as=[BOB], extra={}, created_at=now(), updated_at=now())
    draft = read_actor(write_actor(actor, []))
    assert (draft.name, draft.display_name, draft.locked, draft.also_known_as) == ("alice", "Alice", True, [BOB])
    assert draft.featured_uri == f"{base}/featured"
    assert [draft.extra[name] for name in ("show_media", "show_media_replies", "show_featured")] == [True] * 3
    actor.extra = {"show_media": False, "attribution_domains": ["news.example"]}
    draft = read_actor(write_actor(actor, []))
    assert (draft.extra["show_media"], draft.extra["show_featured"]) == (False, True)
    assert draft.extra["attribution_domains"] == ["news.example"]
