"""Rules, texts, announcements, push."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, Json, UtcTime

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('announcement',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('starts_at', UtcTime(), nullable=True),
    sa.Column('ends_at', UtcTime(), nullable=True),
    sa.Column('all_day', sa.Boolean(), nullable=False),
    sa.Column('mention_ids', Json, nullable=False),
    sa.Column('object_ids', Json, nullable=False),
    sa.Column('hashtags', Json, nullable=False),
    sa.Column('emojis', Json, nullable=False),
    sa.Column('scheduled_at', UtcTime(), nullable=True),
    sa.Column('published_at', UtcTime(), nullable=True),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.Column('updated_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_announcement'))
    )
    with op.batch_alter_table('announcement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_announcement_published_at'), ['published_at'], unique=False)

    op.create_table('kept_value',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_kept_value'))
    )
    op.create_table('server_rule',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('position', BigInt, nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('hint', sa.Text(), nullable=False),
    sa.Column('translations', Json, nullable=False),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.Column('updated_at', UtcTime(), nullable=False),
    sa.Column('deleted_at', UtcTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_server_rule'))
    )
    op.create_table('site_text',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('updated_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_site_text'))
    )
    op.create_table('terms',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('changelog', sa.Text(), nullable=False),
    sa.Column('effective_date', sa.Date(), nullable=False),
    sa.Column('published_at', UtcTime(), nullable=True),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_terms')),
    sa.UniqueConstraint('effective_date', name=op.f('uq_terms_effective_date'))
    )
    op.create_table('announcement_dismissal',
    sa.Column('announcement_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('actor_id', BigInt, autoincrement=False, nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['actor.id'], name=op.f('fk_announcement_dismissal_actor_id_actor'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['announcement_id'], ['announcement.id'], name=op.f('fk_announcement_dismissal_announcement_id_announcement'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('announcement_id', 'actor_id', name=op.f('pk_announcement_dismissal'))
    )
    with op.batch_alter_table('announcement_dismissal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_announcement_dismissal_actor_id'), ['actor_id'], unique=False)

    op.create_table('announcement_reaction',
    sa.Column('announcement_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('actor_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('url', sa.Text(), nullable=True),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['actor.id'], name=op.f('fk_announcement_reaction_actor_id_actor'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['announcement_id'], ['announcement.id'], name=op.f('fk_announcement_reaction_announcement_id_announcement'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('announcement_id', 'name', 'actor_id', name=op.f('pk_announcement_reaction'))
    )
    with op.batch_alter_table('announcement_reaction', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_announcement_reaction_actor_id'), ['actor_id'], unique=False)

    op.create_table('suggestion_dismissal',
    sa.Column('actor_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('target_id', BigInt, autoincrement=False, nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['actor.id'], name=op.f('fk_suggestion_dismissal_actor_id_actor'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['target_id'], ['actor.id'], name=op.f('fk_suggestion_dismissal_target_id_actor'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('actor_id', 'target_id', name=op.f('pk_suggestion_dismissal'))
    )
    op.create_table('push_subscription',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('token_id', BigInt, nullable=False),
    sa.Column('actor_id', BigInt, nullable=False),
    sa.Column('endpoint', sa.Text(), nullable=False),
    sa.Column('p256dh', sa.Text(), nullable=False),
    sa.Column('auth', sa.Text(), nullable=False),
    sa.Column('standard', sa.Boolean(), nullable=False),
    sa.Column('alerts', Json, nullable=False),
    sa.Column('policy', sa.Text(), nullable=False),
    sa.Column('sealed_token', sa.Text(), nullable=False),
    sa.Column('failures', BigInt, nullable=False),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.Column('updated_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['actor.id'], name=op.f('fk_push_subscription_actor_id_actor'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['token_id'], ['oauth_token.id'], name=op.f('fk_push_subscription_token_id_oauth_token'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_push_subscription')),
    sa.UniqueConstraint('token_id', name=op.f('uq_push_subscription_token_id'))
    )
    with op.batch_alter_table('push_subscription', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_push_subscription_actor_id'), ['actor_id'], unique=False)

    op.create_table('push_message',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('subscription_id', BigInt, nullable=False),
    sa.Column('notification_id', BigInt, nullable=False),
    sa.Column('attempts', BigInt, nullable=False),
    sa.Column('due_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['notification_id'], ['notification.id'], name=op.f('fk_push_message_notification_id_notification'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['subscription_id'], ['push_subscription.id'], name=op.f('fk_push_message_subscription_id_push_subscription'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_push_message'))
    )
    with op.batch_alter_table('push_message', schema=None) as batch_op:
        batch_op.create_index('ix_push_message_due', ['due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_push_message_notification_id'), ['notification_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_push_message_subscription_id'), ['subscription_id'], unique=False)



def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('push_message', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_push_message_subscription_id'))
        batch_op.drop_index(batch_op.f('ix_push_message_notification_id'))
        batch_op.drop_index('ix_push_message_due')

    op.drop_table('push_message')
    with op.batch_alter_table('push_subscription', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_push_subscription_actor_id'))

    op.drop_table('push_subscription')
    op.drop_table('suggestion_dismissal')
    with op.batch_alter_table('announcement_reaction', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_announcement_reaction_actor_id'))

    op.drop_table('announcement_reaction')
    with op.batch_alter_table('announcement_dismissal', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_announcement_dismissal_actor_id'))

    op.drop_table('announcement_dismissal')
    op.drop_table('terms')
    op.drop_table('site_text')
    op.drop_table('server_rule')
    op.drop_table('kept_value')
    with op.batch_alter_table('announcement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_announcement_published_at'))

    op.drop_table('announcement')
