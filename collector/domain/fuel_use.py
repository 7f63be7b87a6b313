"""A fuel that was burnt, with the values that its rule set reckons it by: what the rule sets take as fuels."""

from dataclasses import dataclass
from typing import TypeAlias

from collector.domain.fuels import fuel_co2_by_amount_t, fuel_co2_by_carbon_t, fuel_co2_by_heat_t


@dataclass(frozen=True, slots=True)
class FuelByHeat:
    """A fuel by its heat and a factor per heat; units as in `fuels.fuel_co2_by_heat_t`."""

    name: str
    amount: float
    net_calorific_value_gj: float
    co2_t_per_tj: float
    oxidation: float

    @property
    def co2_t(self) -> float:
        """CO2 [t CO2]."""
        return fuel_co2_by_heat_t(
            self.amount,
            net_calorific_value_gj=self.net_calorific_value_gj,
            co2_t_per_tj=self.co2_t_per_tj,
            oxidation=self.oxidation,
        )


@dataclass(frozen=True, slots=True)
class FuelByCarbon:
    """A fuel by its heat and the carbon per heat; units as in `fuels.fuel_co2_by_carbon_t`."""

    name: str
    amount: float
    net_calorific_value_gj: float
    carbon_t_per_gj: float
    oxidation: float

    @property
    def co2_t(self) -> float:
        """CO2 [t CO2]."""
        return fuel_co2_by_carbon_t(
            self.amount,
            net_calorific_value_gj=self.net_calorific_value_gj,
            carbon_t_per_gj=self.carbon_t_per_gj,
            oxidation=self.oxidation,
        )


@dataclass(frozen=True, slots=True)
class FuelByAmount:
    """A fuel by its amount and a factor per amount; units as in `fuels.fuel_co2_by_amount_t`."""

    name: str
    amount: float
    co2_t_per_unit: float

    @property
    def co2_t(self) -> float:
        """CO2 [t CO2]."""
        return fuel_co2_by_amount_t(self.amount, co2_t_per_unit=self.co2_t_per_unit)


FuelUse: TypeAlias = FuelByHeat | FuelByCarbon | FuelByAmount
"""A fuel by any of the three."""
