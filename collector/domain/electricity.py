"""Emissions of electricity by one factor: the grid's CO2, or the carbon footprint of a kilowatt hour.

The two factors are different sets of numbers. The grid's factor counts the CO2 of generation; the footprint counts the
life cycle of the kilowatt hour, in CO2 equivalent, and is higher. Reports of an organisation and of emissions trading
take the one, footprints of a product the other. Each has its function, so that a factor of the one kind cannot slip
into the other.

Contracts and certificates are in `market_based`.
"""

from enum import Enum

from collector.domain.validity import Amount, not_negative, within


class FactorKind(Enum):
    """What a factor of electricity counts."""

    CO2 = "co2"
    """Emissions of generation, for reports of a site and of emissions trading."""
    CARBON_FOOTPRINT = "carbon_footprint"
    """Life cycle of the kilowatt hour, for footprints of a product."""


def location_based_co2_t(kwh: Amount, *, grid_factor: Amount | float) -> Amount:
    """CO2 of electricity, by the factor of the grid it is taken from.

    Parameters
    ----------
    kwh
        Electricity taken in the interval [kWh].
    grid_factor
        Mean emission factor of the grid it is taken from, for the time it is taken [kg CO2/kWh, which is t CO2/MWh].

    Returns
    -------
    Amount
        CO2 [t CO2]; t CO2e if the factor counts the other gases too.

    Raises
    ------
    ValueError
        If the energy is negative, or the factor is not in [0, 3] kg/kWh.

    Notes
    -----
    ``E = kWh · EF / 1000``

    Valid for electricity from a grid. Contracts and certificates change the market-based figure and never this one.
    Factors reach from almost 0 (water power) to about 1.1 kg/kWh (coal).

    References
    ----------
    .. [1] WRI and WBCSD, GHG Protocol Scope 2 Guidance (2015), chapter 4, location-based method.
    """
    not_negative(kwh=kwh)
    within(0, 3, remedy="give kg CO2 per kWh, 0.53 and not 530 g/kWh", grid_factor=grid_factor)
    return kwh * grid_factor / 1000  # kg per t


def footprint_electricity_co2e_t(kwh: Amount, *, footprint_factor: Amount | float) -> Amount:
    """Carbon footprint of electricity, by the footprint of a kilowatt hour.

    Parameters
    ----------
    kwh
        Electricity taken in the interval [kWh].
    footprint_factor
        Carbon footprint of the electricity over its life cycle [kg CO2e/kWh].

    Returns
    -------
    Amount
        CO2 equivalent [t CO2e].

    Raises
    ------
    ValueError
        If the energy is negative, or the factor is not in [0, 3] kg/kWh.

    Notes
    -----
    ``E = kWh · CFP / 1000``

    Valid in the footprint of a product. The national average of China is 0.6205 kg CO2e/kWh for 2023 where its grid's
    factor of CO2 is 0.5306: taking the one for the other is wrong by a sixth.

    References
    ----------
    .. [1] ISO 14067:2018, electricity in the life cycle of a product.
    """
    not_negative(kwh=kwh)
    within(0, 3, remedy="give kg CO2e per kWh, 0.58 and not 580 g/kWh", footprint_factor=footprint_factor)
    return kwh * footprint_factor / 1000  # kg per t
