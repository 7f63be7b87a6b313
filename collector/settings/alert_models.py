"""The shape of alert rules. What they mean is explained in config/collector.toml."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from collector.settings.fields import Id, Text, Topic, measure
from collector.settings.problems import written


def _limit(value: object) -> str:
    """Take a limit as it is written. Which unit it needs depends on the field, and so is looked at later."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f'{written(value)} is no limit; write it with its unit, like "4.5 V"')  # noqa: TRY004 - pydantic collects ValueErrors
    return value.strip() if isinstance(value, str) else repr(value)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Limit = Annotated[str, BeforeValidator(_limit)]
Words = Annotated[list[Text], BeforeValidator(_listed), Field(min_length=1)]


class AlertSection(BaseModel):
    """[alerts.NAME]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stream: Text
    field: Text
    where: dict[Id, Words] = {}
    above: Limit | None = None
    below: Limit | None = None
    resolves_below: Limit | None = None
    resolves_above: Limit | None = None
    for_: Annotated[float, measure("s", "0 s", "366 d")] = Field(default=0.0, alias="for")
    resolves_after: Annotated[float, measure("s", "0 s", "366 d")] = 0.0
    silent_for: Annotated[float, measure("s", "1 s", "366 d")] | None = None
    severity: Literal["info", "warning", "critical"] = "warning"
    text: Text | None = None


class AlertMqttSection(BaseModel):
    """[alert_mqtt]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    broker: Id
    topic: Topic = "potline/{plant}/alert/{rule}/{series}"
