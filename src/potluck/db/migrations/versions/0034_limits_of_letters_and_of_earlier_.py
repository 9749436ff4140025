"""limits of letters and of earlier versions of drafts."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("blog_subscriber", schema=None) as batch_op:
        batch_op.create_index("ix_blog_subscriber_email", ["email", "created_at"], unique=False)

    with op.batch_alter_table("kept_draft_version", schema=None) as batch_op:
        batch_op.drop_index("ix_kept_draft_version_draft")
        batch_op.create_index("ix_kept_draft_version_sizes", ["draft_id", "id", "size", "saved_at"], unique=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("kept_draft_version", schema=None) as batch_op:
        batch_op.drop_index("ix_kept_draft_version_sizes")
        batch_op.create_index("ix_kept_draft_version_draft", ["draft_id", "id"], unique=False)

    with op.batch_alter_table("blog_subscriber", schema=None) as batch_op:
        batch_op.drop_index("ix_blog_subscriber_email")

