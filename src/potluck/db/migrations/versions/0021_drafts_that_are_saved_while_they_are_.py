"""Drafts that are saved while they are written, with what they said before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from potluck.db.base import BigInt, Json, UtcTime

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('kept_draft_version',
    sa.Column('id', BigInt, autoincrement=False, nullable=False),
    sa.Column('draft_id', BigInt, nullable=False),
    sa.Column('revision', BigInt, nullable=False),
    sa.Column('request', Json, nullable=False),
    sa.Column('size', BigInt, nullable=False),
    sa.Column('opening', sa.Text(), nullable=False),
    sa.Column('saved_at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['kept_draft.id'], name=op.f('fk_kept_draft_version_draft_id_kept_draft'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_draft_version'))
    )
    with op.batch_alter_table('kept_draft_version', schema=None) as batch_op:
        batch_op.create_index('ix_kept_draft_version_draft', ['draft_id', 'id'], unique=False)

    with op.batch_alter_table('kept_draft', schema=None) as batch_op:
        batch_op.add_column(sa.Column('opening', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('revision', BigInt, server_default='1', nullable=False))
        batch_op.add_column(sa.Column('saved_by', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('key', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('object_id', BigInt, nullable=True))
        batch_op.create_index(batch_op.f('ix_kept_draft_object_id'), ['object_id'], unique=False)
        batch_op.create_unique_constraint(batch_op.f('uq_kept_draft_owner_id_key'), ['owner_id', 'key'])
        batch_op.create_unique_constraint(batch_op.f('uq_kept_draft_owner_id_object_id'), ['owner_id', 'object_id'])
        batch_op.create_foreign_key(batch_op.f('fk_kept_draft_object_id_object'), 'object', ['object_id'], ['id'], ondelete='SET NULL')
    _fill_openings(op.get_bind())


def _fill_openings(connection: sa.Connection) -> None:
    """The first words of the drafts there are."""
    drafts = sa.table('kept_draft', sa.column('id', BigInt), sa.column('request', Json), sa.column('opening', sa.Text()))
    rows = connection.execute(sa.select(drafts.c.id, drafts.c.request)).all()
    openings = [{'draft': draft_id, 'words': _opening(request)} for draft_id, request in rows]
    if openings:
        connection.execute(drafts.update().where(drafts.c.id == sa.bindparam('draft')).values(
            opening=sa.bindparam('words')), openings)


def _opening(request: dict[str, str]) -> str:
    text = ' '.join(f"{request.get('summary') or ''} {request.get('text') or ''}".split())
    return text[:140] + '…' if len(text) > 140 else text


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('kept_draft', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_kept_draft_object_id_object'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_kept_draft_owner_id_object_id'), type_='unique')
        batch_op.drop_constraint(batch_op.f('uq_kept_draft_owner_id_key'), type_='unique')
        batch_op.drop_index(batch_op.f('ix_kept_draft_object_id'))
        batch_op.drop_column('object_id')
        batch_op.drop_column('key')
        batch_op.drop_column('saved_by')
        batch_op.drop_column('revision')
        batch_op.drop_column('opening')

    with op.batch_alter_table('kept_draft_version', schema=None) as batch_op:
        batch_op.drop_index('ix_kept_draft_version_draft')

    op.drop_table('kept_draft_version')
