"""Conversations by who takes part: those of different people below one post part."""

from __future__ import annotations

from collections import defaultdict
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, Json
from potluck.db.ids import ids

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

_CHUNK = 200
_CONVERSATION = sa.table(
    "conversation", sa.column("id", BigInt), sa.column("reader_id", BigInt), sa.column("thread_root_id", BigInt),
    sa.column("participants", sa.Text), sa.column("last_object_id", BigInt), sa.column("participant_ids", Json),
    sa.column("unread", sa.Boolean))
_MESSAGE = sa.table("conversation_message", sa.column("conversation_id", BigInt), sa.column("object_id", BigInt))
_OBJECT = sa.table(
    "object", sa.column("id", BigInt), sa.column("author_id", BigInt), sa.column("thread_root_id", BigInt),
    sa.column("visibility", sa.Text), sa.column("deleted_at", BigInt), sa.column("state", sa.Text))
_MENTION = sa.table("mention", sa.column("object_id", BigInt), sa.column("actor_id", BigInt))


def upgrade() -> None:
    """Apply the change."""
    op.create_table('conversation_message',
    sa.Column('conversation_id', BigInt, autoincrement=False, nullable=False),
    sa.Column('object_id', BigInt, autoincrement=False, nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'],
                            name=op.f('fk_conversation_message_conversation_id_conversation'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_conversation_message_object_id_object'),
                            ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('conversation_id', 'object_id', name=op.f('pk_conversation_message'))
    )
    op.create_index(op.f('ix_conversation_message_object_id'), 'conversation_message', ['object_id'], unique=False)
    with op.batch_alter_table('conversation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('participants', sa.Text(), nullable=False, server_default=""))
        batch_op.drop_constraint('uq_conversation_reader_id_thread_root_id', type_='unique')
        batch_op.create_unique_constraint('uq_conversation_reader_id_thread_root_id_participants',
                                          ['reader_id', 'thread_root_id', 'participants'])
    with op.batch_alter_table('conversation', schema=None) as batch_op:
        batch_op.alter_column('participants', server_default=None)
    _part()


def _part() -> None:
    """Part the conversations there are, some hundreds at a time."""
    last, end = 0, op.get_bind().scalar(sa.select(sa.func.max(_CONVERSATION.c.id))) or 0
    while rows := op.get_bind().execute(sa.select(_CONVERSATION).where(
            _CONVERSATION.c.id > last, _CONVERSATION.c.id <= end).order_by(_CONVERSATION.c.id).limit(_CHUNK)).all():
        last = rows[-1].id
        _part_some(rows)


def _part_some(rows: Any) -> None:
    messages = _messages({row.thread_root_id for row in rows})
    made, entered = [], []
    for row in rows:
        groups = _groups(row, messages[row.thread_root_id])
        if not groups:  # nothing of it is left to be read
            groups = [(tuple(sorted(row.participant_ids)), [])]
        for number, (others, object_ids) in enumerate(groups):
            values = {"participants": _key(others), "participant_ids": list(others),
                      "last_object_id": object_ids[0] if object_ids else row.last_object_id}
            if number == 0:  # the one with the newest message keeps the row, and whether it was read
                op.get_bind().execute(sa.update(_CONVERSATION).where(_CONVERSATION.c.id == row.id).values(values))
                conversation_id = row.id
            else:
                conversation_id = ids.new()
                made.append({**values, "id": conversation_id, "reader_id": row.reader_id,
                             "thread_root_id": row.thread_root_id, "unread": False})
            entered += [{"conversation_id": conversation_id, "object_id": found} for found in object_ids]
    if made:
        op.get_bind().execute(sa.insert(_CONVERSATION), made)
    if entered:
        op.get_bind().execute(sa.insert(_MESSAGE), entered)


def _groups(row: Any, messages: list[tuple[int, frozenset[int]]]) -> list[tuple[tuple[int, ...], list[int]]]:
    """Who took part besides the reader -> their messages, newest first; the group of the newest message is first."""
    found: dict[tuple[int, ...], list[int]] = {}
    for object_id, people in messages:
        if row.reader_id in people:
            found.setdefault(tuple(sorted(people - {row.reader_id})), []).append(object_id)
    return list(found.items())


def _messages(roots: set[int]) -> dict[int, list[tuple[int, frozenset[int]]]]:
    """Private messages of threads, newest first, with all who are in them."""
    bind = op.get_bind()
    rows = bind.execute(sa.select(_OBJECT.c.id, _OBJECT.c.author_id, _OBJECT.c.thread_root_id).where(
        _OBJECT.c.thread_root_id.in_(roots), _OBJECT.c.visibility == "direct", _OBJECT.c.deleted_at.is_(None),
        _OBJECT.c.state == "published").order_by(_OBJECT.c.id.desc())).all()
    people = {row.id: {row.author_id} for row in rows}
    wanted = list(people)
    for first in range(0, len(wanted), 1000):
        for object_id, actor_id in bind.execute(sa.select(_MENTION.c.object_id, _MENTION.c.actor_id).where(
                _MENTION.c.object_id.in_(wanted[first:first + 1000]))):
            people[object_id].add(actor_id)
    found: dict[int, list[tuple[int, frozenset[int]]]] = defaultdict(list)
    for row in rows:
        found[row.thread_root_id].append((row.id, frozenset(people[row.id])))
    return found


def _key(others: tuple[int, ...]) -> str:
    return blake2b(",".join(map(str, others)).encode(), digest_size=16).hexdigest()


def downgrade() -> None:
    """Take it back: of several conversations in one thread the newest stays."""
    older = sa.alias(_CONVERSATION)
    op.execute(sa.delete(_CONVERSATION).where(sa.exists().where(
        older.c.reader_id == _CONVERSATION.c.reader_id, older.c.thread_root_id == _CONVERSATION.c.thread_root_id,
        older.c.last_object_id > _CONVERSATION.c.last_object_id)))
    op.drop_table('conversation_message')
    with op.batch_alter_table('conversation', schema=None) as batch_op:
        batch_op.drop_constraint('uq_conversation_reader_id_thread_root_id_participants', type_='unique')
        batch_op.create_unique_constraint('uq_conversation_reader_id_thread_root_id', ['reader_id', 'thread_root_id'])
        batch_op.drop_column('participants')
