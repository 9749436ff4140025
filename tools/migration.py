"""Writes a migration from the difference between the models and an empty SQLite database brought to the newest schema.

    .venv/bin/python tools/migration.py "what changes"

Read the result before committing it: Alembic does not see renames.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command

from potluck import assembly
from potluck.db import nodes  # noqa: F401 - its table belongs to the schema, too
from potluck.db.engine import Database
from potluck.db.migrate import config, upgrade
from potluck.settings import Settings


async def main(message: str) -> None:
    """Upgrade a throw-away database, compare, write the file."""
    assembly.install()
    with tempfile.TemporaryDirectory() as folder:
        db = Database(Settings(data=Path(folder)))
        await upgrade(db)
        async with db.engine.connect() as connection:
            await connection.run_sync(
                lambda sync: command.revision(config(sync), message=message, autogenerate=True, rev_id=_next_number()))
        await db.close()


def _next_number() -> str:
    versions = Path(__file__).parent.parent / "src/potluck/db/migrations/versions"
    numbers = [int(path.name[:4]) for path in versions.glob("[0-9]*.py")]
    return f"{max(numbers, default=0) + 1:04}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1]))
