"""CSVs of one's lists: read in every form that is around, done by a job, merged or overwritten."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from potluck import assembly, jobs
from potluck.jobs import JobEngine
from potluck.social.accounts import export
from potluck.social.errors import Invalid
from potluck.social.live import Waker
from potluck.social.model import (
    Actor,
    Block,
    Bookmark,
    DomainMute,
    Follow,
    List,
    ListMember,
    Mute,
    Object,
)
from potluck.transfer import csv_files, lists_in, ports
from support.cast import Cast


@dataclass
class FakeFinder:
    """Finds whom a test knows."""

    people: dict[str, Actor] = field(default_factory=dict)
    posts: dict[str, Object] = field(default_factory=dict)

    async def person(self, handle: str) -> Actor | None:
        return self.people.get(handle)

    async def post(self, uri: str) -> Object | None:
        return self.posts.get(uri)


@pytest.fixture
async def finder(cast: Cast) -> AsyncIterator[FakeFinder]:
    """Everyone of the cast can be found."""
    assembly.install()
    made = FakeFinder({f"{actor.name}@{actor.host or 'potluck.test'}": actor for actor in (
        cast.alice, cast.bob, cast.eve, cast.dave, cast.mia, cast.carol, cast.frank)})
    ports.plug(made)
    yield made
    ports.plug(ports.Nobody())


async def run(cast: Cast, kind: str, text: str, *, overwrite: bool = False) -> jobs.Progress:
    """Import a file of Alice's."""
    rows = csv_files.read(kind, text.encode()).rows
    async with cast.database.write() as session:
        job_id = await jobs.enqueue(session, lists_in.NAME, kind, rows, overwrite, owner_id=cast.alice.id)
    await JobEngine(cast.database, Waker(cast.database)).drain()
    async with cast.database.read() as session:
        found = await jobs.one(session, job_id)
    assert found is not None
    assert found.state == "done", found
    return found


async def names(cast: Cast, table: type, mine: object, theirs: object) -> set[str]:
    async with cast.database.read() as session:
        rows: Sequence[str] = (await session.scalars(select(Actor.name).join(
            table, theirs == Actor.id).where(mine == cast.alice.id))).all()  # type: ignore[arg-type]
    return set(rows)


def test_forms_of_files() -> None:
    """With and without heads, with marks of other systems, in any case; what cannot be used is counted."""
    found = csv_files.read("following", b"""Account address,Show boosts,Notify on new posts,Languages
Frank@Frank.example,false,true,"de, en"
@carol@carol.example
frank@frank.example,true,false,
nonsense here,true
""")
    assert found.rows == [["frank@frank.example", "true", "false", ""], ["carol@carol.example", "true", "false", ""]]
    assert found.unusable == 1
    assert csv_files.read("blocking", b"acct:a@b.example\n").rows == [["a@b.example"]]
    assert csv_files.read("muting", b"Account address,Hide notifications\na@b.example,false\n").rows == [
        ["a@b.example", "false"]]
    assert csv_files.read("domain_blocking", b"#domain\nSpam.example\n").rows == [["spam.example"]]
    assert csv_files.read("bookmarks", b"https://a.example/1\njavascript:alert(1)\n").rows == [["https://a.example/1"]]
    assert csv_files.read("lists", b"Friends,a@b.example\nFriends,c@d.example\nbroken\n").rows == [
        ["Friends", "a@b.example"], ["Friends", "c@d.example"]]


@pytest.mark.parametrize(("kind", "data"), [
    ("nothing", b"a"), ("following", b"\xff\xfe"), ("following", b"x" * 5_000_000),
    ("following", b"a@b.example\n" * 20_002),
    ("blocking", b'"' + b"x" * 200_000)])
def test_files_that_cannot_be_read(kind: str, data: bytes) -> None:
    """They are refused in words."""
    with pytest.raises(Invalid):
        csv_files.read(kind, data)


async def test_following(cast: Cast, finder: FakeFinder) -> None:
    """Follows are asked for with their wishes; who cannot be found is named."""
    job = await run(cast, "following",
                    "Account address,Show boosts,Notify on new posts,Languages\n"
                    "eve@potluck.test,false,true,\"de, xx-nonsense!\"\nfrank@frank.example\nghost@nowhere.example\n")
    assert job.message_data["names"] == "ghost@nowhere.example"
    assert job.message_data["done"] == 2
    async with cast.database.read() as session:
        row = (await session.scalars(select(Follow).where(
            Follow.follower_id == cast.alice.id, Follow.followed_id == cast.eve.id))).one()
        assert (row.state, row.show_boosts, row.notify, row.languages) == ("accepted", False, True, ["de"])
    await run(cast, "following", "bob@potluck.test\n", overwrite=True)
    assert await names(cast, Follow, Follow.follower_id, Follow.followed_id) == {"bob"}


async def test_blocks_and_mutes(cast: Cast, finder: FakeFinder) -> None:
    """Merged they add up, overwritten they replace."""
    await run(cast, "blocking", "carol@carol.example\n")
    assert await names(cast, Block, Block.blocker_id, Block.blocked_id) == {"dave", "carol"}
    await run(cast, "blocking", "carol@carol.example\n", overwrite=True)
    assert await names(cast, Block, Block.blocker_id, Block.blocked_id) == {"carol"}
    await run(cast, "muting", "Account address,Hide notifications\nmia@potluck.test,false\n")
    async with cast.database.read() as session:
        assert not (await session.scalars(select(Mute).where(Mute.muter_id == cast.alice.id))).one().notifications


async def test_the_rest(cast: Cast, finder: FakeFinder) -> None:
    """Servers, bookmarks of posts that can be had, lists with people who are followed for it."""
    post = await cast.say(cast.frank, "soup")
    finder.posts[post.uri] = post
    await run(cast, "domain_blocking", "spam.example\n")
    job = await run(cast, "bookmarks", f"{post.uri}\nhttps://gone.example/1\n")
    assert job.message_data["names"] == "https://gone.example/1"
    await run(cast, "lists", "Cooks,eve@potluck.test\nCooks,bob@potluck.test\n")
    await run(cast, "lists", "Cooks,eve@potluck.test\n", overwrite=True)
    async with cast.database.read() as session:
        assert (await session.scalars(select(DomainMute.host))).all() == ["spam.example"]
        assert (await session.scalars(select(Bookmark.object_id))).all() == [post.id]
        row = (await session.scalars(select(List))).one()
        assert (await session.scalars(select(ListMember.actor_id).where(ListMember.list_id == row.id))).all() == [
            cast.eve.id]


async def test_what_is_exported_can_be_imported(cast: Cast, finder: FakeFinder) -> None:
    """Our own CSVs come back as they went."""
    await cast.follow(cast.alice, cast.frank, show_boosts=False, languages=["de"])
    text = b""
    async for piece in export.table(cast.database, cast.alice.id, "following_accounts.csv"):
        text += piece
    assert csv_files.read("following", text).rows == [["frank@frank.example", "false", "false", "de"]]
