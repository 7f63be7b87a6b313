"""What the casthouse makes of liquid metal, as the plant's books tell it by month."""

from dataclasses import dataclass

from collector.plant.amounts import ToldAmounts


@dataclass(frozen=True, slots=True)
class Casthouse:
    """Metal that was cast.

    Attributes
    ----------
    liquid : ToldAmounts
        Liquid metal of the plant's own that went into it [t].
    ingots : ToldAmounts
        Ingots that were cast of it [t].
    source : str
        Where both are from.
    fuels : tuple of str
        The fuels, by their names in the settings, that belong to the comprehensive energy of ingots.
    """

    liquid: ToldAmounts
    ingots: ToldAmounts
    source: str
    fuels: tuple[str, ...] = ()
