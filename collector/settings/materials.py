"""From sections to fuels, soda ash, and what raw materials carry with them."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

from collector.plant.materials import COUNTED, Fuel, FuelContent, Materials, SodaAsh, Stage, UpstreamFactor
from collector.plant.meter import Measures, Meter
from collector.plant.rule_tables import Sourced
from collector.readings.quantity import Kind
from collector.settings import models
from collector.settings import parameter_models as shapes
from collector.settings.monthly import MonthlyPart, half
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_

_CONTENT = ("net_calorific_gj", "carbon_t_per_gj", "oxidation")
_ROUNDING_PCT = 0.01
_PER_TONNE, _PER_TONNE_KM = "kg CO2e/t", "kg CO2e/(t km)"


class MaterialSections(MonthlyPart):
    """Builds what the plant tells about what it burns, and about its raw materials."""

    def __init__(
        self,
        settings: models.Settings,
        origins: Origins,
        broken: AbstractSet[Path_],
        zone: ZoneInfo,
        carbonates: Mapping[str, Sourced[float]],
    ) -> None:
        super().__init__(origins, broken, zone)
        self._settings = settings
        self._carbonates = carbonates

    def materials(self, meters: Mapping[str, Meter]) -> Materials:
        """Return what is well; ``problems`` says what is wrong with the rest.

        Parameters
        ----------
        meters
            Those that are well, by id.
        """
        footprint = {}
        for stage in Stage:
            section = getattr(self._settings.footprint, stage.value)
            if section is not None:
                footprint[stage] = self._upstream(stage, section)
        fuels = [self._fuel(id_, section, meters) for id_, section in self._settings.fuels.items()]
        return Materials(footprint, tuple(fuel for fuel in fuels if fuel is not None), self._soda_ash())

    def _upstream(self, stage: Stage, section: shapes.Upstream) -> UpstreamFactor:
        at: Path_ = ("footprint", stage.value)
        self._check_sign((*at, "value"), section.value)
        by_way = section.unit == _PER_TONNE_KM
        if by_way and stage is not Stage.TRANSPORT:
            self._report((*at, "unit"), f"{_PER_TONNE_KM} belongs to transport", f'write unit = "{_PER_TONNE}"')
        elif by_way != (section.distance_km is not None):
            what = f"{_PER_TONNE_KM} and distance_km go together"
            self._report((*at, "distance_km"), what, f"give both, or {_PER_TONNE} alone")
        if section.distance_km is not None:
            self._check_sign((*at, "distance_km"), section.distance_km)
        return UpstreamFactor(
            stage=stage,
            value=section.value,
            unit=section.unit,
            amount_per_t=section.amount,
            source=section.source,
            verified=section.verified,
            valid_from_ns=self._from_ns(section.valid_from),
            valid_to_ns=self._to_ns(at, section.valid_from, section.valid_to),
            distance_km=section.distance_km,
            relative_standard_uncertainty=self._relative(at, section),
        )

    def _fuel(self, id_: str, section: shapes.FuelSection, meters: Mapping[str, Meter]) -> Fuel | None:
        at: Path_ = ("fuels", id_)
        before = len(self.problems)
        content = self._content(at, section)
        if (section.meter is None) == (section.amounts_csv is None):
            what = (
                "does not say how much of it burns"
                if section.meter is None
                else "meter and amounts_csv exclude each other"
            )
            self._report(at, what, "give meter or amounts_csv")
        if section.meter is not None:
            self._check_meter((*at, "meter"), section, meters)
        if (section.meter is None) != (section.most_per_hour is None):
            what = "most_per_hour goes with a meter: it bounds what its counter may gain"
            self._report((*at, "most_per_hour"), what, f"give both, most_per_hour in {section.unit}")
        elif section.most_per_hour is not None and section.most_per_hour <= 0:
            what = f"{section.most_per_hour:g} lets the counter gain nothing"
            self._report((*at, "most_per_hour"), what, "give the largest flow of the pipe")
        amounts = self._amounts((*at, "amounts_csv"), section.amounts_csv, "amount")
        sure = self._relative(at, section)
        shares = self._shares(at, section.shares)
        if len(self.problems) > before:
            return None
        return Fuel(
            name=id_,
            unit=section.unit,
            source=section.source,
            verified=section.verified,
            kg_co2_per_unit=section.kg_co2_per_unit,
            content=content,
            meter=section.meter or "",
            most_per_hour=section.most_per_hour,
            amounts=amounts,
            relative_standard_uncertainty=sure,
            amount_relative_standard_uncertainty=half(section.amount_uncertainty),
            shares=shares,
        )

    def _shares(self, at: Path_, told: Mapping[str, float]) -> dict[str, float]:
        """Return which part belongs to which potline [1]."""
        for name in told:
            if name not in self._settings.potlines and not self._any_broken("potlines"):
                self._unknown((*at, "shares", name), "potline", name, self._settings.potlines)
        whole = sum(told.values())
        if told and abs(whole - 100) > _ROUNDING_PCT:
            self._report((*at, "shares"), f"the shares add up to {whole:g} %", "give shares that add up to 100 %")
        return {name: share / 100 for name, share in told.items()}

    def _content(self, at: Path_, section: shapes.FuelSection) -> FuelContent | None:
        """Check that a fuel has a factor or a content, and return the content."""
        numbers = {key: getattr(section, key) for key in _CONTENT}
        given = [key for key, number in numbers.items() if number is not None]
        factor = section.kg_co2_per_unit
        for key in ("kg_co2_per_unit", *_CONTENT):
            number = getattr(section, key)
            if number is not None:
                self._check_sign((*at, key), number)
        if factor is not None and given:
            self._report((*at, given[0]), "a fuel has kg_co2_per_unit, or a content", "keep one")
        if factor is None and len(given) < len(_CONTENT):
            missing = ", ".join(key for key in _CONTENT if key not in given)
            what = f"{missing} {'is' if len(given) == len(_CONTENT) - 1 else 'are'} missing"
            self._report(at, what if given else "has no factor", f"add kg_co2_per_unit, or {', '.join(_CONTENT)}")
        if factor is not None or len(given) < len(_CONTENT):
            return None
        calorific, carbon, oxidation = numbers.values()
        return FuelContent(calorific, carbon, oxidation / 100)

    def _check_meter(self, at: Path_, section: shapes.FuelSection, meters: Mapping[str, Meter]) -> None:
        name = section.meter or ""
        meter = meters.get(name)
        if name not in self._settings.meters and not self._any_broken("meters"):
            self._unknown(at, "meter", name, self._settings.meters)
        if meter is None:
            return
        if meter.measures is not Measures.MONITORED:
            what = f"{name} measures {meter.measures.value}, and a fuel's meter nothing but the fuel"
            self._report(at, what, 'give it measures = "monitored"')
        counted = [quantity for quantity in meter.quantities if quantity.kind is Kind.COUNTER]
        if not any(quantity in COUNTED and quantity.unit == section.unit for quantity in counted):
            has = ", ".join(f"{quantity.label} [{quantity.unit}]" for quantity in counted) or "none"
            what = f"{name} has no counter of this fuel in {section.unit}"
            self._report(at, what, f"its counters: {has}; volume [m3] or active_energy_import [kWh] is needed")

    def _soda_ash(self) -> SodaAsh | None:
        section = self._settings.soda_ash
        if section is None:
            return None
        per_t, source, verified = self._carbonate(section)
        amounts = None
        if self._fine("soda_ash", "amounts_csv"):
            amounts = self._amounts(("soda_ash", "amounts_csv"), section.amounts_csv, "t")
        sure, shares = self._relative(("soda_ash",), section), self._shares(("soda_ash",), section.shares)
        if amounts is None or per_t is None:
            return None
        return SodaAsh(per_t, source, verified, amounts, sure, half(section.amount_uncertainty), shares)

    def _carbonate(self, section: shapes.SodaAshSection) -> tuple[float | None, str, str]:
        """Return the factor [t CO2/t] with source and mark: the plant's own, or that of a table it names."""
        own, named = section.t_co2_per_t, section.carbonate
        if own is None and named is None:
            self._report(
                ("soda_ash", "t_co2_per_t"), "is missing", 'add it, or carbonate = "soda_ash" for the table\'s'
            )
        if own is not None and named is not None:
            self._report(("soda_ash", "carbonate"), "t_co2_per_t and carbonate exclude each other", "keep one")
        if own is not None:
            self._check_sign(("soda_ash", "t_co2_per_t"), own)
        if named is None:
            return own, section.source, section.verified
        table = self._carbonates.get(named)
        if table is None:
            listed = ", ".join(sorted(self._carbonates)) or "there is none"
            what = f"'{named}' does not stand in carbon.toml, or is wrong there"
            if self._fine("factors_dir"):
                self._report(("soda_ash", "carbonate"), what, f"one of: {listed}")
            return None, section.source, section.verified
        return table.value, table.source, table.verified

    def _check_sign(self, at: Path_, number: float) -> None:
        if number < 0:
            self._report(at, f"{number:g} is negative", "give zero or more")
