"""Words that films are found by, and indexes for the filters of their list."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    words = op.create_table('identity_words',
    sa.Column('print_id', sa.String(length=64), nullable=False),
    sa.Column('word', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['print_id'], ['prints.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('print_id', 'word'),
    )
    op.create_index('ix_identity_words_word', 'identity_words', ['word', 'print_id'], unique=False)
    for column in ('printer', 'calling_ae', 'date'):
        op.create_index(f'ix_prints_{column}', 'prints', [column, 'id'], unique=False)
    found = op.get_bind().execute(sa.text('SELECT print_id, words FROM identities')).all()
    rows = [{"print_id": id_, "word": word} for id_, text in found for word in dict.fromkeys(text.split())]
    if rows:
        op.bulk_insert(words, rows)
    op.drop_column('identities', 'words')
