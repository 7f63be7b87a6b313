"""The shape of the files of rules: limits, prices, defaults and rule sets. Names are explained in config/factors."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from collector.settings.fields import Day, Id, Number, Switch, Text
from collector.settings.parameter_models import ParameterModel, Verified


def _within(low: float, high: float, remedy: str) -> Callable[[float], float]:
    """Return a check that a number lies from one bound to another."""

    def check(number: float) -> float:
        if not low <= number <= high:
            raise ValueError(f"{number:g} is not possible; {remedy}")
        return number

    return check


def _positive(number: float) -> float:
    if not number > 0:
        raise ValueError(f"{number:g} is not possible; give a number above zero")
    return number


Positive = Annotated[Number, AfterValidator(_positive)]
Share = Annotated[Number, AfterValidator(_within(0, 100, "give percent, 0 to 100"))]
Amount = Annotated[Number, AfterValidator(_within(0, 1e12, "give zero or more"))]
EnergyBoundary = Literal["liquid_ac", "liquid_comprehensive_ac", "ingot_comprehensive_ac"]


class Told(ParameterModel):
    """A table with a source, and days for which it holds."""

    source: Text
    verified: Verified
    valid_from: Day | None = None
    valid_to: Day | None = None


class LevelsSection(Told):
    """[EDITION.INDICATOR] of energy_levels.toml."""

    boundary: EnergyBoundary
    unit: Literal["kWh/t", "kgce/t"]
    level_1: Positive
    level_2: Positive
    level_3: Positive


class CoalEquivalent(Told):
    """[coal_equivalent.electricity] of energy_levels.toml."""

    value: Annotated[Number, AfterValidator(_within(1e-6, 1, "give kgce for one kWh, 0.1229"))]
    unit: Literal["kgce/kWh"]


class TierRow(ParameterModel):
    """[[RULE.tiers]] of power_price.toml."""

    valid_from: Day
    threshold_kwh_per_t: Positive
    step_kwh_per_t: Positive
    cny_per_kwh_per_step: Amount


class ReliefSection(ParameterModel):
    """[RULE.relief] of power_price.toml."""

    from_percent: Share
    reduction_per_point: Amount


class OverdueSection(ParameterModel):
    """[RULE.overdue] of power_price.toml."""

    grace_days: Amount
    multiple: Annotated[Number, AfterValidator(_within(1, 10, "give the multiple of the whole surcharge, 1.5"))]


class StepsSection(Told):
    """[RULE] of power_price.toml with kind = "steps"."""

    kind: Literal["steps"]
    boundary: EnergyBoundary
    without_desulphurisation: Switch
    tiers: Annotated[list[TierRow], Field(min_length=1)]
    relief: ReliefSection | None = None
    overdue: OverdueSection | None = None


class BandsSection(Told):
    """[RULE] of power_price.toml with kind = "bands"."""

    kind: Literal["bands"]
    boundary: EnergyBoundary
    free_to_kwh_per_t: Positive
    middle_to_kwh_per_t: Positive
    middle_cny_per_kwh: Amount
    top_cny_per_kwh: Amount


class PollutantLimitRow(ParameterModel):
    """[[RULE.limits]] of emission_limits.toml."""

    pollutant: Literal["hf", "total_fluoride", "so2", "particulate"]
    limit: Positive
    unit: Literal["mg/Nm3", "kg/t"]
    outlets: Literal["stack", "potroom", "boundary"]
    averaging: Literal["hour", "month", "year"] | None = None
    cells: Annotated[list[Text], Field(default_factory=list)]
    plants: Literal["existing", "new"] | None = None


class LimitRuleSection(Told):
    """[RULE] of emission_limits.toml."""

    status: Literal["draft", "law"] = "law"
    limits: Annotated[list[PollutantLimitRow], Field(min_length=1)]


class AnodeTier1Section(Told):
    """[tier1.RULE] of carbon.toml."""

    prebake: Positive
    soderberg: Positive


class PrebakeSection(Told):
    """[prebake.RULE] of carbon.toml."""

    sulphur_percent: Share
    ash_percent: Share


class SoderbergSection(Told):
    """[soderberg.RULE] of carbon.toml."""

    benzene_soluble_kg_per_t_vss: Amount
    benzene_soluble_kg_per_t_hss: Amount
    binder_percent_dry: Share
    binder_percent_wet: Share
    pitch_sulphur_percent: Share
    pitch_ash_percent: Share
    pitch_hydrogen_percent: Share
    coke_sulphur_percent: Share
    coke_ash_percent: Share
    skimmed_dust_per_metal: Amount


class CarbonateSection(Told):
    """[carbonates.NAME] of carbon.toml."""

    co2_per_carbonate: Annotated[Number, AfterValidator(_within(0, 1, "give t CO2 for one t, 0.415"))]


class CbamSection(Told):
    """[rules.RULE] of cbam.toml."""

    gwp: Id
    co2_per_carbon: Annotated[Number, AfterValidator(_within(3, 4, "give t CO2 for one t of carbon, 3.664"))]


class BenchmarkSection(Told):
    """[benchmarks.YEAR] of cbam.toml."""

    primary: Positive
    secondary: Positive


class ObligationSection(Told):
    """[obligation] of cbam.toml."""

    share_percent: dict[str, Share]


class ChinaEtsSection(Told):
    """[rules.RULE] of china_ets.toml."""

    gwp: Id
    anode_loss_percent: Share
    sulphur_percent: Share
    ash_percent: Share
    slope: Positive
    c2f6_per_cf4: Amount


class AnodeEffectDefault(Told):
    """[anode_effect_defaults.NAME] of china_ets.toml: both gases, or their CO2 equivalent."""

    cf4_kg_per_t: Amount | None = None
    c2f6_kg_per_t: Amount | None = None
    co2e_t_per_t: Amount | None = None


class AnodeDefault(Told):
    """[anode_defaults.NAME] of china_ets.toml: CO2 per metal, or net consumption per metal."""

    co2e_t_per_t: Amount | None = None
    net_anode_consumption: Amount | None = None


class FootprintRuleSection(Told):
    """[RULE] of product_footprint.toml."""

    cut_off_item_percent: Share
    cut_off_total_percent: Share


class OvervoltageRow(ParameterModel):
    """One technology of pfc_overvoltage.toml."""

    overvoltage_coefficient: Positive
    c2f6_per_cf4: Amount


class Tier1GasRow(ParameterModel):
    """One technology of pfc_tier1.toml."""

    cf4_kg_per_t: Amount
    c2f6_kg_per_t: Amount


class OvervoltageSection(BaseModel):
    """[RULE] of pfc_overvoltage.toml: any number of technologies beside source and mark."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, OvervoltageRow]

    source: Text
    verified: Verified


class Tier1GasSection(BaseModel):
    """[RULE] of pfc_tier1.toml: any number of technologies beside source and mark."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Tier1GasRow]

    source: Text
    verified: Verified
