"""The plant: potlines with their pots and parameters, the meters on them, and the points that all of it yields."""

from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from collector.plant.calendar import Calendar, Shifts
from collector.plant.casthouse import Casthouse
from collector.plant.contracts import Portfolio
from collector.plant.declarations import Declarations
from collector.plant.direct import BY_SLOPE, DirectMethods
from collector.plant.elsewhere import Elsewhere
from collector.plant.factors import DatedSeries, FactorSeries, GwpSet, SlopeCoefficients
from collector.plant.layout import Layout
from collector.plant.limits import Limit, PriceRegion, RuleInForce, Targets
from collector.plant.materials import Materials
from collector.plant.meter import Broker, Endpoint, HeardMeter, Measures, Meter, PolledMeter
from collector.plant.stacks import masses_to_derive
from collector.plant.tapping import Tapping
from collector.readings.point import Point, PointTable
from collector.readings.quantity import Quantity

POT_QUANTITIES = (
    Quantity.POT_VOLTAGE,
    Quantity.POT_RESISTANCE,
    Quantity.POT_NOISE,
    Quantity.BATH_TEMPERATURE,
)


@dataclass(frozen=True, slots=True)
class Startup:
    """A new pot that is started: from its beginning to the end of its start-up [UTC ns]."""

    pot: str
    from_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Potline:
    """Pots in series under one current, with the parameters of its accounts.

    Units: current efficiency as a fraction, net anode consumption in t per t Al, sulphur and ash in percent of the
    anode's mass, ``pot_out_below_v`` in volts, the uncertainty of a weighing as a fraction [1], None where it is not
    configured; those of current efficiency and anode consumption stand at their values. An anode effect begins where a
    pot's voltage rises above ``effect_above_v`` and ends where it falls below ``effect_below_v`` [V]. Net anode
    consumption is None where ``direct`` reckons the carbon otherwise.
    ``idle_busbar_share``: what of the energy into the rectifiers is lost around pots that are cut out;
    ``line_loss_share``: what is lost up to the meters, over what they measure: fractions [1], None: not configured.
    ``group_dc`` are the DC meters behind single rectifier groups, which only the balance of the line's meters is drawn
    with. In the ``startups`` anode effects and cell-days are counted apart: they are in no frequency and no slope.
    """

    id: str
    name: str
    pots: tuple[str, ...]
    slope: SlopeCoefficients
    current_efficiency: DatedSeries
    net_anode_consumption: DatedSeries | None
    anode_sulphur_pct: float
    anode_ash_pct: float
    pot_out_below_v: float
    effect_above_v: float
    effect_below_v: float
    weighing_relative_standard_uncertainty: float | None = None
    metal_kg_per_cm: DatedSeries | None = None
    idle_busbar_share: DatedSeries | None = None
    line_loss_share: DatedSeries | None = None
    direct: DirectMethods = BY_SLOPE
    group_dc: tuple[str, ...] = ()
    startups: tuple[Startup, ...] = ()


