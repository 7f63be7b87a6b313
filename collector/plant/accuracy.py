"""How sure the values of a meter are."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Relative standard uncertainties of a measurement and its parts, fractions [1]; None where not configured.

    Either ``whole``, or what classes say of the meter and of the transformers before it. For a direct current,
    ``current`` is the transducer's and ``voltage`` the divider's.
    """

    whole: float | None = None
    meter: float | None = None
    current: float | None = None
    voltage: float | None = None

    @property
    def relative_standard_uncertainty(self) -> float | None:
        """That of energy or power [1]: its independent parts in quadrature; None where nothing is configured."""
        if self.whole is not None:
            return self.whole
        parts = [part for part in (self.meter, self.current, self.voltage) if part is not None]
        return math.hypot(*parts) if parts else None
