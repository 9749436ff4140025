"""Index of posts pinned to the site: every listing asked for them by reading all posts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_index("ix_group_post_site_pinned", "group_post", ["object_id"], unique=False,
                    sqlite_where=sa.text("site_pinned = 1"), postgresql_where=sa.text("site_pinned"))


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_group_post_site_pinned", table_name="group_post",
                  sqlite_where=sa.text("site_pinned = 1"), postgresql_where=sa.text("site_pinned"))
