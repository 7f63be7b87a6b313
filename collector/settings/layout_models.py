"""The shape of a layout: every key, its type, its bounds. config/layouts/_blueprint.toml explains them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from collector.plant.layout import QUALITIES, Path, Scalar, Template, path_of
from collector.settings.fields import Switch, Text, measure
from collector.settings.problems import written


def _path(value: object) -> Path:
    if not isinstance(value, str):
        raise ValueError(f'{written(value)} is no path; write it in quotation marks, like "m.pot_voltage_v"')  # noqa: TRY004
    return path_of(value)


def _path_or_none(value: object) -> Path | None:
    return None if value == "" else _path(value)


def _template(value: object) -> Template:
    if not isinstance(value, str):
        raise ValueError(f"{written(value)} is no topic; write it in quotation marks")  # noqa: TRY004
    return Template.of(value)


def _scalar(value: object) -> Scalar:
    if not isinstance(value, str | int | float | bool):
        raise ValueError(f"{written(value)} is neither text, number nor flag; write what stands in the message")  # noqa: TRY004
    return value


def _quality(word: str) -> str:
    if word not in QUALITIES:
        raise ValueError(f"{written(word)} is no quality; one of: {', '.join(QUALITIES)}")
    return word


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


APath = Annotated[Path, BeforeValidator(_path)]
APathOrNone = Annotated[Path | None, BeforeValidator(_path_or_none)]
AScalar = Annotated[Scalar, BeforeValidator(_scalar)]
AQuality = Annotated[Text, AfterValidator(_quality)]


class ChoiceSection(_Table):
    """``{ path = "v", is = [1] }``."""

    path: APath
    is_: Annotated[list[AScalar], Field(alias="is", min_length=1)]


class WhereSection(_Table):
    """``where``: without ``is``, it is enough that something stands there."""

    path: APath
    is_: Annotated[list[AScalar], Field(alias="is")] = []


class TimeSection(_Table):
    """``time``."""

    path: APath
    format: Literal["rfc3339", "s", "ms", "us", "ns"] = "rfc3339"


class QualitySection(_Table):
    """``quality``."""

    path: APath
    words: Annotated[dict[str, AQuality], Field(min_length=1)]
    default: AQuality = "good"


class ValueSection(_Table):
    """[messages.values]."""

    path: APathOrNone = None
    unit: Text
    name: Text | None = None
    unit_path: APathOrNone = None
    spellings: list[Text] = []
    quality: APathOrNone = None


class KeptSection(_Table):
    """[messages.kept]."""

    path: APath


class FieldSection(_Table):
    """[messages.fields]."""

    path: APath
    unit: Text | None = None
    format: Literal["rfc3339", "s", "ms", "us", "ns"] | None = None
    words: dict[str, Text] = {}
    pot: APath | None = None
    mass: APath | None = None


class MessageSection(_Table):
    """[[messages]]."""

    topic: Annotated[Template, BeforeValidator(_template)]
    tells: Literal[
        "readings", "anode_effect", "weighing", "metal_tapped", "production", "factor", "laboratory", "ignore"
    ]
    where: WhereSection | None = None
    format: Literal["json", "number"] = "json"
    version: ChoiceSection | None = None
    samples: APathOrNone = None
    columns: Switch = False
    time: TimeSection | None = None
    quality: QualitySection | None = None
    historical: APathOrNone = None
    clock_unset: ChoiceSection | None = None
    pot_of: APathOrNone = None
    meter_of: APathOrNone = None
    unknown: Literal["refuse", "ignore"] = "refuse"
    values: dict[str, ValueSection] = {}
    kept: dict[str, KeptSection] = {}
    fields_: Annotated[dict[str, FieldSection], Field(alias="fields")] = {}


class LayoutFile(_Table):
    """A layout."""

    title: Text
    largest_payload: Annotated[float, measure("B", "64 B", "1 MiB")] = 65536.0
    messages: Annotated[list[MessageSection], Field(min_length=1)]
