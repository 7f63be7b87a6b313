"""The stream ``energy_balance``: AC, DC and pots of each window, and which meter does not fit.

Each window's own readings are tested by their classes. Days and months are compared with the line's quiet past as well,
and an hour with the 24 hours that end with it: so a meter that goes wrong is named within a day. What begins, changes
and ends to be suspected is told by `collector.closing.suspecting`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import structlog

from collector.accounting.balance import EnergyBalance, energy_balance
from collector.accounting.line_balance import (
    blamed_meters,
    is_loaded,
    is_told,
    judged,
    line_meters,
    line_readings,
)
from collector.accounting.quiet_past import Past, drifted, made_for, past_of, with_day
from collector.accounting.sums import Sums
from collector.accounting.windows import Window
from collector.closing.suspecting import Groups, Suspicions
from collector.delivery import lineprotocol
from collector.plant.balance import BalanceRules
from collector.plant.topology import Plant, Potline

log = structlog.get_logger()

NAMES = ("hour", "day", "month")
"""The windows of the stream."""


@dataclass(frozen=True, slots=True)
class LineBalance:
    """What is stated of a window.

    ``ac_kwh``, ``dc_kwh`` and ``pots_kwh`` are all that is known [kWh], None where there is no meter; loss and residual
    [%] None where AC and DC speak of different times. ``suspects``: for each error that was found, the meters that it
    can be in, in the window itself and against the quiet past; ``probability``: how likely sound meters look at least
    this bad [1]. ``missing``: readings without an uncertainty; ``unused``: balances that need a reading that is not
    there.
    """

    ac_kwh: float | None
    dc_kwh: float | None
    pots_kwh: float | None
    rectifier_loss_pct: float | None
    residual_pct: float | None
    suspects: Groups = ()
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    is_tested: bool = False
    probability: float | None = None

    @property
    def suspect(self) -> str:
        """The meter that does not fit; empty if all fit, or if it can be one of several."""
        return next((group[0] for group in self.suspects if len(group) == 1), "")


class Balancing:
    """The balances of one potline. ``rules`` None: nothing is told of it, and nothing is tested."""

    def __init__(
        self,
        plant: Plant,
        potline: Potline,
        rules: BalanceRules | None,
        *,
        kept: Mapping[str, str],
        least_coverage_pct: float,
    ) -> None:
        """Take up the line.

        Parameters
        ----------
        kept
            What ``remembered`` gave before, from the store, under the same keys; nothing or empty texts at first.
        least_coverage_pct
            Share of a window that must be known for its loss, residual and suspect [%].

        Raises
        ------
        ValueError
            If what was kept cannot be read.
        """
        self._plant, self._potline, self._rules = plant, potline, rules
        self._line = line_meters(plant, potline, rules)
        self._least_coverage_pct = least_coverage_pct
        past, suspects = (kept.get(key, "") for key in self.keys(potline.id))
        self._past = Past("") if rules is None else past_of(past, self._line, rules)
        limit = 1.0 if rules is None else rules.alpha
        self._suspicions = Suspicions(plant.id, potline.id, limit=limit, kept=suspects)
        self._lacking: tuple[str, ...] | None = None

    @staticmethod
    def keys(potline_id: str) -> tuple[str, str]:
        """Return the names under which the store remembers the past of a potline, and its suspects."""
        return f"balance_reference.{potline_id}", f"balance_suspects.{potline_id}"

    @property
    def remembered(self) -> dict[str, str]:
        """What the store has to remember, in the transaction of the window that was just stated."""
        if self._rules is None:
            return {}
        past, suspects = self.keys(self._potline.id)
        return {past: msgspec.json.encode(self._past).decode(), suspects: self._suspicions.remembered}

    def lines(self, window: Window, sums: Sums, *, last_day: Sums | None = None) -> list[bytes]:
        """Return the lines of a window that is over, with the alert of what begins, changes or ends to be suspected.

        Parameters
        ----------
        window, sums
            An hour, a day or a month, and its sums. Others have no balance.
        last_day
            For an hour: the sums of the 24 hours that end with it.
        """
        if window.name not in NAMES or not sums.minutes:
            return []
        found = self.balance(window, sums, last_day=last_day)
        if window.name == "day" and self._rules is not None:
            self._learn(window, sums, self._rules)
        self._say_what_is_missing(found)
        alerts: list[bytes] = []
        if found.is_tested and window.name != "month":
            alerts = self._suspicions.take(window, found.suspects, found.probability)
        return [*lines_of_balance(window, found, self._plant.id, self._potline.id), *alerts]

    def balance(self, window: Window, sums: Sums, *, last_day: Sums | None = None) -> LineBalance:
        """Return the balance of a window; parameters as for `lines`."""
        rules, line, least = self._rules, self._line, self._least_coverage_pct
        readings = line_readings(sums, line, rules, least_coverage_pct=least)
        metering = line.metering(sums)
        # Without rules there is no efficiency and so nothing to test: energies and loss alone are asked for.
        told = (
            judged(metering, readings, rules)
            if rules is not None
            else energy_balance(metering, readings, alpha=0.5, confidence=0.5)
        )
        if not is_told(sums, length_s=window.length_s, least_coverage_pct=least):
            return LineBalance(*_energies(sums, told), None, None)
        suspects: Groups = ()
        probability = told.probability
        is_tested = rules is not None and told.degrees > 0 and is_loaded(sums, rules)
        if rules is not None and is_tested:
            suspects = blamed_meters(told, line)
            of_a_day = last_day if window.name == "hour" else sums
            if not _named(suspects) and of_a_day is not None:
                length_s = 86400.0 if window.name == "hour" else window.length_s
                if is_told(of_a_day, length_s=length_s, least_coverage_pct=least) and is_loaded(of_a_day, rules):
                    drift = drifted(self._past, of_a_day, line, rules, least_coverage_pct=least)
                    if drift.groups:
                        suspects, probability = drift.groups, drift.probability
        return LineBalance(
            *_energies(sums, told),
            told.rectifier_loss_pct,
            told.residual_pct,
            suspects,
            told.missing,
            (*told.unused, *(f"{dc} is silent" for dc in line.silent(sums))),
            is_tested=is_tested,
            probability=probability,
        )

    def _learn(self, day: Window, sums: Sums, rules: BalanceRules) -> None:
        before = self._past
        self._past = with_day(before, day, sums, self._line, rules)
        if self._past.is_known and not before.is_known:
            log.info(
                "meters are compared with their past from now on",
                potline=self._potline.id,
                days=rules.reference_days,
                reference=made_for(self._line, rules),
            )

    def _say_what_is_missing(self, found: LineBalance) -> None:
        lacking = (*found.missing, *found.unused)
        if self._rules is None:
            lacking = ("balance",)
        if lacking == self._lacking:
            return
        self._lacking = lacking
        if self._rules is None:
            log.info(
                "meters are not tested against each other",
                potline=self._potline.id,
                reason=f"nothing is told of the line; add [potlines.{self._potline.id}.balance]",
            )
        elif lacking:
            log.info(
                "not all meters are tested against each other",
                potline=self._potline.id,
                without_uncertainty=list(found.missing),
                not_drawn=list(found.unused),
                hint="add class, ct_class and vt_class to the meters, and what is missing to "
                f"[potlines.{self._potline.id}.balance]",
            )


def lines_of_balance(window: Window, balance: LineBalance, plant: str, potline: str) -> list[bytes]:
    """Return the line of a window's balance. A meter that is not there is a missing field."""
    start = lineprotocol.series("energy_balance", {"plant": plant, "potline": potline, "window": window.name})
    line = lineprotocol.line(
        start,
        {
            "ac_kwh": balance.ac_kwh,
            "dc_kwh": balance.dc_kwh,
            "pots_kwh": balance.pots_kwh,
            "rectifier_loss_pct": balance.rectifier_loss_pct,
            "residual_pct": balance.residual_pct,
            "suspect": balance.suspect,
        },
        window.start_ns,
    )
    return [] if line is None else [line]


def _energies(sums: Sums, told: EnergyBalance) -> tuple[float | None, float | None, float | None]:
    """Return AC, DC and pots as they are known [kWh]: a rectifier that is off does not hide the others."""
    ac = sums.ac_kwh if sums.liquid_ac.minutes else None
    dc = sums.dc_kwh if sums.dc.minutes else None
    return ac, dc, told.pots_kwh


def _named(suspects: Groups) -> bool:
    return any(len(group) == 1 for group in suspects)
