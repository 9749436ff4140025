"""Index of the best posts by slots of three hours: the best of a week are found without sorting all of the week."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_index("ix_group_post_slot", "group_post", [sa.text("(published_s / 10800)"), "score", "object_id"],
                    unique=False, sqlite_where=sa.text("listed = 1"), postgresql_where=sa.text("listed"))


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_group_post_slot", table_name="group_post",
                  sqlite_where=sa.text("listed = 1"), postgresql_where=sa.text("listed"))
