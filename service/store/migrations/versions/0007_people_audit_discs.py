"""People who sign in, the audit ledger, ordered discs, words that studies are found by."""

import sqlalchemy as sa
from alembic import op

from service.store.study_search import words_of

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('jobs', sa.Column('priority', sa.Integer(), server_default='0', nullable=False))
    _people()
    _audit()
    _discs()
    _words()


def _people() -> None:
    op.create_table('people',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('full_name', sa.Text(), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('name'),
    )
    op.create_table('sessions',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('csrf', sa.String(length=64), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('seen_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_hash'),
    )
    op.create_index('ix_sessions_person_id', 'sessions', ['person_id'], unique=False)
    op.create_table('tokens',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('created_by', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('used_at', sa.BigInteger(), nullable=True),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('token_hash'),
    )
    op.create_table('login_failures',
    sa.Column('key', sa.String(length=128), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('last_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('key'),
    )


def _audit() -> None:
    op.create_table('audit',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('action', sa.String(length=16), nullable=False),
    sa.Column('good', sa.Integer(), nullable=False),
    sa.Column('who', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('object_kind', sa.String(length=16), nullable=False),
    sa.Column('object_id', sa.Text(), nullable=False),
    sa.Column('patients', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('number'),
    )
    op.create_index('ix_audit_at', 'audit', ['at'], unique=False)
    op.create_index('ix_audit_object', 'audit', ['object_kind', 'object_id'], unique=False)
    head = op.create_table('audit_head',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('sent', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": "0" * 64, "sent": 0}])


def _discs() -> None:
    op.create_table('discs',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('ordered_at', sa.BigInteger(), nullable=False),
    sa.Column('ordered_by', sa.String(length=64), nullable=False),
    sa.Column('medium', sa.String(length=32), nullable=False),
    sa.Column('profile', sa.String(length=32), nullable=False),
    sa.Column('output', sa.Text(), nullable=False),
    sa.Column('patient_id', sa.Text(), nullable=False),
    sa.Column('patient_name', sa.Text(), nullable=False),
    sa.Column('patients', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['jobs.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_discs_ordered_at', 'discs', ['ordered_at'], unique=False)
    op.create_table('disc_studies',
    sa.Column('disc_id', sa.String(length=64), nullable=False),
    sa.Column('study_uid', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['disc_id'], ['discs.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('disc_id', 'study_uid'),
    )
    op.create_index('ix_disc_studies_study_uid', 'disc_studies', ['study_uid'], unique=False)
    op.create_table('volumes',
    sa.Column('disc_id', sa.String(length=64), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('file_set_id', sa.String(length=16), nullable=False),
    sa.Column('file_set_uid', sa.String(length=64), nullable=False),
    sa.Column('written', sa.Text(), nullable=False),
    sa.Column('instances', sa.Integer(), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('verified_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['disc_id'], ['discs.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('disc_id', 'number'),
    )
    op.create_index('ix_volumes_file_set_uid', 'volumes', ['file_set_uid'], unique=False)
    op.create_table('releases',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('disc_id', sa.String(length=64), nullable=False),
    sa.Column('to_whom', sa.Text(), nullable=False),
    sa.Column('relation', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('identified_by', sa.Text(), nullable=False),
    sa.Column('released_by', sa.String(length=64), nullable=False),
    sa.Column('released_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['disc_id'], ['discs.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_releases_disc_id', 'releases', ['disc_id'], unique=False)


def _words() -> None:
    words = op.create_table('study_words',
    sa.Column('study_id', sa.Integer(), nullable=False),
    sa.Column('word', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['study_id'], ['studies.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('study_id', 'word'),
    )
    op.create_index('ix_study_words_word', 'study_words', ['word', 'study_id'], unique=False)
    connection = op.get_bind()
    found = connection.execute(sa.text(
        'SELECT id, patient_name, patient_id, birth_date, accession_number FROM studies'
    )).all()
    rows = [{"study_id": id_, "word": word} for id_, *values in found for word in words_of(*values)]
    if rows:
        op.bulk_insert(words, rows)
