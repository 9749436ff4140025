"""deletions that can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_WITHDRAWN = sa.text("state = 'withdrawn'")


def upgrade() -> None:
    """Apply the change."""
    op.create_index("ix_object_withdrawn", "object", ["author_id", "id"], sqlite_where=_WITHDRAWN,
                    postgresql_where=_WITHDRAWN)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_object_withdrawn", "object")
