"""From [potlines.ID.balance] to what the balance of a line stands on."""

import math
from collections.abc import Mapping, Sequence

from collector.plant.balance import BalanceRules
from collector.plant.meter import Measures, Meter
from collector.readings.quantity import Quantity
from collector.settings import models
from collector.settings import parameter_models as shapes
from collector.settings.part import DatedPart
from collector.settings.toml_file import Path_

_TOGETHER = (
    ("busbar_voltage", "busbar_voltage_uncertainty"),
    ("meters_move", "efficiency_moves"),
)


class Balances(DatedPart):
    """Builds the rules of each line's balance."""

    def built(self, settings: models.Settings, meters: Sequence[Meter]) -> Mapping[str, BalanceRules]:
        """Return the rules by potline; a potline without the section has none.

        Parameters
        ----------
        settings
            All settings.
        meters
            Those of the plant; none where it cannot be built, and then references to them are not checked.
        """
        found = {}
        for id_, section in settings.potlines.items():
            at: Path_ = ("potlines", id_, "balance")
            if section.balance is not None and self._fine(*at):
                found[id_] = self._rules(at, id_, section.balance, {meter.id: meter for meter in meters})
        return found

    def _rules(
        self, at: Path_, potline: str, section: shapes.BalanceSection, meters: Mapping[str, Meter]
    ) -> BalanceRules:
        for first, second in _TOGETHER:
            lone = [key for key in (first, second) if getattr(section, key) is not None]
            if len(lone) == 1:
                self._report((*at, lone[0]), f"{first} and {second} go together", "give both or neither")
        if section.busbar_moves is not None and section.busbar_voltage is None:
            self._report((*at, "busbar_moves"), "belongs to a busbar_voltage", "add that, or remove it")
        known: dict[str, str] = {}
        for feeder, dc in section.dc_meters.items() if meters else ():
            where = (*at, "dc_meters", feeder)
            self._check_dc(where, potline, feeder, dc, meters)
            if dc in known:
                self._report(where, f"{dc} stands behind {known[dc]} already", "name each DC meter once")
            known[dc] = feeder
        return BalanceRules(
            efficiency=section.rectifier_efficiency / 100,
            efficiency_relative=section.rectifier_efficiency_uncertainty / 200,
            least_current_ka=section.least_current,
            alpha=section.alpha / 100,
            confidence=section.confidence / 100,
            busbar_v=section.busbar_voltage,
            busbar_relative=_standard(section.busbar_voltage_uncertainty),
            pots_relative=_standard(section.pots_voltage_uncertainty),
            meters_move=_standard(section.meters_move),
            efficiency_moves=_standard(section.efficiency_moves),
            busbar_moves=_standard(section.busbar_moves),
            reference_days=section.reference_days,
            reference_from_ns=None if section.reference_from is None else self._from_ns(section.reference_from),
            dc_meters=tuple(section.dc_meters.items()),
        )

    def _check_dc(self, at: Path_, potline: str, feeder: str, dc: str, meters: Mapping[str, Meter]) -> None:
        feeders = [m.id for m in meters.values() if m.potline == potline and m.measures is Measures.RECTIFIER_AC]
        if feeder not in feeders:
            self._unknown(at, f"rectifier_ac meter in {potline}", feeder, feeders)
        elif dc not in meters:
            self._unknown(at, "meter", dc, meters)
        elif Quantity.DC_ENERGY not in meters[dc].quantities:
            self._report(at, f"{dc} has no {Quantity.DC_ENERGY.name.lower()}", "name a meter that counts DC energy")
        elif meters[dc].measures is not Measures.MONITORED:
            what = f"{dc} measures {meters[dc].measures.value}, and would be counted twice"
            self._report(at, what, f'name one that measures "{Measures.MONITORED.value}"')
        elif meters[dc].potline not in {None, potline}:
            self._report(at, f"{dc} belongs to {meters[dc].potline}", f"name a meter of {potline}, or of no potline")
        elif math.isinf(meters[dc].rated_power_kw):
            what = f"{dc} has no rated_power, and it bounds what its counter may book"
            self._report(at, what, f'add it to [meters.{dc}], like "60 MW"')


def _standard(percent: float | None) -> float | None:
    """Return a relative standard uncertainty from an expanded one, k = 2 [%]."""
    return None if percent is None else percent / 200
