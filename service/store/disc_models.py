"""TABLE. The tables of ordered discs. Times are UTC in microseconds since 1970."""

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.models import Base


class DiscRow(Base):
    """A disc somebody ordered; its job's row says how far it is."""

    __tablename__ = "discs"
    __table_args__ = (
        Index("ix_discs_ordered_at", "ordered_at"),
        Index("ix_discs_patient_id", "patient_id", "id"),
    )

    id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    ordered_at: Mapped[int] = mapped_column(BigInteger)
    ordered_by: Mapped[str] = mapped_column(String(64))
    medium: Mapped[str] = mapped_column(String(32))
    profile: Mapped[str] = mapped_column(String(32))
    output: Mapped[str] = mapped_column(Text)
    patient_id: Mapped[str] = mapped_column(Text)  # of the first study
    patient_name: Mapped[str] = mapped_column(Text)
    patients: Mapped[int] = mapped_column(Integer)
    confirmed_by: Mapped[str] = mapped_column(String(64), default="", server_default="")  # that several are meant


class DiscStudy(Base):
    """A study on a disc."""

    __tablename__ = "disc_studies"
    __table_args__ = (Index("ix_disc_studies_study_uid", "study_uid"),)

    disc_id: Mapped[str] = mapped_column(ForeignKey("discs.id", ondelete="CASCADE"), primary_key=True)
    study_uid: Mapped[str] = mapped_column(String(64), primary_key=True)


class VolumeRow(Base):
    """A finished volume of a disc."""

    __tablename__ = "volumes"
    __table_args__ = (Index("ix_volumes_file_set_uid", "file_set_uid"),)

    disc_id: Mapped[str] = mapped_column(ForeignKey("discs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    file_set_id: Mapped[str] = mapped_column(String(16))
    file_set_uid: Mapped[str] = mapped_column(String(64))
    written: Mapped[str] = mapped_column(Text)  # JSON: names below the disc's output
    instances: Mapped[int] = mapped_column(Integer)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    verified_at: Mapped[int] = mapped_column(BigInteger)


class ReleaseRow(Base):
    """A disc that was handed out."""

    __tablename__ = "releases"
    __table_args__ = (Index("ix_releases_disc_id", "disc_id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    disc_id: Mapped[str] = mapped_column(ForeignKey("discs.id", ondelete="CASCADE"))
    to_whom: Mapped[str] = mapped_column(Text)
    relation: Mapped[str] = mapped_column(String(16))  # patient, guardian, physician, institution or other
    reason: Mapped[str] = mapped_column(Text)
    identified_by: Mapped[str] = mapped_column(Text)
    released_by: Mapped[str] = mapped_column(String(64))
    released_at: Mapped[int] = mapped_column(BigInteger)


class MediaRequestRow(Base):
    """A media creation request (PS3.4 S)."""

    __tablename__ = "media_requests"
    __table_args__ = (Index("ix_media_requests_job_id", "job_id"),)

    uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    request: Mapped[str] = mapped_column(Text)  # JSON (media.creation.MediaRequest)
    failure: Mapped[str] = mapped_column(Text)  # JSON: why it could not become a job
    created_at: Mapped[int] = mapped_column(BigInteger)


class RuleDiscRow(Base):
    """A disc that a rule has ordered of a study, and up to which instance."""

    __tablename__ = "rule_discs"

    rule: Mapped[str] = mapped_column(String(32), primary_key=True)
    study_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_instance: Mapped[int] = mapped_column(Integer, primary_key=True)
    disc_id: Mapped[str] = mapped_column(String(64))
    proof: Mapped[str] = mapped_column(String(16))  # user, mpps, count, archive or quiet


class RuleWaitRow(Base):
    """A study that a rule is about and that is held back, and why."""

    __tablename__ = "rule_waits"

    rule: Mapped[str] = mapped_column(String(32), primary_key=True)
    study_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    since: Mapped[int] = mapped_column(BigInteger)


class StudyWord(Base):
    """A word that a study is found by (service.store.study_search)."""

    __tablename__ = "study_words"
    __table_args__ = (Index("ix_study_words_word", "word", "study_id"),)

    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(String(64), primary_key=True)
