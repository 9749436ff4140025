"""Drafts that are saved while they are written, and what they said before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import draft_history, kept_drafts, leaving
from potluck.social.draft_history import ChangedElsewhere, Save
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, KeptDraft, KeptDraftVersion
from social.conftest import Post


async def save(session: AsyncSession, owner: Actor, text: str, **more: Any) -> KeptDraft:
    """Somebody's article is saved."""
    return await draft_history.save(session, owner.id, "article", Save({"text": text}, **more))


async def texts(session: AsyncSession, draft: KeptDraft) -> list[str]:
    """What it said before, oldest first."""
    rows = await session.scalars(select(KeptDraftVersion).where(
        KeptDraftVersion.draft_id == draft.id).order_by(KeptDraftVersion.id))
    return [row.request["text"] for row in rows.all()]


async def test_a_draft_grows_by_revisions(session: AsyncSession, alice: Actor) -> None:
    """Every save has the next number; what it says already is not saved again."""
    draft = await save(session, alice, "Once", key="a", by="tab")
    assert (draft.revision, draft.opening) == (1, "Once")
    assert (await save(session, alice, "Once upon", draft_id=draft.id, base=1, by="tab")).revision == 2
    assert (await save(session, alice, "Once upon", draft_id=draft.id, base=1, by="other")).revision == 2


async def test_beginning_twice_makes_one_draft(session: AsyncSession, alice: Actor, bob: Actor) -> None:
    """A first save whose answer got lost is sent again: its key tells; of another person it is theirs."""
    first = await save(session, alice, "Once", key="a", by="tab")
    again = await save(session, alice, "Once more", key="a", by="tab")
    assert (again.id, again.revision) == (first.id, 2)
    assert (await save(session, bob, "Mine", key="a", by="tab")).id != first.id
    with pytest.raises(Invalid):
        await save(session, alice, "text", key="x" * 65)


async def test_nobody_saves_over_what_they_have_not_seen(session: AsyncSession, alice: Actor) -> None:
    """Two tabs: the later one is told, and nothing is overwritten; saving over it knowingly keeps the other text."""
    draft = await save(session, alice, "Base", by="one")
    await save(session, alice, "By one", draft_id=draft.id, base=1, by="one")
    with pytest.raises(ChangedElsewhere) as refused:
        await save(session, alice, "By two", draft_id=draft.id, base=1, by="two")
    assert refused.value.draft.request == {"text": "By one"}
    saved = await save(session, alice, "By two", draft_id=draft.id, base=1, by="two", over=True)
    assert saved.revision == 3
    assert await texts(session, draft) == ["Base", "By one"]


async def test_a_lost_answer_is_no_conflict(session: AsyncSession, alice: Actor) -> None:
    """A tab that did not hear that it was saved goes on from where it was."""
    draft = await save(session, alice, "a", by="one")
    await save(session, alice, "ab", draft_id=draft.id, base=1, by="one")
    assert (await save(session, alice, "abc", draft_id=draft.id, base=1, by="one")).revision == 3


async def test_versions_are_kept_now_and_then(session: AsyncSession, alice: Actor) -> None:
    """Not every save is a version, but one whose words go is, however soon."""
    draft = await save(session, alice, "a", by="tab")
    for revision in range(1, 6):
        await save(session, alice, "long " * 100 * revision, draft_id=draft.id, base=revision, by="tab")
    assert await texts(session, draft) == ["a"]
    await save(session, alice, "oh", draft_id=draft.id, base=6, by="tab")
    assert [len(text) for text in await texts(session, draft)] == [1, 2500]
    draft.updated_at += timedelta(minutes=6)
    await save(session, alice, "oh no", draft_id=draft.id, base=7, by="tab")
    assert (await texts(session, draft))[-1] == "oh"


