"""The shape of what the accounts stand on: dated values, factors, contracts, limits, targets, fuels, raw materials.

Names are explained in config/plants/example.toml and config/factors/*.toml.
"""

import json
import re
from typing import Annotated, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode

from collector.settings.fields import Day, Id, Number, Percent, Switch, Text, at_most, measure, whole
from collector.settings.problems import written

T = TypeVar("T")

Surely = Annotated[float, measure("%", "0.001 %", "100 %")]
_CLASS = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,3})?)S?")


class ParameterModel(BaseModel):
    """A table in which every key has a name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Uncertain(ParameterModel):
    """Something that may say how sure it is: expanded (k = 2), or as one standard deviation [%]."""

    uncertainty: Surely | None = None
    standard_uncertainty: Surely | None = None


class HowSure(Protocol):
    """Any table that may say how sure something is."""

    @property
    def uncertainty(self) -> float | None:
        """Expanded, k = 2 [%]."""

    @property
    def standard_uncertainty(self) -> float | None:
        """One standard deviation [%]."""


class Dated(Uncertain, Generic[T]):
    """A value with the day from which it is in force, and where it is from."""

    value: T
    valid_from: Day
    source: Text


def accuracy_class(value: object) -> float:
    """Read an accuracy class, as it stands on a plate: "0.2S" is 0.2 % of the value."""
    match = _CLASS.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{written(value)} is no accuracy class; write it as on the plate, like "0.2S" or "0.5"')
    number = float(match[1])
    if not 0.01 <= number <= 10:
        raise ValueError(f"a class of {number:g} is not possible; classes go from 0.01 to 10")
    return number


AccuracyClass = Annotated[float, BeforeValidator(accuracy_class)]


def _allocation(value: object) -> object:
    """Read how an energy is shared: "by_metal", or a share for each potline."""
    if value == "by_metal":
        return {}
    if isinstance(value, str):
        like = 'write "by_metal", or shares like { PL1 = "60 %", PL2 = "40 %" }'
        raise ValueError(f"{written(value)} is no way to share; {like}")  # noqa: TRY004 - pydantic collects ValueErrors
    return value


Allocate = Annotated[dict[Id, Percent], BeforeValidator(_allocation)]

Technology = Literal["hydro", "wind", "solar", "biomass", "geothermal", "nuclear", "fossil"]
Verified = Literal["official", "transcription", "own", "unverified"]


class FactorFrom(ParameterModel):
    """A named factor, and the day from which the plant uses it."""

    factor: Id
    valid_from: Day | None = None


def _factors(value: object) -> object:
    """Read one name, or a list of names with their days; from the environment the list is JSON."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError as exc:
            like = '[{"factor": "cn-national-2023", "valid_from": "2023-01-01"}]'
            raise ValueError(f"{written(value)} is no list of factors; write it like {like}") from exc
    if isinstance(value, str):
        return [{"factor": value}]
    if not isinstance(value, list):
        raise ValueError(f"{written(value)} is no text; write it in quotation marks")  # noqa: TRY004 - pydantic collects ValueErrors
    return value


FactorsOverTime = Annotated[list[FactorFrom], NoDecode, BeforeValidator(_factors), Field(min_length=1)]


class Emissions(ParameterModel):
    """[emissions]."""

    method: Id
    gwp: Id
    grid_factor: FactorsOverTime
    grid_factor_csv: Text | None = None
    grid_factor_gaps: Literal["estimate", "refuse"] | None = None
    grid_factor_untold: Literal["estimate", "withhold"] | None = None
    grid_factor_uncertainty: Surely | None = None
    residual_factor: FactorsOverTime | None = None
    residual_factor_untold: Literal["estimate", "withhold"] | None = None
    footprint_factor: FactorsOverTime | None = None


class ContractSection(ParameterModel):
    """[contracts.ID]."""

    technology: Technology
    kg_co2_per_kwh: Number
    energy: Annotated[float, measure("kWh", "0 kWh", "100000 GWh")] | None = None
    per: Literal["hour", "day", "month", "year"] | None = None
    share: Percent | None = None
    generation_csv: Text | None = None
    untold: Literal["estimate", "withhold"] | None = None
    certificate: Switch = False
    valid_from: Day
    valid_to: Day | None = None
    source: Text


class CertificatesSection(ParameterModel):
    """[certificates]."""

    csv: Text | None = None
    told: Switch = False


class LimitSection(ParameterModel):
    """[limits.ID]."""

    of: Text
    least: Text | None = None
    most: Text | None = None
    averaged_over: Annotated[float, measure("s", "1 s", "366 d")]
    stack: Id | None = None
    potline: Id | None = None
    valid_from: Day
    valid_to: Day | None = None
    source: Text


_KwhPerT = list[Dated[Annotated[float, measure("kWh/t", "5000 kWh/t", "30000 kWh/t")]]]


class KwhPerT(ParameterModel):
    """[targets.kwh_per_t]: one series a boundary."""

    dc: _KwhPerT | None = None
    liquid_ac: _KwhPerT | None = None
    liquid_comprehensive_ac: _KwhPerT | None = None
    ingot_comprehensive_ac: _KwhPerT | None = None


class TargetsSection(ParameterModel):
    """[targets]."""

    kwh_per_t: KwhPerT | None = None
    t_co2e_per_t: list[Dated[Annotated[float, measure("t/t", "0 t/t", "50 t/t")]]] | None = None
    renewable_share: list[Dated[Percent]] | None = None


