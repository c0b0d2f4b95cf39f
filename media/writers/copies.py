"""Further copies of what a writer left in the output: names of their own for the same bytes."""

import os
import shutil
from pathlib import Path


def copied(output: Path, name: str, copy: int) -> str:
    """The name of a further copy of a file or folder: `volume_1_copy_2.iso`. Where links are not it copies."""
    source = output / name
    target = output / f"{source.stem}_copy_{copy}{source.suffix}"
    part = output / f".{target.name}.part"
    if source.is_dir():
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(source, part, copy_function=_link)
        if target.exists():
            shutil.rmtree(target)
        part.rename(target)
    else:
        part.unlink(missing_ok=True)
        _link(str(source), str(part))
        part.replace(target)
        part.unlink(missing_ok=True)  # renaming one link of a file to another leaves both (POSIX rename)
    return target.name


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
        with Path(target).open("rb") as made:
            os.fsync(made.fileno())
