"""Images against the programs that others read them with."""

import hashlib
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from media.build.iso import Format, Last, Written, write_image
from media.build.stream import Entry, from_bytes, from_path
from media.errors import BadOrder, SourceChanged
from media.verify import verify_image

FORMAT = Format("TEST_01", created_s=1_700_000_000)
FULL = replace(FORMAT, udf=True, joliet=True)
FORMATS = pytest.mark.parametrize("form", [FORMAT, replace(FORMAT, udf=True), FULL], ids=["iso", "udf", "all"])


def silent(_what: str, _done: int, _total: int) -> None:
    pass


def tree(count: int = 40) -> dict[str, bytes]:
    """Files of awkward sizes in folders up to the depth that pycdlib writes."""
    chance = random.Random(3)
    sizes = [1, 2047, 2048, 2049, 300_000] + [chance.randrange(1, 9000) for _ in range(count)]
    files = {f"DICOM/PT{i % 3}/IM{i:06}": chance.randbytes(size) for i, size in enumerate(sizes)}
    files["A/B/C/D/E/F/DEEP"] = b"deep"
    files["README.TXT"] = b"read me\r\n"
    return files


def entries(files: Mapping[str, bytes]) -> list[Entry]:
    return [Entry(tuple(name.split("/")), len(data), from_bytes(data)) for name, data in files.items()]


def checksums(files: Mapping[str, bytes]) -> Last:
    """A last file whose bytes follow from all others."""

    def make(hashes: Mapping[str, str]) -> bytes:
        return "".join(f"{hashes[name]}\n" for name in sorted(files)).encode()

    return Last(("CHECKSUM.TXT",), 65 * len(files), make)


def build(path: Path, form: Format, files: Mapping[str, bytes]) -> Written:
    return write_image(path, form, entries(files), checksums(files), silent)


def read_tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_two_builds_are_identical_wherever_and_whenever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = tree()
    one = build(tmp_path / "one", FULL, files)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        two = build(tmp_path / "two", FULL, dict(reversed(files.items())))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert one.hashes == two.hashes


def test_the_clock_of_others_goes_on_during_a_build(tmp_path: Path) -> None:
    seen: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.append(time.time())

    watcher = threading.Thread(target=watch)
    watcher.start()
    build(tmp_path / "image", FULL, tree(200))
    done.set()
    watcher.join()
    assert min(seen) > FORMAT.created_s + 10_000_000


def test_hashes_are_those_of_the_bytes(tmp_path: Path) -> None:
    files = tree()
    written = build(tmp_path / "image", FORMAT, files)
    expected = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert written.hashes.items() >= expected.items()
    assert set(written.hashes) - set(expected) == {"CHECKSUM.TXT"}


def test_volume_identifier_and_system_identifier(tmp_path: Path) -> None:
    build(tmp_path / "image", FORMAT, tree())
    descriptor = (tmp_path / "image").read_bytes()[16 * 2048 : 17 * 2048]
    assert descriptor[8:40] == b" " * 32  # PS3.12 F.1.1
    assert descriptor[40:72] == b"TEST_01".ljust(32)


@FORMATS
@pytest.mark.peer("isovfy", "isoinfo", "xorriso", "7z")
def test_readers_find_nothing_wrong(tmp_path: Path, form: Format) -> None:
    image, files = tmp_path / "image.iso", tree()
    build(image, form, files)
    assert "No errors found" in run("isovfy", image)
    assert "Everything is Ok" in run("7z", "t", image)
    assert ", + good" in run("xorriso", "-indev", image, "-check_media", "--")
    names = run("isoinfo", "-f", "-i", image).splitlines()
    assert {name.removesuffix(";1").removesuffix(".").lstrip("/") for name in names} >= files.keys()


@pytest.mark.peer("udfinfo")
def test_udf_is_revision_1_02_and_closed(tmp_path: Path) -> None:
    files = tree()
    build(tmp_path / "image", FULL, files)
    lines = run("udfinfo", tmp_path / "image").splitlines()
    assert {"udfrev=1.02", "integrity=closed", "lvid=TEST_01", f"numfiles={len(files) + 1}"} <= set(lines)


