"""What a potline's windows have of the fuels and the soda ash that the plant tells by the month. Pure.

Invariants
----------
* A told amount is spread evenly over the time of its span, so hours add up to days and days to the month; a window that
  is not made of whole spans is estimated for that.
* Numerator and denominator speak of the same minutes: of a window, the fuel of its whole minutes is taken.
* Nothing partial: where one of the fuels is not told for all of a window, the window has no fuel at all.
* An amount of the whole plant is shared by the plant's own shares; a plant of one potline needs none.
"""

import msgspec

from collector.accounting.error_sources import Factor
from collector.accounting.windows import Window
from collector.domain.carbon import carbonate_co2_t
from collector.domain.fuel_use import FuelByAmount, FuelByCarbon
from collector.plant.amounts import ToldAmounts
from collector.plant.factors import version_of
from collector.plant.materials import Fuel, Materials, SodaAsh
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS


class FuelPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one fuel emitted [t CO2], and its relative standard uncertainty [1]; None where nobody said."""

    name: str
    t_co2: float
    relative: float | None = None


class FuelsOfWindow(msgspec.Struct, frozen=True, omit_defaults=True):
    """Fuels and soda ash of a potline's window. ``estimated``: spread, and not told for just this window.

    ``version``: the digest of what was told and of the factors.
    """

    parts: tuple[FuelPart, ...]
    estimated: bool
    version: str

    @property
    def t_co2(self) -> float:
        """All of it [t CO2]."""
        return sum(part.t_co2 for part in self.parts)

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The parts as a budget of uncertainty takes them."""
        return tuple(
            Factor(f"fuel {part.name}", part.t_co2, None if part.relative is None else part.t_co2 * part.relative)
            for part in self.parts
        )


def by_carbon(fuel: Fuel, amount: float) -> FuelByCarbon | FuelByAmount:
    """Return a fuel by its carbon, or by its factor where it has one.

    Raises
    ------
    ValueError
        If it has neither factor nor content.
    """
    if fuel.content is not None:
        content = fuel.content
        return FuelByCarbon(fuel.name, amount, content.net_calorific_gj, content.carbon_t_per_gj, content.oxidation)
    if fuel.kg_co2_per_unit is None:
        raise ValueError(f"reckon with fuel {fuel.name}: it has neither factor nor content; add one of them")
    return FuelByAmount(fuel.name, amount, fuel.kg_co2_per_unit / 1000)  # kg per t


def fuels_of_window(plant: Plant, potline: str, window: Window, *, minutes: int) -> FuelsOfWindow | None:
    """Return the fuels of a potline's window; None where none is configured, or one is not told for all of it.

    Parameters
    ----------
    plant, potline, window
        Whose, and when.
    minutes
        The minutes of the window whose emissions are stated.
    """
    sources = _sources(plant.materials)
    if not sources or not minutes:
        return None
    length_ns = window.end_ns - window.start_ns
    stated = minutes * MINUTE_NS / length_ns
    parts, exact = [], minutes * MINUTE_NS == length_ns
    for one in sources:
        told = one.amounts
        share = _share(plant, potline, one)
        if told is None or share is None or told.known_ns(window.start_ns, window.end_ns) < length_ns:
            return None
        amount = told.between(window.start_ns, window.end_ns) * stated * share
        exact = exact and _is_whole(told, window)
        parts.append(FuelPart(*_co2(one, amount), relative=one.relative_of_emission))
    spans = told_spans(plant.materials)
    used = sorted(said for said, (start, end) in spans.items() if start < window.end_ns and window.start_ns < end)
    return FuelsOfWindow(tuple(parts), not exact, version_of(*used))


def told_spans(materials: Materials) -> dict[str, tuple[int, int]]:
    """Return the spans of which amounts are told, by a digest of all that is told of each."""
    found: dict[str, tuple[int, int]] = {}
    for one in _sources(materials):
        for row in one.amounts.rows if one.amounts is not None else ():
            said = version_of(one.name, one.version, sorted(one.shares.items()), row.start_ns, row.end_ns, row.amount)
            found[said] = (row.start_ns, row.end_ns)
    return found


def _sources(materials: Materials) -> list[Fuel | SodaAsh]:
    return [*materials.fuels, *([] if materials.soda_ash is None else [materials.soda_ash])]


def _share(plant: Plant, potline: str, one: Fuel | SodaAsh) -> float | None:
    if plant.has_one_line:
        return 1.0
    return one.shares.get(potline, 0.0) if one.shares else None


def _is_whole(told: ToldAmounts, window: Window) -> bool:
    inside = [row for row in told.rows if row.start_ns < window.end_ns and window.start_ns < row.end_ns]
    return all(window.start_ns <= row.start_ns and row.end_ns <= window.end_ns for row in inside)


def _co2(one: Fuel | SodaAsh, amount: float) -> tuple[str, float]:
    if isinstance(one, SodaAsh):
        return one.name, carbonate_co2_t(amount, co2_per_carbonate=one.t_co2_per_t)
    return one.name, by_carbon(one, amount).co2_t