async def test_versions_stay_few(session: AsyncSession, alice: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old ones go where they lie closest together; by number and by room."""
    monkeypatch.setattr(draft_history, "MAX_VERSIONS", 5)
    draft = await save(session, alice, "0", by="tab")
    for number in range(1, 20):
        draft.updated_at += timedelta(minutes=10)
        await save(session, alice, str(number), draft_id=draft.id, base=number, by="tab")
        draft.updated_at += timedelta(minutes=10 * number)
    kept = await texts(session, draft)
    assert len(kept) == 5
    assert kept[-1] == "18"
    monkeypatch.setattr(draft_history, "MAX_VERSION_BYTES", 2000)
    await save(session, alice, "x" * 1500, draft_id=draft.id, base=20, by="tab")
    await save(session, alice, "y", draft_id=draft.id, base=21, by="tab")
    assert sum(map(len, await texts(session, draft))) < 2000


async def test_versions_of_all_drafts_together_are_bounded(
        session: AsyncSession, alice: Actor, bob: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first, whichever draft they are of; the newest one stays, and nobody pays for another's."""
    monkeypatch.setattr(draft_history, "MAX_OWNER_BYTES", 3000)
    theirs = await save(session, bob, "b" * 900)
    await save(session, bob, "c", draft_id=theirs.id, base=1)
    drafts = [await save(session, alice, f"{number}" + "a" * 900) for number in range(5)]
    for draft in drafts:
        await save(session, alice, "short", draft_id=draft.id, base=1)
    assert [len(await texts(session, draft)) for draft in drafts] == [0, 0, 1, 1, 1]
    assert len(await texts(session, theirs)) == 1
    monkeypatch.setattr(draft_history, "MAX_OWNER_BYTES", 10)
    await save(session, alice, "shorter", draft_id=drafts[0].id, base=2, over=True)
    assert [len(await texts(session, draft)) for draft in drafts] == [1, 0, 0, 0, 0]


async def test_restoring_loses_nothing(session: AsyncSession, alice: Actor, bob: Actor) -> None:
    """An earlier version comes back, and what stood there is the newest version then; nobody else can do that."""
    draft = await save(session, alice, "first", by="tab")
    await save(session, alice, "second", draft_id=draft.id, base=1, by="tab")
    [version] = await draft_history.versions(session, alice.id, draft.id)
    assert version.opening == "first"
    with pytest.raises(NotFound):
        await draft_history.restore(session, bob.id, draft.id, version.id)
    with pytest.raises(NotFound):
        await draft_history.versions(session, bob.id, draft.id)
    restored = await draft_history.restore(session, alice.id, draft.id, version.id)
    assert (restored.request, restored.revision) == ({"text": "first"}, 3)
    assert await texts(session, draft) == ["first", "second"]
    with pytest.raises(ChangedElsewhere):
        await save(session, alice, "second and third", draft_id=draft.id, base=2, by="tab")


async def test_one_draft_for_each_published_object(session: AsyncSession, alice: Actor, post: Post) -> None:
    """A new version of something published is one draft, wherever it is begun."""
    article = await post(alice)
    first = await save(session, alice, "again", object_id=article.id, by="one")
    with pytest.raises(ChangedElsewhere):
        await save(session, alice, "anew", object_id=article.id, by="two")
    found = await draft_history.of_object(session, alice.id, article.id)
    assert found is not None
    assert found.id == first.id


async def test_what_is_refused(session: AsyncSession, alice: Actor, bob: Actor, monkeypatch: pytest.MonkeyPatch,
                               ) -> None:
    """Texts without end, drafts without number, other people's drafts; and nothing is left of any of these."""
    draft = await save(session, alice, "mine", by="tab")
    with pytest.raises(NotFound):
        await save(session, bob, "yours", draft_id=draft.id, base=1)
    with pytest.raises(Invalid):
        await save(session, alice, "x" * (draft_history.MAX_BYTES + 1))
    monkeypatch.setattr(kept_drafts, "MAX_DRAFTS", 1)
    with pytest.raises(Invalid):
        await save(session, alice, "another", key="b")
    assert await session.scalar(select(func.count()).select_from(KeptDraft)) == 1


async def test_a_draft_goes_with_its_versions(session: AsyncSession, alice: Actor) -> None:
    """Thrown away is thrown away."""
    draft = await save(session, alice, "a", by="tab")
    await save(session, alice, "ab", draft_id=draft.id, base=1, by="tab")
    await kept_drafts.delete(session, alice.id, draft.id)
    assert await session.scalar(select(func.count()).select_from(KeptDraftVersion)) == 0


async def test_drafts_go_with_their_writer(session: AsyncSession, alice: Actor, bob: Actor) -> None:
    """Who leaves for good leaves no unpublished words behind."""
    draft = await save(session, alice, "a", by="tab")
    await save(session, alice, "ab", draft_id=draft.id, base=1, by="tab")
    kept = await save(session, bob, "mine", by="tab")
    await leaving.delete_local(session, alice)
    assert (await session.scalars(select(KeptDraft.id))).all() == [kept.id]
    assert await session.scalar(select(func.count()).select_from(KeptDraftVersion)) == 0
