"""TABLE. The audit ledger. Times are UTC in microseconds since 1970."""

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.models import Base


class AuditRow(Base):
    """Who did what. Each row's hash covers the row and the hash before it."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_who", "who", "number"),
        Index("ix_audit_action", "action", "number"),
        Index("ix_audit_object_id", "object_id", "number"),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(16))
    good: Mapped[int] = mapped_column(Integer)  # 1: it was done
    who: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    object_kind: Mapped[str] = mapped_column(String(16))
    object_id: Mapped[str] = mapped_column(Text)
    patients: Mapped[str] = mapped_column(Text)  # JSON: [[Patient ID, name], ...]
    detail: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The end of the chain, and how far the collector has it. One row; whoever appends holds it."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer)
    hash: Mapped[str] = mapped_column(String(64))
    sent: Mapped[int] = mapped_column(Integer)
