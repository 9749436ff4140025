"""What communities and their moderators said lately, to be fetched by its id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, UtcTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "group_activity",
        sa.Column("id", BigInt, autoincrement=False, nullable=False),
        sa.Column("community_id", BigInt, nullable=False),
        sa.Column("object_id", BigInt, nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("telling", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["actor.id"], name="fk_group_activity_community_id_actor",
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_group_activity"))
    op.create_index("ix_group_activity_community_id", "group_activity", ["community_id"], unique=False)
    op.create_index("ix_group_activity_created_at", "group_activity", ["created_at"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_table("group_activity")
