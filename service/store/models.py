"""TABLE. The tables of the database. Times are UTC in microseconds since 1970."""

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

THERE = text("deleted_at IS NULL")  # prints whose films retention has not removed


class Base(DeclarativeBase):
    """Base of every table."""


class Job(Base):
    """One job: a print or a disc. Its row is the promise given when it was answered."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state", "state", "id"),
        Index("ix_jobs_state_ordered_at", "state", "ordered_at", "id"),
        Index("ix_jobs_kind", "kind", "ordered_at", "id"),
        Index("ix_jobs_ordered_at", "ordered_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    error: Mapped[str] = mapped_column(Text, default="", server_default="")
    request: Mapped[str] = mapped_column(Text, default="", server_default="")  # JSON: what to do
    priority: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # the highest goes first
    awaits: Mapped[str] = mapped_column(String(16), default="", server_default="")  # what it waits for outside
    held: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # cannot be cancelled now
    ordered_at: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger)


class JobStep(Base):
    """One step of a job and how far it is."""

    __tablename__ = "job_steps"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    unit: Mapped[str] = mapped_column(String(16), default="", server_default="")
    done: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    total: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    error: Mapped[str] = mapped_column(Text, default="", server_default="")
    started_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)


class PrintRow(Base):
    """An order that N-ACTION gave: one print, of one film or of a session's films."""

    __tablename__ = "prints"
    __table_args__ = (
        *(
            Index(f"ix_prints_{column}", column, "id", sqlite_where=THERE, postgresql_where=THERE)
            for column in ("printer", "calling_ae", "date")
        ),
    )

    id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # film or session
    printer: Mapped[str] = mapped_column(String(16))  # AE title
    slug: Mapped[str] = mapped_column(String(64))
    date: Mapped[str] = mapped_column(String(10))
    ordered_at: Mapped[str] = mapped_column(String(40))  # ISO 8601 with offset
    calling_ae: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    films: Mapped[int] = mapped_column(Integer)
    images: Mapped[int] = mapped_column(Integer)
    copies: Mapped[int] = mapped_column(Integer)
    statuses: Mapped[str] = mapped_column(Text)  # JSON: the statuses given, by request name
    print_priority: Mapped[str] = mapped_column(String(16), default="MED", server_default="MED")
    deleted_at: Mapped[int | None] = mapped_column(BigInteger)  # when retention removed its files


class FilmRow(Base):
    """One film of a print."""

    __tablename__ = "films"

    print_id: Mapped[str] = mapped_column(ForeignKey("prints.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    film_size_id: Mapped[str] = mapped_column(Text)
    film_orientation: Mapped[str] = mapped_column(String(16))
    image_display_format: Mapped[str] = mapped_column(Text)
    boxes: Mapped[int] = mapped_column(Integer)
    images: Mapped[int] = mapped_column(Integer)


class Delivery(Base):
    """A print's way into one sink. Its row is the promise that it gets there (service.store.deliveries)."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "sink", "state", "next_at"),
        Index("ix_deliveries_transaction_uid", "transaction_uid"),
    )

    print_id: Mapped[str] = mapped_column(ForeignKey("prints.id", ondelete="CASCADE"), primary_key=True)
    sink: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer)
    place: Mapped[str] = mapped_column(Text, default="", server_default="")
    error: Mapped[str] = mapped_column(Text, default="", server_default="")
    changed_at: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(Integer, default=1, server_default="1")  # how often it was asked for
    asked_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    next_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")  # not tried before
    executor: Mapped[str] = mapped_column(String(64), default="", server_default="")  # who is delivering it
    patient: Mapped[str] = mapped_column(Text, default="", server_default="")  # JSON: under whom it went out
    correction: Mapped[str] = mapped_column(Text, default="", server_default="")  # why it is to be taken back
    transaction_uid: Mapped[str] = mapped_column(String(64), default="", server_default="")  # of storage commitment


class ArchiveReport(Base):
    """A report of storage commitment that came on an association of the archive's own, until its delivery has it."""

    __tablename__ = "archive_reports"

    transaction_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    failed: Mapped[int] = mapped_column(Integer)
    reported_at: Mapped[int] = mapped_column(BigInteger)


class Executor(Base):
    """A worker process's slot and when it was last heard of."""

    __tablename__ = "executors"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    pid: Mapped[int] = mapped_column(Integer)
    seen_at: Mapped[int] = mapped_column(BigInteger)


class Removal(Base):
    """What retention deleted."""

    __tablename__ = "removals"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))  # films, spool, jobs, studies, recordings or passwords
    name: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    removed_at: Mapped[int] = mapped_column(BigInteger)
