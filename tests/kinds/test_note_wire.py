"""Notes on the wire: every dialect is read, hostile documents included, and what is written reads back the same."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.kinds.note import wire
from potluck.kinds.note.model import NoteData, PollView
from potluck.settings import Settings, current, use
from potluck.social.drafts import Draft
from potluck.social.model import Hashtag, Media, Object
from potluck.social.registry import Receiver, Unreadable
from potluck.social.views import ObjectView, load_objects
from support.cast import Cast, local_actor
from support.samples import sample

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
NOTE: dict[str, Any] = {
    "id": "https://far.example/notes/1", "type": "Note", "attributedTo": "https://far.example/users/carol",
    "to": [PUBLIC], "cc": ["https://far.example/users/carol/followers"], "content": "<p>hello</p>",
    "published": "2026-03-01T12:00:00Z",
}


@pytest.fixture
def plain_http() -> Iterator[None]:
    """Old recordings have http ids, which a server on a private network takes."""
    before = current()
    use(Settings(allow_private=(ip_network("10.0.0.0/8"),)))
    yield
    use(before)


def _note(**changes: Any) -> dict[str, Any]:
    return {**NOTE, **changes}


def _question(**changes: Any) -> dict[str, Any]:
    options = [{"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}
               for name, votes in (("Soup", 3), ("Pie", 4))]
    terms = {"type": "Question", "oneOf": options, "votersCount": 7, "endTime": "2026-03-02T12:00:00Z"}
    return _note(**terms | changes)


def test_a_plain_note() -> None:
    """The common case, field by field."""
    draft = wire.read(_note(url="https://far.example/@carol/1", contentMap={"de": "<p>hello</p>"}, sensitive=True))
    assert (draft.kind, draft.type, draft.uri) == ("note", "Note", NOTE["id"])
    assert (draft.author_uri, draft.visibility) == (NOTE["attributedTo"], "public")
    assert (draft.content, draft.language, draft.sensitive) == ("<p>hello</p>", "de", True)
    assert (draft.url, draft.published) == ("https://far.example/@carol/1", datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert draft.kind_data is None


@pytest.mark.parametrize(("summary", "expected", "sensitive"), [
    (None, "", False), ("", "", False), ("\u200b", "", False), (" \ufeff", "", False),
    ("spoiler", "spoiler", True), ("<b>spoiler</b> &amp; more", "spoiler & more", True), (["a"], "a", True),
    ({"@value": "x"}, "x", True), (7, "", False),
])
def test_content_warnings(summary: object, expected: str, sensitive: bool) -> None:
    """A summary is a plain-text warning and hides media; Misskey's empty one (a zero-width space) is none."""
    draft = wire.read(_note(summary=summary))
    assert (draft.summary, draft.sensitive) == (expected, sensitive)


def test_a_warning_in_a_language_map() -> None:
    """`summaryMap` and `contentMap` serve where the plain properties are missing."""
    draft = wire.read(_note(content=None, contentMap={"fr": "<p>salut</p>"}, summaryMap={"fr": "attention"}))
    assert (draft.content, draft.summary, draft.language) == ("<p>salut</p>", "attention", "fr")


def test_html_is_made_harmless() -> None:
    """What could do harm is gone before it is stored."""
    draft = wire.read(_note(content='<p onclick="x()">a<script>alert(1)</script><img src=x onerror=y></p>'))
    assert "script" not in draft.content
    assert "onerror" not in draft.content
    assert "onclick" not in draft.content


@pytest.mark.parametrize(("changes", "expected"), [
    ({}, "public"),
    ({"to": "as:Public", "cc": []}, "public"),
    ({"to": "Public"}, "public"),
    ({"to": {"id": PUBLIC}}, "public"),
    ({"to": ["https://far.example/users/carol/followers"], "cc": PUBLIC}, "unlisted"),
    ({"to": ["https://potluck.test/users/alice"], "cc": []}, "direct"),
    ({"to": None, "cc": None}, "direct"),
])
def test_visibility(changes: dict[str, Any], expected: str) -> None:
    """Public in any spelling in `to` is public, in `cc` unlisted; without it a note is private until known better."""
    assert wire.read(_note(**changes)).visibility == expected


