"""Which price rule the plant names, and whether its table can price a running month."""

from collector.plant.limits import Boundary
from collector.plant.rule_tables import RuleTables
from collector.settings import models
from collector.settings.part import Part
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_

_AT = ("price", "rule")
_OF_A_POTLINE = frozenset({Boundary.LIQUID_AC.value, Boundary.LIQUID_COMPREHENSIVE_AC.value})
_LEAST_PERCENT = 0.5


class PriceChoice(Part):
    """Checks [price] against the rules that were read."""

    def __init__(self, settings: models.Settings, origins: Origins, broken: set[Path_]) -> None:
        super().__init__(origins, broken)
        self._section = settings.price

    def check(self, rules: RuleTables) -> None:
        """Note what is wrong in ``problems``; without [price] nothing is."""
        section = self._section
        if section is None:
            return
        for key in ("previous_year_non_hydro_weight", "non_hydro_share"):
            for place, row in enumerate(getattr(section, key) or ()):
                if 0 < row.value < _LEAST_PERCENT and self._fine("price", key):
                    what = f"a share of {row.value:g} % is hardly one of a province or a plant"
                    self._report(("price", key, place, "value"), what, "write percent: 15 % and not 0.15 %")
        if not self._fine(*_AT) or not self._fine("factors_dir"):
            return
        if section.rule in rules.banded_prices:
            return
        known = rules.stepped_prices.get(section.rule)
        if known is None:
            listed = ", ".join(sorted(rules.stepped_prices)) or "there is none"
            what = f"'{section.rule}' does not stand in power_price.toml, or is wrong there"
            self._report(_AT, what, f"one of: {listed}")
        elif known.value.indicator.value not in _OF_A_POTLINE:
            what = f"{section.rule} is put on {known.value.indicator.value}, which no potline has of its own"
            self._report(_AT, what, "name a rule on liquid metal")
