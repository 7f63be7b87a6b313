"""The shape of what rule sets ask for that no meter tells. Names are explained in config/plants/example.toml."""

from typing import Annotated, Literal

from pydantic import Field

from collector.settings.fields import Id, Percent, Switch, Text, measure
from collector.settings.parameter_models import Dated, ParameterModel, Surely, Uncertain, Verified

PerTonne = Annotated[float, measure("t/t", "0 t/t", "2 t/t")]


class PrecursorSection(Uncertain):
    """[cbam.precursors.ID]; the uncertainty is that of its embedded emissions."""

    made: Literal["own", "bought"]
    consumed_csv: Text
    embedded: Annotated[float, measure("t/t", "0 t/t", "50 t/t")]
    default_share: Percent
    amount_uncertainty: Surely | None = None
    source: Text
    verified: Verified


class CbamSettings(ParameterModel):
    """[cbam]."""

    production_csv: Text | None = None
    production_uncertainty: Surely | None = None
    precursors_complete: Switch = False
    precursors: Annotated[dict[Id, PrecursorSection], Field(default_factory=dict)]
    scrap: Annotated[list[Dated[PerTonne]], Field(min_length=1)] | None = None
    pre_consumer_share: Annotated[list[Dated[Percent]], Field(min_length=1)] | None = None
    other_elements: Annotated[list[Dated[Percent]], Field(min_length=1)] | None = None


class ChinaEtsSettings(ParameterModel):
    """[china_ets]."""

    anodes: Id | None = None
    anode_effects: Id | None = None
    gross_anodes_csv: Text | None = None
    gross_anodes_uncertainty: Surely | None = None


class MeltLossSection(Uncertain):
    """[product.melt_loss]."""

    value: Annotated[float, measure("%", "0 %", "20 %")]
    source: Text
    verified: Verified


class CutOffSection(ParameterModel):
    """[[product.cut_offs]]."""

    stage: Literal["alumina", "anodes", "fluorides", "transport", "casting"]
    name: Text
    share: Percent
    reason: Text


class ProductSection(ParameterModel):
    """[product]."""

    declared_unit: Literal["liquid_metal", "remelt_ingot"] = "liquid_metal"
    melt_loss: MeltLossSection | None = None
    cut_offs: Annotated[list[CutOffSection], Field(default_factory=list)]
