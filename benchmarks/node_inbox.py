"""The study inbox alone on a node: `python -m benchmarks.node_inbox FOLDER DURABLE`."""

import logging
import signal
import sys
import threading
from pathlib import Path

from media.scp import header
from media.scp.contexts import presentation_contexts
from media.scp.handlers import InboxSCP
from service.group_commit import Durable
from service.inbox import InboxSettings, StudyInbox
from service.node import Node, NodeSettings, PartnerList
from service.store.engine import migrate
from service.titles import Application, Titles

ARCHIVE = "ARCHIVE"


def main(folder: Path, durable: Durable) -> None:
    logging.basicConfig(level=logging.ERROR)
    database = f"sqlite:///{folder / 'bench.db'}"
    migrate(database)
    inbox = StudyInbox(InboxSettings(folder / "inbox", durable), database, header.read_again)
    inbox.start()
    scp = InboxSCP(inbox, ("1.2.826.0.1.3680043.9.3811.9.9", "BENCH"))
    titles = Titles({ARCHIVE: Application(presentation_contexts(), scp.handlers())})
    settings = NodeSettings(port=0, idle_timeout_s=None, max_half_open_per_address=256)
    node = Node(settings, titles.contexts(), titles.handlers(), PartnerList([ARCHIVE], open_to_all=True))
    node.start()
    print(node.address[1], flush=True)
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    done.wait()
    node.stop(1)
    inbox.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Durable(sys.argv[2]))
