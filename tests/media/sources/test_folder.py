"""A folder, a file and a ZIP as sources: every file once, nothing outside, nothing that harms."""

import os
import socket
import struct
import threading
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest

from media.errors import BadOrder, Unreadable
from media.fileset.model import Reason, Rejection, SourceFile
from media.ports import Source
from media.sources import SOURCES
from media.sources.folder import FolderSource
from media.sources.members import WHOLE_BYTES, directory_bytes
from tests.contracts.source import SourceContract

DATE = (2026, 1, 5, 10, 15, 0)


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, DATE), data, method)
    return buffer.getvalue()


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that do not deflate."""
    return b"".join(struct.pack("<I", zlib.crc32(struct.pack("<II", n, seed))) for n in range(size // 4))


class TestFolder(SourceContract):
    @pytest.fixture
    def contents(self, tmp_path: Path) -> dict[str, bytes]:
        found = {"b/x": b"12345", "b/a/y": b"1" * 5000, "a": b"12", "c\nd": b"1234", "e.zip": b"no ZIP at all"}
        return {f"{tmp_path}/{name}": data for name, data in found.items()}

    @pytest.fixture
    def source(self, tmp_path: Path, contents: dict[str, bytes]) -> Source:
        for name, data in contents.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(data)
        return FolderSource(tmp_path)


class TestSingleFile(SourceContract):
    @pytest.fixture
    def contents(self, tmp_path: Path) -> dict[str, bytes]:
        return {f"{tmp_path}/only": b"123456"}

    @pytest.fixture
    def source(self, tmp_path: Path, contents: dict[str, bytes]) -> Source:
        (tmp_path / "only").write_bytes(b"123456")
        return FolderSource(tmp_path / "only")


class TestZip(SourceContract):
    @pytest.fixture
    def contents(self, tmp_path: Path) -> dict[str, bytes]:
        members = {"a/b": b"1234", "a/c": b"", "large": noise(WHOLE_BYTES + 4000), "x\ny": b"12"}
        return {f"{tmp_path}/study.ZIP!{name}": data for name, data in members.items()}

    @pytest.fixture
    def source(self, tmp_path: Path, contents: dict[str, bytes]) -> Source:
        members = {name.split("!")[1]: data for name, data in contents.items()}
        (tmp_path / "study.ZIP").write_bytes(packed(members | {"folder/": b""}))
        return FolderSource(tmp_path / "study.ZIP")


class TestZipInFolder(TestZip):
    @pytest.fixture
    def source(self, tmp_path: Path, contents: dict[str, bytes]) -> Source:
        members = {name.split("!")[1]: data for name, data in contents.items()}
        (tmp_path / "study.ZIP").write_bytes(packed(members, zipfile.ZIP_STORED))
        return FolderSource(tmp_path)


def refused(folder: Path) -> dict[str, Reason]:
    listed = FolderSource(folder).files()
    return {one.source.name.removeprefix(f"{folder}/"): one.reason for one in listed if isinstance(one, Rejection)}


def names(folder: Path) -> list[str]:
    listed = FolderSource(folder).files()
    return [one.name.removeprefix(f"{folder}/") for one in listed if isinstance(one, SourceFile)]


def test_the_registry_names_it() -> None:
    assert SOURCES["folder"] is FolderSource


def test_nothing_there_is_a_bad_order(tmp_path: Path) -> None:
    with pytest.raises(BadOrder, match="does not exist"):
        FolderSource(tmp_path / "nothing")


def test_files_come_before_folders_and_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b/1", "b/0", "a/2", "z", "B/1"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path) == ["z", "B/1", "a/2", "b/0", "b/1"]


def test_names_that_are_no_unicode_are_files_like_others(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9", "wb") as file:
        file.write(b"123")
    (file_found,) = FolderSource(tmp_path).files()
    assert isinstance(file_found, SourceFile)
    with FolderSource(tmp_path).open(file_found) as stream:
        assert stream.read() == b"123"


def test_links_that_leave_are_refused_and_links_that_stay_add_nothing(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "root_too"
    for folder in (root / "in", elsewhere):
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"1")
    (root / "to_file").symlink_to(root / "in" / "file")
    (root / "to_folder").symlink_to("in")
    (root / "to_itself").symlink_to(".")
    (root / "out_file").symlink_to(elsewhere / "file")
    (root / "out_folder").symlink_to("../root_too")
    (root / "out_absolute").symlink_to("/etc")
    (root / "nowhere").symlink_to(root / "nothing")
    assert names(root) == ["in/file"]
    assert refused(root) == {
        "out_file": Reason.OUTSIDE,
        "out_folder": Reason.OUTSIDE,
        "out_absolute": Reason.OUTSIDE,
        "nowhere": Reason.UNREADABLE,
    }


def test_the_source_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_bytes(b"1")
    (tmp_path / "link").symlink_to("real")
    assert [one.path for one in FolderSource(tmp_path / "link").files() if isinstance(one, SourceFile)] == [
        f"{tmp_path}/real/file"
    ]


def test_what_is_no_regular_file_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert refused(tmp_path) == {"fifo": Reason.UNREADABLE, "s": Reason.UNREADABLE}


def test_a_fifo_or_a_link_in_a_files_place_is_not_read(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_bytes(b"1")
    other.write_bytes(b"2")
    source = FolderSource(tmp_path)
    file = next(iter(source.files()))
    assert isinstance(file, SourceFile)
    path.unlink()
    os.mkfifo(path)
    done: list[bool] = []

    def attempt() -> None:
        with pytest.raises(Unreadable):
            source.open(file)
        done.append(True)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(5)
    assert done
    path.unlink()
    path.symlink_to(other)
    with pytest.raises(Unreadable):
        source.open(file)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir(mode=0)
    (tmp_path / "file").touch(mode=0)
    try:
        assert refused(tmp_path) == {"folder": Reason.UNREADABLE}
        file = next(one for one in FolderSource(tmp_path).files() if isinstance(one, SourceFile))
        with pytest.raises(Unreadable):
            FolderSource(tmp_path).open(file)
    finally:
        (tmp_path / "folder").chmod(0o700)


HOSTILE = ["../evil", "a/../../evil", "/evil", "\\evil", "C:evil", "c:\\evil", "..\\evil", "a/..", "\\\\host\\share\\x"]


@pytest.mark.parametrize("name", HOSTILE)
def test_member_names_that_leave_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.zip").write_bytes(packed({name: b"1", "good": b"2"}))
    assert refused(tmp_path) == {f"x.zip!{name}": Reason.OUTSIDE}
    assert names(tmp_path) == ["x.zip!good"]


def test_a_member_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(packed({"goodXevil": b"1"}).replace(b"goodXevil", b"good\0evil"))
    assert list(refused(tmp_path).values()) == [Reason.OUTSIDE]


def test_members_of_the_same_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(packed({"a1": b"1", "a2": b"2", "b": b"3"}).replace(b"a2", b"a1"))
    assert names(tmp_path) == ["x.zip!b"]
    assert refused(tmp_path) == {"x.zip!a1": Reason.UNREADABLE}


def test_a_bomb_is_refused_and_what_stands_beside_it_is_not(tmp_path: Path) -> None:
    beside = noise(4 << 20)
    (tmp_path / "x.zip").write_bytes(packed({"bomb": bytes(100 << 20), "good": beside}))
    assert refused(tmp_path) == {"x.zip!bomb": Reason.BOMB}
    assert names(tmp_path) == ["x.zip!good"]


def test_many_small_bombs_are_a_bomb(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(packed({f"{n}": bytes(10 << 20) for n in range(10)}))
    assert set(refused(tmp_path).values()) == {Reason.BOMB}
    assert not names(tmp_path)


def test_members_that_overlap_are_a_bomb(tmp_path: Path) -> None:
    data = noise(100_000)
    one = packed({"a": data}, zipfile.ZIP_STORED)
    at = one.index(b"PK\1\2")
    record, end = one[at : one.index(b"PK\5\6")], one[one.index(b"PK\5\6") :]
    second = record.replace(b"a", b"b")
    end = end[:8] + struct.pack("<HHI", 2, 2, len(record) * 2) + end[16:]
    (tmp_path / "x.zip").write_bytes(one[:at] + record + second + end)
    assert set(refused(tmp_path).values()) == {Reason.BOMB}
    assert not names(tmp_path)


def test_highly_packed_small_members_are_no_bomb(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(packed({"zeros": bytes(20 << 20)}))
    assert names(tmp_path) == ["x.zip!zeros"]


@pytest.mark.parametrize("large", [False, True])
def test_a_member_that_is_not_what_the_archive_says_is_unreadable(tmp_path: Path, large: bool) -> None:
    data = noise(WHOLE_BYTES + 4000 if large else 10_000)
    archive = bytearray(packed({"a": data}, zipfile.ZIP_STORED))
    archive[100] ^= 0xFF
    (tmp_path / "x.zip").write_bytes(archive)
    assert_unreadable(tmp_path)


@pytest.mark.parametrize("large", [False, True])
def test_a_member_with_a_size_that_lies_is_unreadable(tmp_path: Path, large: bool) -> None:
    data = noise(WHOLE_BYTES + 4000 if large else 10_000)
    size = struct.pack("<I", len(data))
    for lie in (len(data) - 100, len(data) + 100, len(data) * 3):
        (tmp_path / "x.zip").write_bytes(packed({"a": data}).replace(size, struct.pack("<I", lie)))
        assert_unreadable(tmp_path)


def assert_unreadable(folder: Path) -> None:
    source = FolderSource(folder)
    (file,) = source.files()
    assert isinstance(file, SourceFile)
    with pytest.raises(Unreadable), source.open(file) as stream:
        while stream.read(1 << 16):
            pass


def test_a_cut_archive_is_unreadable(tmp_path: Path) -> None:
    data = packed({"a": noise(1000), "b": noise(1000)})
    for end in (4, 100, len(data) // 2, len(data) - 1):
        (tmp_path / "x.zip").write_bytes(data[:end])
        assert refused(tmp_path) == {"x.zip": Reason.UNREADABLE}


def test_encrypted_members_are_unreadable(tmp_path: Path) -> None:
    data = bytearray(packed({"a": b"1234"}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "x.zip").write_bytes(data)
    assert_unreadable(tmp_path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packing_methods_are_unreadable(tmp_path: Path, method: int) -> None:
    (tmp_path / "x.zip").write_bytes(packed({"a": b"1234" * 100}, method))
    assert_unreadable(tmp_path)


def test_a_member_of_an_archive_that_was_replaced_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(packed({"a": b"1234"}))
    (file,) = FolderSource(tmp_path).files()
    assert isinstance(file, SourceFile)
    (tmp_path / "x.zip").write_bytes(packed({"a": b"12345"}))
    with pytest.raises(Unreadable):
        FolderSource(tmp_path).open(file)


def test_the_size_of_the_directory_is_read_of_zip64_too() -> None:
    plain = packed({"a": b"1", "b": b"2"})
    stated = directory_bytes(BytesIO(plain))
    end = plain.index(b"PK\5\6")
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 2, 2, 5 << 30, 0)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, end, 1)
    assert stated == end - plain.index(b"PK\1\2")
    assert directory_bytes(BytesIO(plain[:end] + record + locator + plain[end:])) == 5 << 30


def test_a_directory_too_large_to_keep_is_unreadable(tmp_path: Path) -> None:
    data = packed({"a": b"1"})
    end = data.index(b"PK\5\6")
    (tmp_path / "x.zip").write_bytes(data[: end + 12] + struct.pack("<I", 1 << 30) + data[end + 16 :])
    assert refused(tmp_path) == {"x.zip": Reason.UNREADABLE}
