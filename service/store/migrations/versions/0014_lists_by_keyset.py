"""Indexes that go on with their list's key; a print that is done has an identity, if only an unknown one."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

THERE = sa.text('deleted_at IS NULL')
NOTHING_FOUND = """INSERT INTO identities (print_id, state, patient_id, identity, verdict, changed_at)
 SELECT prints.id, 'unknown', '', '{}', '{"candidates": [], "disagree": []}', %d FROM prints JOIN jobs ON jobs.id = prints.id
 WHERE jobs.state = 'done' AND NOT EXISTS (SELECT 1 FROM identities WHERE identities.print_id = prints.id)"""


def upgrade() -> None:
    op.drop_index('ix_jobs_state', table_name='jobs')
    op.create_index('ix_jobs_state', 'jobs', ['state', 'id'], unique=False)
    op.drop_index('ix_jobs_ordered_at', table_name='jobs')
    op.create_index('ix_jobs_ordered_at', 'jobs', ['ordered_at', 'id'], unique=False)
    op.create_index('ix_jobs_state_ordered_at', 'jobs', ['state', 'ordered_at', 'id'], unique=False)
    op.create_index('ix_jobs_kind', 'jobs', ['kind', 'ordered_at', 'id'], unique=False)
    for column in ('printer', 'calling_ae', 'date'):
        op.drop_index(f'ix_prints_{column}', table_name='prints')
        op.create_index(
            f'ix_prints_{column}', 'prints', [column, 'id'], unique=False, sqlite_where=THERE, postgresql_where=THERE
        )
    op.drop_index('ix_studies_last_at', table_name='studies')
    op.create_index('ix_studies_last_at', 'studies', ['last_at', 'id'], unique=False)
    op.drop_index('ix_studies_state', table_name='studies')
    op.create_index('ix_studies_state', 'studies', ['state', 'id'], unique=False)
    op.create_index('ix_studies_state_last_at', 'studies', ['state', 'last_at', 'id'], unique=False)
    op.create_index('ix_discs_patient_id', 'discs', ['patient_id', 'id'], unique=False)
    op.drop_index('ix_audit_at', table_name='audit')
    op.drop_index('ix_audit_object', table_name='audit')
    for column in ('who', 'action', 'object_id'):
        op.create_index(f'ix_audit_{column}', 'audit', [column, 'number'], unique=False)
    op.execute(sa.text((NOTHING_FOUND % (time.time_ns() // 1000)).replace(':', '\\:')))