def test_addressees_without_a_tag_are_silent() -> None:
    """Who is addressed but not named in a private note may read it, silently."""
    named = {"type": "Mention", "href": "https://potluck.test/users/alice", "name": "@alice"}
    alice, bob = "https://potluck.test/users/alice", "https://potluck.test/users/bob"
    draft = wire.read(_note(to=[alice, bob], cc=[], tag=[named]))
    assert {(mention.uri, mention.silent) for mention in draft.mentions} == {(alice, False), (bob, True)}


def test_a_name_is_not_lost() -> None:
    """Notes have no titles here, but a title that comes with one is shown above the text, once."""
    assert wire.read(_note(name="A <b>title</b>")).content == "<p><strong>A title</strong></p><p>hello</p>"
    assert wire.read(_note(name="hello")).content == "<p>hello</p>"
    assert wire.read(_note(name="1 < 2", content="")).content == "<p><strong>1 &lt; 2</strong></p>"


def test_chat_messages() -> None:
    """Pleroma's ChatMessage is a private message that names whom it is addressed to."""
    alice = "https://potluck.test/users/alice"
    draft = wire.read(_note(type="ChatMessage", to=[alice], cc=None))
    assert draft.visibility == "direct"
    assert [(mention.uri, mention.silent) for mention in draft.mentions] == [(alice, False)]


@pytest.mark.parametrize("changes", [
    {"quote": "https://q.example/1"}, {"_misskey_quote": "https://q.example/1"}, {"quoteUrl": "https://q.example/1"},
    {"quoteUri": "https://q.example/1"}, {"quote": {"id": "https://q.example/1", "type": "Note"}},
    {"tag": [{"type": "Link", "mediaType": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
              "href": "https://q.example/1", "name": "RE: https://q.example/1"}]},
    {"tag": {"type": "Link", "href": "https://q.example/1", "rel": "https://misskey-hub.net/ns#_misskey_quote"}},
])
def test_quotes_in_every_form(changes: dict[str, Any]) -> None:
    """FEP-044f, Misskey, Fedibird and FEP-e232 all name what they quote; the fallback link in the text is taken out."""
    fallback = '<p class="quote-inline">RE: <a href="https://q.example/1">https://q.example/1</a></p>'
    draft = wire.read(_note(content=f"{fallback}<p>look</p>", **changes))
    assert draft.quote_uri == "https://q.example/1"
    assert draft.content == "<p>look</p>"


def test_a_fallback_link_without_a_quote_stays() -> None:
    """Where nothing else names the quoted post, the link is all there is."""
    content = '<p class="quote-inline">RE: <a href="https://q.example/1">x</a></p>'
    assert "q.example" in wire.read(_note(content=content)).content


def test_a_poll() -> None:
    """Options with their votes, one choice or several, the end, the number of voters."""
    poll = wire.read(_question()).kind_data
    assert poll.options == [("Soup", 3), ("Pie", 4)]
    assert (poll.multiple, poll.voters_count) == (False, 7)
    assert poll.expires_at == datetime(2026, 3, 2, 12, tzinfo=UTC)
    options = _question()["oneOf"]
    assert wire.read(_question(oneOf=None, anyOf=options)).kind_data.multiple
    assert not wire.read(_question(oneOf=options, anyOf=[])).kind_data.multiple
    assert not wire.read(_question(oneOf=options, anyOf=["nonsense", 7])).kind_data.multiple


@pytest.mark.parametrize("changes", [
    {"oneOf": None}, {"oneOf": []}, {"oneOf": "x"}, {"oneOf": [7, None, "x"]}, {"oneOf": [{"type": "Note"}]},
    {"oneOf": [{"name": "  "}]},
])
def test_a_poll_without_options(changes: dict[str, Any]) -> None:
    """A Question with nothing to choose cannot be read."""
    with pytest.raises(Unreadable, match="no options"):
        wire.read(_question(**changes))


@pytest.mark.parametrize(("option", "expected"), [
    ({"name": "Soup"}, ("Soup", 0)),
    ({"content": "<p>Soup</p>"}, ("Soup", 0)),
    ({"nameMap": {"en": "Soup"}}, ("Soup", 0)),
    ({"name": "Salt &amp; pepper"}, ("Salt & pepper", 0)),
    ({"name": "Soup", "replies": 3}, ("Soup", 0)),
    ({"name": "Soup", "replies": {"totalItems": "12"}}, ("Soup", 12)),
    ({"name": "Soup", "replies": {"totalItems": -1}}, ("Soup", 0)),
    ({"name": "Soup", "replies": {"totalItems": 2**62}}, ("Soup", wire.MAX_VOTES)),
    ({"name": "x" * 5000}, ("x" * 1000, 0)),
])
def test_options(option: dict[str, Any], expected: tuple[str, int]) -> None:
    """An option in any shape, and tallies that are believed only as far as they can be counted."""
    assert wire.read(_question(oneOf=[option])).kind_data.options == [expected]


