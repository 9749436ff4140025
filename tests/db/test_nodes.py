"""Node numbers: leased so that no two processes that write have the same one."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import NODES, ids
from potluck.db.nodes import Node, NodeLease


@pytest.fixture(autouse=True)
def _node_of_tests() -> object:
    before = ids.node
    yield
    ids.node = before


async def test_each_process_has_its_own(database: Database) -> None:
    """Processes at the same time hold different numbers, and give them back."""
    async with NodeLease(database, "web"):
        first = ids.node
        async with NodeLease(database, "engine"):
            assert ids.node != first
            ids_of_second = ids.node
        ids.node = first
    async with NodeLease(database, "engine"):
        assert ids.node in (first, ids_of_second)
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Node)) == 0


async def test_the_number_of_a_dead_process_is_free_again(database: Database) -> None:
    """A lease that was not renewed is taken over."""
    async with database.write() as session:
        session.add(Node(number=0, holder="gone", role="web", expires_at=now() - timedelta(seconds=1)))
    async with NodeLease(database, "web"):
        assert ids.node == 0


async def test_a_lost_lease_is_replaced(database: Database) -> None:
    """A process whose number was taken over, because it slept too long, goes on with another one."""
    async with NodeLease(database, "web") as lease:
        lost = ids.node
        async with database.write() as session:
            await session.execute(update(Node).where(Node.number == lost).values(holder="another"))
        await lease.renew()
        assert ids.node != lost


async def test_renewed_lease_lasts_longer(database: Database) -> None:
    """Renewing moves the end of the lease."""
    async with NodeLease(database, "web") as lease:
        async with database.write() as session:
            await session.execute(update(Node).values(expires_at=now() + timedelta(seconds=5)))
        await lease.renew()
        async with database.read() as session:
            assert (await session.scalars(select(Node.expires_at))).one() > now() + timedelta(seconds=60)


async def test_too_many_processes(database: Database) -> None:
    """When every number is in use the process does not start, and says why."""
    async with database.write() as session:
        session.add_all([Node(number=number, holder="x", role="web", expires_at=now() + timedelta(minutes=1))
                         for number in range(NODES)])
    with pytest.raises(RuntimeError, match="all 64 node numbers are in use"):
        await NodeLease(database, "web").__aenter__()
