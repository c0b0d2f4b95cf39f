"""Encrypts verified volumes: what leaves is an image that opens to the same bytes, and shows nothing before.

password              of the job, until it is done; its owner alone may read it
volume_N.sealed.part  the encrypted image of a volume
volume_N.sealed.pickle  its verification: opened again, each file compared
"""

import base64
import hashlib
import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from media.build.iso import Written
from media.build.volume import format_of, names
from media.errors import NoRoom, NotVerified
from media.fileset.encryption import Encrypt, Method
from media.fileset.media import FileSystem
from media.fileset.model import Plan, Volume
from media.fileset.order import DiscOrder
from media.job_files import Job, flushing, save, verified_image
from media.passwords import password_of
from media.ports import Progress, VerifiedImage

if TYPE_CHECKING:
    from media.build.sealed import Keys
    from media.verify import Verification

FILE_SET_ID = "SECURE"
SLIP = "password.pdf"
MOST_FILE_BYTES = 0xFFFF_FFFF  # of FAT and of an ISO 9660 file in one extent


def sealed(
    order: Encrypt, plan: Plan, volume: Volume, image: VerifiedImage, job: Job, progress: Progress
) -> tuple[VerifiedImage, "Verification"]:
    """The encrypted image of a verified volume, itself verified; what is there already is kept.

    Raises NotVerified, NoRoom, BadOrder.
    """
    target, done = job / f"volume_{volume.number}.sealed.part", job / f"volume_{volume.number}.sealed.pickle"
    if not (done.exists() and target.exists()):
        _seal(order, plan, volume, image, target, done, progress)
    found: Verification = pickle.loads(done.read_bytes())  # noqa: S301  # the job's own file
    return replace(verified_image(job, plan, volume, found), path=target), found


def _seal(
    order: Encrypt, plan: Plan, volume: Volume, image: VerifiedImage, target: Path, done: Path, progress: Progress
) -> None:
    # imported here: discs that are not encrypted start without cryptography
    from media.build.sealed import VOLUME_IDENTIFIER, inside_of, is_dicom, recipients_of, seal_files, seal_zip
    from media.verify import verify_sealed

    password = password_in(target.parent, order)
    form = format_of(plan, volume)
    if order.method is Method.ZIP:  # a File-set of Secure DICOM Files keeps its ID
        form = replace(form, volume_identifier=VOLUME_IDENTIFIER)
    keys: Keys = {}
    if order.method is Method.ZIP:
        files = {"/".join(file.path): file.sha256 for file in image.files}
        written = seal_zip(image, password, reference(plan), form, target, progress)
    else:
        files = {"/".join(file.path): file.sha256 for file in image.files if is_dicom(file)}
        recipients = recipients_of(order, password)
        written, keys = seal_files(image, recipients, inside_of(order), reference(plan), form, target, progress)
    _check_room(order, written, plan, volume, target)
    with flushing(target):
        found = verify_sealed(target, files, password, keys, progress)
    different = [name for name, digest in names(written.hashes).items() if _hash_of(found, name) != digest]
    findings = [
        *map(str, found.findings),
        *(f"different: {name}: not the bytes that were written" for name in different),
    ]
    if findings:
        target.unlink()
        raise NotVerified(target.name, findings)
    save(done, pickle.dumps(found))


def _check_room(order: Encrypt, written: Written, plan: Plan, volume: Volume, target: Path) -> None:
    size = written.size_bytes
    if size > plan.capacity_bytes:
        target.unlink()
        raise NoRoom(f"volume {volume.number} has {size} bytes encrypted; {plan.medium} has {plan.capacity_bytes}")
    if (
        order.method is Method.ZIP
        and size > MOST_FILE_BYTES
        and plan.file_system not in (FileSystem.UDF_BRIDGE, FileSystem.ZIP)
    ):
        target.unlink()
        raise NoRoom(f"volume {volume.number} has {size} bytes encrypted; {plan.file_system} has files up to 4 GiB")


def _hash_of(found: "Verification", name: str) -> str:
    return next((region.sha256 for region in found.regions if region.name == f"file {name}"), "")


def as_ordered(disc: DiscOrder, order: Encrypt) -> DiscOrder:
    """The disc order that the volumes to be encrypted are planned by."""
    return disc._replace(secure=True, file_set_id=FILE_SET_ID) if order.method is Method.CMS else disc


def password_in(job: Job, order: Encrypt) -> str:
    """The password of a job: asked for or made once, on the disk before it is used; '' for certificates alone."""
    if not order.password:
        return ""
    path = job / "password"
    if not path.exists():
        save_private(path, password_of(order.password).encode("ascii"))
    return path.read_text("ascii")


def save_private(path: Path, data: bytes) -> None:
    """A file that its owner alone may read, there whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    part.replace(path)


def reference(plan: Plan) -> str:
    """What tells which sheet belongs to which discs, and nothing else: from the UID of the first File-set."""
    digest = hashlib.sha256(f"sheet {plan.volumes[0].file_set_uid}".encode()).digest()
    word = base64.b32encode(digest).decode("ascii")
    return f"{word[:4]}-{word[4:8]}"


def write_slip(order: Encrypt, plan: Plan, job: Job, output: Path) -> None:
    """Write the sheet with the password beside the volumes, for its owner alone."""
    from media.build.slip import password_slip

    if order.password:
        slip = password_slip(password_in(job, order), reference(plan), order.method, plan.created, len(plan.volumes))
        save_private(output / SLIP, slip)
