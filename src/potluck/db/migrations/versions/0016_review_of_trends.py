"""Review of trends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, UtcTime

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('link_publisher',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('domain', sa.Text(), nullable=False),
    sa.Column('trendable', sa.Boolean(), nullable=True),
    sa.Column('reviewed_at', UtcTime(), nullable=True),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_link_publisher')),
    sa.UniqueConstraint('domain', name=op.f('uq_link_publisher_domain'))
    )
    op.create_table('trend_review',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('subject_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('trendable', sa.Boolean(), nullable=False),
    sa.Column('reviewed_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'subject_id', name=op.f('pk_trend_review'))
    )
    with op.batch_alter_table('hashtag', schema=None) as batch_op:
        batch_op.add_column(sa.Column('usable', sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column('listable', sa.Boolean(), nullable=False, server_default=sa.true()))



def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('hashtag', schema=None) as batch_op:
        batch_op.drop_column('listable')
        batch_op.drop_column('usable')

    op.drop_table('trend_review')
    op.drop_table('link_publisher')
