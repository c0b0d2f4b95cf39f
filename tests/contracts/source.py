"""What every Source keeps: subclass it, give a source with the files it holds."""

import pickle

import pytest

from media.errors import Unreadable
from media.fileset.model import SourceFile
from media.ports import Source


class SourceContract:
    """Subclasses provide the fixtures `source` and `contents` (name -> bytes of every file in it)."""

    @pytest.fixture
    def source(self) -> Source:
        raise NotImplementedError

    @pytest.fixture
    def contents(self) -> dict[str, bytes]:
        raise NotImplementedError

    def test_gives_every_file_once(self, source: Source, contents: dict[str, bytes]) -> None:
        found = [one for one in source.files() if isinstance(one, SourceFile)]
        assert sorted(one.name for one in found) == sorted(contents)

    def test_gives_the_same_order_again(self, source: Source) -> None:
        assert list(source.files()) == list(source.files())

    def test_opens_every_file_at_its_first_byte_and_tells_its_size(
        self, source: Source, contents: dict[str, bytes]
    ) -> None:
        for file in source.files():
            assert isinstance(file, SourceFile)
            with source.open(file) as stream:
                data = b"".join(iter(lambda: stream.read(1000), b""))
                assert data == contents[file.name]
                assert file.size_bytes == len(data)
                stream.seek(1)
                assert stream.read(3) == data[1:4]

    def test_a_file_that_is_gone_is_unreadable(self, source: Source) -> None:
        file = next(one for one in source.files() if isinstance(one, SourceFile))
        gone = SourceFile(file.path + ".gone", file.size_bytes, file.mtime_ns, file.member)
        with pytest.raises(Unreadable):
            source.open(gone)

    def test_goes_to_another_process(self, source: Source) -> None:
        assert list(pickle.loads(pickle.dumps(source)).files()) == list(source.files())
