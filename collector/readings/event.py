"""Events: things that happen once, carry an id, and may be told several times and corrected later."""

from dataclasses import dataclass
from enum import Enum


class AnodeEffectKind(Enum):
    """High-voltage anode effect, or low-voltage (propagating) one."""

    HVAE = "hvae"
    LVAE = "lvae"


class EffectOrigin(Enum):
    """Who says that there was an anode effect: the pot's controller, or the voltage that was collected."""

    CONTROLLER = "controller"
    VOLTAGE = "voltage"


@dataclass(frozen=True, slots=True)
class AnodeEffect:
    """An anode effect as its pot controller tells it, or as the pot's voltage shows it. It is booked to its start.

    ``rank`` orders the messages about one id: the highest one counts, whatever the order of arrival.

    Attributes
    ----------
    duration_s : float or None
        Time in effect [s]. None where a controller has not told it yet. Of one that the voltage shows and that still
        burns: the time so far.
    until_ns : int or None
        Up to when it is known: its end, or the last reading while it burns [UTC ns]. None from a controller.
    last_v : float or None
        The voltage of that last reading while it burns [V].
    reference_v : float or None
        The pot's mean voltage before it, above which the overvoltage is counted [V].
    unseen_s : float
        Time without readings in it and at its ends, so that its duration is estimated [s].
    refused : str or None
        Why it is kept but not counted; None for a good one.
    """

    id: str
    rank: int
    potline: str
    pot: str
    kind: AnodeEffectKind
    time_ns: int
    duration_s: float | None
    max_v: float | None
    overvoltage_v_s: float | None
    corrected: bool
    origin: EffectOrigin = EffectOrigin.CONTROLLER
    until_ns: int | None = None
    last_v: float | None = None
    reference_v: float | None = None
    unseen_s: float = 0.0
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Weighing:
    """A crucible weighed after tapping. ``refused`` says why it is kept but not booked; None for a good one."""

    id: str
    rank: int
    potline: str
    pots: tuple[str, ...]
    time_ns: int
    net_kg: float
    refused: str | None


@dataclass(frozen=True, slots=True)
class MetalTapped:
    """What the plant's books say that each pot gave to a crucible; a higher rank replaces a lower one.

    It is about a weighing and no second one: it says how the weighing is shared among the pots, and stands in for a
    weighing that never came.

    Attributes
    ----------
    time_ns : int
        Where the books have a time of their own that, else the beginning of the shift that they name.
    weighing_id : str
        The weighing that it is about.
    pots : tuple of (pot, kg)
        The metal of each pot [kg].
    """

    id: str
    rank: int
    potline: str
    time_ns: int
    weighing_id: str
    pots: tuple[tuple[str, float], ...]
    net_kg: float


@dataclass(frozen=True, slots=True)
class Production:
    """Metal that the plant's own books state for a potline and a period; a higher rank replaces a lower one.

    It is kept with all its revisions and shown, and not booked: the accounts of the live line go by Faraday's law.

    Attributes
    ----------
    time_ns : int
        The beginning of its day in the plant's time zone.
    period : str
        The day, like 2026-02-28, or the shift as the plant names it.
    basis, status : str
        What the mass is made of, and how final it is, in the plant's words.
    """

    id: str
    rank: int
    potline: str
    time_ns: int
    period: str
    net_kg: float
    basis: str
    status: str


@dataclass(frozen=True, slots=True)
class Laboratory:
    """A sample of a pot's bath or metal. It is told hours after it was taken; a higher rank replaces a lower one.

    Attributes
    ----------
    time_ns, reported_ns : int, int or None
        When it was taken, and when the laboratory said so.
    kind, method : str
        What was sampled and how, in the laboratory's words.
    values : tuple of (name, number)
        What was found, under the names of the layout. Those that are quantities are readings as well.
    """

    id: str
    rank: int
    potline: str
    pot: str
    time_ns: int
    reported_ns: int | None
    kind: str
    method: str
    values: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class ToldFactor:
    """A factor of electricity that somebody tells for an interval of time; a higher rank replaces a lower one.

    Attributes
    ----------
    factor : str
        What it is of: ``grid_factor``, ``residual_factor``, ``contracts.ID``, or ``certificates``.
    time_ns, until_ns : int
        The interval, its end not included [UTC ns].
    value : float or None
        An emission factor [kg CO2/kWh], or a delivery or certificates [kWh]; None: what was told is withdrawn.
    source : str
        Where the number is from.
    registry_id, technology, contract : str
        Of certificates: the number under which they were cancelled, what made the electricity, and the contract that
        they are about, empty where they were bought apart.
    potline : str
        Always empty: it is of the plant as a whole.
    """

    id: str
    rank: int
    factor: str
    time_ns: int
    until_ns: int
    value: float | None
    source: str
    registry_id: str = ""
    technology: str = ""
    contract: str = ""
    potline: str = ""


@dataclass(frozen=True, slots=True)
class EffectCounters:
    """What a pot's controller has counted so far of anode effects. It is compared with them, and never added to them.

    Attributes
    ----------
    count : int
        Anode effects since the counter began.
    seconds : float or None
        Their time [s], where the controller counts it.
    """

    id: str
    rank: int
    potline: str
    pot: str
    time_ns: int
    count: int
    seconds: float | None


Accounted = AnodeEffect | Weighing
"""Events that the accounts of a minute are made of."""

Event = Accounted | MetalTapped | Production | Laboratory | ToldFactor | EffectCounters
