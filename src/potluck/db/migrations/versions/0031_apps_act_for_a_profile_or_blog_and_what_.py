"""Apps act for a profile or blog, and what they deleted can come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, Json, UtcTime

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        'removed_post',
        sa.Column('id', BigInt, autoincrement=False, nullable=False),
        sa.Column('owner_id', BigInt, nullable=False),
        sa.Column('author_id', BigInt, nullable=False),
        sa.Column('url', sa.Text(), nullable=False),
        sa.Column('properties', Json, nullable=False),
        sa.Column('media_ids', Json, nullable=False),
        sa.Column('created_at', UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(['author_id'], ['actor.id'],
                                name=op.f('fk_removed_post_author_id_actor'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['owner_id'], ['actor.id'],
                                name=op.f('fk_removed_post_owner_id_actor'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_removed_post')),
        sa.UniqueConstraint('owner_id', 'url', name=op.f('uq_removed_post_owner_id_url'))
    )
    with op.batch_alter_table('removed_post', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_removed_post_author_id'), ['author_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_removed_post_created_at'), ['created_at'], unique=False)

    with op.batch_alter_table('oauth_code', schema=None) as batch_op:
        batch_op.add_column(sa.Column('site_id', BigInt, nullable=True))

    with op.batch_alter_table('oauth_token', schema=None) as batch_op:
        batch_op.add_column(sa.Column('site_id', BigInt, nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('oauth_token', schema=None) as batch_op:
        batch_op.drop_column('site_id')

    with op.batch_alter_table('oauth_code', schema=None) as batch_op:
        batch_op.drop_column('site_id')

    with op.batch_alter_table('removed_post', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_removed_post_created_at'))
        batch_op.drop_index(batch_op.f('ix_removed_post_author_id'))

    op.drop_table('removed_post')
