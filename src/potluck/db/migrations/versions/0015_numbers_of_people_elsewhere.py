"""Numbers on profiles of people elsewhere, as their own server says them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, UtcTime

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table('actor', schema=None) as batch_op:
        batch_op.add_column(sa.Column('remote_followers', BigInt, nullable=True))
        batch_op.add_column(sa.Column('remote_following', BigInt, nullable=True))
        batch_op.add_column(sa.Column('remote_posts', BigInt, nullable=True))
        batch_op.add_column(sa.Column('counted_at', UtcTime(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('actor', schema=None) as batch_op:
        batch_op.drop_column('counted_at')
        batch_op.drop_column('remote_posts')
        batch_op.drop_column('remote_following')
        batch_op.drop_column('remote_followers')
