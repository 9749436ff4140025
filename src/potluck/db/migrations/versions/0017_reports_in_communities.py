"""reports in communities and unread mentions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, UtcTime

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('community_report',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('report_id', BigInt, nullable=False),
    sa.Column('community_id', BigInt, nullable=False),
    sa.Column('object_id', BigInt, nullable=False),
    sa.Column('title', sa.Text(), nullable=True),
    sa.Column('link', sa.Text(), nullable=True),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('resolved_at', UtcTime(), nullable=True),
    sa.Column('resolver_id', BigInt, nullable=True),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['actor.id'], name=op.f('fk_community_report_community_id_actor'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_community_report_object_id_object'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_community_report_report_id_report'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_community_report')),
    sa.UniqueConstraint('report_id', 'object_id', name=op.f('uq_community_report_report_id_object_id'))
    )
    with op.batch_alter_table('community_report', schema=None) as batch_op:
        batch_op.create_index('ix_community_report_community', ['community_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_community_report_object_id'), ['object_id'], unique=False)
        batch_op.create_index('ix_community_report_open', ['community_id', 'id'], unique=False, sqlite_where=sa.text('resolved_at IS NULL'), postgresql_where=sa.text('resolved_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_community_report_report_id'), ['report_id'], unique=False)

    with op.batch_alter_table('notification', schema=None) as batch_op:
        batch_op.add_column(sa.Column('unread', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index('ix_notification_unread', ['reader_id', 'id'], unique=False, sqlite_where=sa.text('unread = 1'), postgresql_where=sa.text('unread'))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('notification', schema=None) as batch_op:
        batch_op.drop_index('ix_notification_unread', sqlite_where=sa.text('unread = 1'), postgresql_where=sa.text('unread'))
        batch_op.drop_column('unread')

    with op.batch_alter_table('community_report', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_community_report_report_id'))
        batch_op.drop_index('ix_community_report_open', sqlite_where=sa.text('resolved_at IS NULL'), postgresql_where=sa.text('resolved_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_community_report_object_id'))
        batch_op.drop_index('ix_community_report_community')

    op.drop_table('community_report')
