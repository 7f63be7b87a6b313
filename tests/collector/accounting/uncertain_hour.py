"""An hour of 32 pots at 400 kA, with classes, factors and their uncertainties."""

from collector.accounting.error_sources import (
    AnodeCarbon,
    Charge,
    CurrentEfficiency,
    EfficiencyBasis,
    ErrorSource,
    Factor,
    FaradayMetal,
    Gap,
    MeterEnergy,
    SlopeMethod,
)

CURRENT = ErrorSource("current transducer", 0.001)
VOLTAGE = ErrorSource("voltage transducer", 0.002)
VT = ErrorSource("VT of the busbar", 0.0012)


def dc(*, voltage: ErrorSource = VOLTAGE, noise_kwh: float = 5.0) -> MeterEnergy:
    """Return 128 V times 400 kAh."""
    return MeterEnergy("line", 51_200.0, (CURRENT, voltage), noise_kwh)


def feeders(*, gaps: tuple[Gap, ...] = ()) -> tuple[MeterEnergy, MeterEnergy]:
    """Return two feeders with meters and current transformers of their own, on one voltage transformer."""
    return (
        MeterEnergy("feeder-1", 26_000.0, (ErrorSource("meter 1", 0.0012), ErrorSource("CT 1", 0.0012), VT), 2.0, gaps),
        MeterEnergy("feeder-2", 26_100.0, (ErrorSource("meter 2", 0.0012), ErrorSource("CT 2", 0.0012), VT), 2.0),
    )


def metal(
    *, standard: float | None = 0.005, basis: EfficiencyBasis = EfficiencyBasis.INDEPENDENT, noise_kah: float = 0.01
) -> FaradayMetal:
    """Return the metal of the hour by charge and a current efficiency of 0.94."""
    return FaradayMetal(Charge(400.0, CURRENT, noise_kah), CurrentEfficiency(0.94, standard, basis), 32.0)


ANODE = AnodeCarbon(Factor("NAC", 0.41, 0.004), Factor("sulphur", 2.0, 0.1), Factor("ash", 0.4, 0.05))
PFC = SlopeMethod(
    Factor("anode-effect time", 120.0, 2.0),
    cell_days=32 / 24,
    slope=Factor("slope", 0.122, 0.01),
    c2f6_per_cf4=Factor("C2F6 ratio", 0.097, 0.01),
    gwp_cf4=6630.0,
    gwp_c2f6=11_100.0,
)
GRID = Factor("grid factor", 0.53, 0.01)
