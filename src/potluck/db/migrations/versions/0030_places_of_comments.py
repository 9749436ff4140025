"""Places of comments in their discussions, so that a page of one is read by an index; filled in steps.

Answers to something are found by an index that has their order, too.
"""

from __future__ import annotations

import time
from collections import Counter

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

_POSTS = 200  # whose comments are placed by one statement
_COMMENTS = 5000  # whose counts are added up by one statement
_DEEPEST = 200
_WARM = sa.text('hot > 0')

_SECONDS = {"sqlite": "o.published / 1000000", "postgresql": "CAST(floor(extract(epoch FROM o.published)) AS BIGINT)"}
_MARKED = {"sqlite": "COALESCE(json_extract(o.extra, '$.distinguished'), 0) = 1",
           "postgresql": "COALESCE(o.extra ->> 'distinguished', '') = 'true'"}

_PLACE = """
INSERT INTO comment_place
    (object_id, parent_id, below, marked, score, votes, published_s, hot, top, controversial)
SELECT id, parent_id, 0, marked, score, votes, published_s,
    lift + CASE WHEN hours >= 0 AND hours < 168
        THEN log10(CASE WHEN score > 0 THEN score + 2.0 ELSE 2.0 END) / pow(CASE WHEN hours > 0 THEN hours + 2 ELSE 2 END, 1.8)
        ELSE bounded - 1000001.0 END,
    lift + bounded,
    lift + CASE WHEN least > 0
        THEN pow(CAST(votes AS DOUBLE PRECISION), CAST(least AS DOUBLE PRECISION) / (votes - least)) ELSE 0.0 END
FROM (
    SELECT id, parent_id, marked, score, votes, published_s,
        CASE WHEN marked THEN 4000000.0 ELSE 0.0 END AS lift,
        CASE WHEN score > 1000000 THEN 1000000 WHEN score < -1000000 THEN -1000000 ELSE score END AS bounded,
        (CAST(:moment AS BIGINT) - published_s) / CAST(3600 AS DOUBLE PRECISION) AS hours,
        (votes - abs(score)) / 2 AS least
    FROM (
        SELECT o.id, o.in_reply_to_id AS parent_id, {marked} AS marked, o.likes_count - o.dislikes_count AS score,
            o.likes_count + o.dislikes_count AS votes, {seconds} AS published_s
        FROM group_post AS p JOIN object AS o ON o.thread_root_id = p.object_id
        WHERE p.object_id > :above AND p.object_id <= :until
            AND o.in_reply_to_id IS NOT NULL AND o.id <> p.object_id
    ) AS said
) AS counted
"""

_ABOVE = f"""
WITH RECURSIVE up (above, depth) AS (
    SELECT c.parent_id, 1 FROM comment_place AS c JOIN object AS o ON o.id = c.object_id
    WHERE c.object_id > :above AND c.object_id <= :until AND o.state = 'published' AND o.deleted_at IS NULL
        AND o.visibility IN ('public', 'unlisted', 'local', 'group')
    UNION ALL
    SELECT c.parent_id, up.depth + 1 FROM up JOIN comment_place AS c ON c.object_id = up.above
    WHERE up.depth < {_DEEPEST}
)
SELECT above, count(*) FROM up GROUP BY above
"""


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        'comment_place',
        sa.Column('object_id', BigInt, autoincrement=False, nullable=False),
        sa.Column('parent_id', BigInt, nullable=False),
        sa.Column('below', BigInt, nullable=False),
        sa.Column('marked', sa.Boolean(), nullable=False),
        sa.Column('score', BigInt, nullable=False),
        sa.Column('votes', BigInt, nullable=False),
        sa.Column('published_s', BigInt, nullable=False),
        sa.Column('hot', sa.Double(), nullable=False),
        sa.Column('top', sa.Double(), nullable=False),
        sa.Column('controversial', sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_comment_place_object_id_object'),
                                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('object_id', name=op.f('pk_comment_place')))
    _fill()
    with op.batch_alter_table('comment_place', schema=None) as batch_op:
        for column in ('hot', 'top', 'controversial'):
            batch_op.create_index(f'ix_comment_place_{column}', ['parent_id', column, 'object_id'], unique=False)
        batch_op.create_index('ix_comment_place_parent', ['parent_id', 'object_id'], unique=False)
        batch_op.create_index('ix_comment_place_warm', ['object_id'], unique=False, sqlite_where=_WARM,
                              postgresql_where=_WARM)
    with op.batch_alter_table('object', schema=None) as batch_op:
        batch_op.create_index('ix_object_answer', ['in_reply_to_id', 'id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_object_in_reply_to_id'))


def _fill() -> None:
    bind = op.get_bind()
    name = bind.dialect.name
    place = sa.text(_PLACE.format(marked=_MARKED[name], seconds=_SECONDS[name]))
    for above, until in _parts("group_post", _POSTS):
        bind.execute(place, {"above": above, "until": until, "moment": int(time.time())})
    counts: Counter[int] = Counter()
    for above, until in _parts("comment_place", _COMMENTS):
        counts.update(dict(bind.execute(sa.text(_ABOVE), {"above": above, "until": until}).all()))
    found = sorted(counts.items())
    for first in range(0, len(found), _COMMENTS):
        bind.execute(sa.text("UPDATE comment_place SET below = :below WHERE object_id = :id"),
                     [{"id": key, "below": below} for key, below in found[first:first + _COMMENTS]])


def _parts(table: str, size: int) -> list[tuple[int, int]]:
    """Ranges of ids, each with at most so many rows."""
    bind = op.get_bind()
    parts: list[tuple[int, int]] = []
    above = 0
    while True:
        until = bind.scalar(sa.text(
            f"SELECT max(object_id) FROM (SELECT object_id FROM {table} WHERE object_id > :above "
            "ORDER BY object_id LIMIT :size) AS part"), {"above": above, "size": size})
        if until is None:
            return parts
        parts.append((above, until))
        above = until


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('object', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_object_in_reply_to_id'), ['in_reply_to_id'], unique=False)
        batch_op.drop_index('ix_object_answer')
    op.drop_table('comment_place')
