"""Which meters a potline has, and the balances that can be drawn between them. Pure.

Balances that are drawn, each where its meters exist
----------------------------------------------------
* Rectifier group with a DC meter of its own: AC of its feeders times its efficiency is its DC.
* Line: DC of the groups, or AC times efficiency of those without a DC meter, add up to line voltage times charge.
* Line voltage is the sum of the pot voltages and the busbars'. Transducers that are there twice agree.
* Each incomer is the sum of its outgoing feeders.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.accounting.reconciliation import Constraint, Term


@dataclass(frozen=True, slots=True)
class RectifierGroup:
    """Transformers and rectifiers with the AC feeders that supply them.

    ``efficiency`` names the parameter; groups that name the same one share its error. ``dc`` names the energy meter
    behind the group, if there is one.
    """

    id: str
    ac: tuple[str, ...]
    efficiency: str
    dc: str | None = None


@dataclass(frozen=True, slots=True)
class Incomer:
    """A feeder and all that it supplies."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metering:
    """Which meters of a potline there are, by the names of their readings.

    Attributes
    ----------
    charge, voltage
        Transducers of line current and line voltage; those after the first are redundant.
    dc_energy
        A meter of the line's DC energy that is independent of the transducers above.
    pots, busbar
        Sum of the pot voltages; voltage of the busbars between them, a parameter.
    """

    groups: tuple[RectifierGroup, ...]
    charge: tuple[str, ...]
    voltage: tuple[str, ...]
    dc_energy: str | None = None
    pots: str | None = None
    busbar: str | None = None
    incomers: tuple[Incomer, ...] = ()

    @property
    def parameters(self) -> frozenset[str]:
        """Names that are no meters: they have an uncertainty, and are never blamed."""
        found = {group.efficiency for group in self.groups}
        return frozenset(found if self.busbar is None else found | {self.busbar})

    def constraints(self) -> tuple[Constraint, ...]:
        """Return the balances between all meters that are there."""
        line = () if not (self.charge and self.voltage) else (Term(-1.0, self.voltage[0], self.charge[0]),)
        found = [
            Constraint(f"group {group.id}", (*_converted(group), Term(-1.0, group.dc)))
            for group in self.groups
            if group.dc is not None
        ]
        if line and self.groups:
            supply = [
                term
                for group in self.groups
                for term in (_converted(group) if group.dc is None else (Term(1.0, group.dc),))
            ]
            found.append(Constraint("line", (*supply, *line)))
        if line and self.dc_energy is not None:
            found.append(Constraint("DC energy", (Term(1.0, self.dc_energy), *line)))
        if self.voltage and self.pots is not None and self.busbar is not None:
            parts = (self.voltage[0], (self.pots, self.busbar))
            found.append(Constraint("pots", _sum_of(*parts)))
        found += [Constraint(f"charge {name}", _sum_of(self.charge[0], (name,))) for name in self.charge[1:]]
        found += [Constraint(f"voltage {name}", _sum_of(self.voltage[0], (name,))) for name in self.voltage[1:]]
        found += [Constraint(f"incomer {one.whole}", _sum_of(one.whole, one.parts)) for one in self.incomers]
        return tuple(found)


def _converted(group: RectifierGroup) -> tuple[Term, ...]:
    return tuple(Term(1.0, feeder, group.efficiency) for feeder in group.ac)


def _sum_of(whole: str, parts: Sequence[str]) -> tuple[Term, ...]:
    return (Term(-1.0, whole), *(Term(1.0, part) for part in parts))
