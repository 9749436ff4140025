"""Preferences: typed, checked, forgiving of what other versions stored."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from potluck.social import preferences
from potluck.social.errors import Invalid
from potluck.social.model import User


@pytest.fixture
async def user(cast) -> User:
    async with cast.database.read() as session:
        return await session.scalar(select(User).where(User.actor_id == cast.alice.id))


async def test_what_is_set_is_kept_and_the_rest_has_its_default(cast, user) -> None:
    """A default that is chosen is not stored, so that it follows when it changes."""
    async with cast.database.write() as session:
        await preferences.change(session, user, visibility="followers", language="de", sensitive=False)
        row = await session.get_one(User, user.id)
        assert row.preferences == {"visibility": "followers", "language": "de"}
        found = preferences.of(row)
        assert (found.visibility, found.language, found.sensitive, found.content_type) == (
            "followers", "de", False, "text/plain")
        await preferences.change(session, user, visibility="public", language=None)
        assert (await session.get_one(User, user.id)).preferences == {}


@pytest.mark.parametrize("bad", [
    {"visibility": "everyone"}, {"sensitive": "yes"}, {"language": "not a language"}, {"quote_policy": "friends"},
    {"nonsense": True}])
async def test_values_are_checked(cast, user, bad) -> None:
    """An error names the preference."""
    async with cast.database.write() as session:
        with pytest.raises(Invalid) as refused:
            await preferences.change(session, user, **bad)
    assert refused.value.field in bad


def test_what_another_version_stored_is_passed_over() -> None:
    """Unknown names and values that no longer fit."""
    user = User(preferences={"visibility": "gone", "sensitive": True, "from_the_future": 1})
    assert preferences.of(user) == preferences.Preferences(sensitive=True)
