"""The index of posts. What there is already is indexed in the background, by `social.post_index_fill`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from potluck.db.base import BigInt, UtcTime, now

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

_SQLITE = (
    ("CREATE VIRTUAL TABLE post_index_fts USING fts5("
     "terms, content='post_index', content_rowid='object_id', tokenize='ascii', columnsize=0)"),
    ("CREATE TRIGGER post_index_insert AFTER INSERT ON post_index BEGIN"
     " INSERT INTO post_index_fts(rowid, terms) VALUES (new.object_id, new.terms); END"),
    ("CREATE TRIGGER post_index_delete AFTER DELETE ON post_index BEGIN"
     " INSERT INTO post_index_fts(post_index_fts, rowid, terms) VALUES ('delete', old.object_id, old.terms); END"),
    ("CREATE TRIGGER post_index_update AFTER UPDATE ON post_index BEGIN"
     " INSERT INTO post_index_fts(post_index_fts, rowid, terms) VALUES ('delete', old.object_id, old.terms);"
     " INSERT INTO post_index_fts(rowid, terms) VALUES (new.object_id, new.terms); END"),
)


def upgrade() -> None:
    """Apply the change."""
    op.create_table('post_index_fill',
    sa.Column('actor_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('below_id', BigInt, nullable=True),
    sa.Column('total', BigInt, nullable=False),
    sa.Column('done', BigInt, nullable=False),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('actor_id', name=op.f('pk_post_index_fill'))
    )
    op.create_table('post_index',
    sa.Column('object_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('terms', sa.Text().with_variant(postgresql.TSVECTOR(), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_post_index_object_id_object'),
                            ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('object_id', name=op.f('pk_post_index'))
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE:
            op.execute(statement)
    else:
        op.execute("CREATE INDEX post_index_fts ON post_index USING gin (terms)")
    _fill()


def _fill() -> None:
    """Have all posts indexed that are there, if there are any (0: everyone's)."""
    if op.get_bind().scalar(sa.text("SELECT id FROM object LIMIT 1")) is not None:
        fill = sa.table("post_index_fill", sa.column("actor_id", BigInt), sa.column("below_id", BigInt),
                        sa.column("total", BigInt), sa.column("done", BigInt), sa.column("created_at", UtcTime()))
        op.execute(fill.insert().values(actor_id=0, below_id=None, total=0, done=0, created_at=now()))


def downgrade() -> None:
    """Take it back."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE post_index_fts")
    op.drop_table('post_index')
    op.drop_table('post_index_fill')
