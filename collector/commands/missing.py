"""What is missing for which statement: said, and never assumed."""

from collections.abc import Iterator
from dataclasses import dataclass

from collector.accounting.rules import accounted
from collector.plant.factors import FactorSeries
from collector.plant.materials import Stage
from collector.plant.meter import POLLUTANTS, Measures
from collector.plant.topology import Plant, Potline
from collector.readings.quantity import Quantity

LOCATION, MARKET = "location-based electricity", "market-based electricity"
FOOTPRINT, CBAM, CHINA_ETS = "GB/T 44905 footprint", "CBAM, IR (EU) 2025/2547", "China ETS guideline"
FIGURES = "kWh/t and t CO2e/t"
UNCERTAINTY, POLLUTION = "uncertainty of the figures (u95)", "masses of pollutants"
_CBAM_METHOD, _AR5 = "cbam_2025_2547", "ar5"


@dataclass(frozen=True, slots=True)
class Missing:
    """Something without which a statement cannot be made, or not wholly."""

    statement: str
    what: str
    remedy: str


def missing(plant: Plant, time_ns: int) -> Iterator[Missing]:
    """Yield what is missing at a time for each statement that can be made."""
    yield from _of_series(LOCATION, plant.grid_factor, "grid_factor", time_ns)
    yield from _of_series(MARKET, plant.residual_factor, "residual_factor", time_ns)
    yield from _footprint(plant, time_ns)
    yield from _direct(plant)
    yield from _uncertainty(plant, time_ns)
    for stack in plant.stacks:
        there = {quantity for meter in plant.stack_meters(stack) for quantity in meter.quantities}
        if Quantity.FLOW not in there:
            yield Missing(POLLUTION, f"stack {stack} has no flow", f'add a meter with stack = "{stack}" that has it')
        if not there & set(POLLUTANTS):
            remedy = f'add a meter with stack = "{stack}" that has one'
            yield Missing(POLLUTION, f"stack {stack} has no concentration", remedy)


def _of_series(statement: str, series: FactorSeries | None, key: str, time_ns: int) -> Iterator[Missing]:
    if series is None:
        yield Missing(statement, f"{key.replace('_', ' ')} missing", f"add {key} in [emissions]")
        return
    try:
        series.at(time_ns)
    except LookupError as exc:
        what, _, remedy = str(exc).partition("; ")
        yield Missing(statement, what, remedy)


def _footprint(plant: Plant, time_ns: int) -> Iterator[Missing]:
    yield from _of_series(FOOTPRINT, plant.footprint_factor, "footprint_factor", time_ns)
    for stage in Stage:
        factor = plant.materials.footprint.get(stage)
        where = f"[footprint.{stage.value}]"
        if factor is None:
            yield Missing(FOOTPRINT, f"{stage.value} factor missing", f"add {where}")
        elif factor.valid_from_ns > time_ns or (factor.valid_to_ns is not None and factor.valid_to_ns <= time_ns):
            yield Missing(
                FOOTPRINT, f"{stage.value} factor is not valid then", f"correct valid_from or valid_to in {where}"
            )


def _direct(plant: Plant) -> Iterator[Missing]:
    if plant.method != _CBAM_METHOD:
        what = f"slopes are those of {plant.method}"
        yield Missing(CBAM, what, f'choose method = "{_CBAM_METHOD}" in [emissions] for that report')
    for statement in (CBAM, CHINA_ETS):
        if plant.gwp.id != _AR5:
            what = f"warming potentials are those of {plant.gwp.id}"
            yield Missing(statement, what, f'choose gwp = "{_AR5}" in [emissions] for that report')
        if not plant.materials.fuels:
            yield Missing(statement, "no fuel is configured", "add [fuels.NAME] for each that is burnt")
    for potline in plant.potlines:
        if potline.direct.low_voltage is None:
            what = f"no low-voltage factor of {potline.id} is configured"
            yield Missing(CBAM, what, f"add [potlines.{potline.id}.low_voltage] with its source")
    declared = plant.declared.cbam
    if declared.production is None:
        yield Missing(CBAM, "goods of the activity level are not told", "add production_csv to [cbam]")
    if not declared.precursors_complete:
        remedy = "add [cbam.precursors.NAME] for each, and precursors_complete = true in [cbam]"
        yield Missing(CBAM, "precursors are not told, or not all of them", remedy)
    if plant.materials.soda_ash is None:
        yield Missing(CBAM, "no soda ash is configured", "add [soda_ash] if scrubbers use it")


def _uncertainty(plant: Plant, time_ns: int) -> Iterator[Missing]:
    unknown = [
        meter.id
        for meter in plant.meters
        if accounted(meter) and meter.measures is not Measures.STACK and meter.relative_standard_uncertainty is None
    ]
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        what = f"not configured of {', '.join(unknown[:3])}{more}"
        yield Missing(UNCERTAINTY, what, "add class, ct_class and vt_class, or uncertainty, to the meters")
    for potline in plant.potlines:
        yield from _of_potline(potline, time_ns)


def _of_potline(potline: Potline, time_ns: int) -> Iterator[Missing]:
    at = f"potlines.{potline.id}"
    for key, series in (
        ("current_efficiency", potline.current_efficiency),
        ("net_anode_consumption", potline.net_anode_consumption),
        ("paste.consumption", None if potline.direct.paste is None else potline.direct.paste.consumption),
    ):
        if series is None:  # the line's method does not take it
            continue
        try:
            sure = series.at(time_ns).relative_standard_uncertainty
        except LookupError as exc:
            what, _, remedy = str(exc).partition("; ")
            yield Missing(FIGURES, what, remedy)
            continue
        if sure is None:
            yield Missing(UNCERTAINTY, f"not configured of {at}.{key}", 'add uncertainty = "..." to its value')
    if potline.weighing_relative_standard_uncertainty is None:
        what = f"not configured of the weighings of {potline.id}"
        yield Missing(UNCERTAINTY, what, f"add weighing_uncertainty to [{at}]")
