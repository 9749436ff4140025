"""Posts that readers hid, and indexes by which the newest comments of communities and people are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, UtcTime

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

_COMMENT = sa.text("group_id IS NOT NULL AND in_reply_to_uri IS NOT NULL")
_INDEXES = {"ix_object_comment": ["id"], "ix_object_group_comment": ["group_id", "id"],
            "ix_object_author_comment": ["author_id", "id"]}


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        'post_hidden',
        sa.Column('actor_id', BigInt, autoincrement=False, nullable=False),
        sa.Column('object_id', BigInt, autoincrement=False, nullable=False),
        sa.Column('created_at', UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(['actor_id'], ['actor.id'], name=op.f('fk_post_hidden_actor_id_actor'),
                                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_post_hidden_object_id_object'),
                                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('actor_id', 'object_id', name=op.f('pk_post_hidden')))
    with op.batch_alter_table('post_hidden', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_post_hidden_object_id'), ['object_id'], unique=False)
    with op.batch_alter_table('object', schema=None) as batch_op:
        for name, columns in _INDEXES.items():
            batch_op.create_index(name, columns, unique=False, sqlite_where=_COMMENT, postgresql_where=_COMMENT)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('object', schema=None) as batch_op:
        for name in _INDEXES:
            batch_op.drop_index(name)
    with op.batch_alter_table('post_hidden', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_post_hidden_object_id'))
    op.drop_table('post_hidden')
