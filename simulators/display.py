"""What a meter makes of its measurement before it shows it: ratio, resolution, refresh, missing values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.quantities import ENERGIES, POWERS, QUANTITIES, Dimension
from simulators.tables import DURATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.tables import Table

_ENERGY_RESOLUTION = "energy_resolution_kwh"


@dataclass(frozen=True, slots=True)
class Display:
    """How a meter shows what it measures.

    Parameters
    ----------
    refresh_s
        Counters are brought up to date only every so often [s]; 0: always.
    ct_ratio, vt_ratio
        Ratios of the transformers in front of the meter [1].
    secondary
        Whether values are those behind the transformers: currents divided by ``ct_ratio``, voltages by ``vt_ratio``,
        powers, energies and charges accordingly.
    resolution_wh
        The step of the energy counter [Wh]; 0: as fine as its register.
    wraps_at_wh
        Where the energy counter begins at 0 again [Wh]; None: where the profile says.
    absent
        Quantities that the meter cannot show: their registers hold the type's mark of 'not available'.
    serial_number
        What the meter tells where the map has a register for it.
    """

    refresh_s: float = 0.0
    ct_ratio: float = 1.0
    vt_ratio: float = 1.0
    secondary: bool = False
    resolution_wh: float = 0.0
    wraps_at_wh: float | None = None
    absent: tuple[str, ...] = ()
    serial_number: int = 1

    def scaled(self, quantity: str, value: float) -> float:
        """Return a measured primary value as the meter shows it."""
        if not self.secondary:
            return value
        dimension = QUANTITIES[quantity]
        if dimension in {Dimension.CURRENT, Dimension.CHARGE}:
            return value / self.ct_ratio
        if dimension is Dimension.VOLTAGE:
            return value / self.vt_ratio
        if dimension in POWERS or dimension in ENERGIES:
            return value / (self.ct_ratio * self.vt_ratio)
        return value

    def counted(self, quantity: str, total: float) -> float:
        """Return a primary total as the meter's counter shows it."""
        shown = self.scaled(quantity, total)
        if QUANTITIES[quantity] is not Dimension.ENERGY:
            return shown
        if self.resolution_wh:
            # A thousandth of a step is nothing but the float's own coarseness.
            shown = math.floor(shown / self.resolution_wh + 1e-9) * self.resolution_wh
        return shown if self.wraps_at_wh is None else shown % self.wraps_at_wh

    def plate(self) -> Mapping[str, float]:
        """Return what does not change."""
        return {"ct_ratio": self.ct_ratio, "vt_ratio": self.vt_ratio, "serial_number": float(self.serial_number)}


def read_display(table: Table) -> Display:
    """Read the keys of a meter's table that concern what it shows.

    Raises
    ------
    ConfigurationError
        If one of them cannot be used.
    """
    values = table.text("values", "primary")
    if values not in {"primary", "secondary"}:
        raise table.error("values", f"is {values!r}", "use primary or secondary")
    absent = table.texts("not_available") if "not_available" in table else ()
    for quantity in absent:
        if quantity not in QUANTITIES:
            raise table.error("not_available", f"names {quantity!r}", f"use one of {', '.join(QUANTITIES)}")
    wraps = table.number("energy_wraps_at_kwh", low=1) * 1000 if "energy_wraps_at_kwh" in table else None
    return Display(
        refresh_s=table.quantity("counter_refresh", DURATION, "0s", low=0, high=86_400),
        ct_ratio=table.number("ct_ratio", 1.0, low=0.001, high=1e6),
        vt_ratio=table.number("vt_ratio", 1.0, low=0.001, high=1e6),
        secondary=values == "secondary",
        resolution_wh=table.number(_ENERGY_RESOLUTION, low=1e-6, high=1e9) * 1000 if _ENERGY_RESOLUTION in table else 0,
        wraps_at_wh=wraps,
        absent=absent,
        serial_number=table.whole("serial_number", 1, high=2**32 - 1),
    )