def test_a_single_option_may_stand_alone() -> None:
    """GoToSocial writes arrays with one member as that member."""
    assert wire.read(_question(oneOf={"name": "Only"})).kind_data.options == [("Only", 0)]


def test_at_most_five_hundred_options() -> None:
    """More options than anyone reads are cut off."""
    poll = wire.read(_question(oneOf=[{"name": str(number)} for number in range(2000)])).kind_data
    assert len(poll.options) == 500


@pytest.mark.parametrize(("terms", "expected"), [
    ({"endTime": None}, None),
    ({"endTime": "soon"}, None),
    ({"endTime": "2026-03-02T12:00:00Z", "closed": "2026-03-01T12:00:00Z"}, datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ({"endTime": None, "closed": True}, "now"),
    ({"endTime": None, "closed": "true"}, "now"),
    ({"endTime": None, "closed": 1}, "now"),
    ({"endTime": None, "closed": "yes"}, "now"),
    ({"endTime": None, "closed": False}, None),
    ({"endTime": None, "closed": "false"}, None),
    ({"endTime": None, "closed": ""}, None),
    ({"endTime": None, "closed": []}, None),
])
def test_the_end_of_a_poll(terms: dict[str, Any], expected: object) -> None:
    """`closed` as a time is the end, as true it is now; else `endTime`; a poll without either has no end."""
    end = wire.read(_question(**terms)).kind_data.expires_at
    if expected == "now":
        assert abs(end - now()) < timedelta(seconds=5)
    else:
        assert end == expected


def test_prefixed_terms() -> None:
    """Takahe writes `toot:votersCount` and `as:sensitive`."""
    document = _question(votersCount=None, **{"toot:votersCount": 9, "as:sensitive": True})
    draft = wire.read(document)
    assert (draft.kind_data.voters_count, draft.sensitive) == (9, True)


@pytest.mark.parametrize("document", [
    {}, {"id": 7, "type": "Note"}, {"id": "https://far.example/1"}, {"type": "Note"}, {"id": "", "type": "Note"},
    {"id": "javascript:alert(1)", "type": "Note"}, {"id": "https://", "type": "Note"}, {"id": "x", "type": "Note"},
    {"id": "https://far.example/1", "type": []}, {"id": "https://far.example/\u202e", "type": "Note"},
])
def test_unreadable(document: dict[str, Any]) -> None:
    """Without a usable id and a type there is nothing to be read."""
    with pytest.raises(Unreadable):
        wire.read(document)


@pytest.mark.parametrize("name", [
    "mastodon/create-note-reply-unlisted", "mastodon/create-note-emoji-hashtag", "mastodon/note-unicode-hashtags",
    "mastodon/create-note-attachment", "mastodon/create-question", "gotosocial/create-note",
    "misskey/question-null-endtime", "pleroma/note-litepub-string-source", "akkoma/note-emoji-null-id",
    "takahe/create-question-prefixed-keys",
    "fep/044f-note-quote-all-forms", "lemmy/create-note-comment", "smithereen/create-note-comment",
    "friendica/update-note", "quirks/kroeg-arrayless-create",
])
@pytest.mark.usefixtures("plain_http")
def test_real_payloads(name: str) -> None:
    """What each program really sends is read: with an author, a text, and a poll where there is one."""
    document = sample(name)
    inner = document.get("object")
    note = inner if isinstance(inner, dict) else document
    draft = wire.read(note)
    assert draft.uri == note["id"]
    assert draft.author_uri
    assert draft.content
    assert (draft.kind_data is not None) == (draft.type == "Question")


def test_akkoma_emoji_without_an_id() -> None:
    """An anonymous emoji is still an emoji."""
    draft = wire.read(sample("akkoma/note-emoji-null-id"))
    assert [(emoji.shortcode, emoji.uri) for emoji in draft.emojis] == [("shocked_pikachu", None)]


def test_pleroma_string_source() -> None:
    """A source that is a plain string is kept."""
    draft = wire.read(sample("pleroma/note-litepub-string-source"))
    assert draft.source is None or isinstance(draft.source, str)


def test_fep_044f_note() -> None:
    """A quote in all forms at once names one post."""
    draft = wire.read(sample("fep/044f-note-quote-all-forms"))
    assert draft.quote_uri
    assert "quote-inline" not in draft.content


_numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_scalars = st.none() | st.booleans() | _numbers | st.text(max_size=20)
_json = st.recursive(
    _scalars | st.sampled_from([PUBLIC, NOTE["id"], "as:Public", "2026-03-01T12:00:00Z", "PT3S", ":x:", "#tag"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["id", "type", "href", "name", "content", "url", "@value", "totalItems", "mediaType", "rel"])
        | st.text(max_size=8), inner, max_size=4),
    max_leaves=12)
_terms = st.sampled_from([
    "id", "type", "attributedTo", "actor", "to", "cc", "bto", "bcc", "audience", "content", "contentMap", "summary",
    "summaryMap", "name", "nameMap", "published", "updated", "sensitive", "inReplyTo", "context", "conversation",
    "replies", "tag", "attachment", "url", "quote", "quoteUrl", "quoteUri", "_misskey_quote", "quoteAuthorization",
    "interactionPolicy", "likes", "shares", "source", "generator", "oneOf", "anyOf", "closed", "endTime",
    "votersCount", "@context", "approvedBy"])
_types = st.sampled_from(["Note", "Question", "ChatMessage"])


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(_terms | st.text(max_size=8), _json, max_size=12), _types, st.booleans())
def test_any_json_is_read_or_refused(terms: dict[str, Any], type_name: str, rooted: bool) -> None:
    """Whatever JSON a stranger sends, it becomes a draft or is called unreadable; nothing else ever happens."""
    document = {**terms, "id": NOTE["id"], "type": type_name} if rooted else terms
    try:
        draft = wire.read(document)
    except Unreadable:
        return
    assert isinstance(draft, Draft)
    assert draft.uri
    assert all(isinstance(item, str) for item in (draft.content, draft.summary, draft.visibility))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.dictionaries(_terms, _json, max_size=12), min_size=5, max_size=30))
