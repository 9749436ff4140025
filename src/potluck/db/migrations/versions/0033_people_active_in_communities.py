"""How many people took part in each community lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_COLUMNS = ("active_day", "active_week", "active_month", "active_half_year")


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "community_activity",
        sa.Column("community_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("actor_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("at_s", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actor.id"], name="fk_community_activity_actor_id_actor",
                                ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["community_id"], ["actor.id"], name="fk_community_activity_community_id_actor",
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("community_id", "actor_id", name="pk_community_activity"))
    op.create_index("ix_community_activity_actor_id", "community_activity", ["actor_id"], unique=False)
    for name in _COLUMNS:
        op.add_column("community", sa.Column(name, BigInt, server_default="0", nullable=False))


def downgrade() -> None:
    """Take it back."""
    for name in _COLUMNS:
        op.drop_column("community", name)
    op.drop_table("community_activity")
