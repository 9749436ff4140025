"""Scheduled posts, drafts, notification policies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, Json, UtcTime

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('kept_draft',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('owner_id', BigInt, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('request', Json, nullable=False),
    sa.Column('media_ids', Json, nullable=False),
    sa.Column('updated_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['actor.id'], name=op.f('fk_kept_draft_owner_id_actor'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_draft'))
    )
    with op.batch_alter_table('kept_draft', schema=None) as batch_op:
        batch_op.create_index('ix_kept_draft_owner', ['owner_id', 'id'], unique=False)

    op.create_table('notification_permission',
    sa.Column('reader_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('actor_id', BigInt, autoincrement=False, nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['actor.id'], name=op.f('fk_notification_permission_actor_id_actor'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['reader_id'], ['actor.id'], name=op.f('fk_notification_permission_reader_id_actor'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('reader_id', 'actor_id', name=op.f('pk_notification_permission'))
    )
    op.create_table('notification_policy',
    sa.Column('actor_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('for_not_following', sa.Text(), nullable=False),
    sa.Column('for_not_followers', sa.Text(), nullable=False),
    sa.Column('for_new_accounts', sa.Text(), nullable=False),
    sa.Column('for_private_mentions', sa.Text(), nullable=False),
    sa.Column('for_limited_accounts', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['actor.id'], name=op.f('fk_notification_policy_actor_id_actor'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('actor_id', name=op.f('pk_notification_policy'))
    )
    op.create_table('notification_request',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('reader_id', BigInt, nullable=False),
    sa.Column('actor_id', BigInt, nullable=False),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.Column('updated_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['actor.id'], name=op.f('fk_notification_request_actor_id_actor'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['reader_id'], ['actor.id'], name=op.f('fk_notification_request_reader_id_actor'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notification_request')),
    sa.UniqueConstraint('reader_id', 'actor_id', name=op.f('uq_notification_request_reader_id_actor_id'))
    )
    with op.batch_alter_table('notification_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notification_request_actor_id'), ['actor_id'], unique=False)
        batch_op.create_index('ix_notification_request_reader', ['reader_id', 'id'], unique=False)

    op.create_table('scheduled_post',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('owner_id', BigInt, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('scheduled_at', UtcTime(), nullable=False),
    sa.Column('request', Json, nullable=False),
    sa.Column('media_ids', Json, nullable=False),
    sa.Column('app_id', BigInt, nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['actor.id'], name=op.f('fk_scheduled_post_owner_id_actor'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_scheduled_post'))
    )
    with op.batch_alter_table('scheduled_post', schema=None) as batch_op:
        batch_op.create_index('ix_scheduled_post_owner', ['owner_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_scheduled_post_scheduled_at'), ['scheduled_at'], unique=False)

    op.create_table('severance',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('reader_id', BigInt, nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('target_name', sa.Text(), nullable=False),
    sa.Column('followers_count', BigInt, nullable=False),
    sa.Column('following_count', BigInt, nullable=False),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['reader_id'], ['actor.id'], name=op.f('fk_severance_reader_id_actor'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_severance'))
    )
    with op.batch_alter_table('severance', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_severance_reader_id'), ['reader_id'], unique=False)

    with op.batch_alter_table('notification', schema=None) as batch_op:
        batch_op.add_column(sa.Column('event_id', BigInt, nullable=True))
        batch_op.add_column(sa.Column('warning_id', BigInt, nullable=True))



def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('notification', schema=None) as batch_op:
        batch_op.drop_column('warning_id')
        batch_op.drop_column('event_id')

    with op.batch_alter_table('severance', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_severance_reader_id'))

    op.drop_table('severance')
    with op.batch_alter_table('scheduled_post', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_scheduled_post_scheduled_at'))
        batch_op.drop_index('ix_scheduled_post_owner')

    op.drop_table('scheduled_post')
    with op.batch_alter_table('notification_request', schema=None) as batch_op:
        batch_op.drop_index('ix_notification_request_reader')
        batch_op.drop_index(batch_op.f('ix_notification_request_actor_id'))

    op.drop_table('notification_request')
    op.drop_table('notification_policy')
    op.drop_table('notification_permission')
    with op.batch_alter_table('kept_draft', schema=None) as batch_op:
        batch_op.drop_index('ix_kept_draft_owner')

    op.drop_table('kept_draft')
