"""What Sparkplug metrics mean, from a file: each name is a quantity, or a part of an event."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from collector.plant.sparkplug import FIELD_UNITS, EventField, MetricMeaning
from collector.readings import units
from collector.readings.quantity import Quantity
from collector.settings.fields import Text
from collector.settings.findings import Findings
from collector.settings.problems import ConfigurationError
from collector.settings.toml_file import Path_, TomlFile
from collector.settings.validation import validated


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _quantity(label: str) -> str:
    Quantity.named(label)
    return label


def _field(name: str) -> str:
    if name not in {field.value for field in EventField}:
        known = ", ".join(field.value for field in EventField)
        raise ValueError(f"'{name}' is no part of an event; one of: {known}")
    return name


class MetricRow(_Table):
    """[[metrics]]."""

    name: Text
    quantity: Annotated[Text, AfterValidator(_quantity)] | None = None
    field: Annotated[Text, AfterValidator(_field)] | None = None
    unit: Text | None = None


class MetricFile(_Table):
    """A file of metrics."""

    title: Text
    metrics: Annotated[list[MetricRow], Field(min_length=1)]


def read_metrics(path: Path) -> tuple[MetricMeaning, ...]:
    """Read a file of metrics.

    Raises
    ------
    ConfigurationError
        With everything that is wrong in the file.
    """
    file = TomlFile(path)
    read = validated(file, MetricFile, file.values)
    if isinstance(read, list):
        raise ConfigurationError(read)
    findings = Findings(file)
    meanings: dict[str, MetricMeaning] = {}
    tellers: dict[Quantity | EventField, str] = {}
    for place, row in enumerate(read.metrics):
        at = ("metrics", place)
        meaning = _meaning(findings, at, row)
        if meaning is None:
            continue
        if row.name in meanings:
            findings.add((*at, "name"), f"{row.name} stands here twice", "keep one")
        other = tellers.setdefault(meaning.tells, row.name)
        if other != row.name:
            findings.add(at, f"is told by {other}, too", "keep one")
        meanings[row.name] = meaning
    if findings.problems:
        raise ConfigurationError(findings.problems)
    return tuple(meanings.values())


def _meaning(findings: Findings, at: Path_, row: MetricRow) -> MetricMeaning | None:
    """Return what a row says, or None where ``findings`` tells what is wrong."""
    if (row.quantity is None) == (row.field is None):
        findings.add(at, "needs either a quantity or a field of an event", "write one of both")
        return None
    tells = Quantity.named(row.quantity) if row.quantity is not None else EventField(row.field)
    unit = row.unit or ""
    if isinstance(tells, Quantity):
        if not unit:
            findings.add((*at, "unit"), "is missing", f'write the unit of the values, like unit = "{tells.unit}"')
            return None
        try:
            units.factor(unit, tells.unit)
        except ValueError as exc:
            findings.refuse((*at, "unit"), exc)
            return None
    else:
        known = FIELD_UNITS.get(tells)
        if known is None and unit:
            findings.add((*at, "unit"), f"does not belong to {tells.value}, which has none", "remove it")
            return None
        if known is not None and unit not in known:
            what = f"'{unit}' is no unit for it" if unit else "is missing"
            findings.add((*at, "unit"), what, f"one of: {', '.join(known)}")
            return None
    return MetricMeaning(row.name, tells, unit)
