"""What belongs to a smelter and is looked after by another collector: it is known, and neither asked nor booked."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Potlines of other collectors, and what follows from them for this one.

    Attributes
    ----------
    pots : Mapping of str to tuple of str
        The pots of each of these potlines.
    addresses : frozenset of broker and address
        Meters of other collectors that speak over MQTT: their messages are no mistake.
    plant_wide : bool
        Whether the plant as a whole is another collector's: its stacks, incomers, shared services, renewable share.
    services_by_metal : bool
        Whether services are shared by the metal of all potlines, of which no collector alone knows the whole.
    """

    pots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    addresses: frozenset[tuple[str, str]] = frozenset()
    plant_wide: bool = False
    services_by_metal: bool = False

    @property
    def potlines(self) -> tuple[str, ...]:
        """The potlines of other collectors."""
        return tuple(self.pots)

    @property
    def potline_of_pot(self) -> dict[str, str]:
        """The potline of each of their pots."""
        return {pot: potline for potline, pots in self.pots.items() for pot in pots}
