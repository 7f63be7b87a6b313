"""What a minute of the whole plant was computed with: which meters count as what, contracts and certificates. Pure."""

import hashlib
from functools import lru_cache

import msgspec

from collector.accounting.parameters import Measured
from collector.accounting.parts_of_meters import share_of
from collector.accounting.rules import rules
from collector.plant.contracts import Technology
from collector.plant.meter import Measures, Meter
from collector.plant.stacks import outlets
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity

PLANT_WIDE = (Measures.DESULPHURISATION_AC, Measures.CASTHOUSE_AC, Measures.INCOMER_AC, Measures.GENERATION)
"""What stands in the plant's account wherever its meters belong; services of a potroom do where they serve several."""

_KG_PER_KGS_H = 1 / 3600


class PlantMeter(msgspec.Struct, frozen=True):
    """A meter in the account of the plant.

    ``technology``: how its energy is made, where it measures generation. ``in_lines``: its energy stands in the
    accounts of the potlines already, each with its fixed share.
    """

    meter: str
    measures: Measures
    energy: Measured
    technology: Technology | None = None
    in_lines: bool = False


class StackMass(msgspec.Struct, frozen=True):
    """A pollutant of a stack, whose mass flow is booked."""

    stack: str
    pollutant: str
    rate: Measured


class PlantWanted(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the account of the plant is made of. ``longest_gap_s``: as for a potline [s].

    ``elsewhere`` are potlines of other collectors: what stands on the energy or the metal of all is not stated here.
    """

    potlines: tuple[str, ...]
    meters: tuple[PlantMeter, ...]
    masses: tuple[StackMass, ...]
    longest_gap_s: float
    elsewhere: tuple[str, ...] = ()

    def of(self, *measures: Measures) -> tuple[PlantMeter, ...]:
        """Return the meters that measure one of some things."""
        return tuple(meter for meter in self.meters if meter.measures in measures)

    @property
    def by_incomers(self) -> bool:
        """Whether the plant's load is measured where it comes in; else it is what the potlines take."""
        return bool(self.of(Measures.INCOMER_AC))


class Versioned(msgspec.Struct, frozen=True):
    """A contract, or a list of certificates, with the version of all that is said of it."""

    name: str
    version: str


class PlantParameters(msgspec.Struct, frozen=True):
    """What a minute of the plant, and the windows that it is part of, were computed with."""

    plant: str
    wanted: PlantWanted
    contracts: tuple[Versioned, ...] = ()
    certificates: tuple[Versioned, ...] = ()


def plant_parameters(plant: Plant, *, longest_gap_s: float) -> PlantParameters:
    """Return what the plant's account is made of.

    Parameters
    ----------
    longest_gap_s
        A gap between readings up to this long counts as covered [s].
    """
    booked = rules(plant)

    def measured(meter: str, quantity: Quantity, factor: float = 1.0) -> Measured:
        place = plant.points.place(meter, quantity)
        return Measured(plant.points[place].name, booked[place].shape, factor, booked[place].modulus)

    meters = tuple(
        PlantMeter(
            meter.id,
            meter.measures,
            measured(meter.id, Quantity.ACTIVE_ENERGY_IMPORT),
            meter.technology,
            in_lines=meter.measures is Measures.AUXILIARY_AC
            and any(share_of(plant, potline, meter) is not None for potline in plant.potlines),
        )
        for meter in plant.meters
        if _is_plant_wide(meter)
    )
    masses = tuple(
        StackMass(outlet.stack, outlet.pollutant.label, measured(outlet.meter.id, outlet.mass, _KG_PER_KGS_H))
        for outlet in outlets(plant.meters)
    )
    portfolio = plant.portfolio
    return PlantParameters(
        plant=plant.id,
        wanted=PlantWanted(
            tuple(potline.id for potline in plant.potlines),
            meters,
            masses,
            longest_gap_s,
            elsewhere=plant.elsewhere.potlines,
        ),
        contracts=tuple(Versioned(each.name, each.version) for each in portfolio.contracts),
        certificates=tuple(
            Versioned(f"{each.registry_id}/{each.technology.value}", each.mwh.version)
            for each in portfolio.certificates
        ),
    )


def is_anything(parameters: PlantParameters) -> bool:
    """Tell whether there is anything to account for the plant as a whole."""
    wanted = parameters.wanted
    return bool(wanted.meters or wanted.masses or parameters.contracts or parameters.certificates)


def encoded(parameters: PlantParameters) -> bytes:
    """Return the parameters as JSON with sorted keys: what is kept, and what the digest is made of."""
    return msgspec.json.encode(parameters, order="sorted")


@lru_cache(maxsize=64)
def digest(parameters: PlantParameters) -> str:
    """Return the digest under which parameters are kept: the first 32 hexadecimal digits of SHA-256."""
    return hashlib.sha256(encoded(parameters)).hexdigest()[:32]


def decoded(body: bytes) -> PlantParameters:
    """Return the parameters that were kept."""
    return msgspec.json.decode(body, type=PlantParameters)


def _is_plant_wide(meter: Meter) -> bool:
    return meter.measures in PLANT_WIDE or (meter.measures is Measures.AUXILIARY_AC and meter.potline is None)
