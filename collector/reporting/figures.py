"""Figures of a statement with all that is known of them: what moves them, what they cover, their marks. Pure.

A figure carries its sources of error by name (`collector.domain.propagation`), so what two parts share (the charge, the
current efficiency) is counted once in their sum and cancels out of their ratio.

Invariants
----------
* What has a setting for its uncertainty and none is told withholds the uncertainty of every sum it is in, by name.
* What has no such setting (assays, the time of anode effects) counts as exact, and the statement says so.
* A factor that nobody vouches for is named beside every number it entered.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import fsum

from collector.accounting.emission_sources import WITHOUT_SETTING
from collector.accounting.error_sources import Emission
from collector.accounting.period_metal import WEIGHING, weighed_metal
from collector.domain.propagation import Figure, added, divided, exact, scaled
from collector.plant.topology import Plant, Potline
from collector.reporting import uncertainty
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.statement import PLANT, Row

UNVERIFIED = "unverified"
EXACT = "taken as exact, for nothing says how sure they are: "
_STEP = 1e-3
_OF_A_TABLE = ("slope", "overvoltage coefficient", "default of")


@dataclass(frozen=True, slots=True)
class Known:
    """A figure of a statement.

    Attributes
    ----------
    figure
        Its value, and what moves it [unit of the figure].
    missing, exact
        Sources of error that are not configured, and those that count as exact.
    coverage_pct, estimated_pct
        Share of the time that is backed by readings, and share that was bridged or spread [%].
    quality
        The worst quality of what went into it; None where no reading did.
    unverified
        Factors in it for which nobody vouches.
    """

    figure: Figure
    missing: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    coverage_pct: float = 100.0
    estimated_pct: float = 0.0
    quality: int | None = None
    unverified: frozenset[str] = frozenset()

    @property
    def value(self) -> float:
        """The figure itself."""
        return self.figure.value

    def marked(self, name: str, verified: str) -> "Known":
        """Return it with a factor that went in; it is named where nobody vouches for it."""
        return self if verified != UNVERIFIED else replace(self, unverified=self.unverified | {name})

    def row(
        self,
        label: str,
        unit: str,
        *,
        digits: int = 1,
        where: str = PLANT,
        note: str = "",
        source: str = "",
        withheld: str = "",
    ) -> Row:
        """Return it as a row. ``withheld``: why the number is not stated; empty where it is."""
        marks = f"stands on unverified: {', '.join(sorted(self.unverified))}" if self.unverified else ""
        missing = sorted(self.missing)
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        return Row(
            label,
            None if withheld else self.value,
            unit,
            digits=digits,
            where=where,
            coverage_pct=self.coverage_pct,
            estimated_pct=self.estimated_pct,
            expanded_95=None if missing or withheld else self.figure.expanded_95,
            uncertainty=f"not configured: {', '.join(missing[:3])}{more}" if missing else "",
            quality=self.quality,
            note="; ".join(part for part in (withheld, note, marks) if part),
            source=source,
        )


def metal_of(basis: Basis, line: LineBasis) -> Known:
    """Return the metal of a line whose emissions are known [t], as the period states it: by charge or by weight."""
    pair = line.sums.comprehensive
    sources = _weighed_sources(line) if line.metal.weighed else metal_sources(basis.plant, line.potline, basis.last_ns)
    effects = {name: pair.metal_t * relative for name, relative in sources if relative is not None}
    seconds = basis.known_s
    return Known(
        Figure(pair.metal_t, effects),
        missing=frozenset(name for name, relative in sources if relative is None),
        coverage_pct=min(100.0, 100 * pair.covered_s / seconds),
        estimated_pct=min(100.0, 100 * pair.estimated_s / seconds),
        quality=pair.quality,
    )


def _weighed_sources(line: LineBasis) -> list[tuple[str, float | None]]:
    """Return what moves the weighed metal of a line, relative [1]: scales, the growth in its pots, time not known."""
    reason = uncertainty.why_no_metal(line.metal)
    if reason:
        return [(f"metal of {line.potline.id}: {reason}", None)]
    known = weighed_metal(line.metal.weighed)
    tapped_t = fsum(each.tapped_t for each in line.metal.weighed)
    whole_t = tapped_t + (known.growth_t or 0.0)
    if not whole_t > 0:
        return [(f"weighed metal of {line.potline.id}", None)]
    relatives = [each.relative for each in line.metal.weighed]
    scales = None if None in relatives else fsum(each.tapped_t * (each.relative or 0.0) for each in line.metal.weighed)
    growth = known.growth_standard_t
    return [
        (WEIGHING, None if scales is None else scales / whole_t),
        (f"metal in the pots of {line.potline.id}", None if growth is None else growth / whole_t),
    ]


def metal_sources(plant: Plant, potline: Potline, time_ns: int) -> list[tuple[str, float | None]]:
    """Return what moves the metal of a line: the class of its charge, and its current efficiency, relative [1]."""
    meter = plant.line_meter(potline)
    charge = None if meter is None else uncertainty.of_current(meter)
    efficiency = potline.current_efficiency.at(time_ns).relative_standard_uncertainty
    return [
        (f"line current of {potline.id}", None) if charge is None else (charge.name, charge.relative),
        (f"current efficiency of {potline.id}", efficiency),
    ]


def emitted(emission: Emission, metal: Known, value: float, *, line: str, technology: str) -> Known:
    """Return emissions of a line with what moves them.

    Parameters
    ----------
    emission
        The formula, and the factors that it takes.
    metal
        Of the line [t].
    value
        The emissions by the rule set, in proportion to what the formula gives [t CO2e].
    line, technology
        Names: a table's coefficient is one error for all lines of a technology, other factors are a line's own.
    """
    named = {key: (_name(factor.name, line, technology), factor) for key, factor in emission.factors.items()}
    told = {key: factor.value for key, factor in emission.factors.items()}
    whole = emission.formula(metal_t=metal.value, **told)
    effects: dict[str, float] = {}
    moves = {name: factor.standard for name, factor in named.values() if factor.standard}
    for source in dict.fromkeys([*metal.figure.effects, *moves]):
        moved = {}
        for sign in (1, -1):
            by = {
                key: factor.value + sign * _STEP * ((factor.standard or 0.0) if name == source else 0.0)
                for key, (name, factor) in named.items()
            }
            metal_t = metal.value + sign * _STEP * metal.figure.effects.get(source, 0.0)
            moved[sign] = emission.formula(metal_t=metal_t, **by)
        effects[source] = (moved[1] - moved[-1]) / (2 * _STEP) * (value / whole if whole > 0 else 0.0)
    unsure = {name: factor for name, factor in named.values() if factor.standard is None and factor.value}
    taken = frozenset(name for name in unsure if name.startswith(WITHOUT_SETTING))
    return replace(
        metal,
        figure=Figure(value, effects),
        missing=metal.missing | (frozenset(unsure) - taken),
        exact=metal.exact | taken,
    )


def _name(factor: str, line: str, technology: str) -> str:
    if factor.startswith(_OF_A_TABLE):
        return f"{factor} {technology}"
    return f"{factor} of {line}"


def told(
    name: str,
    value: float,
    relative: float | None,
    *,
    verified: str = "",
    estimated_pct: float = 0.0,
    coverage_pct: float = 100.0,
) -> Known:
    """Return an amount that the plant tells, with its relative standard uncertainty [1]; None: not configured."""
    effects = {} if relative is None else {name: value * relative}
    missing = frozenset({name} if relative is None and value else ())
    found = Known(Figure(value, effects), missing, estimated_pct=estimated_pct, coverage_pct=coverage_pct)
    return found.marked(name, verified)


def whole_of(parts: Iterable[Known]) -> Known:
    """Return a sum: the least coverage of its parts, the estimated share by their size, all their marks."""
    listed = list(parts)
    size = sum(abs(part.value) for part in listed)
    qualities = [part.quality for part in listed if part.quality is not None]
    share = sum(abs(part.value) * part.estimated_pct for part in listed) / size if size > 0 else 0.0
    return Known(
        added(exact(0.0), *(part.figure for part in listed)),
        _joined(part.missing for part in listed),
        _joined(part.exact for part in listed),
        min((part.coverage_pct for part in listed), default=0.0),
        share,
        min(qualities, default=None),
        _joined(part.unverified for part in listed),
    )


def times(one: Known, factor: float) -> Known:
    """Return a figure times an exact number."""
    return replace(one, figure=scaled(one.figure, factor))


def beside(one: Known, factor: Known) -> Known:
    """Return a figure with the errors of a factor that is in it already, as a product has both."""
    effects = {**one.figure.effects, **factor.figure.effects}
    return replace(one, figure=Figure(one.value, effects), missing=one.missing | factor.missing)


def per(numerator: Known, denominator: Known) -> Known:
    """Return a ratio; what both share cancels.

    Raises
    ------
    ValueError
        If the denominator is zero or less.
    """
    both = whole_of([numerator, denominator])
    estimated = max(numerator.estimated_pct, denominator.estimated_pct)
    return replace(both, figure=divided(numerator.figure, denominator.figure), estimated_pct=estimated)


def exact_remarks(parts: Iterable[Known]) -> list[str]:
    """Return the sentence on what counts as exact; none where nothing does."""
    names = sorted(_joined(part.exact for part in parts))
    return [f"{EXACT[0].upper()}{EXACT[1:]}{', '.join(names)}."] if names else []


def _joined(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)
