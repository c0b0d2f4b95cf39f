"""The settings: every fault at once, each with its key and what was expected."""

import tomllib
from pathlib import Path

import pytest

from service.config import ConfigError, load

FAULTY = """
data_dirr = "x"
[dicom]
host = "0.0.0.0"
port = 70000
open = true
[retention]
films = -1
[[printers]]
ae_title = "THIS IS TOO LONG FOR AN AE"
depth = 12
tone = "dark"
film_size = "HUGE"
min_density = 3.0
max_density = 2.0
[[printers]]
name = "x"
[[partners]]
ae_title = "CT"
address = "10.0.0.0/99"
"""


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch):
    import os

    for name in [name for name in os.environ if name.startswith("PRINTMGR_")]:
        monkeypatch.delenv(name)


def faults(**overrides) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(**overrides)
    return dict(caught.value.faults)


def test_all_faults_are_named_at_once(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text(FAULTY)
    found = faults(file=file)
    assert set(found) == {
        "data_dirr",
        "dicom.port",
        "dicom.open_to_network",
        "retention.films",
        "printers[0].ae_title",
        "printers[0].depth",
        "printers[0].tone",
        "printers[0].film_size",
        "printers[0].max_density",
        "printers[1].ae_title",
        "partners[0].address",
    }
    assert "expected" in found["dicom.port"]
    assert "'p-value' or 'lightbox'" in found["printers[0].tone"]


@pytest.mark.parametrize("table", ["dicom", "inbox", "limits", "retention", "recorder", "monitoring", "log"])
def test_the_sample_shows_every_setting_with_its_default(table):
    shown = tomllib.loads((Path(__file__).parents[2] / "samples" / "settings.toml").read_text())[table]
    assert shown == getattr(load(), table).model_dump(exclude_none=True)


def test_the_environment_overrides_the_file(tmp_path, monkeypatch):
    file = tmp_path / "settings.toml"
    file.write_text("data_dir = 'a'\n[dicom]\nport = 104\n")
    monkeypatch.setenv("PRINTMGR_DICOM__PORT", "105")
    monkeypatch.setenv("PRINTMGR_PRINTERS", '[{"ae_title": "A"}]')
    settings = load(file)
    assert settings.dicom.port == 105
    assert settings.data_dir == Path("a").absolute()
    assert [printer.ae_title for printer in settings.printers] == ["A"]


def test_a_variable_that_is_no_setting_is_a_fault(monkeypatch):
    monkeypatch.setenv("PRINTMGR_DATADIR", "x")
    assert "is no setting" in faults()["PRINTMGR_DATADIR"]


@pytest.mark.parametrize("text", ["[dicom", "\ufeff= 3", "port ="])
def test_a_file_that_is_no_toml_is_a_fault(tmp_path, text):
    file = tmp_path / "settings.toml"
    file.write_text(text)
    assert "expected TOML" in faults(file=file)[str(file)]


def test_a_missing_file_is_a_fault(tmp_path):
    assert "expected a settings file" in faults(file=tmp_path / "none.toml")[str(tmp_path / "none.toml")]


@pytest.mark.parametrize(
    ("name", "slug"), [("CT Scanner 1", "ct-scanner-1"), ("../x", "x"), ("MR\\..\\y", "mr-y"), ("", "a-1")]
)
def test_the_folder_name_is_made_of_the_name(name, slug):
    settings = load(printers=[{"ae_title": "A_1", "name": name}])
    assert settings.printers[0].logical().slug == slug


@pytest.mark.parametrize("slug", ["../x", "a/b", "A", ".", "-a", "a" * 65, "é"])
def test_a_slug_that_is_no_folder_name_is_refused(slug):
    assert "printers[0].slug" in faults(printers=[{"ae_title": "A", "slug": slug}])


def test_two_printers_with_one_folder_are_refused():
    assert (
        "stands twice" in faults(printers=[{"ae_title": "A", "name": "x"}, {"ae_title": "B", "name": "X"}])["printers"]
    )


def test_a_printer_with_an_unknown_sink_is_refused():
    assert "none is named mail" in faults(printers=[{"ae_title": "A", "sinks": ["mail"]}])["sinks"]


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.1.1.1", False)],
)
def test_open_is_for_this_machine_unless_said_otherwise(host, allowed):
    if allowed:
        load(dicom={"host": host, "open": True})
    else:
        assert "dicom.open_to_network" in faults(dicom={"host": host, "open": True})
    load(dicom={"host": host, "open": True, "open_to_network": True})


def test_the_printer_reaches_the_film_as_it_is_set():
    logical = (
        load(
            printers=[
                {
                    "ae_title": "A",
                    "pitch": {"HIGH": 0.05},
                    "custom_formats": {"1": [[0, 0, 0.5, 1]]},
                    "min_density": 0.1,
                }
            ]
        )
        .printers[0]
        .logical()
    )
    assert logical.pitch == {"STANDARD": 0.08, "HIGH": 0.05}
    assert logical.custom_formats == {"1": ((0.0, 0.0, 0.5, 1.0),)}
    assert logical.min_density == 0.1


def test_what_is_passed_to_the_roles_reads_back(tmp_path):
    from service.config import Settings

    settings = load(
        data_dir=tmp_path,
        printers=[{"ae_title": "A", "tone": "lightbox"}],
        partners=[{"ae_title": "B", "address": "::1"}],
    )
    assert Settings.model_validate_json(settings.model_dump_json()).model_dump() == settings.model_dump()


def test_the_sample_settings_are_good():
    sample = Path(__file__).parents[2] / "samples" / "settings.toml"
    assert load(sample).printers


SINKS = """
[[sinks]]
name = "folder"
[[sinks]]
name = "house"
kind = "webhook"
url = "https://films.example/in"
secret = "env:HOUSE_SECRET"
retry_for_h = 8
"""


def test_each_kind_of_sink_has_its_own_settings(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text(SINKS)
    settings = load(file)
    assert [sink.kind for sink in settings.sinks] == ["folder", "webhook"]
    assert settings.sinks[1].retry_for_h == 8
    assert type(settings).model_validate_json(settings.model_dump_json()) == settings


def test_faults_of_sinks_stand_where_the_file_has_them(tmp_path):
    file = tmp_path / "settings.toml"
    wrong = SINKS.replace("env:HOUSE_SECRET", "in the clear").replace("retry_for_h = 8", "retries = 8")
    file.write_text(wrong + '[[sinks]]\nname = "x"\nkind = "fax"\n[[sinks]]\nkind = "mail"\nname = "m"\n')
    found = faults(file=file)
    assert set(found) == {
        "sinks[1].secret",
        "sinks[1].retries",
        "sinks[2]",
        "sinks[3].host",
        "sinks[3].sender",
        "sinks[3].recipients",
    }
    assert "in the clear" not in str(found), "a secret must not be shown"
    assert found["sinks[1].retries"] == "is no setting" and found["sinks[3].host"] == "is missing"
    assert "'webhook'" in found["sinks[2]"]


def test_a_sink_without_a_name_is_a_fault(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("[[sinks]]\nkind = 'folder'\n")
    assert "has no name" in faults(file=file)["sinks[0]"]
