"""The tolerant readers: every form seen on the wire reads alike, and nothing strange crashes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.federation import vocabulary as v
from support.samples import SAMPLES, sample


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ("a", ["a"]),
        (["a", None, "b"], ["a", "b"]),
        ([], []),
        ({"id": "a"}, [{"id": "a"}]),
        ({"@list": ["a"]}, ["a"]),
        ({"@set": "a"}, ["a"]),
        (0, [0]),
        (False, [False]),
        (("a",), ["a"]),
    ],
)
def test_as_list(value: Any, expected: list[Any]) -> None:
    """A scalar is a list of one, null of none."""
    assert v.as_list(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://a", ["https://a"]),
        ({"id": "https://a"}, ["https://a"]),
        ([{"id": "a"}, "b", {"id": "a"}, None, 5, {}], ["a", "b"]),
        ({"type": "Link", "href": "https://a"}, ["https://a"]),
        ({"@id": "a"}, ["a"]),
        ([["a"]], []),
        ("", []),
        ({"id": None}, []),
    ],
)
def test_ids(value: Any, expected: list[str]) -> None:
    """Ids come from strings, objects and Links, in order, each once."""
    assert v.ids(value) == expected
    assert v.first_id(value) == (expected[0] if expected else None)


@pytest.mark.parametrize(
    "spelling", [v.PUBLIC, "as:Public", "Public", [v.PUBLIC], ["x", "as:Public"], {"id": "Public"}]
)
def test_public_in_three_spellings(spelling: Any) -> None:
    """Public is Public however it is written."""
    assert v.public_in(spelling)


@pytest.mark.parametrize(
    "other", [None, "", "public", "https://example.org/Public", [], {"name": "Public"}, v.PUBLIC + "x"]
)
def test_what_is_not_public(other: Any) -> None:
    """Nothing else is."""
    assert not v.public_in(other)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"type": "Note"}, "Note"),
        ({"type": ["Note", "x:Y"]}, "Note"),
        ({"@type": "as:Note"}, "Note"),
        ({"type": "https://www.w3.org/ns/activitystreams#Note"}, "Note"),
        ({"type": "http://schema.org#PropertyValue"}, "PropertyValue"),
        ({"type": "schema:PropertyValue"}, "PropertyValue"),
        ({"type": "http://schema.org/PropertyValue"}, "PropertyValue"),
        ({}, None),
        ({"type": None}, None),
        ({"type": 5}, None),
        ({"type": []}, None),
        ("Note", None),
        (None, None),
        ({"type": "unknown:Thing"}, "unknown:Thing"),
        ({"type": "https://example.org/ns#Thing"}, "https://example.org/ns#Thing"),
    ],
)
def test_types(document: Any, expected: str | None) -> None:
    """Types read by short name, from strings and arrays, prefixed or expanded."""
    assert v.type_of(document) == expected


def test_the_known_type_of_several() -> None:
    """Of several types the one that is known counts."""
    document = {"type": ["x:Thing", "as:Person"]}
    assert v.type_of(document, v.ACTOR_TYPES) == "Person"
    assert v.type_of({"type": ["A", "B"]}, v.ACTOR_TYPES) == "A"


@pytest.mark.parametrize("key", ["votersCount", "toot:votersCount", "http://joinmastodon.org/ns#votersCount"])
def test_prefixed_and_expanded_keys(key: str) -> None:
    """Takahe prefixes its keys; others write them out."""
    assert v.get({key: 3}, "votersCount") == 3
    assert v.get({"votersCount": None, key: 3}, "votersCount") == 3


def test_other_keys_are_not_confused() -> None:
    """A key only ends in the name: it is another property."""
    assert (
        v.get(
            {"x:votersCount": 3, "nottoot:votersCount": 4, "https://evil.example/votersCount": 5},
            "votersCount",
        )
        is None
    )
    assert v.get([], "a", 1) == 1
    assert v.get_list({"as:to": "x"}, "to") == ["x"]


def test_takahe_question() -> None:
    """Takahe's prefixed keys are all read."""
    question = sample("takahe/create-question-prefixed-keys.json")["object"]
    assert v.type_of(question) == "Question"
    assert v.number(v.get(question, "votersCount")) is not None
    assert v.poll_options(question)[0]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"content": "Hi"}, ("Hi", None)),
        ({"content": "Hi", "contentMap": {"en": "Hi"}}, ("Hi", "en")),
        ({"content": "Hallo", "contentMap": {"en": "Hi", "de": "Hallo"}}, ("Hallo", "de")),
        ({"content": "Hey", "contentMap": {"en": "Hi", "de": "Hallo"}}, ("Hey", "en")),
        ({"contentMap": {"de": "Hallo", "en": "Hi"}}, ("Hallo", "de")),
        ({"content": None, "contentMap": {"und": "Hi"}}, ("Hi", None)),
        ({"content": "Hi", "contentMap": {"und": "Hi"}, "nameMap": {"pt-BR": "x"}}, ("Hi", "pt-BR")),
        ({"content": "Hi", "@context": [v.AS, {"@language": "fr"}]}, ("Hi", "fr")),
        ({"content": "Hi", "@context": [v.AS, {"@language": "und"}]}, ("Hi", None)),
        ({"content": {"@value": "Hi", "@language": "en"}}, ("Hi", "en")),
        ({"content": ["Hi"]}, ("Hi", None)),
        ({"content": 5}, (None, None)),
        ({}, (None, None)),
        ({"content": "", "contentMap": {"en": ""}}, ("", "en")),
        ({"contentMap": "x"}, (None, None)),
        ({"contentMap": {"en": None, "de": "x"}}, ("x", "de")),
        ({"contentMap": {"<script>": "x"}}, ("x", None)),
        ({"content": "Hi", "contentMap": {"zh_Hans": "Hi"}}, ("Hi", "zh-Hans")),
        ({"as:content": "Hi"}, ("Hi", None)),
    ],
)
def test_text_and_language(document: dict[str, Any], expected: tuple[str | None, str | None]) -> None:
    """The text, and the language that the maps or the context tell."""
    assert v.text_and_language(document, "content") == expected


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-09-12T16:50:45Z", at(2024, 9, 12, 16, 50, 45)),
        ("2024-09-12t16:50:45z", at(2024, 9, 12, 16, 50, 45)),
        ("2024-09-12T16:50:45", at(2024, 9, 12, 16, 50, 45)),
        ("2024-09-12T16:50:45+02:00", at(2024, 9, 12, 14, 50, 45)),
        ("2024-09-12T16:50:45-0530", at(2024, 9, 12, 22, 20, 45)),
        ("2024-09-12T16:50:45+02", at(2024, 9, 12, 14, 50, 45)),
        ("2024-09-12T16:50:45.123Z", at(2024, 9, 12, 16, 50, 45, 123000)),
        ("2024-09-12T16:50:45.123456789Z", at(2024, 9, 12, 16, 50, 45, 123456)),
        ("2024-09-12 16:50:45 UTC", at(2024, 9, 12, 16, 50, 45)),
        ("2024-09-12T16:50Z", at(2024, 9, 12, 16, 50)),
        ("2024-09-12", at(2024, 9, 12)),
        (["2024-09-12"], at(2024, 9, 12)),
        ({"@value": "2024-09-12"}, at(2024, 9, 12)),
        ("2016-12-31T23:59:60Z", at(2016, 12, 31, 23, 59, 59)),
        (" 2024-09-12 ", at(2024, 9, 12)),
        ("", None),
        ("now", None),
        ("2024-13-01", None),
        ("2024-02-30", None),
        ("2024-09-12T25:00:00Z", None),
        (5, None),
        (None, None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("2024-09-12T16:50:45+99:99", None),
        ("x" * 1000, None),
        ("٢٠٢٤-09-12", None),
        ("2024-9-12", None),
    ],
)
def test_times(value: Any, expected: datetime | None) -> None:
    """Times with and without zone, fraction and seconds; anything absurd is none."""
    assert v.parse_time(value) == expected


