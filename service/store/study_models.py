"""TABLE. The tables of received studies. Times are UTC in microseconds since 1970."""

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.models import Base


class StudyRow(Base):
    """A study as its first instance described it."""

    __tablename__ = "studies"
    __table_args__ = (
        Index("ix_studies_state", "state", "id"),
        Index("ix_studies_state_last_at", "state", "last_at", "id"),
        Index("ix_studies_last_at", "last_at", "id"),
        Index("ix_studies_patient_id", "patient_id"),
        Index("ix_studies_accession_number", "accession_number"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    uid: Mapped[str] = mapped_column(String(64), unique=True)
    patient_id: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    patient_name: Mapped[str] = mapped_column(Text)
    birth_date: Mapped[str] = mapped_column(Text)
    sex: Mapped[str] = mapped_column(Text)
    date: Mapped[str] = mapped_column(Text)
    time: Mapped[str] = mapped_column(Text)
    study_id: Mapped[str] = mapped_column(Text)
    accession_number: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    calling_ae: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    completed_by: Mapped[str] = mapped_column(String(16), default="", server_default="")
    expected: Mapped[int | None] = mapped_column(Integer)  # instances that somebody announced
    instances: Mapped[int] = mapped_column(Integer)
    conflicts: Mapped[int] = mapped_column(Integer)  # of these, with another's UID and other bytes
    other_patients: Mapped[int] = mapped_column(Integer)  # of these, with another Patient ID than the study's
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[int] = mapped_column(BigInteger)


class SeriesRow(Base):
    """A series of a study."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("study_id", "uid"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"))
    uid: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(Text)
    modality: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    instances: Mapped[int] = mapped_column(Integer)


class InstanceRow(Base):
    """An instance and its file; `copy` counts those of one UID with other bytes."""

    __tablename__ = "instances"
    __table_args__ = (
        UniqueConstraint("sop_instance_uid", "copy"),
        Index("ix_instances_series_id", "series_id"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    sop_instance_uid: Mapped[str] = mapped_column(String(64))
    copy: Mapped[int] = mapped_column(Integer)
    sop_class_uid: Mapped[str] = mapped_column(String(64))
    transfer_syntax_uid: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(16))
    file: Mapped[str] = mapped_column(String(64))  # below the inbox
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    data_set_at: Mapped[int] = mapped_column(Integer)
    calling_ae: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[int] = mapped_column(BigInteger)


class TransferRow(Base):
    """Instances of a study that an association has brought and the ledger does not know of yet."""

    __tablename__ = "transfers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # begins with the run that received them
    study_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    calling_ae: Mapped[str] = mapped_column(String(16))
    called_ae: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[int] = mapped_column(BigInteger)


class StepRow(Base):
    """A Modality Performed Procedure Step."""

    __tablename__ = "procedure_steps"

    uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    calling_ae: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger)


class StepStudy(Base):
    """A study that a procedure step is of."""

    __tablename__ = "procedure_step_studies"
    __table_args__ = (Index("ix_procedure_step_studies_study_uid", "study_uid"),)

    step_uid: Mapped[str] = mapped_column(ForeignKey("procedure_steps.uid", ondelete="CASCADE"), primary_key=True)
    study_uid: Mapped[str] = mapped_column(String(64), primary_key=True)


class StepInstance(Base):
    """An instance that a procedure step made."""

    __tablename__ = "procedure_step_instances"

    step_uid: Mapped[str] = mapped_column(ForeignKey("procedure_steps.uid", ondelete="CASCADE"), primary_key=True)
    sop_instance_uid: Mapped[str] = mapped_column(String(64), primary_key=True)


class CommitmentRow(Base):
    """A request for storage commitment that is to be reported."""

    __tablename__ = "commitments"
    __table_args__ = (Index("ix_commitments_reported_at", "reported_at"),)

    calling_ae: Mapped[str] = mapped_column(String(16), primary_key=True)
    transaction_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    called_ae: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    instances: Mapped[str] = mapped_column(Text)  # JSON: [[class UID, instance UID], ...]
    requested_at: Mapped[int] = mapped_column(BigInteger)
    reported_at: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
