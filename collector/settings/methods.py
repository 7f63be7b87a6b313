"""From a potline's section to the methods of its direct emissions, with the numbers of the tables that it names."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TypeVar
from zoneinfo import ZoneInfo

from collector.plant.direct import (
    Coefficient,
    DirectMethods,
    GasDefaults,
    LowVoltage,
    OvervoltageMethod,
    PasteAnodes,
)
from collector.plant.factors import DatedSeries
from collector.plant.rule_tables import PrebakeDefaults, RuleTables, SoderbergDefaults, Sourced
from collector.settings import formulas, models
from collector.settings import parameter_models as shapes
from collector.settings.part import DatedPart
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_

T = TypeVar("T")

_OF_CONSUMPTION = ("net_anode_consumption", "anode_sulphur", "anode_ash", "anode_assay")
_CARBON = "carbon.toml"


class Methods(DatedPart):
    """Builds what potlines have chosen beside slope and net anode consumption, or in their place."""

    def __init__(
        self,
        settings: models.Settings,
        origins: Origins,
        broken: AbstractSet[Path_],
        zone: ZoneInfo,
        rules: RuleTables,
    ) -> None:
        super().__init__(origins, broken, zone)
        self._method = settings.emissions.method
        self._rules = rules

    def of(self, id_: str, section: models.PotlineSection) -> DirectMethods:
        """Return the methods of a potline; ``problems`` says what is wrong with them."""
        at: Path_ = ("potlines", id_)
        self._check_carbon(at, section)
        assay = self._assay(at, section)
        return DirectMethods(
            overvoltage=self._overvoltage(at, section) if section.pfc_method == "overvoltage" else None,
            gas_defaults=self._gas_defaults(at, section) if section.pfc_method == "tier1" else None,
            low_voltage=None if section.low_voltage is None else self._low_voltage(at, section, section.low_voltage),
            anode_default=self._anode_default(at, section) if section.anode_method == "tier1" else None,
            paste=self._paste(at, section),
            assay="" if assay is None else assay.source,
            assay_verified="own" if assay is None else assay.verified,
        )

    def assay(self, section: models.PotlineSection) -> tuple[float, float]:
        """Return sulphur and ash of a potline's anodes [%]: its own assay, else that of the table it names."""
        named = self._rules.prebake.get(section.anode_assay or "")
        if named is not None:
            return named.value.sulphur_percent, named.value.ash_percent
        return section.anode_sulphur or 0.0, section.anode_ash or 0.0

    def _check_carbon(self, at: Path_, section: models.PotlineSection) -> None:
        """Check that what the method of the anodes needs is there, and nothing that another one needs."""
        by_consumption = section.anode_method == "net_consumption"
        given = [key for key in _OF_CONSUMPTION if getattr(section, key) is not None]
        if not by_consumption:
            for key in given:
                what = f'belongs to anode_method = "net_consumption", and this line has "{section.anode_method}"'
                self._report((*at, key), what, "remove one of them")
        else:
            own = () if section.anode_assay is not None else ("anode_sulphur", "anode_ash")
            for key in ("net_anode_consumption", *own):
                if key not in given and self._fine(*at, key):
                    self._report((*at, key), "is missing", "add it")
        if (section.paste is None) == (section.anode_method == "paste"):
            what = 'paste and anode_method = "paste" go together'
            self._report((*at, "paste"), what, "give both or neither")

    def _assay(self, at: Path_, section: models.PotlineSection) -> Sourced[PrebakeDefaults] | None:
        name = section.anode_assay
        if name is None:
            return None
        for key in ("anode_sulphur", "anode_ash"):
            if getattr(section, key) is not None:
                self._report((*at, key), "the plant's own assay and anode_assay exclude each other", "keep one")
        return self._named((*at, "anode_assay"), name, self._rules.prebake, _CARBON)

    def _named(self, at: Path_, name: str, tables: Mapping[str, Sourced[T]], file: str) -> Sourced[T] | None:
        found = tables.get(name)
        if found is None and self._fine(*at) and self._fine("factors_dir"):
            listed = ", ".join(sorted(tables)) or "there is none"
            self._report(at, f"'{name}' does not stand in {file}, or is wrong there", f"one of: {listed}")
        return found

    def _of_technology(
        self, at: Path_, section: models.PotlineSection, tables: Mapping[str, Sourced[Mapping[str, T]]], file: str
    ) -> tuple[T, Sourced[Mapping[str, T]]] | None:
        """Return the row of a line's technology in the table of the plant's method."""
        table = self._named((*at, "pfc_method"), self._method, tables, file)
        if table is None:
            return None
        row = table.value.get(section.technology)
        if row is None:
            if self._fine(*at, "technology"):
                what = f"{self._method} has no technology '{section.technology}' in {file}"
                remedy = f"choose another pfc_method; its technologies: {', '.join(sorted(table.value))}"
                self._report((*at, "pfc_method"), what, remedy)
            return None
        return row, table

    def _overvoltage(self, at: Path_, section: models.PotlineSection) -> OvervoltageMethod | None:
        found = self._of_technology(at, section, self._rules.overvoltage, "pfc_overvoltage.toml")
        if found is None:
            return None
        row, table = found
        coefficient = Coefficient(row.overvoltage_coefficient, table.source, table.verified)
        return OvervoltageMethod(coefficient, row.c2f6_per_cf4)

    def _gas_defaults(self, at: Path_, section: models.PotlineSection) -> GasDefaults | None:
        found = self._of_technology(at, section, self._rules.pfc_tier1, "pfc_tier1.toml")
        if found is None:
            return None
        row, table = found
        return GasDefaults(
            Coefficient(row.cf4_kg_per_t, table.source, table.verified),
            Coefficient(row.c2f6_kg_per_t, table.source, table.verified),
        )

    def _low_voltage(
        self, at: Path_, section: models.PotlineSection, told: shapes.LowVoltageSection
    ) -> LowVoltage | None:
        if section.pfc_method == "tier1":
            what = "the defaults of tier 1 count all emissions together, and a low-voltage term counts a part twice"
            self._report((*at, "low_voltage"), what, "remove it, or choose slope or overvoltage")
        elif told.added_to != self._method and self._fine("emissions", "method"):
            what = f"is made to be added to {told.added_to}, and the method is {self._method}"
            remedy = f"choose that method, or name {self._method} if its source counts the two apart"
            self._report((*at, "low_voltage", "added_to"), what, remedy)
        sure = self._relative((*at, "low_voltage"), told)
        return LowVoltage(Coefficient(told.cf4, told.source, told.verified, sure), told.added_to)

    def _anode_default(self, at: Path_, section: models.PotlineSection) -> Coefficient | None:
        table = self._named((*at, "anode_method"), self._method, self._rules.anode_tier1, _CARBON)
        if table is None:
            return None
        soderberg = section.technology in {"vss", "hss"}
        return Coefficient(table.value.soderberg if soderberg else table.value.prebake, table.source, table.verified)

    def _paste(self, at: Path_, section: models.PotlineSection) -> PasteAnodes | None:
        told = section.paste
        if told is None:
            return None
        at = (*at, "paste")
        if section.technology not in {"vss", "hss"} and self._fine(*at[:2], "technology"):
            self._report(at, f"technology {section.technology} has no paste", "remove it, or name vss or hss")
        table = None
        if told.defaults is not None:
            table = self._named((*at, "defaults"), told.defaults, self._rules.soderberg, _CARBON)
        offered = {} if table is None else _offered(table.value, section.technology, dry=told.kind == "dry")
        numbers: dict[str, float] = {}
        for key in shapes.PASTE_KEYS:
            own = getattr(told, key)
            value = offered.get(key) if own is None else own
            if value is not None:
                numbers[key] = value
            elif told.defaults is None:
                remedy = 'add it, or name the table of defaults = "40_cfr_98" that has it'
                self._report((*at, key), "is missing", remedy)
        consumption: DatedSeries = self._series((*at, "consumption"), told.consumption)
        if len(numbers) < len(shapes.PASTE_KEYS):
            return None
        for place, row in enumerate(told.consumption):
            self._refuse((*at, "consumption", place, "value"), formulas.paste(row.value, numbers))
        source = told.source if table is None else f"{told.source}; else {table.source}"
        return PasteAnodes(
            consumption=consumption,
            benzene_soluble_kg_per_t=numbers["benzene_soluble"],
            binder_percent=numbers["binder"],
            pitch_sulphur_percent=numbers["pitch_sulphur"],
            pitch_ash_percent=numbers["pitch_ash"],
            pitch_hydrogen_percent=numbers["pitch_hydrogen"],
            coke_sulphur_percent=numbers["coke_sulphur"],
            coke_ash_percent=numbers["coke_ash"],
            skimmed_dust_per_metal=numbers["skimmed_dust"],
            source=source,
            verified=told.verified if table is None else table.verified,
        )


def _offered(table: SoderbergDefaults, technology: str, *, dry: bool) -> dict[str, float]:
    """Return the defaults of a table by the keys of the settings."""
    vss = technology == "vss"
    return {
        "benzene_soluble": table.benzene_soluble_kg_per_t_vss if vss else table.benzene_soluble_kg_per_t_hss,
        "binder": table.binder_percent_dry if dry else table.binder_percent_wet,
        "pitch_sulphur": table.pitch_sulphur_percent,
        "pitch_ash": table.pitch_ash_percent,
        "pitch_hydrogen": table.pitch_hydrogen_percent,
        "coke_sulphur": table.coke_sulphur_percent,
        "coke_ash": table.coke_ash_percent,
        "skimmed_dust": table.skimmed_dust_per_metal,
    }
