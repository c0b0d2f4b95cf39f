"""Searching the Modality Worklist while somebody says whose film it is; asked each time, never kept beyond that."""

import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from printmgr.film.identity import Identity
from service.settings.identity import WorklistSettings
from service.store.study_search import asked_words, words_of
from service.web.errors import BadValue

if TYPE_CHECKING:
    from printmgr.worklist import Scheduled

FOUND = 8  # entries that are offered for a film
KEPT = 500  # offers that can still be chosen
SHORTEST = 2  # letters of a search: fewer would ask for half the house
SEPARATORS = re.compile(r"[\s^=,;]+")
DATE = re.compile(r"\d{8}")


@dataclass(frozen=True, slots=True)
class Offer:
    """An entry of the worklist that can be chosen by its token."""

    token: str
    entry: "Scheduled"


class LiveWorklist:
    """The worklist of the settings, and what it was offered lately."""

    def __init__(self, settings: WorklistSettings) -> None:
        self._settings = settings
        self._offered: OrderedDict[str, Identity] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def there(self) -> bool:
        return bool(self._settings.host)

    def search(self, text: str) -> list[Offer]:
        """Entries that have all words of `text`, the next to come last. Raises WorklistFailed."""
        from printmgr.worklist import Worklist, search

        words = asked_words(text)
        if not self.there or max(map(len, words), default=0) < SHORTEST:
            return []
        found = search(
            Worklist(**self._settings.model_dump()),
            keys_of(text),
            lambda one: one.identity.names_a_patient and has_all(one.identity, words),
            FOUND,
        )
        return [Offer(self._keep(one.identity), one) for one in found]

    def chosen(self, token: str) -> Identity:
        """The patient of an offer. Raises BadValue when it was too long ago."""
        with self._lock:
            if token not in self._offered:
                raise BadValue("this entry of the worklist is not at hand any more; search again")
            return self._offered[token]

    def _keep(self, identity: Identity) -> str:
        token = secrets.token_urlsafe(12)
        with self._lock:
            self._offered[token] = identity
            while len(self._offered) > KEPT:
                self._offered.popitem(last=False)
        return token


def keys_of(text: str) -> list[dict[str, str]]:
    """What a worklist is asked for: by what has digits when there is any, else by a name (PS3.4 table K.6-1).

    Patient IDs, accession numbers and birth dates match whole; names by a part of theirs, in the spellings usual on a
    console, for many worklists tell upper from lower case.

    >>> keys_of("mei")
    [{'PatientName': '*mei*'}, {'PatientName': '*MEI*'}, {'PatientName': '*Mei*'}]
    >>> keys_of("31.1.1975 Mei"), keys_of("P-7")
    ([{'PatientBirthDate': '19750131'}], [{'PatientID': 'P-7'}, {'AccessionNumber': 'P-7'}])
    """
    typed = [re.sub(r"[*?\\]", "", word) for word in SEPARATORS.split(text)]  # wildcards are ours to set
    number = next((word for word in typed if any(letter.isdigit() for letter in word)), "")
    date = next((word for word in asked_words(number) if DATE.fullmatch(word)), "")
    if number:
        keys = [{"PatientID": number}, {"AccessionNumber": number}] if date in ("", number) else []
        return keys + ([{"PatientBirthDate": date}] if date else [])
    longest = max(typed, key=len)
    names = dict.fromkeys((longest, longest.upper(), longest.capitalize())) if longest else ()
    return [{"PatientName": f"*{name}*"} for name in names]


def has_all(identity: Identity, words: list[str]) -> bool:
    """Whether each word begins one of the patient's."""
    own = words_of(identity.patient_name, identity.patient_id, identity.birth_date, identity.accession_number)
    return all(any(one.startswith(word) for one in own) for word in words)
