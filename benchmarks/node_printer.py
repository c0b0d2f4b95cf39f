"""A printer that only spools: `python -m benchmarks.node_printer node|stock drop|write|fsync FOLDER [PORT]`."""

import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import N_SET

from benchmarks.node_client import FILM_BOX, GRAYSCALE_META, IMAGE_BOX, VERIFICATION
from service.node import Node, NodeSettings, PartnerList
from service.node.streamed import StreamedMap

_PIECE = 1 << 20
_ROOT = generate_uid()[:40]
_NUMBERS = itertools.count(1)
_CONTEXTS = [(GRAYSCALE_META, [ImplicitVRLittleEndian]), (VERIFICATION, [ImplicitVRLittleEndian])]


def _begin(event: Any) -> None:
    event.assoc.at_once = frozenset({N_SET})  # as printmgr.scp does; stock pynetdicom does not look at it


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


def _set(event: Any, keep: str, folder: Path) -> tuple[int, None]:
    if keep != "drop":
        data, target = event.request.ModificationList.getbuffer(), folder / str(next(_NUMBERS))
        if isinstance(data.obj, StreamedMap):
            data.obj.keep(target, durable=keep == "fsync")
            return 0x0000, None
        with target.open("wb", buffering=0) as file:
            for start in range(0, len(data), _PIECE):  # one write of 10 MB takes the kernel up to ten times as long
                file.write(data[start : start + _PIECE])
            if keep == "fsync":
                os.fsync(file.fileno())
    return 0x0000, None


def _action(event: Any) -> tuple[int, None]:
    return 0x0000, None


def _delete(event: Any) -> int:
    return 0x0000


def _node(handlers: list[Any], stream_folder: Path | None, port: int) -> tuple[int, Callable[[], None]]:
    many = 1000
    settings = NodeSettings(
        port=port,
        share_port=True,
        max_associations=many,
        idle_timeout_s=None,
        max_half_open_per_address=256,
        stream_folder=stream_folder,
    )
    node = Node(settings, _CONTEXTS, handlers, PartnerList(["PRINTER"], open_to_all=True, open_quota=many))
    node.start()
    return node.address[1], lambda: node.stop(1)


def _stock(handlers: list[Any], _: Path | None, port: int) -> tuple[int, Callable[[], None]]:
    application = AE("PRINTER")
    for abstract_syntax, syntaxes in _CONTEXTS:
        application.add_supported_context(abstract_syntax, syntaxes)
    server = application.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    assert server is not None
    return server.server_address[1], server.shutdown


def main(kind: str, keep: str, folder: str, port: str = "0") -> None:
    handlers = [
        (evt.EVT_REQUESTED, _begin),
        (evt.EVT_N_CREATE, _create),
        (evt.EVT_N_SET, _set, [keep, Path(folder)]),
        (evt.EVT_N_ACTION, _action),
        (evt.EVT_N_DELETE, _delete),
    ]
    start = _stock if kind == "stock" else _node
    bound, stop = start(handlers, None if keep == "drop" else Path(folder), int(port))
    print(bound, flush=True)
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    done.wait()
    stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
