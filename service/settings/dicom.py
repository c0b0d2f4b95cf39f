"""`[dicom]`, `[[partners]]` and `[inbox]`: the DICOM node, who may call it, and what it receives."""

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from printmgr.film.quirks import Quirk
from service.settings.tls import TLS
from service.settings.values import AETitle, Table, is_loopback


class Partner(Table):
    """`[[partners]]`: who may call. `address` is a host, an IP address or a network such as 10.1.0.0/16."""

    ae_title: AETitle
    address: str = Field(min_length=1, max_length=253)
    port: int = Field(default=0, ge=0, le=65535)  # where it takes reports of storage commitment; 0: nowhere
    quirks: tuple[Quirk, ...] = ()  # what is done differently for it (printmgr.film.quirks)
    quota: int = Field(default=16, ge=1, le=1000)  # associations at one time
    record: Literal["off", "masked", "plain"] = "off"  # its associations with printers, by the flight recorder
    certificates: list[str] = Field(default=[])  # SHA-256 fingerprints: it must show one of them, and nobody else may

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        if "/" in value:
            ipaddress.ip_network(value, strict=False)
        elif not re.fullmatch(r"[0-9A-Za-z:.%_-]+", value):
            raise ValueError("expected a host name, an IP address or a network such as 10.1.0.0/16")
        return value

    @field_validator("certificates")
    @classmethod
    def _certificates(cls, values: list[str]) -> list[str]:
        for value in values:
            if not re.fullmatch(r"[0-9a-fA-F]{64}", re.sub(r"[: ]", "", value)):
                raise ValueError(f"{value!r} is no SHA-256 fingerprint; expected 64 hexadecimal digits")
        return values


class Dicom(Table):
    """`[dicom]`: the DICOM node."""

    host: str = "127.0.0.1"
    port: int = Field(default=11112, ge=0, le=65535)  # 0: any free port
    open: bool = False  # any calling AE title may call
    open_to_network: bool = Field(default=False, validate_default=True)
    processes: int = Field(default=1, ge=1, le=64)  # that share the port; the limits are those of all together
    max_associations: int = Field(default=200, ge=1, le=10_000)
    reserved_associations: int = Field(default=20, ge=0)  # of these, for [[partners]] alone when `open` is true
    max_unnegotiated: int = Field(default=256, ge=1, le=10_000)  # connections that have not asked for an association
    max_unnegotiated_per_address: int = Field(default=64, ge=1, le=10_000)
    max_queue: int = Field(default=10_000, ge=1)  # prints not yet done; more are answered C601H, C602H
    max_pdu_bytes: int = Field(default=131_072, ge=4096, le=1 << 24)
    acse_timeout_s: float = Field(default=30, gt=0)  # for an association to be negotiated
    idle_timeout_s: float = Field(default=600, gt=0)  # between two requests
    pdu_timeout_s: float = Field(default=30, gt=0)  # for one PDU to arrive whole
    max_memory_bytes: int = Field(default=1 << 28, ge=1 << 24)  # data sets in memory; more are in files at once
    max_data_bytes: int = Field(default=2 << 30, ge=1 << 20)  # that one association may have in the spool
    min_free_bytes: int = Field(default=1 << 28, ge=0)  # below it the printer says its receiver is full
    tls: TLS | None = None

    @field_validator("open_to_network")
    @classmethod
    def _open_on_loopback_only(cls, value: bool, info: ValidationInfo) -> bool:
        host = info.data.get("host", "127.0.0.1")
        if info.data.get("open") and not value and not is_loopback(host):
            raise ValueError(
                f"is false while open is true on {host}, where any machine of the network could print; expected host "
                "on loopback, [[partners]] instead of open, or open_to_network = true"
            )
        return value


class Inbox(Table):
    """`[inbox]`: studies that are received by C-STORE."""

    ae_title: Literal[""] | AETitle = "ARCHIVE"  # "": nothing is received
    durable: Literal["file", "group", "off"] = "group"  # what is safe before an instance is answered
    complete_by: Literal["quiet", "mpps", "count"] = "quiet"
    quiet_s: float = Field(default=120, gt=0, le=86_400)  # after so long without a new instance a study has ended
    count: int = Field(default=0, ge=0)  # instances of every study, when they are complete by count
    max_instance_bytes: int = Field(default=4 << 30, ge=1 << 20)
    private_classes: list[Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)+$", max_length=64)]] = Field(default=[])
