"""The settings: a TOML file and PRINTMGR_ environment, read once and validated whole (tables in `service.settings`)."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from printmgr.sinks import SINKS, FolderSink
from service.settings.archives import ARCHIVES, ArchiveSettings
from service.settings.dicom import Dicom, Inbox, Partner
from service.settings.discs import DiscRule, LabelSettings, PixelMask, Preset, PresetName, with_defaults
from service.settings.identity import WhoseFilm
from service.settings.keeping import RecorderSettings, Retention
from service.settings.limits import LimitSettings
from service.settings.monitoring import LogSettings, MonitoringSettings
from service.settings.printers import Printer
from service.settings.sinks import Sink
from service.settings.web import Audit, Web

ENVIRONMENT_PREFIX = "PRINTMGR_"
DATABASE = re.compile(r"sqlite:////.+|postgresql\+psycopg://([^:@/]+@)?[^@]*")
SETTINGS_FILE_VARIABLE = "PRINTMGR_SETTINGS"


class ConfigError(Exception):
    """The settings cannot be used; every fault is named at once."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        self.faults = faults
        super().__init__("\n".join(f"{key}: {fault}" if key else fault for key, fault in faults))


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data_dir: Path = Path("run")
    database_url: str = ""
    storage_url: str = ""
    retention: Retention = Field(default_factory=Retention)
    recorder: RecorderSettings = Field(default_factory=RecorderSettings)
    dicom: Dicom = Field(default_factory=Dicom)
    monitoring: MonitoringSettings = Field(default_factory=MonitoringSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    printers: list[Printer] = Field(default=[Printer(ae_title="PRINTMGR", name="Film")], min_length=1)
    inbox: Inbox = Field(default_factory=Inbox, validate_default=True)
    identity: WhoseFilm = Field(default_factory=WhoseFilm)
    partners: list[Partner] = []
    archives: list[ArchiveSettings] = []
    presets: dict[PresetName, Preset] = Field(default={}, validate_default=True)
    rules: list[DiscRule] = []
    masks: list[PixelMask] = []
    labels: LabelSettings = Field(default_factory=LabelSettings)
    web: Web = Field(default_factory=Web, validate_default=True)
    audit: Audit = Field(default_factory=Audit)
    sinks: list[Sink] = Field(default=[FolderSink(name="folder")], validate_default=True)

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not DATABASE.fullmatch(value):
            raise ValueError(
                "expected nothing (for data_dir), sqlite:////absolute/path or postgresql+psycopg://user@host/name, "
                "the password in the file that PGPASSFILE names or in ~/.pgpass"
            )
        return value

    @field_validator("storage_url")
    @classmethod
    def _storage(cls, value: str) -> str:
        if value:
            raise ValueError("expected nothing: the spool lies in data_dir")
        return value

    @field_validator("printers")
    @classmethod
    def _unlike(cls, printers: list[Printer]) -> list[Printer]:
        for what, values in (
            ("ae_title", [p.ae_title for p in printers]),
            ("slug", [p.slug for p in printers]),
        ):
            if double := sorted({value for value in values if values.count(value) > 1}):
                raise ValueError(
                    f"{what} {', '.join(double)} stands twice; expected a {what} of its own for each printer"
                )
        return printers

    @field_validator("inbox")
    @classmethod
    def _no_printer(cls, inbox: Inbox, info: ValidationInfo) -> Inbox:
        if inbox.ae_title in [printer.ae_title for printer in info.data.get("printers", [])]:
            raise ValueError(f"ae_title {inbox.ae_title} is a printer's; expected one of its own")
        return inbox

    @field_validator("presets")
    @classmethod
    def _all_presets(cls, given: dict[str, Preset]) -> dict[str, Preset]:
        return with_defaults(given)

    @field_validator("archives")
    @classmethod
    def _archives_unlike(cls, archives: list[ArchiveSettings]) -> list[ArchiveSettings]:
        names = [archive.name for archive in archives]
        if len(set(names)) != len(names):
            raise ValueError("a name stands twice; expected a name of its own for each archive")
        return archives

    @field_validator("rules")
    @classmethod
    def _rules_have_presets(cls, rules: list[DiscRule], info: ValidationInfo) -> list[DiscRule]:
        presets = info.data.get("presets", {})
        for rule in rules:
            if presets and rule.preset not in presets:
                raise ValueError(f"rule {rule.name} wants {rule.preset!r}; expected one of {', '.join(presets)}")
            archives = [archive.name for archive in info.data.get("archives", [])]
            if rule.archive and rule.archive not in archives:
                known = ", ".join(archives) or "none"
                raise ValueError(f"rule {rule.name} asks {rule.archive!r}; expected one of [[archives]]: {known}")
        if len({rule.name for rule in rules}) != len(rules):
            raise ValueError("a name stands twice; expected a name of its own for each rule")
        return rules

    @field_validator("sinks")
    @classmethod
    def _sinks_exist(cls, sinks: list[Sink], info: ValidationInfo) -> list[Sink]:
        names = [sink.name for sink in sinks]
        if len(set(names)) != len(names):
            raise ValueError("a name stands twice; expected a name of its own for each sink")
        for printer in info.data.get("printers", []):
            if unknown := sorted(set(printer.sinks) - set(names)):
                raise ValueError(
                    f"none is named {', '.join(unknown)}, which printer {printer.ae_title} wants; expected one of "
                    + ", ".join(names)
                )
        return sinks

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'printmgr.db'}"

    @property
    def discs_dir(self) -> Path:
        return self.data_dir / "discs"

    @property
    def films_dir(self) -> Path:
        return self.data_dir / "films"

    @property
    def inbox_dir(self) -> Path:
        return self.data_dir / "inbox"

    @property
    def recordings_dir(self) -> Path:
        return self.data_dir / "recordings"

    @property
    def switches_dir(self) -> Path:
        """Where it stands which printers are switched off."""
        return self.data_dir / "switched_off"

    @property
    def spool_dir(self) -> Path:
        return self.data_dir / "spool"


