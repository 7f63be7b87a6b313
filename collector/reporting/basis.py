"""What the ledger and the meters say of a period, as statements take it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from collector.accounting.integrals import Amount
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.parameters import Parameters
from collector.accounting.period_metal import PeriodMetal, by_charge, together
from collector.accounting.plant_sums import PlantSums
from collector.accounting.sums import Sums, total
from collector.accounting.windows import Window
from collector.plant.limits import Limit
from collector.plant.rule_tables import RuleTables
from collector.plant.topology import Plant, Potline
from collector.readings.quantity import Quantity
from collector.reporting.statement import Lack, Section, Standing, Statement


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a period that was accounted with the same parameters; None: they were not kept.

    Its metal is as it is stated: see `LineBasis`.
    """

    parameters: Parameters | None
    sums: Sums


@dataclass(frozen=True, slots=True)
class Day:
    """A day within the period, or the part of it that lies in it. ``known_s``: how much of it is over [s].

    Its metal stands on ``metal_basis``, which may be another one than that of the period.
    """

    label: str
    window: Window
    known_s: float
    sums: Sums
    metal_basis: MetalBasis = MetalBasis.FARADAY


@dataclass(frozen=True, slots=True)
class LineBasis:
    """What is stated of one potline: all of it, by parameters, and by day.

    Every tonne in ``sums`` and ``segments`` is as it is stated, by weight where the metal was weighed; ``told`` says on
    what it stands, None: on charge and current efficiency.
    """

    potline: Potline
    sums: Sums
    segments: tuple[Segment, ...]
    days: tuple[Day, ...] = ()
    told: PeriodMetal | None = None

    @property
    def metal(self) -> PeriodMetal:
        """On what the metal stands."""
        return by_charge(self.sums.metal_t) if self.told is None else self.told


@dataclass(frozen=True, slots=True)
class Averages:
    """Means of a meter's quantity over blocks of time: starts [ns], means, and the covered share of each [1].

    ``reference``: what the means refer to, in words.
    """

    meter: str
    quantity: Quantity
    starts_ns: tuple[int, ...]
    means: tuple[float, ...]
    covered: tuple[float, ...]
    reference: str = ""


@dataclass(frozen=True, slots=True)
class HourOfLoad:
    """An hour's load and renewable generation of the plant's own, where the hour is known for both [kWh]."""

    start_ns: int
    end_ns: int
    load_kwh: float
    generation_kwh: float


@dataclass(frozen=True, slots=True)
class Basis:
    """All that a statement is made of.

    Attributes
    ----------
    window, known_s
        The period, and how much of it is over [s].
    label, begins, ends
        Its name and its times, as the plant's clock shows them.
    day
        The day that rules and factors of one day are taken at: the first.
    lines
        The potlines that are stated.
    counted
        What meters outside the potlines' accounts counted, by meter and quantity, as far as their inputs are kept.
    averages
        Means for limits, by the limit's name.
    hours
        Hour by hour, where a statement matches by the hour.
    of_plant
        The sums of the plant as a whole; None where the ledger has none of the period.
    """

    plant: Plant
    rules: RuleTables
    least_coverage_pct: float
    window: Window
    known_s: float
    label: str
    begins: str
    ends: str
    day: date
    lines: tuple[LineBasis, ...]
    standing: Standing
    counted: Mapping[tuple[str, Quantity], Amount] = field(default_factory=dict)
    averages: Mapping[str, tuple[Averages, ...]] = field(default_factory=dict)
    hours: tuple[HourOfLoad, ...] = ()
    of_plant: PlantSums | None = None

    @property
    def whole(self) -> Sums:
        """The sums of all potlines that are stated."""
        return total(line.sums for line in self.lines)

    @property
    def metal(self) -> PeriodMetal:
        """On what the metal of all potlines that are stated stands."""
        return together(line.metal for line in self.lines)

    @property
    def last_ns(self) -> int:
        """The last instant of the period that is over [ns]: what is dated and told once for all of it is taken then."""
        return self.window.start_ns + round(self.known_s * 1e9) - 1

    @property
    def is_over(self) -> bool:
        """Whether the whole period is closed."""
        return self.known_s >= self.window.length_s

    @property
    def is_of_all_lines(self) -> bool:
        """Whether all potlines of the plant are stated."""
        return len(self.lines) == len(self.plant.potlines)

    def has_in_force(self, limit: Limit) -> bool:
        """Tell whether a limit holds at some time of the period, as far as it is over."""
        return limit.valid_from_ns <= self.last_ns and (
            limit.valid_to_ns is None or self.window.start_ns < limit.valid_to_ns
        )

    def statement(
        self,
        kind: str,
        title: str,
        *,
        rule: str,
        sections: list[Section],
        missing: list[Lack],
        remarks: list[str],
    ) -> Statement:
        """Return a statement of this period; what is said twice is said once."""
        return Statement(
            kind=kind,
            title=title,
            rule=rule,
            plant=self.plant.id,
            plant_name=self.plant.name,
            potlines=tuple(line.potline.id for line in self.lines),
            period=self.label,
            begins=self.begins,
            ends=self.ends,
            sections=tuple(section for section in sections if section.rows or section.remarks),
            missing=tuple(dict.fromkeys(missing)),
            remarks=tuple(dict.fromkeys([*remarks, *self._so_far()])),
            standing=self.standing,
        )

    def _so_far(self) -> list[str]:
        if self.is_over:
            return []
        until = self.standing.closed_until
        return [f"The period is not over: all figures are of its minutes up to {until}, and so are the shares of time."]
