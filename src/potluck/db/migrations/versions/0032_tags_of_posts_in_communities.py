"""Tags of posts in communities, so that the posts with one can be listed."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_FLAIR = sa.table("post_flair", sa.column("community_id", BigInt), sa.column("name", sa.Text),
                  sa.column("object_id", BigInt))
_POSTS = sa.text(
    "SELECT group_post.object_id, group_post.community_id, object.extra FROM group_post"
    " JOIN object ON object.id = group_post.object_id"
    " WHERE CAST(object.extra AS TEXT) LIKE '%\"flairs\"%' AND group_post.object_id > :after"
    " ORDER BY group_post.object_id LIMIT 1000")


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "post_flair",
        sa.Column("community_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("object_id", BigInt, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["actor.id"], name="fk_post_flair_community_id_actor",
                                ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["object_id"], ["object.id"], name="fk_post_flair_object_id_object",
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("community_id", "name", "object_id", name="pk_post_flair"))
    op.create_index("ix_post_flair_object_id", "post_flair", ["object_id"], unique=False)
    _fill()


def _fill() -> None:
    bind, after = op.get_bind(), 0
    while rows := bind.execute(_POSTS, {"after": after}).all():
        after = rows[-1].object_id
        found = {(row.community_id, name, row.object_id) for row in rows for name in _names(row.extra)}
        if found:
            bind.execute(_FLAIR.insert(), [{"community_id": community_id, "name": name, "object_id": object_id}
                                           for community_id, name, object_id in sorted(found)])


def _names(extra: Any) -> list[str]:
    """As `social.communities.flairs.key` compared tags when this was written."""
    found = (json.loads(extra) if isinstance(extra, str) else extra or {}).get("flairs")
    names = [" ".join(str(name).split()).casefold()[:100] for name in found] if isinstance(found, list) else []
    return [name for name in names if name][:5]


def downgrade() -> None:
    """Take it back."""
    op.drop_table("post_flair")
