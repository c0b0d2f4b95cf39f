"""Reports of storage commitment for films in archives."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('deliveries', sa.Column('transaction_uid', sa.String(length=64), server_default='', nullable=False))
    op.create_index('ix_deliveries_transaction_uid', 'deliveries', ['transaction_uid'], unique=False)
    op.create_table('archive_reports',
    sa.Column('transaction_uid', sa.String(length=64), nullable=False),
    sa.Column('failed', sa.Integer(), nullable=False),
    sa.Column('reported_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('transaction_uid')
    )


def downgrade() -> None:
    op.drop_table('archive_reports')
    op.drop_index('ix_deliveries_transaction_uid', 'deliveries')
    op.drop_column('deliveries', 'transaction_uid')
