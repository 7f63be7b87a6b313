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
from collector.accounting.parts_of_meters import charge_source, lasting_errors, share_of
from collector.accounting.rules import rules
from collector.plant.direct import Coefficient, PasteAnodes
from collector.plant.factors import DatedSeries, DatedValue, FactorInForce
from collector.plant.meter import Measures
from collector.plant.told import Withheld
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
    STARTUP = "startup"
    GROUP_DC = "group_dc"
    """Behind a single rectifier group: in no sum and no pair of the line, only set against its feeder."""


ROLE_OF = {
    Measures.LINE_DC: Role.DC,
    Measures.RECTIFIER_AC: Role.RECTIFIER,
    Measures.AUXILIARY_AC: Role.AUXILIARY,
    Measures.STARTUP_AC: Role.STARTUP,
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

    ``shares_by_metal``: services that the metal shares belong to its comprehensive energy, and are not among these.
    ``startups``: pots whose anode effects and cell-days are in no frequency and no slope. Where there are none, nothing
    of them is in the encoding, and so the digest is that of parameters from before they were known.
    """

    potline: str
    pots: int
    meters: tuple[MeterRole, ...]
    charge: Measured | None
    current: Measured | None
    conventions: Conventions
    shares_by_metal: bool = False
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


class Paste(msgspec.Struct, frozen=True):
    """Self-baking anodes; units as in `collector.domain.soderberg`, consumption in t per t Al."""

    consumption: Named
    benzene_soluble_kg_per_t: float
    binder_percent: float
    pitch_sulphur_percent: float
    pitch_ash_percent: float
    pitch_hydrogen_percent: float
    coke_sulphur_percent: float
    coke_ash_percent: float
    skimmed_dust_per_metal: float
    source: str


class Parameters(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a minute of a potline was computed with.

    Units: grid in kg CO2 per kWh; slope in kg CF4 per t Al and anode-effect minute per cell-day; efficiency as a
    fraction; net anode consumption in t per t Al; sulphur and ash in percent; warming potentials in t CO2e per t.

    ``grid_revision`` is that of a factor which was told while the plant ran, whose id is the source of ``grid``;
    ``grid_withheld``: none was told, and none stands in for it. What has no place in an old entry is left out, so that
    the digests of these stay what they are.
    ``idle_busbars`` is the part of the energy into the rectifiers that is lost around pots that are cut out,
    ``line_losses`` what is lost up to the meters, a part of what they measure [1]; None: the plant told none.
    Where the line has other methods: overvoltage coefficient in (kg CF4/t Al)/mV (``c2f6_per_cf4`` is its ratio then),
    defaults of CF4 and C2F6 in kg/t, low-voltage CF4 in kg/t, default of the anodes in t CO2 per t Al. What is not
    chosen is left out of what is kept, so that parameters of lines without them keep their digests.
    """

    plant: str
    potline: str
    method: str
    technology: str
    wanted: Wanted
    charge_source: tuple[str, float | None]
    current_efficiency: Named
    net_anode_consumption: Named | None
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
    grid_revision: int | None = None
    grid_withheld: bool = False
    idle_busbars: Named | None = None
    line_losses: Named | None = None
    overvoltage: Named | None = None
    gas_defaults: tuple[Named, Named] | None = None
    low_voltage: Named | None = None
    low_voltage_added_to: str = ""
    anode_default: Named | None = None
    paste: Paste | None = None


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
        share = share_of(plant, potline, meter)
        if meter.id in potline.group_dc:
            role, share = Role.GROUP_DC, 1.0
        elif share is not None and meter.measures in ROLE_OF:
            role = ROLE_OF[meter.measures]
        else:
            continue
        here = plant.points.of(meter.id)

        def counter(quantity: Quantity, here: Mapping[Quantity, int] = here) -> Measured:
            place = here[quantity]
            return Measured(plant.points[place].name, Shape.COUNTER, modulus=booked[place].modulus)

        def integral(quantity: Quantity, factor: float, here: Mapping[Quantity, int] = here) -> Measured:
            return Measured(plant.points[here[quantity]].name, Shape.GAUGE, factor)

        if role not in {Role.DC, Role.GROUP_DC}:
            energy = counter(Quantity.ACTIVE_ENERGY_IMPORT)
        elif Quantity.DC_ENERGY in here:
            energy = counter(Quantity.DC_ENERGY)
        else:
            energy = integral(Quantity.DC_POWER, _KWH_PER_MWS)
        if role is Role.DC:
            current = integral(Quantity.LINE_CURRENT, 1.0)
            counted = Quantity.DC_CHARGE in here
            charge = counter(Quantity.DC_CHARGE) if counted else integral(Quantity.LINE_CURRENT, _KAH_PER_KAS)
        meters.append(MeterRole(meter.id, role, energy, meter.rated_power_kw, lasting_errors(meter), share))
    by_metal = plant.elsewhere.services_by_metal or any(
        meter.measures is Measures.AUXILIARY_AC
        and meter.allocation is not None
        and meter.allocation.is_by_metal
        and len(plant.potlines) > 1
        for meter in plant.meters
    )
    starting = tuple(StartingPot(one.pot, one.from_ns, one.until_ns) for one in potline.startups)
    return Wanted(potline.id, len(potline.pots), tuple(meters), charge, current, conventions, by_metal, starting)


def parameters_at(plant: Plant, potline: Potline, what: Wanted, time_ns: int) -> Parameters:
    """Return what is in force at a time.

    Raises
    ------
    LookupError
        If a dated parameter is not in force yet.
    """
    efficiency = potline.current_efficiency.at(time_ns)
    series, chosen = potline.net_anode_consumption, potline.direct
    grid = _grid(plant, time_ns)
    over, gases, low, default = chosen.overvoltage, chosen.gas_defaults, chosen.low_voltage, chosen.anode_default
    return Parameters(
        plant=plant.id,
        potline=potline.id,
        method=plant.method,
        technology=potline.slope.technology,
        wanted=what,
        charge_source=charge_source(plant, potline),
        current_efficiency=_dated(efficiency),
        net_anode_consumption=None if series is None else _dated(series.at(time_ns)),
        anode_sulphur_pct=potline.anode_sulphur_pct,
        anode_ash_pct=potline.anode_ash_pct,
        slope=potline.slope.slope,
        c2f6_per_cf4=potline.slope.c2f6_per_cf4 if over is None else over.c2f6_per_cf4,
        slope_source=potline.slope.source,
        slope_version=potline.slope.version,
        slope_relative_uncertainty=potline.slope.relative_standard_uncertainty,
        gwp=plant.gwp.id,
        gwp_cf4=plant.gwp.cf4,
        gwp_c2f6=plant.gwp.c2f6,
        gwp_version=plant.gwp.version,
        grid=Named(grid.value, grid.id, grid.version, grid.relative_standard_uncertainty),
        grid_estimated=grid.estimated,
        grid_revision=grid.revision,
        grid_withheld=grid is _WITHHELD,
        idle_busbars=_told(potline.idle_busbar_share, time_ns),
        line_losses=_told(potline.line_loss_share, time_ns),
        overvoltage=None if over is None else _of_table(over.coefficient),
        gas_defaults=None if gases is None else (_of_table(gases.cf4_kg_per_t), _of_table(gases.c2f6_kg_per_t)),
        low_voltage=None if low is None else _of_table(low.cf4_kg_per_t),
        low_voltage_added_to="" if low is None else low.added_to,
        anode_default=None if default is None else _of_table(default),
        paste=None if chosen.paste is None else _paste(chosen.paste, time_ns),
    )


_WITHHELD = FactorInForce(0.0, "", "")
"""Stands for a grid factor that was not told and that nothing stands in for."""


def _grid(plant: Plant, time_ns: int) -> FactorInForce:
    try:
        return plant.grid_factor.at(time_ns)
    except Withheld:
        return _WITHHELD


_MOST_MADE = 200
"""Where the grid's factor has a value an hour, so does what is in force: these are the hours of eight days."""


class InForce:
    """What is in force for a potline, over time. The same values give the same object, made once in a while.

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
        efficiency, grid = potline.current_efficiency.at(time_ns), _grid(self._plant, time_ns)
        paste = potline.direct.paste
        series = potline.net_anode_consumption if paste is None else paste.consumption
        consumption = None if series is None else series.at(time_ns)
        losses = [
            None if each is None else id(each.at(time_ns))
            for each in (potline.idle_busbar_share, potline.line_loss_share)
        ]
        key = (id(efficiency), id(consumption), grid.id, grid.version, grid.value, grid.estimated, *losses)
        found = self._made.get(key)
        if found is None:
            parameters = parameters_at(self._plant, potline, self._what, time_ns)
            found = self._made[key] = (parameters, digest(parameters))
            if len(self._made) > _MOST_MADE:
                del self._made[next(iter(self._made))]
        return found


def _told(series: DatedSeries | None, time_ns: int) -> Named | None:
    return None if series is None else _dated(series.at(time_ns))


def _dated(value: DatedValue) -> Named:
    return Named(value.value, value.source, value.version, value.relative_standard_uncertainty)


def _of_table(number: Coefficient) -> Named:
    return Named(number.value, number.source, number.version, number.relative_standard_uncertainty)


def _paste(paste: PasteAnodes, time_ns: int) -> Paste:
    return Paste(
        _dated(paste.consumption.at(time_ns)),
        paste.benzene_soluble_kg_per_t,
        paste.binder_percent,
        paste.pitch_sulphur_percent,
        paste.pitch_ash_percent,
        paste.pitch_hydrogen_percent,
        paste.coke_sulphur_percent,
        paste.coke_ash_percent,
        paste.skimmed_dust_per_metal,
        paste.source,
    )