def test_times_as_written() -> None:
    """We write whole seconds in UTC."""
    assert v.format_time(datetime.fromisoformat("2024-09-12T16:50:45.9+02:00")) == "2024-09-12T14:50:45Z"


HTML = {"type": "Link", "mediaType": "text/html", "href": "https://a.example/page"}
VIDEO = {
    "type": "Link",
    "mediaType": "video/mp4",
    "href": "https://a.example/1.mp4",
    "height": 720,
    "size": 5,
    "rel": ["x"],
}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/page", "https://a.example/page"),
        (["https://a.example/page", "https://b.example"], "https://a.example/page"),
        (HTML, "https://a.example/page"),
        ([VIDEO, HTML], "https://a.example/page"),
        ([VIDEO, "https://a.example/page"], "https://a.example/page"),
        ([{**HTML, "mediaType": None, "mimeType": "text/html; charset=utf-8"}], "https://a.example/page"),
        ([{"type": "Link", "href": "https://a.example/page"}], "https://a.example/page"),
        (VIDEO, None),
        (None, None),
        (5, None),
        ("javascript:alert(1)", None),
        ({**HTML, "href": "javascript:alert(1)"}, None),
        ("/relative", None),
        ([[]], None),
        ({}, None),
        ("magnet:?xt=x", None),
        ("https://u:p@a.example/", None),
    ],
)
def test_the_page_for_people(url: Any, expected: str | None) -> None:
    """The text/html Link, else the first untyped address; only http(s)."""
    assert v.url_html({"url": url}) == expected


