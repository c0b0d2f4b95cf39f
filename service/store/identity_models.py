"""TABLE. The tables of whose film it is. Times are UTC in microseconds since 1970; identities are JSON."""

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.models import Base


class FindingRow(Base):
    """What one source says of a print."""

    __tablename__ = "findings"

    print_id: Mapped[str] = mapped_column(ForeignKey("prints.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(Text)
    raw: Mapped[str] = mapped_column(Text)  # as it came
    identity: Mapped[str] = mapped_column(Text)


class IdentityRow(Base):
    """Whose film it is now, and what the findings come to without anybody's word."""

    __tablename__ = "identities"
    __table_args__ = (
        Index("ix_identities_state", "state", "print_id"),
        Index("ix_identities_patient_id", "patient_id", "print_id"),
    )

    print_id: Mapped[str] = mapped_column(ForeignKey("prints.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    patient_id: Mapped[str] = mapped_column(Text)  # as it is compared: without case and blanks
    identity: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    act_id: Mapped[int | None] = mapped_column(Integer)  # the confirmation in force
    changed_at: Mapped[int] = mapped_column(BigInteger)


class IdentityWord(Base):
    """A word of the patient's name that a film is found by (service.store.identity_search)."""

    __tablename__ = "identity_words"
    __table_args__ = (Index("ix_identity_words_word", "word", "print_id"),)

    print_id: Mapped[str] = mapped_column(ForeignKey("prints.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(Text, primary_key=True)


class IdentityActRow(Base):
    """What was done about a print's identity: never changed, never removed before its print."""

    __tablename__ = "identity_acts"
    __table_args__ = (Index("ix_identity_acts_print_id", "print_id", "id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    print_id: Mapped[str] = mapped_column(ForeignKey("prints.id", ondelete="CASCADE"))
    act: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)
    identity: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
