"""C-STORE into the study inbox, written and indexed, against DCMTK's storescp and Orthanc in the same run.

One raw-socket client for all; blocks of instances in turns; wall is the median block, CPU the server's over all blocks
and the moment after each. The peers fsync nothing, so ours is measured with durable = "off"; "group" stands beside it.
Minutes after many files were deleted all are slower, by the same time and not by the same ratio: ext4 looks at each
inode that became free in the last five minutes before it takes one.
storescp writes and does not index; with +B it does not even parse what it writes. DCMTK and Orthanc have TCP_NODELAY=1.
"""

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRLittleEndian

from benchmarks import Row
from benchmarks.store_client import StoreClient
from benchmarks.store_servers import Receiver, has_orthanc, orthanc, our_inbox, storescp

NAME = "Study inbox: C-STORE, written and indexed"
CT = "1.2.840.10008.5.1.4.1.1.2"
UID_ROOT = "1.2.826.0.1.3680043.9.3811."
UID_LENGTH = 64
ROUNDS = 9
Kinds = dict[str, AbstractContextManager[Receiver]]
SETTLE_S = 0.15  # what a server puts off until after its answers belongs to its CPU


@dataclass(slots=True)
class Side:
    """One receiver with its client, and what was measured."""

    receiver: Receiver
    client: StoreClient
    framed: bytearray
    uid_at: int
    block_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    sent: int = 0

    def block(self, instances: int) -> None:
        server = self.receiver.server
        cpu = server.cpu_s()
        begin = time.perf_counter()
        for _ in range(instances):
            uid = f"{UID_ROOT}1{self.sent:0{UID_LENGTH - len(UID_ROOT) - 1}}"
            self.framed[self.uid_at : self.uid_at + UID_LENGTH] = uid.encode()
            status = self.client.store(uid, self.framed)
            if status:
                raise ConnectionError(f"status {status:04X}H")
            self.sent += 1
        self.block_s.append(time.perf_counter() - begin)
        time.sleep(SETTLE_S)
        self.cpu_s += server.cpu_s() - cpu
        self.receiver.empty()


def run() -> list[Row]:
    return list(small()) + list(large())


def small() -> Iterator[Row]:
    """0.5 MB, blocks of 60."""
    kinds: Kinds = {"ours": our_inbox("off"), "group": our_inbox("group"), "storescp": storescp(), "+B": storescp("+B")}
    if has_orthanc():
        kinds["orthanc"] = orthanc()
    wall, cpu = measured(kinds, image(512), 60)
    what = "C-STORE of 0.5 MB"
    yield Row(what, "storescp", wall["ours"], wall["storescp"], "wall ms", at_least=0.8)
    yield Row(what, "storescp", cpu["ours"], cpu["storescp"], "CPU ms", at_most=1.5)
    yield Row(what, "storescp +B", wall["ours"], wall["+B"], "wall ms")
    yield Row(what, "storescp +B", cpu["ours"], cpu["+B"], "CPU ms")
    if "orthanc" in kinds:
        yield Row(what, "Orthanc", wall["ours"], wall["orthanc"], "wall ms", at_least=4.0)
        yield Row(what, "Orthanc", cpu["ours"], cpu["orthanc"], "CPU ms")
    yield Row(f'{what}, durable = "group"', "storescp", wall["group"], wall["storescp"], "wall ms")


def large() -> Iterator[Row]:
    """20 MB, blocks of 4."""
    kinds: Kinds = {"ours": our_inbox("off"), "group": our_inbox("group"), "storescp": storescp(), "+B": storescp("+B")}
    wall, cpu = measured(kinds, image(3236), 4)
    what = "C-STORE of 20 MB"
    yield Row(what, "storescp", wall["ours"], wall["storescp"], "wall ms", at_least=1.0)
    yield Row(what, "storescp", cpu["ours"], cpu["storescp"], "CPU ms")
    yield Row(what, "storescp +B", wall["ours"], wall["+B"], "wall ms")
    yield Row(what, "storescp +B", cpu["ours"], cpu["+B"], "CPU ms")
    yield Row(f'{what}, durable = "group"', "storescp", wall["group"], wall["storescp"], "wall ms")


def measured(kinds: Kinds, data_set: bytes, instances: int) -> tuple[dict[str, float], dict[str, float]]:
    """Wall and CPU ms an instance, by kind."""
    sides: dict[str, Side] = {}
    with ExitStack() as stack:
        for name, kind in kinds.items():
            receiver = stack.enter_context(kind)
            client = StoreClient(receiver.server.address, CT, ExplicitVRLittleEndian)
            framed = client.framed(data_set)
            sides[name] = Side(receiver, client, framed, framed.find(UID_ROOT.encode()))
        for side in sides.values():  # once for nothing: caches, first files
            side.block(instances)
            side.block_s.clear()
            side.cpu_s = 0.0
        for _ in range(ROUNDS):
            for side in sides.values():
                side.block(instances)
        for side in sides.values():
            side.client.release()
    wall = {name: statistics.median(side.block_s) / instances * 1000 for name, side in sides.items()}
    cpu = {name: side.cpu_s / (ROUNDS * instances) * 1000 for name, side in sides.items()}
    return wall, cpu


def image(side: int) -> bytes:
    """A CT instance of side x side pixels in 16 bits, in Explicit VR Little Endian."""
    ds = Dataset()
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID, ds.SOPInstanceUID = CT, UID_ROOT.ljust(UID_LENGTH, "1")
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.Modality = "20240506", "120000", "A1", "CT"
    ds.Manufacturer, ds.StudyDescription, ds.SeriesDescription = "BENCH", "Thorax", "Axial"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Bench^Mark", "P1", "19700101", "O"
    ds.SliceThickness, ds.KVP = "1.5", "120"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.StudyID = UID_ROOT + "2", UID_ROOT + "2.1", "S1"
    ds.SeriesNumber, ds.InstanceNumber = 1, 1
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    ds.FrameOfReferenceUID = UID_ROOT + "3"
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", side, side
    ds.PixelSpacing = [0.7, 0.7]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = os.urandom(side * side * 2)
    ds["PixelData"].VR = "OW"
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = False, True
    write_dataset(stream, ds)
    return bytes(stream.parent.getvalue())  # type: ignore[union-attr]  # of a BytesIO