@dataclass(frozen=True, slots=True)
class Plant:
    """Everything that is configured about one smelter.

    Factors of electricity: ``grid_factor`` location-based, ``residual_factor`` for what no contract covers, and
    ``footprint_factor`` for the footprint of a product; None where not configured.
    ``elsewhere`` is what other collectors look after: nothing where this one has the whole plant.
    """

    id: str
    name: str
    time_zone: ZoneInfo
    method: str
    gwp: GwpSet
    grid_factor: FactorSeries
    potlines: tuple[Potline, ...]
    endpoints: tuple[Endpoint, ...]
    meters: tuple[Meter, ...]
    brokers: tuple[Broker, ...]
    layouts: tuple[Layout, ...] = ()
    shifts: Shifts = field(default_factory=Shifts)
    day_starts_min: int = 0
    residual_factor: FactorSeries | None = None
    footprint_factor: FactorSeries | None = None
    portfolio: Portfolio = field(default_factory=Portfolio)
    limits: tuple[Limit, ...] = ()
    targets: Targets = field(default_factory=Targets)
    price_region: PriceRegion | None = None
    materials: Materials = field(default_factory=Materials)
    tapping: Tapping | None = None
    casthouse: Casthouse | None = None
    limit_rules: tuple[RuleInForce, ...] = ()
    declared: Declarations = field(default_factory=Declarations)
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    points_before: PointTable | None = field(default=None, compare=False)
    """Those of the plant before this one, where it was changed while the collector runs: they keep their places."""
    points: PointTable = field(init=False, compare=False)
    potline_of_pot: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Lay out the points: those of the meters first, then those of the pots, then the masses of the stacks."""
        of_meters = (Point(meter.id, quantity) for meter in self.meters for quantity in _quantities(meter))
        of_pots = (
            Point(f"pot:{pot}", quantity)
            for potline in self.potlines
            for pot in potline.pots
            for quantity in POT_QUANTITIES
        )
        of_stacks = (Point(outlet.meter.id, outlet.mass) for outlet in masses_to_derive(self.meters))
        points = PointTable([*of_meters, *of_pots, *of_stacks], after=self.points_before)
        object.__setattr__(self, "points", points)
        object.__setattr__(
            self, "potline_of_pot", {pot: potline.id for potline in self.potlines for pot in potline.pots}
        )

    def after(self, before: "Plant") -> "Plant":
        """Return the same plant with points that keep the places that they had in the plant before."""
        return replace(self, points_before=before.points)

    @property
    def has_one_line(self) -> bool:
        """Whether the smelter has one potline only, here or elsewhere."""
        return len(self.potlines) + len(self.elsewhere.pots) == 1

    @property
    def calendar(self) -> Calendar:
        """Time zone, shifts and the beginning of the production day."""
        return Calendar(self.time_zone, self.shifts, self.day_starts_min)

    def potline(self, potline_id: str) -> Potline:
        """Return a potline by its id; KeyError if there is none."""
        for potline in self.potlines:
            if potline.id == potline_id:
                return potline
        raise KeyError(potline_id)

    @property
    def polled_meters(self) -> tuple[PolledMeter, ...]:
        """The meters behind Modbus endpoints."""
        return tuple(meter for meter in self.meters if isinstance(meter, PolledMeter))

    @property
    def heard_meters(self) -> tuple[HeardMeter, ...]:
        """The meters that speak over MQTT."""
        return tuple(meter for meter in self.meters if isinstance(meter, HeardMeter))

    def layouts_of(self, broker: Broker) -> tuple[Layout, ...]:
        """Return the layouts that a broker's messages have."""
        return tuple(layout for name in broker.layouts for layout in self.layouts if layout.name == name)

    def meters_on(self, potline: Potline, measures: Measures) -> tuple[Meter, ...]:
        """Return the meters of a potline that measure one thing."""
        return tuple(m for m in self.meters if m.potline == potline.id and m.measures is measures)

    def plant_meters(self, measures: Measures) -> tuple[Meter, ...]:
        """Return the meters of the whole plant that measure one thing, in no potline."""
        return tuple(m for m in self.meters if m.potline is None and m.measures is measures)

    def stack_meters(self, stack: str) -> tuple[Meter, ...]:
        """Return the meters of a stack."""
        return tuple(m for m in self.meters if m.measures is Measures.STACK and m.stack == stack)

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks that are measured, in the order of the file."""
        return tuple(dict.fromkeys(m.stack for m in self.meters if m.measures is Measures.STACK))

    def line_meter(self, potline: Potline) -> Meter | None:
        """Return the meter of the line's direct current, or None if the line has none."""
        found = self.meters_on(potline, Measures.LINE_DC)
        return found[0] if found else None


def _quantities(meter: Meter) -> list[Quantity]:
    """Return what a meter yields: what it tells, and for a line's meter the power from voltage and current."""
    quantities = [*meter.quantities]
    if meter.measures is Measures.LINE_DC and Quantity.DC_POWER not in quantities:
        quantities.append(Quantity.DC_POWER)
    return quantities
