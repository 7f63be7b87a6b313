"""What the figures stand on at a time: each number with its source and mark, and what is missing for a statement."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from collector.clock import SystemClock
from collector.closing.opening import as_told
from collector.commands.invocation import (
    EX_UNAVAILABLE,
    config_option,
    counted,
    fail,
    load_or_exit,
    table,
    width,
    wrapped,
)
from collector.commands.missing import Missing, missing
from collector.plant.contracts import Contract
from collector.plant.days import day_of, midnight_ns
from collector.plant.direct import Coefficient, DirectMethods
from collector.plant.factors import HOUR_NS, DatedSeries, FactorSeries, version_of
from collector.plant.materials import Fuel
from collector.plant.told import ToldValues, Untold
from collector.plant.topology import Plant, Potline
from collector.settings import Configuration
from collector.store.schema import StoreError, open_reader

ASSURED = frozenset({"official", "transcription", "own", "told"})

_LOOKED_BACK_NS = 31 * 24 * HOUR_NS
"""So far back gaps are looked for."""
_MOST_GAPS = 5


@dataclass(frozen=True, slots=True)
class InForce:
    """One number and what is known of it.

    ``relative_standard_uncertainty`` is a fraction [1]; ``verified`` is empty where only the source speaks.
    """

    key: str
    id: str
    value: float
    unit: str
    valid_from: str
    source: str
    verified: str
    version: str
    relative_standard_uncertainty: float | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class ToldLately:
    """What is told of a factor as time goes.

    ``latest`` names the last value with its revision, empty where there is none; ``age_h``: the time since that ended,
    0 while it lasts [h]. ``gaps`` are the times of the last days of which nothing is told, in words.
    """

    key: str
    untold: str
    values: int
    latest: str
    value: float | None
    unit: str
    source: str
    age_h: float | None
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All that is in force on a day, and what is missing."""

    plant: str
    day: str
    in_force: tuple[InForce, ...]
    missing: tuple[Missing, ...]
    told: tuple[ToldLately, ...] = ()

    @property
    def unverified(self) -> tuple[InForce, ...]:
        """The numbers for which nobody vouches."""
        return tuple(each for each in self.in_force if each.verified and each.verified not in ASSURED)

    def as_json(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {
            "plant": self.plant,
            "day": self.day,
            "factors": [asdict(each) for each in self.in_force],
            "told": [asdict(each) for each in self.told],
            "unverified": [each.key for each in self.unverified],
            "missing": [asdict(each) for each in self.missing],
        }


def report(plant: Plant, time_ns: int) -> Report:
    """Return what is in force in a plant at a time."""
    listed = [
        *_electricity(plant, time_ns),
        *_warming(plant),
        *(each for potline in plant.potlines for each in _potline(potline, plant.time_zone, time_ns)),
        *(_contract(contract, plant.time_zone) for contract in plant.portfolio.contracts if _holds(contract, time_ns)),
        *_materials(plant, time_ns),
        *_bounds(plant, time_ns),
    ]
    day = day_of(time_ns, plant.time_zone).isoformat()
    return Report(plant.id, day, tuple(listed), tuple(missing(plant, time_ns)), tuple(_told(plant, time_ns)))


def lines(told: Report, columns: int) -> Iterator[str]:
    """Yield a report for people, in lines of at most so many columns; each number's source stands below it."""
    yield f"plant {told.plant}, {told.day}"
    rows = [("number", "value", "uncertainty", "from", "mark")]
    sources = [""]
    for each in told.in_force:
        sure = each.relative_standard_uncertainty
        known = "not configured" if sure is None else f"{200 * sure:.3g} % (k = 2)"
        sources.append(f"{each.id}: {each.source}" if each.id else each.source)
        mark = "estimated" if each.estimated else each.verified
        rows.append((each.key, f"{each.value:.6g} {each.unit}", known, each.valid_from, mark))
    for row, source in zip(table(rows), sources, strict=True):
        yield row
        if source:
            yield from wrapped(source, columns, indent=6, after=6)
    if told.unverified:
        yield f"unverified, nobody vouches for {counted(len(told.unverified), 'number')}:"
        yield from (f"  {each.key}" for each in told.unverified)
    if told.told:
        yield from _told_lines(told.told, columns)
    if told.missing:
        yield "missing:"
        for lack in told.missing:
            yield from wrapped(f"{lack.statement}: {lack.what}: {lack.remedy}", columns)


def _electricity(plant: Plant, time_ns: int) -> Iterator[InForce]:
    series = {
        "emissions.grid_factor": plant.grid_factor,
        "emissions.residual_factor": plant.residual_factor,
        "emissions.footprint_factor": plant.footprint_factor,
    }
    for key, one in series.items():
        if one is not None:
            yield from _factor(key, one, plant.time_zone, time_ns)


def _factor(key: str, series: FactorSeries, zone: ZoneInfo, time_ns: int) -> Iterator[InForce]:
    try:
        used = series.at(time_ns)
    except LookupError:  # told as missing
        return
    row = series.told.at(time_ns)
    if row is not None:
        source, mark, unit = row.source, "told", "kg CO2/kWh"
        start = day_of(row.start_ns, zone)
    elif series.hourly is not None and used.id == series.hourly.id:
        source = ", ".join(series.hourly.sources)
        start, mark, unit = day_of(series.hourly.starts_ns[0], zone), "own", "kg CO2/kWh"
    else:
        named = series.named(time_ns)
        source, mark, unit = named.source, named.verified, named.unit
        start = day_of(max(from_ns for from_ns, _ in series.entries if from_ns <= time_ns), zone)
    yield InForce(
        key=key,
        id=used.id,
        value=used.value,
        unit=unit,
        valid_from=start.isoformat(),
        source=source,
        verified=mark,
        version=used.version,
        relative_standard_uncertainty=used.relative_standard_uncertainty,
        estimated=used.estimated,
    )


def _told(plant: Plant, time_ns: int) -> Iterator[ToldLately]:
    """Yield what is told as time goes, as it stands at a time."""
    for one in (plant.grid_factor, plant.residual_factor):
        if one is not None and one.untold is not None:
            yield _lately(one.name, one.untold, one.told, "kg CO2/kWh", time_ns)
    for contract in plant.portfolio.contracts:
        if contract.untold is not None and _holds(contract, time_ns):
            yield _lately(f"contracts.{contract.name}", contract.untold, contract.told, "kWh", time_ns)


def _lately(key: str, untold: Untold, told: ToldValues, unit: str, time_ns: int) -> ToldLately:
    begun = [row for row in told.rows if row.start_ns <= time_ns]
    if not begun:
        return ToldLately(key, untold.value, len(told.rows), "", None, unit, "", None)
    last, since_ns = begun[-1], max(begun[0].start_ns, time_ns - _LOOKED_BACK_NS)
    return ToldLately(
        key=key,
        untold=untold.value,
        values=len(told.rows),
        latest=last.name,
        value=last.value,
        unit=unit,
        source=last.source,
        age_h=max(0, time_ns - last.end_ns) / HOUR_NS,
        gaps=tuple(f"{_moment(start)} to {_moment(end)}" for start, end in told.gaps(since_ns, time_ns)),
    )


def _told_lines(told: Sequence[ToldLately], columns: int) -> Iterator[str]:
    yield "told while the plant runs:"
    for each in told:
        age = "nothing is told yet"
        if each.age_h is not None:
            over = f"ended {each.age_h:.1f} h ago" if each.age_h else "in force"
            age = f"{each.value:.6g} {each.unit}, {each.latest}, {over}, {counted(each.values, 'value')} in all"
        yield from wrapped(f"{each.key}: {age}; where nothing is told: {each.untold}", columns)
        if each.gaps:
            shown = ", ".join(each.gaps[:_MOST_GAPS])
            rest = f" and {len(each.gaps) - _MOST_GAPS} more" if len(each.gaps) > _MOST_GAPS else ""
            yield from wrapped(f"nothing told: {shown}{rest}", columns, indent=6, after=6)


def _moment(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns // 10**9, UTC):%Y-%m-%d %H:%M}Z"


def _warming(plant: Plant) -> Iterator[InForce]:
    gwp = plant.gwp
    for gas, value in (("cf4", gwp.cf4), ("c2f6", gwp.c2f6)):
        yield InForce(f"gwp.{gas}", gwp.id, value, "t CO2e/t", "", gwp.source, gwp.verified, gwp.version)


def _potline(potline: Potline, zone: ZoneInfo, time_ns: int) -> Iterator[InForce]:
    at, slope = f"potlines.{potline.id}", potline.slope
    of_slope = (f"{slope.method} {slope.technology}", slope.source, slope.verified, slope.version)
    id_, source, verified, version = of_slope
    unit = "kg CF4/t per AE min/cell-day"
    sure = slope.relative_standard_uncertainty
    yield InForce(f"{at}.slope", id_, slope.slope, unit, "", source, verified, version, sure)
    yield InForce(f"{at}.c2f6_per_cf4", id_, slope.c2f6_per_cf4, "kg/kg", "", source, verified, version)
    yield from _series(f"{at}.current_efficiency", potline.current_efficiency, "%", zone, time_ns, times=100.0)
    yield from _series(f"{at}.net_anode_consumption", potline.net_anode_consumption, "t/t", zone, time_ns)
    direct = potline.direct
    if potline.net_anode_consumption is not None:
        source = direct.assay or "the plant file"
        for key, percent in (("anode_sulphur", potline.anode_sulphur_pct), ("anode_ash", potline.anode_ash_pct)):
            yield InForce(f"{at}.{key}", "", percent, "%", "", source, direct.assay_verified, version_of(percent))
    for key, unit, number in _chosen(direct):
        sure = number.relative_standard_uncertainty
        yield InForce(f"{at}.{key}", "", number.value, unit, "", number.source, number.verified, number.version, sure)
    if direct.paste is not None:
        yield from _series(f"{at}.paste.consumption", direct.paste.consumption, "t/t", zone, time_ns)


def _chosen(direct: DirectMethods) -> Iterator[tuple[str, str, Coefficient]]:
    """Yield the numbers of what a line has chosen beside slope and net anode consumption."""
    if direct.overvoltage is not None:
        yield "overvoltage_coefficient", "kg CF4/t per mV, CE in %", direct.overvoltage.coefficient
    if direct.gas_defaults is not None:
        yield "cf4_default", "kg/t", direct.gas_defaults.cf4_kg_per_t
        yield "c2f6_default", "kg/t", direct.gas_defaults.c2f6_kg_per_t
    if direct.low_voltage is not None:
        yield "low_voltage.cf4", "kg/t", direct.low_voltage.cf4_kg_per_t
    if direct.anode_default is not None:
        yield "anode_default", "t CO2/t", direct.anode_default


def _series(
    key: str, series: DatedSeries | None, unit: str, zone: ZoneInfo, time_ns: int, *, times: float = 1.0
) -> Iterator[InForce]:
    if series is None:
        return
    try:
        value = series.at(time_ns)
    except LookupError:  # not in force yet
        return
    start, sure = day_of(value.valid_from_ns, zone).isoformat(), value.relative_standard_uncertainty
    yield InForce(key, "", value.value * times, unit, start, value.source, "", value.version, sure)


def _holds(contract: Contract, time_ns: int) -> bool:
    return contract.valid_from_ns <= time_ns and (contract.valid_to_ns is None or time_ns < contract.valid_to_ns)


def _contract(contract: Contract, zone: ZoneInfo) -> InForce:
    start, key = day_of(contract.valid_from_ns, zone).isoformat(), f"contracts.{contract.name}"
    value, unit = contract.kg_co2_per_kwh, "kg CO2/kWh"
    return InForce(key, contract.technology.value, value, unit, start, contract.source, "own", contract.version)


def _materials(plant: Plant, time_ns: int) -> Iterator[InForce]:
    materials, zone = plant.materials, plant.time_zone
    for stage, factor in materials.footprint.items():
        if factor.valid_from_ns > time_ns or (factor.valid_to_ns is not None and factor.valid_to_ns <= time_ns):
            continue
        yield InForce(
            key=f"footprint.{stage.value}",
            id="",
            value=factor.value,
            unit=factor.unit,
            valid_from=day_of(factor.valid_from_ns, zone).isoformat(),
            source=factor.source,
            verified=factor.verified,
            version=factor.version,
            relative_standard_uncertainty=factor.relative_standard_uncertainty,
        )
    for fuel in materials.fuels:
        yield from _fuel(fuel)
    ash = materials.soda_ash
    if ash is not None:
        yield InForce("soda_ash", "", ash.t_co2_per_t, "t CO2/t", "", ash.source, ash.verified, ash.amounts.version)


def _fuel(fuel: Fuel) -> Iterator[InForce]:
    key, sure = f"fuels.{fuel.name}", fuel.relative_standard_uncertainty
    said = (fuel.source, fuel.verified, fuel.version, sure)
    if fuel.kg_co2_per_unit is not None:
        yield InForce(key, "", fuel.kg_co2_per_unit, f"kg CO2/{fuel.unit}", "", *said)
    if fuel.content is not None:
        content = fuel.content
        yield InForce(f"{key}.net_calorific_gj", "", content.net_calorific_gj, f"GJ/{fuel.unit}", "", *said)
        yield InForce(f"{key}.carbon_t_per_gj", "", content.carbon_t_per_gj, "t C/GJ", "", *said)
        yield InForce(f"{key}.oxidation", "", 100 * content.oxidation, "%", "", *said)


def _bounds(plant: Plant, time_ns: int) -> Iterator[InForce]:
    zone, targets, region = plant.time_zone, plant.targets, plant.price_region
    for boundary, series in targets.kwh_per_t.items():
        yield from _series(f"targets.kwh_per_t.{boundary.value}", series, "kWh/t", zone, time_ns)
    yield from _series("targets.t_co2e_per_t", targets.t_co2e_per_t, "t CO2e/t", zone, time_ns)
    yield from _series("targets.renewable_share", targets.renewable_share, "%", zone, time_ns, times=100.0)
    if region is not None:
        weight, share = region.previous_year_non_hydro_weight, region.non_hydro_share
        yield from _series("price.previous_year_non_hydro_weight", weight, "%", zone, time_ns, times=100.0)
        yield from _series("price.non_hydro_share", share, "%", zone, time_ns, times=100.0)
    for limit in plant.limits:
        if limit.in_force(time_ns):
            start = day_of(limit.valid_from_ns, zone).isoformat()
            for side, bound in (("least", limit.least), ("most", limit.most)):
                if bound is not None:
                    key = f"limits.{limit.name}.{side}"
                    yield InForce(key, limit.quantity.label, bound, limit.unit, start, limit.source, "", "")


@click.command()
@config_option
@click.option("--at", "day", metavar="DATE", help="A day in the plant's time zone, like 2026-03-01, instead of now.")
@click.option("--json", "as_json", is_flag=True, help="Print the same for programs.")
def factors(config_file: Path, day: str | None, *, as_json: bool) -> None:
    """List the numbers that the figures stand on: value, uncertainty, from when on, mark and source.

    Says which of them nobody vouches for, and what is missing for which statement. Nothing is ever assumed.

    Exit code 0: told; 69: the store cannot be read.

    \b
    Examples:
      potline factors --config /etc/potline/collector.toml
      potline factors --at 2025-12-31 --json
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    plant = configuration.plant
    try:
        time_ns = SystemClock().now_ns() if day is None else midnight_ns(date.fromisoformat(day), plant.time_zone)
    except ValueError as exc:
        raise click.BadParameter(f"{day} is no day; write it like 2026-03-01", param_hint="--at") from exc
    told = report(_as_told(configuration).plant, time_ns)
    if as_json:
        click.echo(json.dumps(told.as_json(), indent=2, ensure_ascii=False))
        return
    for line in lines(told, width()):
        click.echo(line)


def _as_told(configuration: Configuration) -> Configuration:
    """Return the configuration with the factors that were told, where there is a store that has some."""
    if not configuration.store.path.is_file():
        return configuration
    try:
        with contextlib.closing(open_reader(configuration.store.path)) as db:
            return as_told(configuration, db)
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)
