"""Stems in the index of posts: every post is indexed anew, in the background, by `social.post_index_fill`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, UtcTime, now

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

_FILL = sa.table("post_index_fill", sa.column("actor_id", BigInt), sa.column("below_id", BigInt),
                 sa.column("total", BigInt), sa.column("done", BigInt), sa.column("created_at", UtcTime()))


def upgrade() -> None:
    """Apply the change."""
    if op.get_bind().scalar(sa.text("SELECT id FROM object LIMIT 1")) is not None:
        op.execute(_FILL.delete())  # what was begun is done with the rest (0: everyone's)
        op.execute(_FILL.insert().values(actor_id=0, below_id=None, total=0, done=0, created_at=now()))


def downgrade() -> None:
    """Take it back: an index with stems serves the older program as well."""
