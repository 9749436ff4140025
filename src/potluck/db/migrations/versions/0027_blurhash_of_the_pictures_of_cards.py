"""Blurhash of the pictures of cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    if op.get_bind().dialect.name == "postgresql":  # what is longer fits into no index; it was never taken on purpose
        op.execute("UPDATE preview_card SET image_url = NULL WHERE octet_length(image_url) > 2048")
    with op.batch_alter_table('preview_card', schema=None) as batch_op:
        batch_op.add_column(sa.Column('blurhash', sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f('ix_preview_card_image_url'), ['image_url'], unique=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('preview_card', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_preview_card_image_url'))
        batch_op.drop_column('blurhash')
