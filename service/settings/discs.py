"""`[presets.NAME]`: what a disc for somebody is made of."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from media.errors import BadOrder
from media.fileset.confidentiality import options_of
from media.fileset.media import medium
from media.fileset.model import Reason
from media.fileset.profiles import PROFILES
from media.labels.template import template_of
from media.labels.words import words_of
from media.writers import writer_of
from service.settings.values import Table

Value = TypeVar("Value")
PresetName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]


def _checked(make: Callable[[str], Value], value: str) -> None:
    try:
        make(value)
    except BadOrder as error:
        raise ValueError(str(error)) from None


class Preset(Table):
    """One kind of disc."""

    medium: str = "CD-R-700"
    profile: str = ""  # "": the plain one of the medium
    compress: Literal["", "jpeg", "j2k"] = ""
    viewer: Literal["none", "pictures", "values", "fitting"] = "fitting"  # what a browser shows
    joliet: bool = False
    icons: bool = False
    derive: bool = True
    leave_out: tuple[Reason, ...] = ()
    writers: tuple[str, ...] = ()  # of media.writers, such as "optical:/dev/sr0"; none: as the medium wants it
    de_identify: str = ""  # basic, or options of PS3.15 E.3 with commas; none: as the studies are
    label: str = ""  # label.pdf beside the volumes, and for the robot: disc, another template, or a TOML file
    encrypt: Literal["", "zip", "cms"] = ""  # with a new password: one AES ZIP, or Secure DICOM Files (no viewer)

    @field_validator("medium")
    @classmethod
    def _medium(cls, value: str) -> str:
        if value:
            _checked(medium, value)
        return value

    @field_validator("profile")
    @classmethod
    def _profile(cls, value: str) -> str:
        if value and value not in PROFILES:
            raise ValueError(f"is {value!r}; expected one of {', '.join(PROFILES)}")
        return value

    @field_validator("de_identify")
    @classmethod
    def _options(cls, value: str) -> str:
        _checked(options_of, value)
        return value

    @field_validator("label")
    @classmethod
    def _label(cls, value: str) -> str:
        if value:
            _checked(template_of, value)
        return value

    @field_validator("writers")
    @classmethod
    def _writers(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            _checked(writer_of, value)
        return values


class LabelSettings(Table):
    """`[labels]`: what labels look like where nothing else is said."""

    template: str = "disc"  # or jewel-case, envelope, receipt, release, or a TOML file
    language: str = "en"  # of the labels' own words: en, de, or what a TOML file brings

    @model_validator(mode="after")
    def _known(self) -> "LabelSettings":
        _checked(lambda name: words_of(self.language, template_of(name).texts), self.template)
        return self


class PixelMask(Table):
    """`[[masks]]`: rectangles that hide what a device writes into its pixels, on de-identified discs."""

    rectangles: tuple[tuple[NonNegativeInt, NonNegativeInt, PositiveInt, PositiveInt], ...] = Field(min_length=1)
    manufacturer: str = ""  # a part of it is enough; "": any
    model: str = ""
    modality: str = ""
    rows: NonNegativeInt = 0  # 0: any
    columns: NonNegativeInt = 0


class DiscRule(Table):
    """`[[rules]]`: a complete study that matches becomes a disc; what is empty matches every study."""

    name: PresetName
    preset: str
    station: str = ""  # AE title that sent it
    referrer: str = ""  # of Referring Physician's Name; * and ? stand for any characters, case does not matter
    modality: str = ""
    proof: Literal["announced", "quiet"] = "announced"  # by procedure step, count or a person; or quiet time will do
    archive: str = ""  # one of [[archives]]: the disc waits until all that it lists of the study is here; proof, too


PRESETS: Mapping[str, Preset] = {
    "patient": Preset(),
    "physician": Preset(medium="DVD-R", viewer="values"),
    "teaching": Preset(medium="USB-8G", viewer="values", de_identify="basic"),
    "archive": Preset(medium="BD-R", viewer="none", writers=("image",)),
}
"""TABLE. Those of every installation; the settings change them and add others."""


def with_defaults(given: Mapping[str, Preset]) -> dict[str, Preset]:
    """The presets of the settings over ours: what a table does not say, the preset of its name does.

    >>> with_defaults({"patient": Preset(medium="DVD-R")})["patient"].medium
    'DVD-R'
    """
    merged = dict(PRESETS)
    for name, preset in given.items():
        said = {field: getattr(preset, field) for field in preset.model_fields_set}
        merged[name] = merged[name].model_copy(update=said) if name in merged else preset
    return merged
