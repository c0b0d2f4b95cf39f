"""Where received instances lie: one folder a run of a process, names counted, nothing in them of what a sender says.

DATA_DIR/inbox/<run>/<nnnn>/<nnnnnnn>.dcm   instances, a thousand a folder
DATA_DIR/inbox/<run>/lock                   held by the process whose run it is
DATA_DIR/inbox/<run>/settled                every file in the run is in the catalogue, or belongs to nobody
"""

import itertools
import threading
from collections.abc import Callable
from pathlib import Path

from printmgr.files import sync_folder
from service.slots import Slot, Taken
from service.spool import local_now, new_id

FILES_A_FOLDER = 1000
SETTLED = "settled"

Adopt = Callable[[str], bool]
"""Takes a file below the inbox into the catalogue; False: it belongs to nobody."""


class InboxFolder:
    """The folder of received instances, as one process writes to it."""

    def __init__(self, root: Path) -> None:
        """Begin a run. Raises OSError."""
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root = root
        self.run = new_id(local_now())
        self._folder = root / self.run
        beginning = root / f".{self.run}"  # nobody takes it for a dead process's before it has its lock
        beginning.mkdir(mode=0o700)
        self._slot = Slot(beginning / "lock", self.run)
        beginning.rename(self._folder)
        sync_folder(root)
        self._numbers = itertools.count()
        self._made: set[int] = set()
        self._making = threading.Lock()

    @property
    def arriving(self) -> Path:
        """A folder for files that have no name yet."""
        return self._folder

    def next_name(self) -> str:
        """A name below the root that no other file has, its folder made. Raises OSError."""
        number = next(self._numbers)
        shard = number // FILES_A_FOLDER
        if shard not in self._made:
            with self._making:
                (self._folder / f"{shard:04}").mkdir(mode=0o700, exist_ok=True)
                sync_folder(self._folder)
                self._made.add(shard)
        return f"{self.run}/{shard:04}/{number:07}.dcm"

    def recover(self, known: Callable[[str], set[str]], adopt: Adopt, adopted: Callable[[str], object]) -> int:
        """Have files adopted that dead processes left out of the catalogue; how many were.

        known    what the catalogue has of a run
        adopted  what else is to be done for a run whose files are in the catalogue
        """
        return sum(self._settle(run, known, adopt, adopted) for run in self._runs())

    def _runs(self) -> list[Path]:
        return sorted(run for run in self.root.iterdir() if run.is_dir() and not run.name.startswith("."))

    def _settle(self, run: Path, known: Callable[[str], set[str]], adopt: Adopt, then: Callable[[str], object]) -> int:
        if (run / SETTLED).exists():
            return 0
        try:
            slot = Slot(run / "lock", run.name)
        except Taken:
            return 0  # this one, or that of a process that runs
        names = {f"{run.name}/{file.parent.name}/{file.name}" for file in run.glob("[0-9]*/*.dcm")}
        adopted = sum(self._settle_file(name, adopt) for name in sorted(names - known(run.name)))
        for leftover in run.glob(".arriving-*"):
            leftover.unlink()
        then(run.name)
        (run / SETTLED).touch(mode=0o600)
        slot.release()
        return adopted

    def _settle_file(self, name: str, adopt: Adopt) -> int:
        adopted = adopt(name)
        if not adopted:
            (self.root / name).unlink(missing_ok=True)
        return adopted

    def close(self, settled: bool = True) -> None:
        """End the run. `settled`: everything in it is in the catalogue, and the ledger knows of it."""
        if settled:
            (self._folder / SETTLED).touch(mode=0o600)
        self._slot.release()