class PriceSection(ParameterModel):
    """[price]."""

    region: Text
    rule: Id
    previous_year_non_hydro_weight: list[Dated[Percent]] | None = None
    non_hydro_share: list[Dated[Percent]] | None = None


class BalanceSection(ParameterModel):
    """[potlines.ID.balance]."""

    rectifier_efficiency: Annotated[float, measure("%", "80 %", "100 %")]
    rectifier_efficiency_uncertainty: Surely
    least_current: Annotated[float, measure("kA", "1 kA", "800 kA")]
    alpha: Annotated[float, measure("%", "0.0000001 %", "50 %")]
    confidence: Annotated[float, measure("%", "50 %", "99.9999 %")]
    busbar_voltage: Annotated[float, measure("V", "10 mV", "500 V")] | None = None
    busbar_voltage_uncertainty: Surely | None = None
    pots_voltage_uncertainty: Surely | None = None
    meters_move: Surely | None = None
    efficiency_moves: Surely | None = None
    busbar_moves: Surely | None = None
    reference_days: Annotated[int, whole(4, 60)] = 7
    reference_from: Day | None = None
    dc_meters: dict[Id, Id] = {}


class LowVoltageSection(Uncertain):
    """[potlines.ID.low_voltage]."""

    cf4: Annotated[float, measure("kg/t", "0 kg/t", "2 kg/t")]
    added_to: Id
    source: Text
    verified: Verified


PASTE_KEYS = (
    "benzene_soluble",
    "binder",
    "pitch_sulphur",
    "pitch_ash",
    "pitch_hydrogen",
    "coke_sulphur",
    "coke_ash",
    "skimmed_dust",
)
"""What the formula of paste takes beside its consumption."""


class PasteSection(ParameterModel):
    """[potlines.ID.paste]."""

    consumption: Annotated[list[Dated[Annotated[float, measure("t/t", "0.3 t/t", "1 t/t")]]], Field(min_length=1)]
    kind: Literal["dry", "wet"]
    defaults: Id | None = None
    benzene_soluble: Annotated[float, measure("kg/t", "0 kg/t", "20 kg/t")] | None = None
    binder: Percent | None = None
    pitch_sulphur: Percent | None = None
    pitch_ash: Percent | None = None
    pitch_hydrogen: Percent | None = None
    coke_sulphur: Percent | None = None
    coke_ash: Percent | None = None
    skimmed_dust: Annotated[float, measure("t/t", "0 t/t", "0.1 t/t")] | None = None
    source: Text
    verified: Verified


class Upstream(Uncertain):
    """[footprint.STAGE]."""

    value: Number
    unit: Literal["kg CO2e/t", "kg CO2e/(t km)"]
    amount: Annotated[float, measure("t/t", "0 t/t", "20 t/t")]
    distance_km: Number | None = None
    valid_from: Day
    valid_to: Day | None = None
    source: Text
    verified: Verified


class Footprint(ParameterModel):
    """[footprint]."""

    alumina: Upstream | None = None
    anodes: Upstream | None = None
    alf3: Upstream | None = None
    transport: Upstream | None = None
    casting: Upstream | None = None


class FuelSection(Uncertain):
    """[fuels.ID]."""

    unit: Annotated[Text, at_most(16)]
    kg_co2_per_unit: Number | None = None
    net_calorific_gj: Number | None = None
    carbon_t_per_gj: Number | None = None
    oxidation: Percent | None = None
    meter: Id | None = None
    most_per_hour: Number | None = None
    amounts_csv: Text | None = None
    amount_uncertainty: Surely | None = None
    shares: dict[Id, Percent] = {}
    counts_in: list[Literal["cbam", "china_ets"]] = ["cbam", "china_ets"]
    source: Text
    verified: Verified


class SodaAshSection(Uncertain):
    """[soda_ash]."""

    t_co2_per_t: Number | None = None
    carbonate: Id | None = None
    amounts_csv: Text
    amount_uncertainty: Surely | None = None
    shares: dict[Id, Percent] = {}
    source: Text
    verified: Verified


class CasthouseSection(ParameterModel):
    """[casthouse]."""

    cast_csv: Text
    source: Text
    fuels: list[Id] = []


class LimitRuleChoice(ParameterModel):
    """[limit_rules.RULE]: a rule of factors/emission_limits.toml that holds for the plant."""

    valid_from: Day
    valid_to: Day | None = None
    averaged_over: Annotated[float, measure("s", "1 min", "366 d")] | None = None
    plants: Literal["existing", "new"] | None = None
    cells: Text | None = None
    source: Text


class GridFactorSection(Uncertain):
    """[ID] of factors/grid_electricity.toml. What the formulas refuse is refused where the plant is built."""

    value: Number
    unit: Literal["kg CO2/kWh", "kg CO2e/kWh"]
    kind: Literal["co2", "carbon_footprint"] = "co2"
    region: Text | None = None
    scope: Text | None = None
    valid_from: Day
    valid_to: Day | None = None
    source: Text
    verified: Verified


class GwpSection(ParameterModel):
    """[ID] of factors/gwp.toml."""

    cf4: Number
    c2f6: Number
    source: Text
    verified: Verified


class SlopeRow(Uncertain):
    """One cell technology of a rule set; the uncertainty is that of the slope."""

    slope: Number
    c2f6_per_cf4: Number


class SlopeSection(BaseModel):
    """[METHOD] of factors/pfc_slope.toml: any number of technologies beside source and mark.

    ``gwp`` is the set of warming potentials that the method prescribes; None: it leaves the choice to the report.
    """

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, SlopeRow]

    source: Text
    verified: Verified
    gwp: Id | None = None
