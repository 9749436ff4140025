"""Communities that who leads them gave up, and may open again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import UtcTime

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table('community', schema=None) as batch_op:
        batch_op.add_column(sa.Column('closed_at', UtcTime(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('community', schema=None) as batch_op:
        batch_op.drop_column('closed_at')