def test_what_is_read_has_the_types_of_its_columns(documents: list[dict[str, Any]]) -> None:
    """A draft never carries a value that a column cannot hold."""
    for terms in documents:
        try:
            draft = wire.read({**terms, "id": NOTE["id"], "type": "Question", "oneOf": [{"name": "a"}]})
        except Unreadable:
            continue
        texts = (draft.url, draft.language, draft.source, draft.source_type, draft.context_uri, draft.replies_uri,
                 draft.in_reply_to_uri, draft.quote_uri, draft.quote_authorization_uri, draft.approved_by_uri,
                 draft.app_name, draft.author_uri, draft.group_uri)
        assert all(value is None or isinstance(value, str) for value in texts)
        assert all(value is None or 0 <= value < 2**63 for value in (draft.remote_likes, draft.remote_boosts))
        assert all(isinstance(tag, str) for tag in draft.hashtags)
        assert isinstance(draft.sensitive, bool)
        json.dumps(draft.interaction_policy)


async def test_hostile_drafts_can_be_stored(cast: Cast) -> None:
    """The strangest readable note is stored on every database, and shown."""
    document = _question(
        content="<p>" + "🍲" * 5000, summary="\U0010ffff", sensitive="true", votersCount=2**62,
        oneOf=[{"name": f"\u202e{number}", "replies": {"totalItems": 2**62}} for number in range(500)],
        tag=[{"type": "Hashtag", "name": f"#t{number}"} for number in range(300)],
        attachment=[{"type": "Image", "url": f"https://x.example/{number}", "width": 2**60, "focalPoint": [9, 9]}
                    for number in range(200)],
        likes={"totalItems": 2**62}, shares={"totalItems": 10**30}, published="0001-01-01T00:00:00Z",
        updated="9999-12-31T23:59:59Z", interactionPolicy={"canQuote": {"automaticApproval": [None, 7, {}]}})
    draft = wire.read(document)
    draft.author_id = cast.carol.id
    [row] = await cast.store(draft)
    async with cast.database.read() as session:
        view = (await load_objects(session, [row.id], None))[row.id]
    assert len(view.kind_data.poll.options) == 500
    wire.write(view, Receiver())


