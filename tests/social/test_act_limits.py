"""How often one account may post, follow and report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from potluck import settings
from potluck.settings import current
from potluck.social import act_limits, follows, reactions, reports
from potluck.social.errors import TooMany


async def test_posts_and_boosts(session, alice, bob, post) -> None:
    """They count together, in windows of three hours; 0 is no limit."""
    settings.use(replace(current(), posts_in_three_hours=3))
    standing = await act_limits.take(session, alice, "posts")
    assert (standing.limit, standing.remaining) == (3, 2)
    await post(alice, "<p>one</p>")
    other = await post(bob, "<p>two</p>")
    await reactions.announce(session, alice, other.id)
    assert (await act_limits.take(session, alice, "posts")).remaining == 0
    await post(alice, "<p>three</p>")
    with pytest.raises(TooMany) as refused:
        await act_limits.take(session, alice, "posts")
    assert 0 < refused.value.retry_after <= 3 * 3600
    assert (await act_limits.take(session, bob, "posts")).remaining == 1
    settings.use(replace(current(), posts_in_three_hours=0))
    assert await act_limits.take(session, alice, "posts") is None


async def test_follows_and_reports(session, alice, bob) -> None:
    """Each has its own count."""
    settings.use(replace(current(), follows_a_day=1, reports_a_day=1))
    await act_limits.take(session, alice, "follows")
    await follows.follow(session, alice, bob)
    with pytest.raises(TooMany):
        await act_limits.take(session, alice, "follows")
    await act_limits.take(session, alice, "reports")
    await reports.create(session, alice, bob)
    with pytest.raises(TooMany):
        await act_limits.take(session, alice, "reports")
