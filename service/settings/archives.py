"""`[[archives]]`: where studies can be searched and fetched from. `kind` says how they are spoken with."""

import ssl
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from printmgr.sinks.settings import Host, Port, Seconds, Secret, read_secret, tls_context
from service.settings.values import AETitle, Table

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]


class QueryRetrieve(Table):
    """`kind = "query_retrieve"`: C-FIND, and C-GET or C-MOVE to the AE title of the inbox."""

    kind: Literal["query_retrieve"] = "query_retrieve"
    name: Name
    host: Host
    port: Port = 104
    ae_title: AETitle
    calling_ae: AETitle = "PRINTMGR"
    how: Literal["get", "move"] = "get"
    timeout_s: Seconds = 60.0  # to connect, and for each answer
    tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Raises SinkDown when the certificates cannot be read."""
        return tls_context(self.ca_file, self.certificate_file, self.key_file)


class DicomWeb(Table):
    """`kind = "dicomweb"`: QIDO-RS and WADO-RS below `url`."""

    kind: Literal["dicomweb"]
    name: Name
    url: Annotated[str, Field(pattern=r"^https?://[^@\s]+$")]
    user: str = ""
    password: Secret = ""
    token: Secret = Field(default="", validate_default=True)  # a bearer token, instead of user and password
    timeout_s: Seconds = 60.0
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    @field_validator("token")
    @classmethod
    def _one_of_them(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("user"):
            raise ValueError("stands beside a user; expected one of them")
        if (value or info.data.get("password")) and not str(info.data.get("url", "")).startswith("https:"):
            raise ValueError("a secret would cross the network in the clear; expected a url with https://")
        return value

    def secret(self) -> str:
        """Raises SinkDown when it cannot be read."""
        return read_secret(self.token or self.password)


ARCHIVES = ("query_retrieve", "dicomweb")
ArchiveSettings = Annotated[QueryRetrieve | DicomWeb, Field(discriminator="kind")]
