"""`[[rules]]` at work: a complete study of a station and a referrer becomes a disc, late images a supplementary one."""

import logging
import threading
import time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from media.errors import MediaError
from service.config import Settings
from service.settings.discs import DiscRule
from service.spool import local_now, new_id
from service.store import rule_discs
from service.store.engine import Store
from service.store.rule_discs import CompleteStudy
from service.wiring.discs import add_disc
from service.wiring.presets import order_by_preset
from service.wiring.remote import ArchiveDown, Completeness, compared

log = logging.getLogger(__name__)

LOOK_S = 5.0
LONGEST_S = 600.0  # between two questions to an archive about a study that did not change
SUPPLEMENT = "SUPPLEMENT"  # File-set ID of what came late
REFERRING_PHYSICIAN = 0x00080090


class Asked(NamedTuple):
    """What an archive said of a study as it was then, and when it is asked again."""

    last_at: int
    said: str
    wait_s: float
    again_at: float


class DiscRules:
    """Looks for complete studies in the process that does jobs."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._looked_at: dict[str, tuple[int, str]] = {}  # studies as they were when no rule wanted anything of them
        self._asked: dict[tuple[str, str], Asked] = {}  # archives, by rule and study

    def start(self, stopping: threading.Event) -> None:
        if self._settings.rules:
            threading.Thread(target=self._run, args=[stopping], name="rules", daemon=True).start()

    def _run(self, stopping: threading.Event) -> None:
        while not stopping.wait(LOOK_S):
            try:
                self.look()
            except Exception:
                log.exception("could not look for studies that a rule is about; trying again")

    def look(self) -> list[str]:
        """Order what is due; the ids of the discs."""
        with self._store.read() as connection:
            studies = rule_discs.complete(connection)
        made = []
        for study in studies:
            state = (study.last_at, study.completed_by)
            if self._looked_at.get(study.uid) == state:
                continue
            outcomes = [self._apply(rule, study) for rule in self._settings.rules]
            made += [disc_id for disc_id in outcomes if disc_id]
            if None not in outcomes:
                self._looked_at[study.uid] = state
        return made

    def _apply(self, rule: DiscRule, study: CompleteStudy) -> str | None:
        """The disc of a rule; "": it wants none of this study; None: it waits for proof that all is there."""
        if rule.station and rule.station != study.calling_ae:
            return ""
        with self._store.read() as connection:
            done = rule_discs.done_up_to(connection, rule.name, study.uid)
            found = rule_discs.instances_after(connection, study.uid, done)
            proof = rule_discs.proof_of(connection, study.uid)
        paths = [str(self._settings.inbox_dir / file) for _, file, _ in found]
        if not found or not self._wanted(rule, {modality for *_, modality in found}, paths[0]):
            return ""
        proof, why = self._proof(rule, study, proof)
        if why:
            with self._store.write() as connection:
                new = rule_discs.hold_back(connection, rule.name, study.uid, why)
            if new:
                log.warning("rule %s holds study %s back: %s", rule.name, study.uid, why)
            return None
        file_set = {"file_set_id": SUPPLEMENT} if done else {}
        created = local_now().isoformat(timespec="seconds")
        try:
            order = order_by_preset(self._settings, rule.preset, paths, created, **file_set)
        except MediaError as error:
            log.error("rule %s cannot make a disc of study %s: %s", rule.name, study.uid, error)
            return ""
        disc_id = new_id(local_now())
        with self._store.write() as connection:
            if rule_discs.done_up_to(connection, rule.name, study.uid) != done:
                return None
            add_disc(connection, self._settings, disc_id, order, f"rule {rule.name}", [study.uid])
            rule_discs.let_go(connection, rule.name, study.uid)
            rule_discs.add(connection, rule.name, study.uid, found[-1][0], disc_id, proof)
        log.info("rule %s ordered disc %s: %d instances, complete by %s", rule.name, disc_id, len(found), proof)
        return disc_id

    def _proof(self, rule: DiscRule, study: CompleteStudy, known: str) -> tuple[str, str]:
        """What says that all of a study is here; and when that is not enough, why."""
        if rule.archive and known != "user":
            why = self._archive(rule, study)
            return ("", why) if why else ("archive", "")
        if rule.proof == "announced" and not known:
            return "", "nothing says that all of it is here: no procedure step, count or person"
        return known or "quiet", ""

    def _archive(self, rule: DiscRule, study: CompleteStudy) -> str:
        """Why the archive does not prove it whole, "" when it does. Asked again later and later, and when more came."""
        at = (rule.name, study.uid)
        asked = self._asked.get(at)
        if asked is not None and asked.last_at == study.last_at and time.monotonic() < asked.again_at:
            return asked.said
        try:
            with self._store.read() as connection:
                held = rule_discs.held(connection, study.uid)
            found = compared(self._settings, rule.archive, study.uid, held)
            said = "" if found.listed and not found.missing else f"archive {rule.archive} lists {_listed(found)}"
        except (ArchiveDown, MediaError) as error:
            said = f"archive {rule.archive} cannot tell: {error}"
        wait_s = min(asked.wait_s * 2, LONGEST_S) if asked and asked.last_at == study.last_at else LOOK_S
        if said:
            self._asked[at] = Asked(study.last_at, said, wait_s, time.monotonic() + wait_s)
        else:
            self._asked.pop(at, None)
        return said

    def _wanted(self, rule: DiscRule, modalities: set[str], file: str) -> bool:
        if rule.modality and rule.modality not in modalities:
            return False
        return not rule.referrer or fnmatchcase(_referrer(Path(file)).casefold(), rule.referrer.casefold())


def _listed(found: Completeness) -> str:
    if not found.listed:
        return "nothing of it"
    return f"{found.listed} images of it, of which {len(found.missing)} are not here"


def _referrer(file: Path) -> str:
    """Referring Physician's Name of an instance, "" when it has none or cannot be read."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        found = dcmread(file, stop_before_pixels=True, specific_tags=[REFERRING_PHYSICIAN])
    except (OSError, InvalidDicomError):
        return ""
    return str(found.get("ReferringPhysicianName", ""))