def _view(*, poll: PollView | None = None, **changes: Any) -> ObjectView:
    new_id = ids.new()
    values: dict[str, Any] = {
        "id": new_id, "uri": f"https://potluck.test/objects/{new_id}", "kind": "note",
        "type": "Question" if poll else "Note", "local": True, "visibility": "public", "state": "published",
        "thread_root_id": new_id, "summary": "", "content": "<p>hello</p>", "sensitive": False, "emojis": [],
        "extra": {}, "published": now(), "likes_count": 0, "boosts_count": 0, "quote_policy": "public",
        "url": f"https://potluck.test/@alice/{new_id}"} | changes
    author = local_actor("alice")
    return ObjectView(Object(author_id=author.id, **values), author, kind_data=NoteData(poll) if poll else None)


def test_written_notes_read_back() -> None:
    """What we write says to us what it was."""
    view = _view(summary="spoiler", sensitive=True, language="de", source="hello", source_type="text/plain",
                 in_reply_to_uri="https://far.example/1", visibility="unlisted")
    view.hashtags = [Hashtag(id=1, name="soup", display="Soup")]
    view.media = [Media(id=1, type="image", url="https://potluck.test/1.png", media_type="image/png",
                        description="a bowl", focus_x=0.5, focus_y=-0.5, meta={"width": 3, "height": 4})]
    view.mentions = [local_actor("bob")]
    draft = wire.read(wire.write(view, Receiver()))
    row = view.object
    assert (draft.uri, draft.type, draft.visibility, draft.url) == (row.uri, "Note", "unlisted", row.url)
    assert (draft.content, draft.summary, draft.sensitive, draft.language) == (row.content, "spoiler", True, "de")
    assert (draft.source, draft.source_type, draft.in_reply_to_uri) == ("hello", "text/plain", "https://far.example/1")
    assert draft.hashtags == ["Soup"]
    assert [mention.uri for mention in draft.mentions] == ["https://potluck.test/users/bob"]
    [image] = draft.attachments
    assert (image.description, image.focus, image.width, image.height) == ("a bowl", (0.5, -0.5), 3, 4)


def test_a_written_note_has_no_empty_warning_and_no_name() -> None:
    """An empty `summary` is left out, and so is any `name`: some would show it as a warning or take it for a vote."""
    document = wire.write(_view(), Receiver())
    assert "summary" not in document
    assert "name" not in document
    assert document["sensitive"] is False


def test_a_written_quote() -> None:
    """A quote is written in every form that is read somewhere, with a link for those who know none."""
    quoted = _view(url="https://far.example/@carol/1?a&b", uri="https://far.example/notes/1", local=False)
    view = _view(quote_uri="https://far.example/notes/1", quote_state="accepted",
                 quote_authorization_uri="https://far.example/stamps/1")
    view.quote = quoted
    document = wire.write(view, Receiver())
    for term in ("quote", "quoteUrl", "quoteUri", "_misskey_quote"):
        assert document[term] == "https://far.example/notes/1"
    assert document["quoteAuthorization"] == "https://far.example/stamps/1"
    assert document["content"].startswith('<p class="quote-inline">RE: <a href="https://far.example/@carol/1?a&amp;b"')
    assert wire.read(document).content == "<p>hello</p>"


@pytest.mark.parametrize("state", ["deleted", "revoked", "rejected"])
def test_a_refused_quote_has_no_link(state: str) -> None:
    """Where the quote may not stand, the link to it does not either."""
    view = _view(quote_uri="https://far.example/1", quote_state=state)
    assert wire.write(view, Receiver())["content"] == "<p>hello</p>"


def test_a_written_poll() -> None:
    """Options, voters and end; `closed` once it is over; hidden tallies are not given away."""
    end = now().replace(microsecond=0) + timedelta(hours=1)
    poll = PollView([("Soup", 3), ("Pie", None)], False, end, False, 3, 3)
    document = wire.write(_view(poll=poll), Receiver())
    assert [option["replies"]["totalItems"] for option in document["oneOf"]] == [3, 0]
    assert "closed" not in document
    read = wire.read(document).kind_data
    assert (read.options, read.expires_at) == ([("Soup", 3), ("Pie", 0)], end)
    assert (read.multiple, read.voters_count) == (False, 3)
    past = end - timedelta(hours=2)
    document = wire.write(_view(poll=PollView([("a", 1), ("b", 2)], True, past, True, 3, 2)), Receiver())
    assert document["closed"] == document["endTime"]
    assert len(document["anyOf"]) == 2
    endless = wire.write(_view(poll=PollView([("a", 1)], False, None, False, 1, None)), Receiver())
    assert "endTime" not in endless
    assert endless["votersCount"] == 0
