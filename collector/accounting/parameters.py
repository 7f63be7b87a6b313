"""Everything beside the measurements that a result depends on: factors, efficiencies, which meter counts as what.

A result is a function of its inputs and its parameters and of nothing else. Parameters are kept in the store under the
digest of their content, and each entry of the ledger names its digest: so an entry can be computed again years later,
whatever the files say by then. Pure.
"""

import hashlib
from collections.abc import Mapping
from enum import Enum

import msgspec

from collector.accounting.integrals import Shape
from collector.accounting.rules import rules
from collector.plant.factors import DatedValue
from collector.plant.meter import Measures, Meter
from collector.plant.topology import Plant, Potline
from collector.readings.event import EffectOrigin
from collector.readings.quantity import Quantity

_KWH_PER_MWS = 1000 / 3600
_KAH_PER_KAS = 1 / 3600


class Role(Enum):
    """What a meter's energy is in the accounts of a potline."""

    DC = "dc"
    RECTIFIER = "rectifier"
    AUXILIARY = "auxiliary"
    GROUP_DC = "group_dc"
    """Behind a single rectifier group: in no sum and no pair of the line, only set against its feeder."""


ROLE_OF = {
    Measures.LINE_DC: Role.DC,
    Measures.RECTIFIER_AC: Role.RECTIFIER,
    Measures.AUXILIARY_AC: Role.AUXILIARY,
}
"""What the accounts make of what a meter measures; meters that are not here are in no potline's account."""


class Measured(msgspec.Struct, frozen=True):
    """A point that is booked: its name, what its cells hold, and what its amounts are multiplied by.

    ``modulus``: the value at which a counter starts again from zero, in the unit of its cells.
    """

    point: str
    shape: Shape
    factor: float = 1.0
    modulus: float | None = None


class MeterRole(msgspec.Struct, frozen=True):
    """A meter in the accounts of a potline. ``share`` of its energy belongs to it.

    ``sources`` are its lasting errors: a name, which two meters share where the error is the same one, and a relative
    standard uncertainty [1], None where no class is configured. ``rated_kw`` is its rated power.
    """

    meter: str
    role: Role
    energy: Measured
    rated_kw: float
    sources: tuple[tuple[str, float | None], ...]
    share: float = 1.0


class Conventions(msgspec.Struct, frozen=True):
    """What was agreed for the accounts of a plant.

    ``longest_gap_s``: how long a gap between readings may be to count as covered [s]. ``same_within_s``: anode effects
    of a pot from two origins this close together are one [s], and ``precedence`` says whose word counts then.
    """

    longest_gap_s: float
    same_within_s: float
    precedence: EffectOrigin


class StartingPot(msgspec.Struct, frozen=True):
    """A pot in start-up [UTC ns]: what it does is counted apart."""

    pot: str
    from_ns: int
    until_ns: int

    def holds(self, time_ns: int) -> bool:
        """Tell whether a time lies in it."""
        return self.from_ns <= time_ns < self.until_ns


