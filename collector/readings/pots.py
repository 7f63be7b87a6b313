"""What the pots of a line told in a minute."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PotsInputs:
    """How many pots were in operation, and their energy by their own voltages where all were heard [kWh]."""

    operating: int
    kwh: float | None = None
