"""Which perfluorocarbons may be added to which: one method a line, one edition, low voltage only where it belongs.

Invariants
----------
* A line has one method in an interval. Slope and overvoltage measure the same gas and are never added.
* Low-voltage emissions are added only to the edition that their factor says it was made for. A slope of an edition
  that counts all emissions together holds a part of them already.
* A stack measurement holds low-voltage emissions; nothing is added to it.
* What was not counted is named: a plant's sum lists the lines without a low-voltage term.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from collector.domain.anode_effect import pfc_co2e_t
from collector.domain.pfc import low_voltage_cf4_kg
from collector.domain.validity import not_negative


class PfcMethod(Enum):
    """How the gases of a line were found."""

    SLOPE = "slope"
    OVERVOLTAGE = "overvoltage"
    DEFAULT_FACTOR = "default factor"
    STACK = "stack measurement"


@dataclass(frozen=True, slots=True)
class LowVoltageFactor:
    """CF4 below the detection threshold, by the plant's own figure.

    Parameters
    ----------
    cf4_kg_per_t
        CF4 per metal [kg/t].
    added_to
        Edition of the coefficients that this term was made to be added to, by its name in the factor tables
        (``cbam_2025_2547``). Naming an edition that counts all emissions together, such as ``ipcc_2006``, is a
        decision that the report shows.
    source
        Where the factor comes from: a campaign, a rule.

    Raises
    ------
    ValueError
        If `added_to` or `source` is empty.
    """

    cf4_kg_per_t: float
    added_to: str
    source: str

    def __post_init__(self) -> None:
        if not self.added_to.strip():
            raise ValueError("low-voltage factor names no edition. Remedy: say which coefficients it is added to.")
        if not self.source.strip():
            raise ValueError("low-voltage factor has no source. Remedy: name the campaign or the rule it comes from.")


@dataclass(frozen=True, slots=True)
class PfcOfLine:
    """Gases of one line and interval.

    Parameters
    ----------
    line
        Potline.
    method
        How the gases were found.
    edition
        Edition of the coefficients by its name in the factor tables; for a stack, the campaign.
    cf4_kg, c2f6_kg
        Gases by that method, above the threshold of anode effects [kg].
    low_voltage_cf4_kg
        CF4 below it; None where it was not counted [kg].

    Raises
    ------
    ValueError
        If a mass is negative.
    """

    line: str
    method: PfcMethod
    edition: str
    cf4_kg: float
    c2f6_kg: float
    low_voltage_cf4_kg: float | None = None

    def __post_init__(self) -> None:
        not_negative(cf4_kg=self.cf4_kg, c2f6_kg=self.c2f6_kg, low_voltage_cf4_kg=self.low_voltage_cf4_kg or 0.0)


@dataclass(frozen=True, slots=True)
class PfcOfPlant:
    """Gases of several lines, and what is not in them.

    Parameters
    ----------
    cf4_kg
        CF4 above and below the threshold [kg].
    c2f6_kg
        C2F6 [kg].
    without_low_voltage
        Lines whose emissions below the threshold were not counted, in the order of the lines.
    """

    cf4_kg: float
    c2f6_kg: float
    without_low_voltage: tuple[str, ...]

    def co2e_t(self, *, gwp_cf4: float, gwp_c2f6: float) -> float:
        """CO2 equivalent by one set of warming potentials [t CO2e]; see `anode_effect.pfc_co2e_t`."""
        return pfc_co2e_t(self.cf4_kg, self.c2f6_kg, gwp_cf4=gwp_cf4, gwp_c2f6=gwp_c2f6)


def with_low_voltage(gases: PfcOfLine, *, metal_t: float, factor: LowVoltageFactor) -> PfcOfLine:
    """Add the low-voltage term to the gases of a line.

    Parameters
    ----------
    gases
        Gases of the line by a method for anode effects above the threshold [kg].
    metal_t
        Metal of the line and interval [t].
    factor
        The plant's own low-voltage factor [kg CF4/t].

    Returns
    -------
    PfcOfLine
        The same gases with CF4 of low voltage beside them [kg].

    Raises
    ------
    ValueError
        If the factor was made for another edition than that of the gases, the gases are a stack measurement, or they
        have the term already.

    Notes
    -----
    ``CF4 = CF4 above threshold + m · EF``. C2F6 stays that of the anode effects above the threshold.

    References
    ----------
    .. [1] 2019 Refinement to the 2006 IPCC Guidelines, volume 3, chapter 4: high-voltage and low-voltage emissions.
    """
    if gases.method is PfcMethod.STACK:
        raise ValueError(
            f"{gases.line} was measured in the stack, and so were its low-voltage emissions. "
            "Remedy: leave the low-voltage factor out."
        )
    if gases.edition != factor.added_to:
        raise ValueError(
            f"{gases.line} has gases by {gases.edition}, and the low-voltage factor is made to be added to "
            f"{factor.added_to}. Remedy: use coefficients of {factor.added_to}, or name {gases.edition} in the factor "
            "if its source counts the two apart."
        )
    if gases.low_voltage_cf4_kg is not None:
        raise ValueError(f"{gases.line} has its low-voltage term already. Remedy: add it once.")
    return replace(gases, low_voltage_cf4_kg=low_voltage_cf4_kg(metal_t, cf4_kg_per_t=factor.cf4_kg_per_t))


def sum_of_lines(lines: Sequence[PfcOfLine]) -> PfcOfPlant:
    """Add up the gases of the lines of a plant.

    Parameters
    ----------
    lines
        Gases of one interval, one element a line [kg].

    Returns
    -------
    PfcOfPlant
        The sum, and the lines that lack a low-voltage term [kg].

    Raises
    ------
    ValueError
        If a line is there twice, by two methods or by one.

    Notes
    -----
    ``G = sum over lines``

    Valid for lines with different methods, not for different methods of one line.

    References
    ----------
    .. [1] (EU) 2025/2547, annex II, section B.7: slope and overvoltage as alternatives.
    """
    seen: dict[str, PfcOfLine] = {}
    for gases in lines:
        other = seen.setdefault(gases.line, gases)
        if other is not gases:
            raise ValueError(
                f"{gases.line} has gases by {other.method.value} ({other.edition}) and by {gases.method.value} "
                f"({gases.edition}), which are the same gases. Remedy: choose one method for the line."
            )
    return PfcOfPlant(
        cf4_kg=sum(gases.cf4_kg + (gases.low_voltage_cf4_kg or 0.0) for gases in lines),
        c2f6_kg=sum(gases.c2f6_kg for gases in lines),
        without_low_voltage=tuple(
            gases.line for gases in lines if gases.low_voltage_cf4_kg is None and gases.method is not PfcMethod.STACK
        ),
    )