@FORMATS
@pytest.mark.peer("7z", "xorriso")
def test_both_trees_give_the_bytes_back(tmp_path: Path, form: Format) -> None:
    image, files = tmp_path / "image.iso", tree()
    build(image, form, files)
    run("7z", "x", f"-o{tmp_path / 'seven'}", image)
    run("xorriso", "-osirrox", "on", "-indev", image, "-extract", "/", tmp_path / "iso")
    for folder in ("seven", "iso"):
        found = read_tree(tmp_path / folder)
        assert found.pop("CHECKSUM.TXT")
        assert found == files
    run("chmod", "-R", "u+w", tmp_path / "iso")


@pytest.mark.parametrize("count", [47, 48, 49, 96, 100, 300])
def test_folders_of_several_sectors(tmp_path: Path, count: int) -> None:
    build(tmp_path / "image", FULL, {f"DICOM/PA{number:06}/ST000001/IM000001": b"x" for number in range(count)})
    assert [str(finding) for finding in verify_image(tmp_path / "image").findings if "record" in finding.detail] == []


def test_progress_ends_at_its_totals(tmp_path: Path) -> None:
    files, seen = tree(), dict[str, tuple[int, int]]()
    threads = set()

    def progress(what: str, done: int, total: int) -> None:
        seen[what] = (done, total)
        threads.add(threading.get_ident())

    write_image(tmp_path / "image", FORMAT, entries(files), checksums(files), progress)
    size = sum(map(len, files.values()))
    assert seen == {"bytes": (size, size), "instances": (len(files), len(files))}
    assert threads == {threading.get_ident()}


def test_nothing_is_left_of_a_build_that_fails(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"short")
    files = [*entries(tree()), Entry(("SHORT",), 6, from_path(source, 6))]
    with pytest.raises(SourceChanged, match="ends after 5 bytes, 6 when indexed"):
        write_image(tmp_path / "image", FORMAT, files, Last(("X",), 1, lambda _: b"x"), silent)
    assert [p.name for p in tmp_path.iterdir()] == ["source"]


def test_a_full_disk_is_no_room(tmp_path: Path) -> None:
    code = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path.cwd())!r})
from pathlib import Path
from media.build.iso import Format, Last, write_image
from media.build.stream import Entry, from_bytes
from media.errors import NoRoom
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_image(Path({str(tmp_path / "image")!r}), Format("X", 1), [Entry(("A",), 200_000, from_bytes(bytes(200_000)))],
                Last(("B",), 1, lambda _: b"x"), lambda *_: None)
except NoRoom as error:
    print("no room")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "no room\n", done.stderr
    assert not (tmp_path / "image").exists()


def test_large_files_need_a_medium_that_has_them(tmp_path: Path) -> None:
    large = Entry(("LARGE",), 5 << 30, from_bytes(b""))
    with pytest.raises(BadOrder, match="4 GiB"):
        write_image(tmp_path / "image", FORMAT, [large], Last(("X",), 1, lambda _: b"x"), silent)


@pytest.mark.slow
@pytest.mark.peer("7z", "xorriso")
def test_a_file_over_4_gib_comes_out_of_both_trees(tmp_path: Path) -> None:
    source, size = tmp_path / "source", 4_500_000_003
    with source.open("wb") as file:
        for offset in (0, 0xFFFF_F7FF, 0xFFFF_F800, size - 5):
            file.seek(offset)
            file.write(b"mark!")
    form = replace(FORMAT, udf=True, multi_extent=True)
    image = tmp_path / "image.iso"
    files = [Entry(("DICOM", "LARGE"), size, from_path(source, size)), *entries(tree(3))]
    written = write_image(image, form, files, Last(("X",), 1, lambda _: b"x"), silent)
    wanted = run("sha256sum", source).split()[0]
    assert written.hashes["DICOM/LARGE"] == wanted
    for name, command in {
        "udf": ("7z", "x", f"-o{tmp_path / 'udf'}", image, "DICOM/LARGE"),
        "iso": ("xorriso", "-osirrox", "on", "-indev", image, "-extract", "/DICOM/LARGE", tmp_path / "iso/DICOM/LARGE"),
    }.items():
        run(*command)
        assert run("sha256sum", tmp_path / name / "DICOM/LARGE").split()[0] == wanted
        run("chmod", "-R", "u+w", tmp_path / name)
        shutil.rmtree(tmp_path / name)