class Wanted(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the accounts of a potline are made of: pots, energy by meter, charge, and the line's current.

    ``startups``: pots whose anode effects and cell-days are in no frequency and no slope. Where there are none, nothing
    of them is in the encoding, and so the digest is that of parameters from before they were known.
    """

    potline: str
    pots: int
    meters: tuple[MeterRole, ...]
    charge: Measured | None
    current: Measured | None
    conventions: Conventions
    startups: tuple[StartingPot, ...] = ()

    @property
    def has_auxiliaries(self) -> bool:
        """Whether services of the potroom are metered."""
        return any(place.role is Role.AUXILIARY for place in self.meters)


class Named(msgspec.Struct, frozen=True):
    """A number with its version and where it came from: a factor's id, or the source that the plant file names.

    ``relative_uncertainty``: standard, a fraction of the value [1]; None where nobody said how sure it is.
    """

    value: float
    source: str
    version: str = ""
    relative_uncertainty: float | None = None


class Parameters(msgspec.Struct, frozen=True):
    """What a minute of a potline was computed with.

    Units: grid in kg CO2 per kWh; slope in kg CF4 per t Al and anode-effect minute per cell-day; efficiency as a
    fraction; net anode consumption in t per t Al; sulphur and ash in percent; warming potentials in t CO2e per t.
    """

    plant: str
    potline: str
    method: str
    technology: str
    wanted: Wanted
    charge_source: tuple[str, float | None]
    current_efficiency: Named
    net_anode_consumption: Named
    anode_sulphur_pct: float
    anode_ash_pct: float
    slope: float
    c2f6_per_cf4: float
    slope_source: str
    slope_version: str
    slope_relative_uncertainty: float | None
    gwp: str
    gwp_cf4: float
    gwp_c2f6: float
    gwp_version: str
    grid: Named
    grid_estimated: bool


def encoded(parameters: Parameters) -> bytes:
    """Return the parameters as JSON with sorted keys: what is kept, and what the digest is made of."""
    return msgspec.json.encode(parameters, order="sorted")


def digest(parameters: Parameters) -> str:
    """Return the digest under which parameters are kept: the first 32 hexadecimal digits of SHA-256."""
    return hashlib.sha256(encoded(parameters)).hexdigest()[:32]


def decoded(body: bytes) -> Parameters:
    """Return the parameters that were kept."""
    return msgspec.json.decode(body, type=Parameters)


def wanted(plant: Plant, potline: Potline, conventions: Conventions) -> Wanted:
    """Return what a potline's accounts are made of: counters where a meter has one, else integrals."""
    booked = rules(plant)
    meters = []
    charge = current = None
    for meter in plant.meters:
        if meter.id in potline.group_dc:
            role = Role.GROUP_DC
        elif meter.potline == potline.id and meter.measures in ROLE_OF:
            role = ROLE_OF[meter.measures]
        else:
            continue
        here = plant.points.of(meter.id)

        def counter(quantity: Quantity, here: Mapping[Quantity, int] = here) -> Measured:
            place = here[quantity]
            return Measured(plant.points[place].name, Shape.COUNTER, modulus=booked[place].modulus)

        def integral(quantity: Quantity, factor: float, here: Mapping[Quantity, int] = here) -> Measured:
            return Measured(plant.points[here[quantity]].name, Shape.GAUGE, factor)

        if role in {Role.RECTIFIER, Role.AUXILIARY}:
            energy = counter(Quantity.ACTIVE_ENERGY_IMPORT)
        elif Quantity.DC_ENERGY in here:
            energy = counter(Quantity.DC_ENERGY)
        else:
            energy = integral(Quantity.DC_POWER, _KWH_PER_MWS)
        if role is Role.DC:
            current = integral(Quantity.LINE_CURRENT, 1.0)
            counted = Quantity.DC_CHARGE in here
            charge = counter(Quantity.DC_CHARGE) if counted else integral(Quantity.LINE_CURRENT, _KAH_PER_KAS)
        meters.append(MeterRole(meter.id, role, energy, meter.rated_power_kw, _sources(meter)))
    starting = tuple(StartingPot(one.pot, one.from_ns, one.until_ns) for one in potline.startups)
    return Wanted(potline.id, len(potline.pots), tuple(meters), charge, current, conventions, starting)


def parameters_at(plant: Plant, potline: Potline, what: Wanted, time_ns: int) -> Parameters:
    """Return what is in force at a time.

    Raises
    ------
    LookupError
        If a dated parameter is not in force yet.
    """
    efficiency = potline.current_efficiency.at(time_ns)
    consumption = potline.net_anode_consumption.at(time_ns)
    grid = plant.grid_factor.at(time_ns)
    return Parameters(
        plant=plant.id,
        potline=potline.id,
        method=plant.method,
        technology=potline.slope.technology,
        wanted=what,
        charge_source=_charge_source(plant, potline),
        current_efficiency=_dated(efficiency),
        net_anode_consumption=_dated(consumption),
        anode_sulphur_pct=potline.anode_sulphur_pct,
        anode_ash_pct=potline.anode_ash_pct,
        slope=potline.slope.slope,
        c2f6_per_cf4=potline.slope.c2f6_per_cf4,
        slope_source=potline.slope.source,
        slope_version=potline.slope.version,
        slope_relative_uncertainty=potline.slope.relative_standard_uncertainty,
        gwp=plant.gwp.id,
        gwp_cf4=plant.gwp.cf4,
        gwp_c2f6=plant.gwp.c2f6,
        gwp_version=plant.gwp.version,
        grid=Named(grid.value, grid.id, grid.version, grid.relative_standard_uncertainty),
        grid_estimated=grid.estimated,
    )


class InForce:
    """What is in force for a potline, over time. The same values give the same object, made once.

    Parameters
    ----------
    plant, potline
        Whose.
    what
        What the potline's accounts are made of.
    """

    def __init__(self, plant: Plant, potline: Potline, what: Wanted) -> None:
        self._plant = plant
        self._potline = potline
        self._what = what
        self._made: dict[tuple[object, ...], tuple[Parameters, str]] = {}

    def at(self, time_ns: int) -> tuple[Parameters, str]:
        """Return the parameters at a time, and the digest under which they are kept; LookupError if one is missing."""
        potline = self._potline
        # The values stand in the plant as long as this does, so each is known by its place.
        efficiency, consumption = potline.current_efficiency.at(time_ns), potline.net_anode_consumption.at(time_ns)
        grid = self._plant.grid_factor.at(time_ns)
        key = (id(efficiency), id(consumption), grid.id, grid.version, grid.value, grid.estimated)
        found = self._made.get(key)
        if found is None:
            parameters = parameters_at(self._plant, potline, self._what, time_ns)
            found = self._made[key] = (parameters, digest(parameters))
        return found


def _dated(value: DatedValue) -> Named:
    return Named(value.value, value.source, value.version, value.relative_standard_uncertainty)


def _sources(meter: Meter) -> tuple[tuple[str, float | None], ...]:
    """Return the lasting errors of a meter's energy. A line's current transducer is in its charge as well."""
    told = meter.accuracy
    if told.whole is not None:
        return ((f"{meter.id}", told.whole),)
    parts = ((f"{meter.id} meter", told.meter), (_current(meter), told.current), (f"{meter.id} voltage", told.voltage))
    return tuple((name, relative) for name, relative in parts if relative is not None) or ((meter.id, None),)


def _charge_source(plant: Plant, potline: Potline) -> tuple[str, float | None]:
    meter = plant.line_meter(potline)
    return ("line current", None) if meter is None else (_current(meter), meter.accuracy.current)


def _current(meter: Meter) -> str:
    return f"{meter.id} current"


def fingerprint(plant: Plant) -> str:
    """Return a digest of everything in a plant file that the accounts depend on, at whatever time."""
    meters = [(meter.id, meter.measures.value, meter.potline) for meter in plant.meters]
    told = (plant.method, plant.gwp, plant.grid_factor, plant.potlines, meters, plant.time_zone.key)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]
