"""The settings: a TOML file and PRINTMGR_ environment, read once and validated whole.

Densities are in OD, lengths in mm, luminances in cd/m2, retention in days (0 keeps for ever).
"""

import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from printmgr.errors import InvalidAttribute
from printmgr.film.model import FilmOrientation
from printmgr.film.printer import LogicalPrinter, Resample, Tone, Warnings
from printmgr.film.sizes import film_size

ENVIRONMENT_PREFIX = "PRINTMGR_"
SETTINGS_FILE_VARIABLE = "PRINTMGR_SETTINGS"
SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
DENSITY = re.compile(r"BLACK|WHITE|[0-9]{1,3}")


class ConfigError(Exception):
    """The settings cannot be used; every fault is named at once."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        self.faults = faults
        super().__init__("\n".join(f"{key}: {fault}" if key else fault for key, fault in faults))


def _ae_title(value: str) -> str:
    """PS3.5 6.2, AE: up to 16 printable characters of ASCII without backslash, not only spaces."""
    title = value.strip(" ")
    if not 1 <= len(title) <= 16 or any(not 0x20 <= ord(c) < 0x7F or c == "\\" for c in title):
        raise ValueError("expected an AE title: 1 to 16 printable ASCII characters without backslash")
    return title


def _density(value: str) -> str:
    if not DENSITY.fullmatch(value):
        raise ValueError("expected BLACK, WHITE or hundredths of OD, such as '150'")
    return value


def _film_size(value: str) -> str:
    try:
        film_size(value, FilmOrientation.PORTRAIT)
    except InvalidAttribute as error:
        raise ValueError(str(error)) from None
    return value


AETitle = Annotated[str, AfterValidator(_ae_title)]
Density = Annotated[str, AfterValidator(_density)]
Millimetres = Annotated[float, Field(ge=0, le=500)]
OpticalDensity = Annotated[float, Field(ge=0, le=6)]
Days = Annotated[int, Field(ge=0, le=36500)]
Part = Annotated[float, Field(ge=0, le=1)]
DEFAULT_PITCH = {"STANDARD": 0.080, "HIGH": 0.040}


def _slug_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class Table(BaseModel):
    """A table of the settings; a key it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Printer(Table):
    """`[[printers]]`: what a called AE title stands for."""

    ae_title: AETitle
    name: str = ""
    slug: str = Field(default="", validate_default=True)  # the name of its folder; made from the name
    film_size: Annotated[str, AfterValidator(_film_size)] = "14INX17IN"
    tone: Tone = Tone.P_VALUE
    depth: Literal[8, 16] = 8
    resample: Resample = Resample.NATIVE
    warnings: Warnings = Warnings.REPORT
    pitch: dict[str, Annotated[float, Field(gt=0.005, le=1)]] = Field(default_factory=lambda: dict(DEFAULT_PITCH))
    margin: Millimetres = 0.0
    gap: Millimetres = 0.0
    border_density: Density = "BLACK"
    empty_density: Density = "BLACK"
    min_density: OpticalDensity = 0.20
    max_density: OpticalDensity = Field(default=3.20, validate_default=True)
    illumination: Annotated[float, Field(gt=0, le=100_000)] = 2000.0
    ambient: Annotated[float, Field(ge=0, le=100_000)] = 10.0
    no_plut: Literal["IDENTITY", "LIN OD"] = "IDENTITY"
    custom_formats: dict[str, list[tuple[Part, Part, Part, Part]]] = Field(default_factory=dict)
    sinks: list[str] = Field(default=["folder"], min_length=1)

    @field_validator("slug")
    @classmethod
    def _slug(cls, value: str, info: ValidationInfo) -> str:
        made = value or _slug_of(info.data.get("name") or info.data.get("ae_title", "x"))
        if not SLUG.fullmatch(made):
            raise ValueError(f"is {made!r}; expected letters a-z, digits and inner hyphens, when the name has none too")
        return made

    @field_validator("max_density")
    @classmethod
    def _above_min(cls, value: float, info: ValidationInfo) -> float:
        lowest = info.data.get("min_density", 0.0)
        if value <= lowest:
            raise ValueError(f"is {value}; expected more than min_density, which is {lowest}")
        return value

    def logical(self) -> LogicalPrinter:
        """The same printer as the print component knows it."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        values |= {
            "name": self.name or self.ae_title,
            "pitch": DEFAULT_PITCH | self.pitch,
            "custom_formats": {name: tuple(boxes) for name, boxes in self.custom_formats.items()},
            "sinks": tuple(self.sinks),
        }
        return LogicalPrinter(**values)


class Partner(Table):
    """`[[partners]]`: who may call. `address` is a host, an IP address or a network such as 10.1.0.0/16."""

    ae_title: AETitle
    address: str = Field(min_length=1, max_length=253)
    port: int = Field(default=0, ge=0, le=65535)  # where it takes reports of storage commitment; 0: nowhere
    quirks: list[str] = Field(default=[], max_length=0)  # none is known yet
    quota: int = Field(default=16, ge=1, le=1000)  # associations at one time

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        if "/" in value:
            ipaddress.ip_network(value, strict=False)
        elif not re.fullmatch(r"[0-9A-Za-z:.%_-]+", value):
            raise ValueError("expected a host name, an IP address or a network such as 10.1.0.0/16")
        return value


class Dicom(Table):
    """`[dicom]`: the DICOM node."""

    host: str = "127.0.0.1"
    port: int = Field(default=11112, ge=0, le=65535)  # 0: any free port
    open: bool = False  # any calling AE title may call
    open_to_network: bool = Field(default=False, validate_default=True)
    processes: Literal[1] = 1
    max_associations: int = Field(default=200, ge=1, le=10_000)
    max_queue: int = Field(default=10_000, ge=1)  # prints not yet done; more are answered C601H, C602H
    max_pdu_bytes: int = Field(default=131_072, ge=4096, le=1 << 24)
    acse_timeout_s: float = Field(default=30, gt=0)  # for an association to be negotiated
    idle_timeout_s: float = Field(default=600, gt=0)  # between two requests
    pdu_timeout_s: float = Field(default=30, gt=0)  # for one PDU to arrive whole
    max_data_bytes: int = Field(default=2 << 30, ge=1 << 20)  # that one association may have in the spool
    min_free_bytes: int = Field(default=1 << 28, ge=0)  # below it the printer says its receiver is full

    @field_validator("open_to_network")
    @classmethod
    def _open_on_loopback_only(cls, value: bool, info: ValidationInfo) -> bool:
        host = info.data.get("host", "127.0.0.1")
        if info.data.get("open") and not value and not is_loopback(host):
            raise ValueError(
                f"is false while open is true on {host}, where any machine of the network could print; expected host "
                "on loopback, [[partners]] instead of open, or open_to_network = true"
            )
        return value


class Inbox(Table):
    """`[inbox]`: studies that are received by C-STORE."""

    ae_title: Literal[""] | AETitle = "ARCHIVE"  # "": nothing is received
    durable: Literal["file", "group", "off"] = "group"  # what is safe before an instance is answered
    complete_by: Literal["quiet", "mpps", "count"] = "quiet"
    quiet_s: float = Field(default=120, gt=0, le=86_400)  # after so long without a new instance a study has ended
    count: int = Field(default=0, ge=0)  # instances of every study, when they are complete by count
    max_instance_bytes: int = Field(default=4 << 30, ge=1 << 20)
    private_classes: list[Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)+$", max_length=64)]] = []


class SinkSettings(Table):
    """`[[sinks]]`: where finished films go."""

    name: str = Field(min_length=1)
    kind: Literal["folder"] = "folder"
    root: Path | None = None  # kind folder: DATA_DIR/films when not given


class Retention(Table):
    """`[retention]`: days by kind of data; 0 keeps for ever."""

    films: Days = 0
    spool: Days = 14
    jobs: Days = 90
    studies: Days = 30
    hour: int = Field(default=3, ge=0, le=23)  # local hour of the nightly removal


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data_dir: Path = Path("run")
    database_url: str = ""
    storage_url: str = ""
    retention: Retention = Field(default_factory=Retention)
    dicom: Dicom = Field(default_factory=Dicom)
    printers: list[Printer] = Field(default=[Printer(ae_title="PRINTMGR", name="Film")], min_length=1)
    inbox: Inbox = Field(default_factory=Inbox, validate_default=True)
    partners: list[Partner] = []
    sinks: list[SinkSettings] = Field(default=[SinkSettings(name="folder")], validate_default=True)

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not value.startswith("sqlite:////"):
            raise ValueError("expected nothing (a file in data_dir) or sqlite:////absolute/path")
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

    @field_validator("sinks")
    @classmethod
    def _sinks_exist(cls, sinks: list[SinkSettings], info: ValidationInfo) -> list[SinkSettings]:
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
    def films_dir(self) -> Path:
        return self.data_dir / "films"

    @property
    def inbox_dir(self) -> Path:
        return self.data_dir / "inbox"

    @property
    def spool_dir(self) -> Path:
        return self.data_dir / "spool"


def is_loopback(host: str) -> bool:
    """Whether nobody outside this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
    for part in error["loc"]:
        key += f"[{part}]" if isinstance(part, int) else ("." if key else "") + str(part)
    message: str = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return key, "is no setting"
    if error["type"] == "missing":
        return key, "is missing"
    if "expected" in message:
        return key, message
    message = re.sub(r"^(Input|List|String|Value) should ", "expected to ", message)
    return key, f"is {error['input']!r}; {message}"
