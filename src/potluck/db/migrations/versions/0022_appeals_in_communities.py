"""appeals in communities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, UtcTime

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('community_appeal',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('action_id', BigInt, nullable=False),
    sa.Column('community_id', BigInt, nullable=False),
    sa.Column('actor_id', BigInt, nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('accepted', sa.Boolean(), nullable=True),
    sa.Column('decided_at', UtcTime(), nullable=True),
    sa.Column('decider_id', BigInt, nullable=True),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['action_id'], ['mod_action.id'], name=op.f('fk_community_appeal_action_id_mod_action'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['actor_id'], ['actor.id'], name=op.f('fk_community_appeal_actor_id_actor'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['community_id'], ['actor.id'], name=op.f('fk_community_appeal_community_id_actor'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_community_appeal')),
    sa.UniqueConstraint('action_id', name=op.f('uq_community_appeal_action_id'))
    )
    with op.batch_alter_table('community_appeal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_community_appeal_actor_id'), ['actor_id'], unique=False)
        batch_op.create_index('ix_community_appeal_waiting', ['community_id', 'id'], unique=False, sqlite_where=sa.text('decided_at IS NULL'), postgresql_where=sa.text('decided_at IS NULL'))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('community_appeal', schema=None) as batch_op:
        batch_op.drop_index('ix_community_appeal_waiting', sqlite_where=sa.text('decided_at IS NULL'), postgresql_where=sa.text('decided_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_community_appeal_actor_id'))

    op.drop_table('community_appeal')
