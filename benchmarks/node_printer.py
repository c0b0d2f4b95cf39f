"""A printer that only spools, for the node's own cost: `python -m benchmarks.node_printer FOLDER`."""

import itertools
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian, generate_uid
from pynetdicom import evt

from benchmarks.node_client import FILM_BOX, GRAYSCALE_META, IMAGE_BOX, VERIFICATION
from service.node import Node, NodeSettings, PartnerList

_ROOT = generate_uid()[:40]
_NUMBERS = itertools.count(1)


def _create(event: Any) -> tuple[int, Dataset]:
    reply = Dataset()
    if event.request.AffectedSOPClassUID == FILM_BOX:
        columns, rows = event.attribute_list.ImageDisplayFormat.partition("\\")[2].split(",")
        boxes = []
        for _ in range(int(columns) * int(rows)):
            box = Dataset()
            box.ReferencedSOPClassUID = IMAGE_BOX
            box.ReferencedSOPInstanceUID = f"{_ROOT}.{next(_NUMBERS)}"
            boxes.append(box)
        reply.ReferencedImageBoxSequence = Sequence(boxes)
    reply.AffectedSOPInstanceUID = f"{_ROOT}.{next(_NUMBERS)}"
    return 0x0000, reply


def _set(event: Any, folder: Path | None) -> tuple[int, None]:
    if folder is not None:
        with (folder / event.request.RequestedSOPInstanceUID).open("wb", buffering=0) as file:
            file.write(event.request.ModificationList.getbuffer())
    return 0x0000, None


def _action(event: Any) -> tuple[int, None]:
    return 0x0000, None


def _delete(event: Any, folder: Path | None) -> int:
    if folder is not None and event.request.RequestedSOPClassUID == FILM_BOX:
        for file in folder.iterdir():
            file.unlink()
    return 0x0000


def main(folder: str) -> None:
    spool = None if folder == "-" else Path(folder)
    contexts = [(GRAYSCALE_META, [ImplicitVRLittleEndian]), (VERIFICATION, [ImplicitVRLittleEndian])]
    handlers = [
        (evt.EVT_N_CREATE, _create),
        (evt.EVT_N_SET, _set, [spool]),
        (evt.EVT_N_ACTION, _action),
        (evt.EVT_N_DELETE, _delete, [spool]),
    ]
    settings = NodeSettings(port=0, max_associations=1000, idle_timeout_s=None, max_half_open_per_address=256)
    node = Node(settings, contexts, handlers, PartnerList(["PRINTER"], open_to_all=True, open_quota=1000))
    node.start()
    print(node.address[1], flush=True)
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    done.wait()
    node.stop(1)


if __name__ == "__main__":
    main(sys.argv[1])
