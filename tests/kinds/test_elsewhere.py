"""How others will see a thing: by their rules, out of the document alone, for every kind."""

from __future__ import annotations

from typing import Any

from potluck.kinds import elsewhere
from potluck.kinds.article import actions
from potluck.kinds.article.actions import ArticleRequest
from potluck.kinds.elsewhere import Seen
from potluck.social import views
from potluck.social.model import Actor
from support.cast import Cast


def _by_name(seen: list[Seen]) -> dict[str, Seen]:
    return {one.name: one for one in seen}


async def _seen(cast: Cast, **changes: Any) -> dict[str, Seen]:
    request = ArticleRequest(**{"text": "## Salt\n\nA *sour*", "title": "Rye", "summary": "On rye", **changes})
    prepared = await actions.prepare(cast.database, None, request)
    async with cast.database.read() as session:
        alice = await session.get_one(Actor, cast.alice.id)
        return _by_name(elsewhere.of(await actions.preview(session, alice, request, prepared)))


async def test_an_article_before_it_is_published(cast: Cast) -> None:
    """Mastodon: title, teaser, link. The others: the text. Nothing is stored for it."""
    seen = await _seen(cast)
    mastodon = seen["Mastodon"]
    assert (mastodon.title, mastodon.html, mastodon.link) == (
        "Rye", "<p>On rye</p>", "https://potluck.test/@alice/rye")
    for whole in ("Hometown, Friendica", "GoToSocial, Misskey"):
        assert "Salt" in seen[whole].html
    assert (seen["Hometown, Friendica"].warning, seen["GoToSocial, Misskey"].warning) == ("On rye", "")
    assert not seen["Lemmy"].shown
    assert not seen["Pixelfed"].shown
    assert "<em>sour</em>" in seen["Feed readers"].html
    assert (seen["Link previews"].title, seen["Link previews"].html) == ("Rye", "<p>On rye</p>")


async def test_a_warning_hides_the_text_everywhere(cast: Cast) -> None:
    """Where a short form is shown there is only the warning; a private article has no feed and no preview."""
    seen = await _seen(cast, warning="nuts", visibility="followers")
    assert seen["Mastodon"].html == "<p>⚠ nuts</p>"
    assert seen["GoToSocial, Misskey"].warning == "⚠ nuts"
    assert not seen["Feed readers"].shown
    assert not seen["Link previews"].shown


async def test_a_note(cast: Cast) -> None:
    """It is what it is."""
    row = await cast.say(cast.alice, "<p>hello</p>", summary="soup", sensitive=True)
    async with cast.database.read() as session:
        seen = _by_name(elsewhere.of((await views.load_objects(session, [row.id], cast.alice.id))[row.id]))
    assert (seen["Mastodon"].warning, seen["Mastodon"].html) == ("soup", "<p>hello</p>")
    assert not seen["Lemmy"].shown
