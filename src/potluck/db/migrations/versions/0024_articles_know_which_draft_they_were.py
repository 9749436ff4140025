"""Articles know which draft they were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table('article', schema=None) as batch_op:
        batch_op.add_column(sa.Column('draft_id', BigInt, nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_article_draft_id'), ['draft_id'])


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('article', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_article_draft_id'), type_='unique')
        batch_op.drop_column('draft_id')
