"""How a plant weighs its metal, and how it keeps its books of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heights:
    """How the metal that stays in the pots is measured.

    Attributes
    ----------
    name : str
        The height among the values of a laboratory's or manual sample [cm].
    standard_u_cm : float
        Standard uncertainty of one height [cm].
    longest_age_s : float
        A height further than this from the beginning or end of an interval says nothing about it [s].
    least_measured_pct : float
        Least share of the pots with a height at both ends [%].
    """

    name: str
    standard_u_cm: float
    longest_age_s: float
    least_measured_pct: float


@dataclass(frozen=True, slots=True)
class Tapping:
    """Weighings and books.

    Attributes
    ----------
    largest_net_kg : float
        What the largest crucible holds [kg]; a net weight above it is refused.
    books_count : bool
        Whether the books count where both they and the weighings tell of a day; else the weighings do.
    final, tapped, reconciled : frozenset of str
        The plant's words for a figure that is final, for metal that was tapped, and for tapped metal with the change of
        what the pots hold.
    books_relative_u : float
        Relative standard uncertainty of the books' figures [1]; None where not configured.
    heights : Heights
        None where heights of metal are not used.
    """

    largest_net_kg: float
    books_count: bool
    final: frozenset[str]
    tapped: frozenset[str]
    reconciled: frozenset[str]
    books_relative_u: float | None = None
    heights: Heights | None = None
