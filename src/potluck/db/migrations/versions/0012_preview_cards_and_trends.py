"""Preview cards and trends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, UtcTime

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('preview_card',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('image_url', sa.Text(), nullable=True),
    sa.Column('image_description', sa.Text(), nullable=False),
    sa.Column('width', BigInt, nullable=False),
    sa.Column('height', BigInt, nullable=False),
    sa.Column('author_name', sa.Text(), nullable=False),
    sa.Column('author_url', sa.Text(), nullable=False),
    sa.Column('author_id', BigInt, nullable=True),
    sa.Column('provider_name', sa.Text(), nullable=False),
    sa.Column('provider_url', sa.Text(), nullable=False),
    sa.Column('player_url', sa.Text(), nullable=True),
    sa.Column('language', sa.Text(), nullable=True),
    sa.Column('published', UtcTime(), nullable=True),
    sa.Column('attempts', BigInt, nullable=False),
    sa.Column('due_at', UtcTime(), nullable=True),
    sa.Column('fetched_at', UtcTime(), nullable=True),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_preview_card')),
    sa.UniqueConstraint('url', name=op.f('uq_preview_card_url'))
    )
    with op.batch_alter_table('preview_card', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_preview_card_due_at'), ['due_at'], unique=False)

    op.create_table('trend_day',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('day', BigInt, autoincrement=False, nullable=False),
    sa.Column('subject_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('uses', BigInt, nullable=False),
    sa.Column('people', BigInt, nullable=False),
    sa.PrimaryKeyConstraint('kind', 'day', 'subject_id', name=op.f('pk_trend_day'))
    )
    op.create_table('object_card',
    sa.Column('object_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('card_id', BigInt, nullable=False),
    sa.ForeignKeyConstraint(['card_id'], ['preview_card.id'], name=op.f('fk_object_card_card_id_preview_card'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_object_card_object_id_object'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('object_id', name=op.f('pk_object_card'))
    )
    with op.batch_alter_table('object_card', schema=None) as batch_op:
        batch_op.create_index('ix_object_card_card', ['card_id', 'object_id'], unique=False)

    op.create_table('trending_object',
    sa.Column('object_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('rank', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_trending_object_object_id_object'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('object_id', name=op.f('pk_trending_object'))
    )
    with op.batch_alter_table('trending_object', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_trending_object_rank'), ['rank'], unique=False)



def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('trending_object', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_trending_object_rank'))

    op.drop_table('trending_object')
    with op.batch_alter_table('object_card', schema=None) as batch_op:
        batch_op.drop_index('ix_object_card_card')

    op.drop_table('object_card')
    op.drop_table('trend_day')
    with op.batch_alter_table('preview_card', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_preview_card_due_at'))

    op.drop_table('preview_card')
