"""Certificates for receivers on loopback."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path


def self_signed(folder: Path, name: str) -> Certificate:
    """A certificate for `name`, which is trusted when it is given as the authority."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    kind = "DNS" if name[0].isalpha() else "IP"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    words += ["-subj", f"/CN={name}", "-addext", f"subjectAltName={kind}:{name}"]
    words += ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    return made


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Of 127.0.0.1."""
    return self_signed(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture(scope="session")
def other_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Of another host."""
    return self_signed(tmp_path_factory.mktemp("tls"), "elsewhere.example")
