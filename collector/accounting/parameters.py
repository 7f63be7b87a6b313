"""Everything beside the measurements that a result depends on: factors, efficiencies, which meter counts as what.

A result is a function of its inputs and its parameters and of nothing else. Parameters are kept in the store under the
digest of their content, and each entry of the ledger names its digest: so an entry can be computed again years later,
whatever the files say by then. Pure.
"""

import hashlib
from enum import Enum
from functools import lru_cache

import msgspec

from collector.plant.meter import Measures, Meter
from collector.plant.topology import Plant, Potline


class Role(Enum):
    """What a meter's energy is in the accounts of a potline."""

    DC = "dc"
    RECTIFIER = "rectifier"
    AUXILIARY = "auxiliary"


ROLE_OF = {
    Measures.LINE_DC: Role.DC,
    Measures.RECTIFIER_AC: Role.RECTIFIER,
    Measures.AUXILIARY_AC: Role.AUXILIARY,
}
"""What the accounts make of what a meter measures; meters that are not here are in no potline's account."""


class MeterRole(msgspec.Struct, frozen=True):
    """A meter in the accounts of a potline. ``share`` of its energy belongs to it."""

    meter: str
    role: Role
    share: float = 1.0


class Named(msgspec.Struct, frozen=True):
    """A number with where it came from: the id and version of the factor, or the source that the plant file names."""

    value: float
    source: str
    version: str = ""


class Parameters(msgspec.Struct, frozen=True):
    """What a minute of a potline was computed with.

    Units: grid in kg CO2 per kWh; slope in kg CF4 per t Al and anode-effect minute per cell-day; efficiency as a
    fraction; net anode consumption in t per t Al; sulphur and ash in percent; warming potentials in t CO2e per t.
    """

    plant: str
    potline: str
    method: str
    technology: str
    meters: tuple[MeterRole, ...]
    current_efficiency: Named
    net_anode_consumption: Named
    anode_sulphur_pct: float
    anode_ash_pct: float
    slope: float
    c2f6_per_cf4: float
    slope_source: str
    gwp: str
    gwp_cf4: float
    gwp_c2f6: float
    grid: Named

    @property
    def has_auxiliaries(self) -> bool:
        """Whether services of the potroom are metered."""
        return any(role.role is Role.AUXILIARY for role in self.meters)


def encoded(parameters: Parameters) -> bytes:
    """Return the parameters as JSON with sorted keys: what is kept, and what the digest is made of."""
    return msgspec.json.encode(parameters, order="sorted")


@lru_cache(maxsize=4096)
def digest(parameters: Parameters) -> str:
    """Return the digest under which parameters are kept: the first 32 hexadecimal digits of SHA-256."""
    return hashlib.sha256(encoded(parameters)).hexdigest()[:32]


def decoded(body: bytes) -> Parameters:
    """Return the parameters that were kept."""
    return msgspec.json.decode(body, type=Parameters)


def parameters_at(plant: Plant, potline: Potline, time_ns: int) -> Parameters:
    """Return what is in force at a time.

    Raises
    ------
    LookupError
        If a dated parameter is not in force yet.
    """
    efficiency = potline.current_efficiency.at(time_ns)
    consumption = potline.net_anode_consumption.at(time_ns)
    return Parameters(
        plant=plant.id,
        potline=potline.id,
        method=plant.method,
        technology=potline.slope.technology,
        meters=tuple(MeterRole(meter.id, ROLE_OF[meter.measures]) for meter in meters_of(plant, potline)),
        current_efficiency=Named(efficiency.value, efficiency.source),
        net_anode_consumption=Named(consumption.value, consumption.source),
        anode_sulphur_pct=potline.anode_sulphur_pct,
        anode_ash_pct=potline.anode_ash_pct,
        slope=potline.slope.slope,
        c2f6_per_cf4=potline.slope.c2f6_per_cf4,
        slope_source=potline.slope.source,
        gwp=plant.gwp.id,
        gwp_cf4=plant.gwp.cf4,
        gwp_c2f6=plant.gwp.c2f6,
        grid=Named(plant.grid_factor.value, plant.grid_factor.source, plant.grid_factor.id),
    )


def meters_of(plant: Plant, potline: Potline) -> list[Meter]:
    """Return the meters that stand in the accounts of a potline."""
    return [meter for meter in plant.meters if meter.potline == potline.id and meter.measures in ROLE_OF]
