"""Rules: a study that is proven complete becomes a disc, late images a supplementary one."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media.studies import ProcedureStep, Sender, StepStatus
from service.config import ConfigError, Settings, load
from service.store import completeness, discs, jobs, study_queries
from service.store.completeness import Rule
from service.wiring.rules import DiscRules
from tests.receiving import Receiving, hand_over, instance

STUDY = "1.2.3"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Receiving]:
    inbox = Receiving(tmp_path)
    inbox.inbox.start()
    for number in (1, 2):
        hand_over(inbox, instance(number, ReferringPhysicianName="Hausarzt^Hans"))
    yield inbox
    inbox.stop()


def rules(made: Receiving, **rule: Any) -> DiscRules:
    wanted = [{"name": "gp", "station": "MODALITY", "referrer": "hausarzt^*", "preset": "patient"} | rule]
    settings = Settings.model_validate({"data_dir": made.root.parent, "database_url": made.database, "rules": wanted})
    return DiscRules(settings, made.store)


def settle(made: Receiving, after_s: float = 0.0) -> None:
    with made.store.write() as connection:
        completeness.settle(connection, Rule(quiet_s=100), time.time() + after_s)


def sources(made: Receiving, disc_id: str) -> int:
    with made.store.read() as connection:
        return len(json.loads(jobs.request_of(connection, disc_id))["sources"])


def test_a_quiet_study_waits_for_proof_and_late_images_are_supplementary(made: Receiving) -> None:
    at_work = rules(made)
    assert at_work.look() == []
    settle(made, 200)
    assert at_work.look() == at_work.look() == []  # complete, as far as quiet time says
    with made.store.write() as connection:
        study_queries.expect(connection, STUDY, 3)
    settle(made, 200)
    assert at_work.look() == []
    hand_over(made, instance(3, ReferringPhysicianName="Hausarzt^Hans"))
    settle(made, 200)
    (first,) = at_work.look()
    assert (sources(made, first), at_work.look(), rules(made).look()) == (3, [], [])
    hand_over(made, instance(4, ReferringPhysicianName="Hausarzt^Hans"))
    settle(made, 200)
    (late,) = at_work.look()
    assert sources(made, late) == 1
    with made.store.read() as connection:
        assert discs.one(connection, late).ordered_by == "rule gp"
        assert discs.one(connection, late).study_uids == (STUDY,)
        assert json.loads(jobs.request_of(connection, late))["disc"]["file_set_id"] == "SUPPLEMENT"


def test_a_procedure_step_proves_it_when_all_its_instances_are_there(made: Receiving) -> None:
    uids = tuple(f"1.2.3.1.{number}" for number in (1, 2, 3))
    step = ProcedureStep("1.9", StepStatus.IN_PROGRESS, (STUDY,))
    made.inbox.begin_step(step, Sender("MODALITY", "ARCHIVE", ""))
    made.inbox.change_step(ProcedureStep("1.9", StepStatus.COMPLETED, (STUDY,), uids))
    settle(made, 200)
    at_work = rules(made)
    assert at_work.look() == []
    hand_over(made, instance(3, ReferringPhysicianName="Hausarzt^Hans"))
    settle(made, 200)
    assert len(at_work.look()) == 1


@pytest.mark.parametrize(
    ("rule", "discs_made"),
    [
        ({}, 1),
        ({"referrer": ""}, 1),
        ({"proof": "quiet"}, 1),
        ({"station": "OTHER"}, 0),
        ({"referrer": "Klinik*"}, 0),
        ({"modality": "CT"}, 1),
        ({"modality": "MR"}, 0),
    ],
)
def test_which_studies_a_rule_is_about(made: Receiving, rule: dict[str, str], discs_made: int) -> None:
    settle(made, 200)
    if rule.get("proof") != "quiet":
        with made.store.write() as connection:
            study_queries.declare_complete(connection, STUDY)
    assert len(rules(made, **rule).look()) == discs_made


def test_a_rule_without_its_preset_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[[rules]]\nname = "gp"\npreset = "pacient"\n')
    with pytest.raises(ConfigError, match=r"pacient.*expected one of patient"):
        load(path)
