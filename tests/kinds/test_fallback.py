"""The fallback kind: whatever type nobody owns is kept and shown, never dropped."""

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from potluck import kinds
from potluck.kinds.fallback import wire
from potluck.settings import Settings, current, use
from potluck.social import registry, views
from potluck.social.drafts import Draft
from potluck.social.registry import Receiver, Unreadable
from support.cast import Cast
from support.samples import sample

RECIPE: dict[str, Any] = {
    "id": "https://food.example/recipes/1", "type": "Recipe", "attributedTo": "https://food.example/users/cook",
    "to": ["https://www.w3.org/ns/activitystreams#Public"], "name": "Soup of the day",
    "summary": "<p>Hot &amp; good</p>", "content": "<p>Boil<script>x</script> it.</p>",
    "published": "2026-03-01T12:00:00Z",
}


def test_unknown_types_get_the_fallback() -> None:
    """A type that nobody owns, and a kind that is no longer installed, are the fallback's."""
    kinds.install()
    kinds.install()
    assert registry.kind_of_type("Recipe").name == "unknown"
    assert registry.kind_named("no such kind").name == "unknown"
    assert registry.kind_of_type("Note").name == "note"
    assert [kind.name for kind in registry.all_kinds()].count("note") == 1


def test_names_and_types_belong_to_one_kind() -> None:
    """Two kinds cannot own the same name or type."""
    kinds.install()
    for name, types in (("note", frozenset[str]()), ("other", frozenset({"Note"}))):
        with pytest.raises(ValueError, match="taken"):
            registry.register(registry.Kind(name, types, "x", None, wire.read, wire.write))


def test_what_is_read() -> None:
    """Name, summary and content are shown; the original is always linked."""
    draft = wire.read(RECIPE)
    assert (draft.kind, draft.type, draft.title) == ("unknown", "Recipe", "Soup of the day")
    assert draft.summary == "Hot & good"
    assert "script" not in draft.content
    assert draft.url == RECIPE["id"]
    assert wire.read({**RECIPE, "url": "https://food.example/soup"}).url == "https://food.example/soup"
    assert len(wire.read({**RECIPE, "name": "x" * 9000}).title or "") == wire.MAX_TITLE
    assert wire.read({**RECIPE, "name": " \n "}).title is None


async def test_kept_and_shown(cast: Cast) -> None:
    """A thing of unknown type is stored, seen in public, and written again."""
    draft = wire.read(RECIPE)
    draft.author_id, draft.document = cast.carol.id, "{}"
    [row] = await cast.store(draft)
    async with cast.database.read() as session:
        view = (await views.load_objects(session, [row.id], None))[row.id]
    document = wire.write(view, Receiver())
    assert (document["type"], document["name"], document["summary"]) == ("Recipe", "Soup of the day", "Hot & good")
    assert wire.read(document).content == view.object.content


@pytest.mark.parametrize("name", [
    "bookwyrm/comment", "lemmy/page-link-post", "peertube/video-2025", "mobilizon/event-2022",
    "funkwhale/audio-in-channel"])
def test_real_payloads_of_other_kinds(name: str) -> None:
    """As long as a kind is not built, what it will own is shown in this way."""
    before = current()
    use(Settings(allow_private=(ip_network("10.0.0.0/8"),)))  # old recordings have http ids
    draft = wire.read(sample(name))
    use(before)
    assert draft.url
    assert draft.author_uri
    assert draft.title or draft.content


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=10)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([*RECIPE, "url", "tag", "attachment", "cc", "icon", "nameMap"]), _json))
def test_any_json_is_read_or_refused(terms: dict[str, Any]) -> None:
    """Whatever JSON a stranger sends, it becomes a draft or is called unreadable."""
    for document in (terms, {**RECIPE, **terms, "id": RECIPE["id"], "type": "Recipe"}):
        try:
            assert isinstance(wire.read(document), Draft)
        except Unreadable:
            continue