def test_links_of_a_video() -> None:
    """Every Link's type, size and dimensions are read, in order."""
    links = v.urls([VIDEO, HTML, "https://a.example/x"])
    assert [link.href for link in links] == [
        "https://a.example/1.mp4",
        "https://a.example/page",
        "https://a.example/x",
    ]
    assert (links[0].media_type, links[0].height, links[0].size, links[0].rel) == (
        "video/mp4",
        720,
        5,
        ("x",),
    )
    assert v.url_html(sample("peertube/video-2025.json")) is not None


def test_links_in_objects() -> None:
    """An attachment's url may be a string, a Link, or an array of these (Pleroma)."""
    for url in ("https://a.example/1.mp4", VIDEO, [VIDEO]):
        assert v.urls({"type": "Document", "mediaType": "video/mp4", "url": url})[0].media_type == "video/mp4"
    deep: Any = "https://a.example/"
    for _ in range(50):
        deep = {"url": deep}
    assert v.urls(deep) == []
    assert v.urls("/x", base="https://a.example/y")[0].href == "https://a.example/x"


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://a.example/i.png", "https://a.example/i.png"),
        ({"type": "Image", "url": "https://a.example/i.png"}, "https://a.example/i.png"),
        (
            [{"url": None}, {"url": "https://a.example/i.png"}, {"url": "https://b.example"}],
            "https://a.example/i.png",
        ),
        ({"type": "Link", "href": "https://a.example/i.png"}, "https://a.example/i.png"),
        (
            {"url": [{"type": "Link", "href": "https://a.example/i.png", "mediaType": "image/png"}]},
            "https://a.example/i.png",
        ),
        (None, None),
        ([], None),
        ({}, None),
        ("", None),
        ({"url": "data:image/png;base64,x"}, None),
        (5, None),
    ],
)
def test_pictures(value: Any, url: str | None) -> None:
    """Icons come as addresses, objects, Links and arrays of these."""
    picture = v.image_of(value)
    assert (picture.url if picture else None) == url


def test_all_of_a_picture() -> None:
    """Type, description, dimensions and blurhash of a picture are read."""
    picture = v.image_of(
        {
            "type": "Image",
            "mediaType": "image/png",
            "url": "https://a.example/i.png",
            "summary": None,
            "name": "A cat",
            "width": 3,
            "height": "4",
            "blurhash": "UBL",
        }
    )
    assert picture == v.Picture("https://a.example/i.png", "image/png", "A cat", "UBL", 3, 4)


