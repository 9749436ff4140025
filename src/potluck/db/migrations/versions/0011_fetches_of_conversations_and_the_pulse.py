"""Fetches of what is missing of conversations, and when the inbox was last known to be open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, UtcTime

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('pulse',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('beat_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_pulse'))
    )
    op.create_table('thread_fetch',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('object_id', BigInt, nullable=False),
    sa.Column('root_id', BigInt, nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('found', BigInt, nullable=False),
    sa.Column('started_at', UtcTime(), nullable=False),
    sa.Column('finished_at', UtcTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_thread_fetch'))
    )
    for name in ('object_id', 'root_id', 'started_at'):
        op.create_index(op.f(f'ix_thread_fetch_{name}'), 'thread_fetch', [name], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_table('thread_fetch')
    op.drop_table('pulse')
