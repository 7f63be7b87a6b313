"""What a plant says of a potline so that the balance of its meters can be drawn and tested."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BalanceRules:
    """What is known of a line beside its meters, and how sure a suspicion has to be.

    Attributes
    ----------
    efficiency, efficiency_relative
        Of the rectifiers with their transformers, DC over AC [1], and its relative standard uncertainty [1].
    least_current_ka
        Mean line current below which nothing is tested [kA]: the efficiency is another one there.
    alpha
        Most false alarms that are accepted, as a share of windows [1].
    confidence
        Chance above which a meter is named [1].
    busbar_v, busbar_relative
        Voltage of the busbars between the pots [V], and its relative standard uncertainty [1]; None: not told.
    pots_relative
        Relative standard uncertainty of the sum of the pot voltages [1]; None: not told.
    meters_move, efficiency_moves
        How much a meter, and the efficiency, may move from one day to another without a fault, as relative standard
        uncertainties [1]; None: not told, and nothing is compared with the past.
    busbar_moves
        The same of the busbars' voltage, which goes with the current; None: as much as it is uncertain.
    reference_days
        So many whole days without a suspect are the past that later days are compared with [1].
    reference_from_ns
        Days before it are none of them [UTC ns]; None: any day may be.
    dc_meters
        Feeder of a rectifier group and the DC meter behind it.
    """

    efficiency: float
    efficiency_relative: float
    least_current_ka: float
    alpha: float
    confidence: float
    busbar_v: float | None = None
    busbar_relative: float | None = None
    pots_relative: float | None = None
    meters_move: float | None = None
    efficiency_moves: float | None = None
    busbar_moves: float | None = None
    reference_days: int = 7
    reference_from_ns: int | None = None
    dc_meters: tuple[tuple[str, str], ...] = ()
