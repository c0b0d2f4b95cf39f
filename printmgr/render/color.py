"""What the colours of a film mean: the ICC Profile of the film box, where it is one."""

from pathlib import Path
from typing import NamedTuple

from printmgr.errors import InvalidAttribute
from printmgr.film.model import FilmBox, StoredBytes
from printmgr.render.icc import checked

KEYWORD = "ICCProfile"
LARGEST = 16 << 20  # bytes; profiles of printers have up to 2 MB


class ColorProfile(NamedTuple):
    """The profile that counts; None: colours are sRGB. `fault` says why the one that came does not count."""

    data: bytes | None
    fault: str = ""


def profile_of(film: FilmBox, folder: Path) -> ColorProfile:
    """What the ICC Profile (0028,2000) of a film comes to; gray films have none (PS3.4 Table H.4-6)."""
    if not film.color or film.icc_profile is None:
        return ColorProfile(None)
    try:
        return ColorProfile(checked(read(film.icc_profile, folder)))
    except InvalidAttribute as error:
        return ColorProfile(None, f"{error}; colours count as sRGB")


def read(stored: StoredBytes, folder: Path) -> bytes:
    """A value of a data set in the spool. Raises InvalidAttribute."""
    if stored.length > LARGEST:
        raise InvalidAttribute(KEYWORD, f"{stored.length} bytes", f"at most {LARGEST}")
    try:
        with (folder / stored.file).open("rb") as file:
            file.seek(stored.offset)
            return file.read(stored.length)
    except FileNotFoundError:
        raise InvalidAttribute(KEYWORD, f"{stored.file}, which is missing", "a data set in the spool") from None
