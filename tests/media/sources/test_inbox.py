"""The inbox source keeps what every source keeps, and gives no study that is not complete."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from media.errors import BadOrder
from media.fileset.model import Reason, Rejection
from media.sources import absolute, source_of
from media.sources.inbox import InboxSource
from media.studies import StudyFile, StudyState
from tests.contracts.source import SourceContract

STUDY = "1.2.3"


@dataclass
class Held:
    """A catalogue of one study."""

    files_held: list[StudyFile]
    state_held: StudyState = field(default=StudyState.COMPLETE)

    def state(self, study_uid: str) -> StudyState | None:
        return self.state_held if study_uid == STUDY else None

    def files(self, study_uid: str) -> list[StudyFile]:
        return self.files_held if study_uid == STUDY else []


def written(folder: Path) -> dict[str, bytes]:
    contents = {str(folder / f"{number:07}.dcm"): bytes([number]) * (2000 + number) for number in range(3)}
    for name, data in contents.items():
        Path(name).write_bytes(data)
    return contents


class TestInboxSource(SourceContract):
    @pytest.fixture
    def contents(self, tmp_path):
        return written(tmp_path)

    @pytest.fixture
    def source(self, contents):
        return InboxSource(Held([StudyFile(name, len(data)) for name, data in contents.items()]), STUDY)


def test_a_study_that_is_not_there_or_not_complete_is_refused():
    with pytest.raises(BadOrder):
        list(InboxSource(Held([]), "9.9").files())
    for state in (StudyState.ARRIVING, StudyState.INCOMPLETE):
        with pytest.raises(BadOrder, match=state):
            list(InboxSource(Held([], state), STUDY).files())


def test_a_file_that_is_gone_or_not_as_long_as_received_is_named(tmp_path):
    contents = written(tmp_path)
    held = [StudyFile(name, len(data) + 1) for name, data in contents.items()]
    held.append(StudyFile(str(tmp_path / "gone.dcm"), 1))
    found = list(InboxSource(Held(held), STUDY).files())
    assert all(isinstance(one, Rejection) for one in found)
    assert [one.reason for one in found] == [Reason.TRUNCATED] * 3 + [Reason.UNREADABLE]


def test_names_of_received_studies_are_not_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute("inbox:1.2") == "inbox:1.2"
    assert absolute("x") == str(tmp_path / "x")
    (tmp_path / "inbox:1.2").mkdir()
    assert source_of("./inbox:1.2").root == str(tmp_path / "inbox:1.2")
