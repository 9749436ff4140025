"""The set-up link: one at a time, until there is an administrator."""

import asyncio
import io

from sqlalchemy import func, select, update

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.settings import Settings
from potluck.setup_link import announce_address, setup_link
from potluck.social.model import Invite, User
from support.cast import Cast, ago


async def test_a_restart_gives_the_same_link(database: Database) -> None:
    """The link that was printed before still counts."""
    first = await setup_link(database)
    assert first is not None
    assert first.startswith("https://potluck.test/setup/")
    assert len(first.rpartition("/")[2]) >= 32
    assert await setup_link(database) == first
    async with database.read() as session:
        invite = (await session.scalars(select(Invite))).one()
    assert (invite.role, invite.max_uses, invite.creator_id) == ("admin", 1, None)
    assert invite.expires_at is not None
    assert invite.expires_at > now()


async def test_used_and_old_links_are_replaced(database: Database) -> None:
    """A link that was used, or is about to end, is not given again."""
    first = await setup_link(database)
    for values in ({"uses": 1}, {"expires_at": ago(minutes=1)}):
        async with database.write() as session:
            await session.execute(update(Invite).values(**values))
        assert await setup_link(database) != first


async def test_no_link_once_there_is_an_administrator(cast: Cast) -> None:
    """Afterwards nobody becomes administrator by a link."""
    async with cast.database.write() as session:
        await session.execute(update(User).where(User.actor_id == cast.mona.id).values(role="admin"))
    assert await setup_link(cast.database) is None
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Invite)) == 0


async def test_the_address_is_told_once_it_answers(database_settings: Settings) -> None:
    """Nothing is printed before the port answers; then the address and the link."""
    probe = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    await probe.wait_closed()
    made = Settings(url="https://potluck.test", data=database_settings.data, bind=f"0.0.0.0:{port}",
                    database_url=database_settings.database_url)
    out = io.StringIO()
    telling = asyncio.create_task(announce_address(made, out))
    await asyncio.sleep(0.2)
    assert out.getvalue() == ""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    await asyncio.wait_for(telling, 20)
    server.close()
    first, second = out.getvalue().splitlines()
    assert first == "Potluck is at https://potluck.test"
    assert "https://potluck.test/setup/" in second
