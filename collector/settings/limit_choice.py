"""Which rules on pollutants the plant names, and whether their tables can judge it."""

from collector.plant.rule_tables import RuleTables
from collector.settings import models
from collector.settings.part import Part
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_


class LimitChoice(Part):
    """Checks [limit_rules.RULE] against the rules that were read."""

    def __init__(self, settings: models.Settings, origins: Origins, broken: set[Path_]) -> None:
        super().__init__(origins, broken)
        self._section = settings.limit_rules

    def check(self, rules: RuleTables) -> None:
        """Note what is wrong in ``problems``."""
        if not self._fine("factors_dir"):
            return
        known = rules.emission_limits
        for name, choice in self._section.items():
            at: Path_ = ("limit_rules", name)
            if not self._fine(*at):
                continue
            told = known.get(name)
            if told is None:
                listed = ", ".join(sorted(known)) or "there is none"
                what = f"'{name}' does not stand in emission_limits.toml, or is wrong there"
                self._report(at, what, f"one of: {listed}")
                continue
            limits = told.value.limits
            if choice.averaged_over is None and not all(limit.averaging for limit in limits):
                what = f"{name} names no averaging time for some of its limits"
                self._report(at, what, 'add averaged_over as your permit has it, like "1h"')
            cells = sorted({cell for limit in limits for cell in limit.cells})
            if cells and choice.cells not in cells:
                what = (
                    f"{name} has limits by kinds of cells"
                    if choice.cells is None
                    else f"no limit is for {choice.cells}"
                )
                self._report((*at, "cells"), what, f"one of: {', '.join(cells)}")
            if any(limit.plants for limit in limits) and choice.plants is None:
                what = f"{name} has limits for existing and for new plants"
                self._report((*at, "plants"), what, 'add plants = "existing", or "new"')