def load(file: Path | None = None, **overrides: Any) -> Settings:
    """The settings of `file`, of the file PRINTMGR_SETTINGS names, or the defaults; the environment overrides.

    Raises ConfigError with every fault.
    """
    named = file or (Path(os.environ[SETTINGS_FILE_VARIABLE]) if os.environ.get(SETTINGS_FILE_VARIABLE) else None)
    if named is not None:
        _check_file(named)

    class Loaded(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            toml = TomlConfigSettingsSource(settings_cls, toml_file=named)
            return init_settings, env_settings, toml

    stray = _stray_variables()
    try:
        settings = Loaded(**overrides)
    except ValidationError as error:
        raise ConfigError(stray + [_fault(dict(one)) for one in error.errors()]) from None
    except SettingsError as error:
        raise ConfigError([*stray, ("environment", f"{error}; expected JSON where a list or table stands")]) from None
    if stray:
        raise ConfigError(stray)
    return settings


def _check_file(file: Path) -> None:
    try:
        tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([(str(file), f"{error.strerror}; expected a settings file")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([(str(file), f"{error}; expected TOML")]) from None


def _stray_variables() -> list[tuple[str, str]]:
    """Environment variables that look like settings and are none."""
    known = {SETTINGS_FILE_VARIABLE} | {ENVIRONMENT_PREFIX + name.upper() for name in Settings.model_fields}
    names = [name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX) and name.split("__")[0] not in known]
    return [(name, "is no setting; expected " + ", ".join(sorted(known))) for name in sorted(names)]


def _fault(error: dict[str, Any]) -> tuple[str, str]:
    """One fault of pydantic's as (key, what was expected)."""
    key = ""
    for part in _without_kind(error["loc"]):
        key += f"[{part}]" if isinstance(part, int) else ("." if key else "") + str(part)
    message: str = error["msg"].removeprefix("Value error, ")
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return key, "is no setting"
    if error["type"] in ("missing", "missing_argument", "missing_keyword_only_argument"):
        return key, "is missing"
    if "expected" in message:
        return key, message
    message = re.sub(r"^(Input|List|String|Value) should ", "expected to ", message)
    return key, f"is {error['input']!r}; {message}"


def _without_kind(path: tuple[Any, ...]) -> tuple[Any, ...]:
    """The path of a fault as the file has it: pydantic puts the kind of a sink or an archive after its number."""
    has_kind = len(path) > 2 and path[2] in {"sinks": SINKS, "archives": ARCHIVES}.get(path[0], ())
    return path[:2] + path[3:] if has_kind else path
