"""Every file of the sources ends as an instance or with its reason."""

from io import BytesIO
from pathlib import Path

import pytest

from media.fileset.model import Reason
from media.index import index as module
from media.index.compact import CompactKeys
from media.index.index import index
from media.sources.folder import FolderSource
from samples.awkward import INDEX_REASONS, encoded, image


def short_name(path: str, root: Path) -> str:
    return path.removeprefix(f"{root}/")


def test_every_awkward_file_has_its_reason_or_its_place(awkward: dict[str, Path]) -> None:
    root = awkward["junk"].parent
    found = index([FolderSource(root)])
    reasons = {short_name(one.source.name, root): str(one.reason) for one in found.rejections}
    assert reasons == INDEX_REASONS
    instances = {short_name(one.source.name, root) for one in found.instances}
    assert instances == set(awkward) - set(INDEX_REASONS)
    assert all(one.detail for one in found.rejections)


def test_every_record_type_is_an_instance(record_types: dict[str, Path]) -> None:
    found = index([FolderSource(next(iter(record_types.values())).parent)])
    assert not found.rejections
    assert len(found.instances) == len(record_types)


def test_a_file_named_dicomdir_is_an_instance_when_it_is_one(tmp_path: Path) -> None:
    (tmp_path / "DICOMDIR").write_bytes(encoded(image("a")))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "dicomdir").write_bytes(b"no such thing" * 20)
    found = index([FolderSource(tmp_path)])
    assert [one.source.path for one in found.instances] == [str(tmp_path / "DICOMDIR")]
    assert [one.reason for one in found.rejections] == [Reason.DICOMDIR]


def test_progress_counts_every_file(awkward: dict[str, Path]) -> None:
    told: list[tuple[str, int, int]] = []
    index([FolderSource(awkward["junk"].parent)], progress=lambda *step: told.append(step))
    assert [done for _, done, _ in told] == list(range(1, len(told) + 1))
    assert {(what, total) for what, _, total in told} == {("files", len(told))}


def test_patient_study_and_series_are_shared(tmp_path: Path) -> None:
    for number in range(1, 30):
        (tmp_path / f"{number}").write_bytes(encoded(image("shared", number, "same")))
    instances = index([FolderSource(tmp_path)]).instances
    assert len({id(one.patient) for one in instances}) == 1
    assert len({id(one.study) for one in instances}) == 1
    assert len({id(one.series) for one in instances}) == 1
    assert len({id(one.own.get(0x00280004)) for one in instances}) == 1
    assert len({one.own[0x00200013] for one in instances}) == len(instances)


def test_several_sources_are_read_in_their_order(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_bytes(encoded(image(name)))
    found = index([FolderSource(tmp_path / "b"), FolderSource(tmp_path / "a"), FolderSource(tmp_path / "b" / "x")])
    assert [Path(one.source.path).parent.name for one in found.instances] == ["b", "a"]
    assert [one.reason for one in found.rejections] == [Reason.DUPLICATE]


def test_many_processes_find_the_same(awkward: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST_FILES", 1)
    monkeypatch.setattr(module, "CHUNK_FILES", 5)
    source = FolderSource(awkward["junk"].parent)
    assert index([source], processes=2) == index([source], processes=1)


def test_compact_keys_are_a_mapping() -> None:
    keys = CompactKeys({1: 0, 2: 1}, (b"a", b""))
    assert dict(keys) == keys == {1: b"a", 2: b""}
    assert (keys[1], keys.get(2), keys.get(3), keys.get(3, b"x"), 2 in keys, 3 in keys) == (
        b"a",
        b"",
        None,
        b"x",
        True,
        False,
    )
    with pytest.raises(KeyError):
        keys[3]


def test_nothing_of_a_bomb_is_kept(awkward: dict[str, Path]) -> None:
    """Peak memory of reading a file that inflates to 256 MB stays below 64 MB."""
    import tracemalloc

    from media.index.flaws import Flaw
    from media.index.memory import nothing_yet
    from media.index.scan import scan

    data = awkward["deflate_bomb"].read_bytes()
    tracemalloc.start()
    with pytest.raises(Flaw) as caught:
        scan(BytesIO(data), len(data), nothing_yet())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.reason is Reason.BOMB
    assert peak < 8 << 20