TAGS: list[Any] = [
    {"type": "Mention", "href": "https://a.example/users/a", "name": "@a@a.example"},
    {"type": "Mention", "href": "https://b.example/b"},
    {"type": "Mention"},
    {"type": "Hashtag", "name": "#Café", "href": "https://a.example/tags/cafe"},
    {"type": "as:Hashtag", "name": "cafe"},
    {"type": "Hashtag", "name": "#123"},
    {"type": "Hashtag"},
    {"type": "Hashtag", "name": "#Two", "href": None},
    {
        "type": "Emoji",
        "id": None,
        "name": ":blobcat:",
        "icon": {"type": "Image", "url": "https://a.example/e.png"},
        "updated": "2024-01-01T00:00:00Z",
    },
    {"type": "toot:Emoji", "id": "https://a.example/e/1", "name": "cat", "icon": "https://a.example/e.png"},
    {"type": "Emoji", "name": ":none:"},
    {"type": "Emoji", "name": ":a b:", "icon": "https://a.example/e.png"},
    {
        "type": "Link",
        "href": "https://a.example/note",
        "mediaType": v.LD_JSON,
        "rel": "https://misskey-hub.net/ns#_misskey_quote",
    },
    {"type": "lemmy:CommunityPostTag", "name": "x"},
    "string",
    None,
    5,
    [],
]


def test_tags_are_sorted() -> None:
    """Mentions, hashtags, emojis, Links and what nobody knows, each in its form; unusable ones are passed over."""
    found = v.tags_of({"tag": TAGS})
    assert found.mentions == [
        v.Mention("https://a.example/users/a", "@a@a.example"),
        v.Mention("https://b.example/b", None),
    ]
    assert found.hashtags == [
        v.HashtagTag("cafe", "Café", "https://a.example/tags/cafe"),
        v.HashtagTag("two", "Two", None),
    ]
    assert found.emojis == [
        v.EmojiTag("blobcat", "https://a.example/e.png", None, at(2024, 1, 1)),
        v.EmojiTag("cat", "https://a.example/e.png", "https://a.example/e/1", None),
    ]
    assert [(link.href, link.rel) for link in found.links] == [
        ("https://a.example/note", ("https://misskey-hub.net/ns#_misskey_quote",))
    ]
    assert len(found.other) == 1


def test_a_single_tag() -> None:
    """GoToSocial sends one tag as an object."""
    assert v.tags_of({"tag": TAGS[0]}).mentions[0].name == "@a@a.example"
    assert v.tags_of({}).mentions == []
    assert len(v.tags_of({"tag": [TAGS[1]] * 5000}).mentions) == v.MAX_TAGS


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("#Cat", "cat"),
        ("cat", "cat"),
        ("##cat", "cat"),
        ("#Café", "cafe"),
        ("#\uff21\uff22\uff23", "abc"),
        ("#Straße", "strasse"),
        ("#Łódź", "lodz"),
        ("#日本語", "日本語"),
        ("#हिन्दी", "हिन्दी"),
        ("#ガーデン", "ガーデン"),
        ("#فارسی", "فارسی"),
        ("#Ελλάδα", "ελλάδα"),
        ("#a-b.c d", "abcd"),
        ("#snake_case", "snake_case"),
        ("#a·b", "a·b"),
        ("#İstanbul", "istanbul"),
        ("#c++", "c"),
        ("#2024", ""),
        ("#\uff12\uff10\uff12\uff14", ""),
        ("#", ""),
        ("", ""),
        ("#🐈", ""),
        ("#_", ""),
        ("#1a", "1a"),
        ("#ﬁn", "fin"),
    ],
)
def test_hashtags(written: str, name: str) -> None:
    """NFKC, lower case, Latin folded to ASCII, other characters removed; digits alone are no tag (microblog §4)."""
    assert v.normalise_hashtag(written) == name
    assert v.normalise_hashtag(v.display_hashtag(written)) == name


