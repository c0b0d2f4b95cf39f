"""`[web]` and `[audit]`: the pages, who may reach them, and where the audit trail goes."""

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from printmgr.sinks.settings import Secret
from service.settings.values import Table, is_loopback

PersonRoleName = Literal["viewer", "desk", "archivist", "admin"]


class Oidc(Table):
    """`[web.oidc]`: an identity provider (OpenID Connect); '' as issuer: none."""

    issuer: str = ""  # https://…; its /.well-known/openid-configuration is read
    client_id: str = ""
    client_secret: Secret = ""  # where it is: file:/absolute/path or env:NAME
    name: str = "Single sign-on"  # what the button says
    role_claim: str = "groups"
    roles: dict[str, PersonRoleName] = Field(default={})  # value of the claim -> role; who has none is not let in


class Web(Table):
    """`[web]`: the pages and the REST interface."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)  # 0: any free one
    certificate: Path | None = None  # TLS: PEM file with the chain
    key: Path | None = Field(default=None, validate_default=True)
    proxy: list[str] = Field(default=[], validate_default=True)  # addresses of a proxy that does TLS
    names: list[str] = Field(default=[])  # host names people type; none: on loopback localhost, elsewhere any
    lock_after_s: float = Field(default=600, ge=10, le=86_400)  # the page locks when nobody has done anything so long
    session_h: float = Field(default=12, gt=0, le=24 * 7)  # then one signs in again
    institution: str = Field(default="", max_length=100)  # on the pages and on discs
    contact: str = Field(default="", max_length=200)
    oidc: Oidc = Field(default_factory=Oidc)

    @field_validator("key")
    @classmethod
    def _key_with_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (value is None) != (info.data.get("certificate") is None):
            raise ValueError("expected certificate and key together, or neither")
        return value

    @field_validator("proxy")
    @classmethod
    def _network_needs_tls(cls, value: list[str], info: ValidationInfo) -> list[str]:
        for address in value:
            ipaddress.ip_network(address, strict=False)
        host = info.data.get("host", "127.0.0.1")
        if not is_loopback(host) and not value and not info.data.get("certificate"):
            raise ValueError(
                f"is empty while host is {host} and there is no certificate: passwords would cross the network in the "
                "clear; expected certificate and key, the address of a proxy that does TLS, or host on loopback"
            )
        return value

    @property
    def tls(self) -> bool:
        return self.certificate is not None


class Audit(Table):
    """`[audit]`: the collector of audit messages (PS3.15 A.5), by syslog over TLS (RFC 5425); '' as host: none."""

    host: str = ""
    port: int = Field(default=6514, ge=1, le=65535)
    ca: Path | None = None  # certificates that the collector's is checked with; none: those of the system
    certificate: Path | None = None  # ours, where the collector asks for one
    key: Path | None = None
    source_id: str = Field(default="printmgr", min_length=1, max_length=64)  # Audit Source ID
    site: str = ""  # Audit Enterprise Site ID
