"""Archives as the pages ask them: typed words become queries, and what is found is held against what is here."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, TypeVar

from anyio import CapacityLimiter, to_thread

from media.sources import REMOTE, remote_study
from media.studies import StudyState
from service.archives import ArchiveDown, ArchiveRefused, Query, RemoteStudy
from service.audit import Action, note
from service.config import Settings
from service.store import study_queries, study_search
from service.store.engine import Store
from service.store.study_queries import StudyRecord
from service.web.errors import NotFound

if TYPE_CHECKING:
    from service.web.callers import Caller

ANSWER_S = 20.0  # nobody at a desk waits longer, whatever the settings say for fetching
AT_ONCE = 2  # searches of one archive
WAITING = 6  # more than these are refused: it does not answer
REMEMBERED = 5000
SHORTEST = 2

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A study that an archive has, and what of it is here."""

    study: RemoteStudy
    here: StudyRecord | None

    @property
    def name(self) -> str:
        """What an order calls it."""
        return f"{REMOTE}{self.study.archive}:{self.study.uid}"

    @property
    def to_fetch(self) -> bool:
        """Whether something of it is missing here, or may be."""
        if self.here is None or self.here.state is not StudyState.COMPLETE:
            return True
        return self.study.instances is not None and self.study.instances > self.here.instances


class Archives:
    """The archives of the settings; what they answered is remembered, so that an order need not ask again."""

    def __init__(self, settings: Settings, store: Store) -> None:
        quick = [one.model_copy(update={"timeout_s": min(one.timeout_s, ANSWER_S)}) for one in settings.archives]
        self._settings = settings.model_copy(update={"archives": tuple(quick)})
        self._store = store
        self._limits: dict[str, CapacityLimiter] = {}
        self._lock = threading.Lock()
        self._remembered: OrderedDict[str, RemoteStudy] = OrderedDict()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self._settings.archives)

    async def aside(self, name: str, ask: Callable[[], Answer]) -> Answer:
        """Do this in a thread of its own, so that the pages answer meanwhile. Raises NotFound, ArchiveDown."""
        if name not in self.names:
            raise NotFound(f"no archive is named {name!r}; expected one of {', '.join(self.names) or 'none'}")
        limit = self._limits.setdefault(name, CapacityLimiter(AT_ONCE))
        if limit.statistics().tasks_waiting >= WAITING:
            raise ArchiveDown(f"archive {name} has not answered {WAITING + AT_ONCE} searches yet; try again later")
        return await to_thread.run_sync(ask, limiter=limit)

    def search(self, caller: "Caller", name: str, text: str) -> list[FoundStudy]:
        """Studies of an archive that have all words of `text`. Raises ArchiveDown, ArchiveRefused."""
        from service.wiring.remote import find

        found: dict[str, RemoteStudy] = {}
        for query in queries_of(text):
            found |= {one.uid: one for one in find(self._settings, name, query) if one.uid}
        studies = sorted(
            (one for one in found.values() if _has(one, study_search.asked_words(text))),
            key=lambda one: (one.date, one.time),
            reverse=True,
        )
        self._remember(studies)
        with self._store.write() as connection:
            here = {one.uid: one for one in study_queries.these(connection, [one.uid for one in studies])}
            patients = tuple(sorted({(one.patient_id, one.patient_name) for one in studies}))
            note(connection, caller.entry(Action.SEARCH, "studies", text.strip()[:200], patients, f"archive {name}"))
        return [FoundStudy(one, here.get(one.uid)) for one in studies]

    def study(self, name: str) -> RemoteStudy:
        """The study of `pacs:ARCHIVE:STUDY_UID`. Raises BadOrder, NotFound, ArchiveDown, ArchiveRefused."""
        from service.wiring.remote import find

        archive, uid = remote_study(name)
        with self._lock:
            known = self._remembered.get(name)
        if known is not None:
            return known
        found = [one for one in find(self._settings, archive, Query(study_uid=uid)) if one.uid == uid]
        if not found:
            raise NotFound(f"archive {archive} has no study {uid}")
        self._remember(found)
        return found[0]

    def count(self, study: RemoteStudy) -> int | None:
        """How many instances the archive has of a study, asked for where it did not tell; None when it does not say."""
        from service.wiring.remote import completeness

        if study.instances is not None:
            return study.instances
        try:
            return completeness(self._settings, study.archive, study.uid) or None
        except (ArchiveDown, ArchiveRefused):
            return None

    def _remember(self, studies: Sequence[RemoteStudy]) -> None:
        with self._lock:
            for one in studies:
                name = f"{REMOTE}{one.archive}:{one.uid}"
                self._remembered[name] = one
                self._remembered.move_to_end(name)
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)


def queries_of(text: str) -> list[Query]:
    """What an archive is asked for the words that somebody typed: it can say "and", and we the "or".

    >>> [(one.patient_name, one.patient_id, one.accession_number) for one in queries_of("P-12")]
    [('', 'P-12*', ''), ('', '', 'P-12*')]
    >>> [(one.patient_name, one.birth_date) for one in queries_of("anna meier 31.1.1975")]
    [('anna meier', '19750131'), ('meier anna', '19750131')]
    """
    words = [word for word in re.split(r"[\s^=,;*?\\]+", text) if word]
    if sum(map(len, words)) < SHORTEST:
        return []
    dates = [date for word in words if (date := study_search.date_of(word))]
    numbers = [word for word in words if any(map(str.isdigit, word)) and not study_search.date_of(word)]
    names = [word for word in words if not any(map(str.isdigit, word))]
    if len(dates) > 1 or len(numbers) > 2:
        return []
    named = [{"patient_name": name} for name in dict.fromkeys([" ".join(names), " ".join(reversed(names))])]
    if len(names) == 1 and not numbers:
        named += _numbered(names)
    dated = {"birth_date": dates[0]} if dates else {}
    return [Query(**{**name, **number, **dated}) for name, number in product(named, _numbered(numbers))]


def _numbered(numbers: Sequence[str]) -> list[dict[str, str]]:
    """A number is the patient's or the request's; eight digits may be a birth date as well."""
    match numbers:
        case []:
            return [{}]
        case [one]:
            kinds = [{"patient_id": f"{one}*"}, {"accession_number": f"{one}*"}]
            return [*kinds, {"birth_date": one}] if re.fullmatch(r"(19|20)\d{6}", one) else kinds
        case _:
            one, other = numbers
            pairs = ((one, other), (other, one))
            return [{"patient_id": f"{first}*", "accession_number": f"{second}*"} for first, second in pairs]


def _has(study: RemoteStudy, words: Sequence[str]) -> bool:
    """Whether a study has words that begin so, as the search of received studies has it."""
    known = study_search.words_of(study.patient_name, study.patient_id, study.birth_date, study.accession_number)
    return all(any(each.startswith(word) for each in known) for word in words)
