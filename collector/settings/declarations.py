"""From sections to what rule sets ask for that no meter tells: goods, scrap, precursors, cut-offs, boundaries."""

from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

from collector.plant.declarations import (
    CbamDeclaration,
    ChinaEtsChoices,
    Declarations,
    FootprintChoices,
    Made,
    ToldCutOff,
    ToldPrecursor,
)
from collector.plant.direct import Coefficient
from collector.plant.factors import DatedSeries
from collector.plant.rule_tables import RuleTables
from collector.settings import declaration_models as shapes
from collector.settings import models
from collector.settings.monthly import MonthlyPart, half
from collector.settings.parameter_models import Dated
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_

STATEMENTS = ("cbam", "china_ets")
_CHINA = "china_ets.toml"


class DeclarationSections(MonthlyPart):
    """Builds what statements need beside the accounts."""

    def __init__(
        self,
        settings: models.Settings,
        origins: Origins,
        broken: AbstractSet[Path_],
        zone: ZoneInfo,
        rules: RuleTables,
    ) -> None:
        super().__init__(origins, broken, zone)
        self._settings = settings
        self._rules = rules

    def declarations(self) -> Declarations:
        """Return what is well; ``problems`` says what is wrong with the rest."""
        fuels = self._settings.fuels.items()
        left_out = {kind: frozenset(id_ for id_, fuel in fuels if kind not in fuel.counts_in) for kind in STATEMENTS}
        return Declarations(self._cbam(), self._china_ets(), self._product(), left_out)

    def _cbam(self) -> CbamDeclaration:
        section = self._settings.cbam
        listed = (self._precursor(id_, one) for id_, one in section.precursors.items())
        precursors = tuple(one for one in listed if one is not None)
        if section.precursors and section.production_csv is None and self._fine("cbam", "production_csv"):
            what = "is missing: with metal of others in it, the goods are more than the pots made"
            self._report(("cbam", "production_csv"), what, "tell the goods by month")
        return CbamDeclaration(
            production=self._amounts(("cbam", "production_csv"), section.production_csv, "t"),
            production_relative_standard_uncertainty=half(section.production_uncertainty),
            precursors=precursors,
            precursors_complete=section.precursors_complete,
            scrap=self._told("scrap", section.scrap),
            pre_consumer=self._told("pre_consumer_share", section.pre_consumer_share, 100.0),
            other_elements=self._told("other_elements", section.other_elements, 100.0),
        )

    def _told(self, key: str, rows: list[Dated[float]] | None, divisor: float = 1.0) -> DatedSeries | None:
        return None if rows is None else self._series(("cbam", key), rows, divisor)

    def _precursor(self, id_: str, section: shapes.PrecursorSection) -> ToldPrecursor | None:
        at: Path_ = ("cbam", "precursors", id_)
        sure = self._relative(at, section)
        if section.made == "own" and section.default_share > 0:
            what = f"{section.default_share:g} % default values for a precursor of the plant's own making"
            self._report((*at, "default_share"), what, 'state its own emissions: 0 %, or say made = "bought"')
        consumed = self._amounts((*at, "consumed_csv"), section.consumed_csv, "t")
        if consumed is None:
            return None
        return ToldPrecursor(
            name=id_,
            made=Made(section.made),
            consumed=consumed,
            embedded=Coefficient(section.embedded, section.source, section.verified, sure),
            default_share=section.default_share / 100,
            amount_relative_standard_uncertainty=half(section.amount_uncertainty),
        )

    def _china_ets(self) -> ChinaEtsChoices:
        section = self._settings.china_ets
        self._check_name("anodes", section.anodes, list(self._rules.anode_defaults))
        self._check_name("anode_effects", section.anode_effects, list(self._rules.anode_effect_defaults))
        if section.anodes is not None and section.gross_anodes_csv is not None:
            what = "a default of the anodes and gross_anodes_csv exclude each other"
            self._report(("china_ets", "gross_anodes_csv"), what, "keep one")
        return ChinaEtsChoices(
            anodes=section.anodes or "",
            anode_effects=section.anode_effects or "",
            gross_anodes=self._amounts(("china_ets", "gross_anodes_csv"), section.gross_anodes_csv, "t"),
            gross_anodes_relative_standard_uncertainty=half(section.gross_anodes_uncertainty),
        )

    def _check_name(self, key: str, name: str | None, known: list[str]) -> None:
        if name is not None and name not in known and self._fine("china_ets", key) and self._fine("factors_dir"):
            listed = ", ".join(sorted(known)) or "there is none"
            self._report(("china_ets", key), f"'{name}' does not stand in {_CHINA}", f"one of: {listed}")

    def _product(self) -> FootprintChoices:
        section = self._settings.product
        ingot, loss = section.declared_unit == "remelt_ingot", section.melt_loss
        if loss is not None and not ingot:
            what = "liquid metal loses nothing in casting"
            self._report(("product", "melt_loss"), what, 'remove it, or write declared_unit = "remelt_ingot"')
        told = None
        if loss is not None:
            sure = self._relative(("product", "melt_loss"), loss)
            told = Coefficient(loss.value / 100, loss.source, loss.verified, sure)
        cut_offs = tuple(ToldCutOff(one.stage, one.name, one.share, one.reason) for one in section.cut_offs)
        return FootprintChoices(ingot, told, cut_offs)
