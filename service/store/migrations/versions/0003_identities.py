"""Whose film it is."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('findings',
    sa.Column('print_id', sa.String(length=64), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=16), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('raw', sa.Text(), nullable=False),
    sa.Column('identity', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['print_id'], ['prints.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('print_id', 'number')
    )
    op.create_table('identities',
    sa.Column('print_id', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('patient_id', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('identity', sa.Text(), nullable=False),
    sa.Column('verdict', sa.Text(), nullable=False),
    sa.Column('act_id', sa.Integer(), nullable=True),
    sa.Column('changed_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['print_id'], ['prints.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('print_id')
    )
    op.create_index('ix_identities_state', 'identities', ['state', 'print_id'], unique=False)
    op.create_index('ix_identities_patient_id', 'identities', ['patient_id', 'print_id'], unique=False)
    op.create_table('identity_acts',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('print_id', sa.String(length=64), nullable=False),
    sa.Column('act', sa.String(length=16), nullable=False),
    sa.Column('by', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('identity', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['print_id'], ['prints.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_identity_acts_print_id', 'identity_acts', ['print_id', 'id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_identity_acts_print_id', table_name='identity_acts')
    op.drop_table('identity_acts')
    op.drop_index('ix_identities_patient_id', table_name='identities')
    op.drop_index('ix_identities_state', table_name='identities')
    op.drop_table('identities')
    op.drop_table('findings')
