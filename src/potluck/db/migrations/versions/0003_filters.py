"""Filters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, Json, UtcTime

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('content_filter',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('owner_id', BigInt, nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('contexts', Json, nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('expires_at', UtcTime(), nullable=True),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['actor.id'], name=op.f('fk_content_filter_owner_id_actor'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_content_filter'))
    )
    with op.batch_alter_table('content_filter', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_content_filter_owner_id'), ['owner_id'], unique=False)

    op.create_table('filter_keyword',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('filter_id', BigInt, nullable=False),
    sa.Column('keyword', sa.Text(), nullable=False),
    sa.Column('whole_word', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['filter_id'], ['content_filter.id'], name=op.f('fk_filter_keyword_filter_id_content_filter'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_filter_keyword'))
    )
    with op.batch_alter_table('filter_keyword', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_filter_keyword_filter_id'), ['filter_id'], unique=False)

    op.create_table('filter_status',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('filter_id', BigInt, nullable=False),
    sa.Column('object_id', BigInt, nullable=False),
    sa.ForeignKeyConstraint(['filter_id'], ['content_filter.id'], name=op.f('fk_filter_status_filter_id_content_filter'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_filter_status_object_id_object'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_filter_status')),
    sa.UniqueConstraint('filter_id', 'object_id', name=op.f('uq_filter_status_filter_id_object_id'))
    )
    with op.batch_alter_table('filter_status', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_filter_status_object_id'), ['object_id'], unique=False)



def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('filter_status', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_filter_status_object_id'))

    op.drop_table('filter_status')
    with op.batch_alter_table('filter_keyword', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_filter_keyword_filter_id'))

    op.drop_table('filter_keyword')
    with op.batch_alter_table('content_filter', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_content_filter_owner_id'))

    op.drop_table('content_filter')
