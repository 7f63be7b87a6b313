"""What the streams are called: tags and field of each point, and what the lines beside the readings hold.

The names are an interface: dashboards, alert rules and the plant's own queries stand on them. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from collector.plant.limits import Boundary
from collector.plant.meter import POLLUTANTS, STACK_QUANTITIES, GasConditions, Measures, Meter
from collector.plant.stacks import MASS_OF
from collector.plant.topology import Plant
from collector.readings.event import AnodeEffectKind
from collector.readings.point import Point

OF_READINGS = ("meter", "potline", "pot", "stack")
"""The streams that single readings are written to."""

_OF_STACKS = frozenset((*STACK_QUANTITIES, *MASS_OF.values()))
_NORMAL = {quantity.field: f"{quantity.label}_mg_nm3" for quantity in POLLUTANTS} | {"flow_m3_h": "flow_nm3_h"}
"""How the fields of a stack are called whose values refer to dry gas at normal conditions."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the readings of a point are written: stream, tags, field, and the unit of the field."""

    stream: str
    tags: Mapping[str, str]
    field: str
    unit: str


NOWHERE = Place("", {}, "", "")
"""Of a point that the plant had and has no longer: nothing is written there."""


def places(plant: Plant) -> list[Place]:
    """Return where the readings of each point are written, in the order of the plant's points.

    All points of one owner in one stream have the same tags, and these are one object.
    """
    meters = {meter.id: meter for meter in plant.meters}
    shared: dict[tuple[str, str], Mapping[str, str]] = {}

    def place(point: Point) -> Place:
        stream, field, meter = point.quantity.measurement, point.quantity.field, meters.get(point.owner)
        if meter is not None:
            stream, field = _of_meter(meter, point)
        key = point.owner, stream
        if key not in shared:
            shared[key] = _tags(plant, point.owner, meter, stream)
        return Place(stream, shared[key], field, point.quantity.unit)

    return [NOWHERE if number in plant.points.unused else place(point) for number, point in enumerate(plant.points)]


def _of_meter(meter: Meter, point: Point) -> tuple[str, str]:
    """Return stream and field of a meter's point."""
    stream, field = point.quantity.measurement, point.quantity.field
    if stream == "potline" and meter.measures is not Measures.LINE_DC:
        stream = "meter"  # one meter speaks for a potline; others would write over it
    if stream == "meter" and point.quantity in _OF_STACKS and meter.stack:
        normal = meter.conditions is GasConditions.NORMAL_DRY
        return "stack", _NORMAL.get(field, field) if normal else field
    return stream, field


def _tags(plant: Plant, owner: str, meter: Meter | None, stream: str) -> Mapping[str, str]:
    """Return the tags of an owner's points in a stream; without a meter it is a pot."""
    tags = {"plant": plant.id}
    if meter is None:
        pot = owner.removeprefix("pot:")
        return tags | {"potline": plant.potline_of_pot[pot], "pot": pot}
    if stream == "stack":
        return tags | {"stack": meter.stack}
    if meter.potline:
        tags["potline"] = meter.potline
    return tags | {"meter": meter.id} if stream == "meter" else tags


@dataclass(frozen=True, slots=True)
class Lines:
    """A stream of lines that are no readings: its tags beside the plant, and its fields that are numbers."""

    tags: tuple[str, ...]
    fields: tuple[str, ...]


_RATIO = ("coverage_pct", "quality", "revision")
LINES: Mapping[str, Lines] = {
    "potline": Lines(("potline",), ("pots_operating",)),
    "anode_effect": Lines(("potline", "pot", "kind"), ("duration_s", "max_v", "overvoltage_v_s")),
    "anode_effect_count": Lines(
        ("potline", "window"),
        ("controllers", "counted", "controllers_s", "counted_s", "pots_compared", "pots_differing"),
    ),
    "energy_intensity": Lines(
        ("potline", "window", "boundary"),
        ("energy_kwh", "metal_t", "kwh_per_t", "kwh_per_t_u95", "estimated_pct", *_RATIO),
    ),
    "emissions_intensity": Lines(
        ("potline", "window", "method", "electricity"),
        (
            "anode_t_co2e",
            "pfc_t_co2e",
            "cf4_kg",
            "c2f6_kg",
            "fuel_t_co2e",
            "fuel_estimated_pct",
            "electricity_t_co2e",
            "total_t_co2e",
            "metal_t",
            "t_co2e_per_t",
            "t_co2e_per_t_u95",
            *_RATIO,
        ),
    ),
    "pollutant_intensity": Lines(
        ("stack", "window", "pollutant"),
        ("mass_kg", "metal_t", "kg_per_t", *_RATIO),
    ),
    "renewable_share": Lines(
        ("window", "basis"),
        ("renewable_kwh", "total_kwh", "share_pct", "target_pct", *_RATIO),
    ),
    "energy_balance": Lines(
        ("potline", "window"),
        ("ac_kwh", "dc_kwh", "pots_kwh", "rectifier_loss_pct", "residual_pct"),
    ),
    "power_price_tier": Lines(
        ("potline", "window"),
        (
            "comprehensive_kwh_per_t",
            "threshold_kwh_per_t",
            "surcharge_cny_per_kwh",
            "surcharge_cny",
            "forecast_month_end_kwh_per_t",
            "forecast_month_end_kwh_per_t_u95",
            "step_end_kwh_per_t",
            "about_to_cross",
        ),
    ),
    "limit": Lines(
        ("potline", "stack", "meter", "limit", "quantity", "unit", "window"),
        ("mean", "least", "most", "of_most_pct", "outside", "coverage_pct", "quality"),
    ),
    "collector": Lines(("instance",), ("outbox_oldest_s", "process_cpu_seconds_total", "process_resident_bytes")),
}
"""By stream. What the collector counts of itself comes to ``collector``; a test holds the others to what is written."""


STREAMS = frozenset((*OF_READINGS, *LINES, "alert"))
"""All streams. What an alert says are words, so it is in no list of numbers."""

WINDOWS = ("minute", "hour", "shift", "day", "month", "rolling_24h", "rolling_30d")
"""What can stand in the tag ``window``."""


def known_tag_values(plant: Plant) -> dict[str, tuple[str, ...]]:
    """Return what can stand in tags; a tag that is not here can hold other words."""
    return {
        "plant": (plant.id,),
        "potline": tuple(line.id for line in plant.potlines),
        "pot": tuple(plant.potline_of_pot),
        "meter": tuple(meter.id for meter in plant.meters),
        "stack": plant.stacks,
        "window": WINDOWS,
        "boundary": tuple(boundary.value for boundary in Boundary),
        "kind": tuple(kind.value for kind in AnodeEffectKind),
        "electricity": ("location", "market"),
        "pollutant": tuple(quantity.label for quantity in POLLUTANTS),
        "basis": ("physical", "contract", "certificate", "hourly_matched"),
    }


_UNIT_OF = {
    "kwh_per_t": "kWh/t",
    "t_co2e_per_t": "t/t",
    "kg_per_t": "kg/t",
    "t_co2e": "t",
    "_v_s": "V*s",
    "_kwh": "kWh",
    "_pct": "%",
    "_kg": "kg",
    "_t": "t",
    "_s": "s",
    "_v": "V",
    "_bytes": "B",
}


def unit_of(field: str) -> str:
    """Return the unit that the name of a line's field ends in; empty: it is a plain number, or money."""
    name = field.removesuffix("_u95")
    if name.endswith("_cny_per_kwh"):
        return ""
    return next((unit for end, unit in _UNIT_OF.items() if name.endswith(end)), "")
