"""What the pots of a line told in a minute."""

from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class PotsInputs:
    """How many pots were in operation, and their energy by their own voltages where all were heard [kWh]."""

    operating: int
    kwh: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PotMinute:
    """The voltages of all pots of a line in a minute, added up, and the line's current in it, reading by reading.

    It is kept for some days, so that voltages that come late can be added to it, and a restart in the middle of the
    minute forgets none of it.

    Attributes
    ----------
    pots : str
        A digest of the pots that it is of: with other pots, or others in their order, it says nothing.
    volts, power_kw : float64 [pots]
        Sums of the voltages [V], and of those times the line's current where that was known [kW].
    count, known : int64 [pots]
        How many voltages there are in either sum.
    heard : uint64 [pots]
        One bit for each second of the minute in which the pot was heard.
    time_ns, current_ka : int64, float64 [readings]
        The line's current [kA] and when it was read [UTC ns].
    """

    pots: str
    volts: npt.NDArray[np.float64]
    power_kw: npt.NDArray[np.float64]
    count: npt.NDArray[np.int64]
    known: npt.NDArray[np.int64]
    heard: npt.NDArray[np.uint64]
    time_ns: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    current_ka: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def kwh(self) -> float | None:
        """Return the energy of the pots [kWh]; None unless all were heard while the current was known."""
        return float(np.sum(self.power_kw / self.known)) / 60 if len(self.known) and (self.known > 0).all() else None

    def out(self, below_v: float) -> int:
        """Count the pots that were heard with less than so much voltage [V] in the mean."""
        heard = self.count > 0
        return int(np.count_nonzero(self.volts[heard] / self.count[heard] < below_v))


def digest_of(pots: tuple[str, ...]) -> str:
    """Return the digest of some pots in their order."""
    return blake2b("\n".join(pots).encode(), digest_size=8).hexdigest()
