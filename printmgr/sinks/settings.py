"""What the settings of all sinks have in common, and secrets that are named in the settings but never stand there."""

import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict, Field

from printmgr.errors import SinkDown

REFERENCE = re.compile(r"(file:/.+|env:[A-Za-z_][A-Za-z0-9_]*)", re.DOTALL)


def reference(value: str) -> str:
    """A secret's place. Raises ValueError."""
    if value and not REFERENCE.fullmatch(value):
        raise ValueError("expected where the secret is, never the secret: file:/absolute/path or env:NAME")
    return value


def ae_title(value: str) -> str:
    """PS3.5 6.2, AE. Raises ValueError."""
    title = value.strip(" ")
    if not 1 <= len(title) <= 16 or any(not 0x20 <= ord(c) < 0x7F or c == "\\" for c in title):
        raise ValueError("expected an AE title: 1 to 16 printable ASCII characters without backslash")
    return title


AETitle = Annotated[str, AfterValidator(ae_title)]
Secret = Annotated[str, AfterValidator(reference)]
Port = Annotated[int, Field(ge=1, le=65535)]
Host = Annotated[str, Field(pattern=r"^[0-9A-Za-z:.%_-]+$", max_length=253)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkSettings:
    """Fields of every sink: its name, and for how long a film that it cannot take is tried again."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    name: Annotated[str, Field(min_length=1, max_length=64)] = ""
    retry_first_s: Seconds = 5.0  # before the second attempt; twice as long before each further one
    retry_longest_s: Seconds = 600.0
    retry_for_h: Annotated[float, Field(ge=0, le=8760)] = 72.0  # 0: until somebody cancels it

    @property
    def needs_patient(self) -> bool:
        """Whether a film waits until it is known whose it is."""
        return False


def read_secret(place: str) -> str:
    """The secret at `place`, file:/path or env:NAME, without the line's end; nothing for nothing. Raises SinkDown."""
    kind, _, name = place.partition(":")
    if not place:
        return ""
    if kind == "env":
        if name not in os.environ:
            raise SinkDown(f"the environment has no {name}; expected a secret there")
        return os.environ[name]
    try:
        return Path(name).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SinkDown(f"the secret in {name} cannot be read: {error}") from error


def tls_context(
    ca_file: Path | None, certificate_file: Path | None = None, key_file: Path | None = None
) -> ssl.SSLContext:
    """TLS as a client that checks the peer's certificate and name; its own certificate when there is one.

    ca_file  trusted instead of the machine's authorities: the peer's certificate itself, when it is self-signed
    Raises SinkDown.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate_file:
            context.load_cert_chain(certificate_file, key_file)
    except (OSError, ssl.SSLError) as error:
        raise SinkDown(f"the certificates cannot be read ({ca_file}, {certificate_file}): {error}") from error
    return context


def one_line(text: str, longest: int = 300) -> str:
    """What another machine said, such that a log or terminal only shows it.

    >>> one_line("550 no" + chr(10) + "such box")
    '550 no?such box'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text[:longest]).strip()
