"""Certificates for tests, made by openssl."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from service.node.tls import fingerprint


@dataclass(frozen=True)
class Identity:
    certificate: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        return fingerprint(ssl.PEM_cert_to_DER_cert(self.certificate.read_text()))


def openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Authority:
    """Signs certificates in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.identity = folder, Identity(folder / f"{name}.pem", folder / f"{name}.key")
        words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        openssl(*words, "-keyout", self.identity.key, "-out", self.identity.certificate)

    def sign(self, name: str) -> Identity:
        made, request = Identity(self.folder / f"{name}.pem", self.folder / f"{name}.key"), self.folder / "request"
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", made.key, "-out", request)
        signer = ["-CA", self.identity.certificate, "-CAkey", self.identity.key, "-CAcreateserial"]
        openssl("x509", "-req", "-in", request, *signer, "-days", "2", "-out", made.certificate)
        return made