@given(st.text(max_size=50))
def test_hashtags_are_stable(written: str) -> None:
    """Normalising twice changes nothing, and never makes the name long."""
    name = v.normalise_hashtag(written)
    assert v.normalise_hashtag(name) == name
    assert len(v.normalise_hashtag(written * 50)) <= v.MAX_HASHTAG_LENGTH


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (3.7, 3),
        ("3", 3),
        ([3], 3),
        (-1, None),
        ("x", None),
        (True, None),
        (None, None),
        (2**70, None),
        ("9" * 30, None),
        (float("nan"), None),
        (float("inf"), None),
        ("³", None),
        ({"@value": 3}, 3),
    ],
)
def test_numbers(value: Any, expected: int | None) -> None:
    """Counts are whole, not negative, and fit the database."""
    assert v.number(value) == expected


def test_booleans() -> None:
    """Truth comes as boolean or word; anything else is the default."""
    assert [v.boolean(value) for value in (True, "true", False, "false", None, 1, "yes", [True], {})] == [
        True,
        True,
        False,
        False,
        False,
        False,
        False,
        True,
        False,
    ]
    assert v.boolean(None, default=True)


def test_polls() -> None:
    """anyOf allows several choices; options are bounded."""
    assert v.poll_options(sample("mastodon/create-question.json")["object"])[0]
    assert v.poll_options({"anyOf": {"name": "a"}}) == ([{"name": "a"}], True)
    assert v.poll_options({"oneOf": ["x", {"name": "a"}], "anyOf": []}) == ([{"name": "a"}], False)
    assert len(v.poll_options({"oneOf": [{"name": "a"}] * 900})[0]) == 500


def test_contexts_begin_with_activitystreams() -> None:
    """Mastodon and Lemmy look for the ActivityStreams url; every prefix used is defined."""
    for context in (v.CONTEXT, v.ACTOR_CONTEXT):
        assert context[0] == v.AS
        assert v.has_context({"@context": list(context)})
        terms = context[-1]
        assert isinstance(terms, dict)
        for definition in terms.values():
            iri = definition if isinstance(definition, str) else definition["@id"]
            prefix = iri.partition(":")[0]
            assert prefix in {*terms, "as", "http", "https"}
    assert v.has_context({"@context": v.AS})
    assert not v.has_context({"@context": "x"})
    assert not v.has_context({})


def read_everything(document: Any) -> None:
    """Every reader on one value."""
    for name in ("content", "name", "summary"):
        v.text_and_language(document if isinstance(document, dict) else {}, name)
    for name in ("to", "url", "icon", "published", "totalItems", "sensitive", "tag"):
        value = v.get(document, name)
        (
            v.ids(value),
            v.public_in(value),
            v.parse_time(value),
            v.number(value),
            v.boolean(value),
            v.image_of(value),
            v.urls(value),
            v.text(value),
        )
    (
        v.type_of(document),
        v.types_of(document),
        v.url_html(document),
        v.tags_of(document),
        v.poll_options(document),
    )
    v.attributed_ids(document), v.total_items(document), v.public_key_of(document), v.as_list(document)


def test_every_recorded_payload_is_read() -> None:
    """No payload of any system crashes a reader, at any depth."""
    read = 0
    for path in SAMPLES.glob("*/*.json"):
        waiting = [json.loads(path.read_text(encoding="utf-8"))]
        while waiting:
            value = waiting.pop()
            read_everything(value)
            read += 1
            waiting.extend(
                value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
            )
    assert read > 1000


keys = st.sampled_from(
    [
        "type",
        "@type",
        "id",
        "@id",
        "@value",
        "@list",
        "@set",
        "@context",
        "@language",
        "content",
        "contentMap",
        "name",
        "nameMap",
        "tag",
        "url",
        "href",
        "icon",
        "to",
        "as:to",
        "published",
        "totalItems",
        "oneOf",
        "mediaType",
        "rel",
        "publicKey",
        "sensitive",
        "toot:sensitive",
        "width",
        "updated",
    ]
) | st.text(max_size=5)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(
        [
            "Mention",
            "Hashtag",
            "Emoji",
            "Link",
            "https://a.example/",
            "#a",
            ":a:",
            "2024-01-01",
            v.PUBLIC,
            "en",
        ]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=30,
)


@given(values)
def test_no_value_crashes(value: Any) -> None:
    """Any JSON value reads as something or as absent."""
    read_everything(value)
