"""`[dicom.tls]`: a port that speaks TLS only, by the BCP 195 profiles of PS3.15."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from service.settings.values import Table


class TLS(Table):
    """`[dicom.tls]`. Files are PEM; they are read again at SIGHUP."""

    certificate: Path
    key: Path
    authorities: Path | None = None  # who signs our partners' certificates
    port: int = Field(default=2762, ge=0, le=65535)  # 0: any free port
    profile: Literal["non-downgrading", "extended"] = "non-downgrading"  # PS3.15 B.10, B.11
    require_certificate: bool = Field(default=True, validate_default=True)  # of the caller
    only: bool = False  # no port without TLS

    @field_validator("certificate", "key", "authorities")
    @classmethod
    def _is_there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.expanduser().is_file():
            raise ValueError(f"{value} is not there; expected a PEM file")
        return None if value is None else value.expanduser().absolute()

    @field_validator("require_certificate")
    @classmethod
    def _can_be_checked(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("authorities") is None and "authorities" in info.data:
            raise ValueError("is true without authorities; expected the file of those who sign callers' certificates")
        return value
