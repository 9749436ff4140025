"""Stored files, variants, uploads and the cache of remote files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, Json, UtcTime

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('stored_file',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('size', BigInt, nullable=False),
    sa.Column('media_type', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.Column('used_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stored_file')),
    sa.UniqueConstraint('digest', name=op.f('uq_stored_file_digest')),
    sa.UniqueConstraint('key', name=op.f('uq_stored_file_key'))
    )
    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stored_file_used_at'), ['used_at'], unique=False)

    op.create_table('remote_file',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('url_hash', sa.Text(), nullable=False),
    sa.Column('variant', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('host', sa.Text(), nullable=False),
    sa.Column('file_id', BigInt, nullable=True),
    sa.Column('size', BigInt, nullable=False),
    sa.Column('media_type', sa.Text(), nullable=True),
    sa.Column('failures', BigInt, nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('retry_at', UtcTime(), nullable=True),
    sa.Column('fetched_at', UtcTime(), nullable=False),
    sa.Column('viewed_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_remote_file_file_id_stored_file')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_remote_file')),
    sa.UniqueConstraint('url_hash', 'variant', name=op.f('uq_remote_file_url_hash_variant'))
    )
    with op.batch_alter_table('remote_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_remote_file_file_id'), ['file_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_remote_file_host'), ['host'], unique=False)
        batch_op.create_index('ix_remote_file_viewed', ['viewed_at', 'size'], unique=False)

    op.create_table('upload',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('owner_id', BigInt, nullable=False),
    sa.Column('length', BigInt, nullable=False),
    sa.Column('details', Json, nullable=False),
    sa.Column('media_id', BigInt, nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('expires_at', UtcTime(), nullable=False),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['actor.id'], name=op.f('fk_upload_owner_id_actor'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_upload')),
    sa.UniqueConstraint('name', name=op.f('uq_upload_name'))
    )
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_upload_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_upload_owner_id'), ['owner_id'], unique=False)

    op.create_table('media_variant',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('media_id', BigInt, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('file_id', BigInt, nullable=False),
    sa.Column('owner_id', BigInt, nullable=True),
    sa.Column('size', BigInt, nullable=False),
    sa.Column('media_type', sa.Text(), nullable=False),
    sa.Column('width', BigInt, nullable=True),
    sa.Column('height', BigInt, nullable=True),
    sa.Column('duration', sa.Double(), nullable=True),
    sa.Column('bitrate', BigInt, nullable=True),
    sa.Column('meta', Json, nullable=False),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_media_variant_file_id_stored_file')),
    sa.ForeignKeyConstraint(['media_id'], ['media.id'], name=op.f('fk_media_variant_media_id_media'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_media_variant')),
    sa.UniqueConstraint('media_id', 'name', name=op.f('uq_media_variant_media_id_name'))
    )
    with op.batch_alter_table('media_variant', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_media_variant_file_id'), ['file_id'], unique=False)
        batch_op.create_index('ix_media_variant_owner', ['owner_id', 'size'], unique=False)

    with op.batch_alter_table('media', schema=None) as batch_op:
        batch_op.add_column(sa.Column('purpose', sa.Text(), server_default='attachment', nullable=False))
        batch_op.add_column(sa.Column('error', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('loose_since', UtcTime(), nullable=True))

    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('media_quota', BigInt, nullable=True))



def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.drop_column('media_quota')

    with op.batch_alter_table('media', schema=None) as batch_op:
        batch_op.drop_column('loose_since')
        batch_op.drop_column('error')
        batch_op.drop_column('purpose')

    with op.batch_alter_table('media_variant', schema=None) as batch_op:
        batch_op.drop_index('ix_media_variant_owner')
        batch_op.drop_index(batch_op.f('ix_media_variant_file_id'))

    op.drop_table('media_variant')
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_upload_owner_id'))
        batch_op.drop_index(batch_op.f('ix_upload_expires_at'))

    op.drop_table('upload')
    with op.batch_alter_table('remote_file', schema=None) as batch_op:
        batch_op.drop_index('ix_remote_file_viewed')
        batch_op.drop_index(batch_op.f('ix_remote_file_host'))
        batch_op.drop_index(batch_op.f('ix_remote_file_file_id'))

    op.drop_table('remote_file')
    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_stored_file_used_at'))

    op.drop_table('stored_file')
