"""Films and studies as pictures. Nothing is kept on the disk: what retention removed is gone here too."""

import io
import json
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from service.config import Settings
from service.store import prints, study_queries
from service.store.engine import Store
from service.store.jobs import OPEN, JobState
from service.web.errors import NotFound

PREVIEW_SIDE = 1024  # what the steps of a film leave
SIDES = (512, 1024, 2048, 4096)  # pixels of the long side
KEPT_PICTURES, KEPT_THUMBNAILS = 12, 400
THUMBNAIL = 192
ICON_MEMORY_BYTES, ICON_CPU_S, ICON_S = 2 << 30, 20, 20.0
HIGHEST_SCALE = 16.0


class Kept:
    """The last few pictures, by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._there: OrderedDict[object, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object, make: Callable[[], bytes]) -> bytes:
        with self._lock:
            if key in self._there:
                self._there.move_to_end(key)
                return self._there[key]
        made = make()
        with self._lock:
            self._there[key] = made
            while len(self._there) > self._most:
                self._there.popitem(last=False)
        return made


class Pictures:
    """Draws films from their PDFs and studies from their images."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._pdfium = threading.Lock()  # the library is not thread-safe
        self._pages = Kept(KEPT_PICTURES)
        self._thumbnails = Kept(KEPT_THUMBNAILS)
        self._icons = Icons()

    def pdf_of(self, film_id: str) -> Path:
        """The film's PDF. Raises NoSuchPrint, NotFound when retention removed it or it is not made yet."""
        with self._store.read() as connection:
            record = prints.one(connection, film_id)
        places = [Path(one.place) for one in record.deliveries if one.place.endswith(".pdf")]
        for path in (self._spooled(record.id), *places):
            if path.is_absolute() and path.is_file():
                return path
        raise NotFound(f"film {film_id} has no PDF now: it is not made yet, or was removed when its time was over")

    def drawn(self, film_id: str, state: str) -> str:
        """Whether there is a picture of a film, by its job's state: `yes`, `coming`, `no` when it ended before that."""
        if state in OPEN:
            return "coming"
        return "yes" if state == JobState.DONE or self._spooled(film_id).is_file() else "no"

    def page_png(self, film_id: str, number: int, side: int) -> bytes:
        """One film of a print as PNG. Raises NoSuchPrint, NotFound."""
        side = next((each for each in SIDES if each >= side), SIDES[-1])
        preview = self._settings.spool_dir / "prints" / film_id / f"preview_{number}.png"
        if side <= PREVIEW_SIDE and preview.is_file():
            return preview.read_bytes()
        pdf = self.pdf_of(film_id)
        return self._pages.get((film_id, number, side), lambda: self._draw(pdf, number, side))

    def merged(self, film_ids: Sequence[str]) -> bytes:
        """One PDF of several films, each page as it is. Raises NoSuchPrint, NotFound."""
        import pypdfium2

        paths = [self.pdf_of(film_id) for film_id in film_ids]
        with self._pdfium:
            whole = pypdfium2.PdfDocument.new()
            for path in paths:
                with pypdfium2.PdfDocument(path) as part:
                    whole.import_pages(part)
            out = io.BytesIO()
            whole.save(out)
            whole.close()
        return out.getvalue()

    def thumbnail(self, study_uid: str) -> bytes:
        """A picture of a study: the middle one of its images. Raises NoSuchStudy, NotFound without one."""
        with self._store.read() as connection:
            study_queries.one(connection, study_uid)
            files = study_queries.files(connection, study_uid)
        candidates = [files[at] for at in sorted({len(files) // 2, 0, len(files) - 1})] if files else []
        key = (study_uid, candidates[0].file if candidates else "")
        picture = self._thumbnails.get(key, lambda: self._first_drawn([each.file for each in candidates]))
        if not picture:
            raise NotFound(f"no picture can be drawn of study {study_uid}")
        return picture

    def stop(self) -> None:
        self._icons.stop()

    def _spooled(self, film_id: str) -> Path:
        return self._settings.spool_dir / "prints" / film_id / "film.pdf"

    def _draw(self, pdf: Path, number: int, side: int) -> bytes:
        import pypdfium2

        with self._pdfium, pypdfium2.PdfDocument(pdf) as document:
            if not 1 <= number <= len(document):
                raise NotFound(f"the film has {len(document)} pages; there is none with number {number}")
            page = document[number - 1]
            scale = min(side / max(page.get_size()), HIGHEST_SCALE)
            picture = page.render(scale=scale, no_smoothimage=False).to_numpy()
            return _png(picture)

    def _first_drawn(self, files: Sequence[str]) -> bytes:
        for file in files:
            if picture := self._icons.draw(self._settings.inbox_dir / file):
                return picture
        return b""


class Icons:
    """A child process that draws images of anybody's files under limits, as the transcoder does."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def draw(self, file: Path) -> bytes:
        """A PNG, b'' when it cannot be drawn."""
        with self._lock, tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "icon"
            if not self._ask({"source": str(file), "target": str(target), "icon_size": THUMBNAIL}):
                return b""
            import numpy as np

            return _png(np.frombuffer(target.read_bytes(), np.uint8).reshape(THUMBNAIL, THUMBNAIL))

    def stop(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, order: dict[str, object]) -> bool:
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "media.build.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        child = self._child
        assert child.stdin is not None and child.stdout is not None
        too_long = threading.Timer(ICON_S, child.kill)
        too_long.start()
        try:
            child.stdin.write(json.dumps(order | {"memory_bytes": ICON_MEMORY_BYTES, "cpu_s": ICON_CPU_S}) + "\n")
            child.stdin.flush()
            answer = json.loads(child.stdout.readline() or '{"error": "lost"}')
        except (OSError, ValueError):
            answer = {"error": "lost"}
        finally:
            too_long.cancel()
        if answer["error"] == "lost":
            self._end()
        return not answer["error"]

    def _end(self) -> None:
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        self._child = None


def _png(picture: object) -> bytes:
    import cv2
    import numpy as np

    _, encoded = cv2.imencode(".png", np.ascontiguousarray(picture))
    return encoded.tobytes()
