"""How the longer windows of a potline are made again, to the byte, from what the ledger and the inputs still have."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from collector.accounting import sums as adding
from collector.accounting.fuel_spread import FuelsOfWindow
from collector.accounting.intensity import FARADAY, Metal
from collector.accounting.parameters import Parameters
from collector.accounting.stating import Bridged, Uncertainties, uncertainties
from collector.accounting.sums import Sums
from collector.accounting.windows import DAY_NS, HOUR_NS, Window
from collector.closing import entries
from collector.closing.auditing import Account, Entry, Made
from collector.closing.book import stated
from collector.closing.entries import Interval
from collector.closing.fuels import fuels_of
from collector.closing.recomputing import differences
from collector.closing.tonnage import BY_WEIGHT, Tonnes, rules_of_metal, tonnes
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS
from collector.store import ledger
from collector.store.commit import LedgerRecord

_UNCERTAINTY = frozenset({"expanded_relative_uncertainty", "not_configured", "stated_with"})
_FUELS = frozenset({"fuels"})
_METAL = frozenset({"metal", "findings"})
_EVENTS_REACH_NS = 40 * DAY_NS
"""Weighings, books and samples so far before a window may have a part in its metal."""


class _Body(msgspec.Struct):
    """What the body of a longer window says beside its sums; an older version may not have said it."""

    parameters: tuple[str, ...] = ()
    stated_with: str = ""
    metal: Metal = FARADAY
    metal_rules: str = ""
    fuels: FuelsOfWindow | None = None
    findings: tuple[str, ...] = ()
    not_configured: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """The settings as they are now, by which weighed metal is stated again where an entry names the same ones."""

    plant: Plant
    least_coverage_pct: float


class LineAudit:
    """Makes the longer windows of one potline again.

    Parameters
    ----------
    db
        The store.
    potline
        Whose.
    parameters
        Returns kept parameters by their digest; None where they are not kept.
    weighed
        None: weighed metal is not stated again, and counted as such.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        potline: str,
        parameters: Callable[[str], Parameters | None],
        weighed: Weighed | None,
    ) -> None:
        self._db = db
        self._potline = potline
        self._parameters = parameters
        self._weighed = weighed
        self._hour: tuple[int, dict[int, Sums]] = (-1, {})
        # Inputs are let go of from the oldest on, and so are minutes.
        first = db.execute("SELECT min(minute_ns) FROM pots WHERE potline = ?", (potline,)).fetchone()[0]
        since = db.execute("SELECT value FROM meta WHERE key = 'accounts_since_ns'").fetchone()
        is_all = first is not None and since is not None and first <= int(since[0])
        self._events_since_ns = 0 if is_all else 2**63 - 1 if first is None else int(first)
        row = db.execute("SELECT min(start_ns) FROM ledger WHERE potline = ? AND window = 'minute'", (potline,))
        minute_ns = row.fetchone()[0]
        # A window may begin before the accounts do: then its minutes are all there.
        is_from_the_first = minute_ns is not None and since is not None and minute_ns <= int(since[0])
        self._minutes_since_ns = 0 if is_from_the_first else minute_ns

    @property
    def account(self) -> Account[Sums]:
        """How the potline's entries are read, added up and made again."""
        return Account(self._potline, _entry, adding.total, self._make, _in_words)

    def _make(self, window: Window, sums: Sums, digests: tuple[str, ...], body: bytes) -> Made:
        said = msgspec.json.decode(body, type=_Body)
        unknown: set[str] = set()
        told = Tonnes(said.metal, said.findings)
        if window.name in BY_WEIGHT and (said.metal_rules or said.metal != FARADAY or said.findings):
            again = self._tonnes(window, sums, said.metal_rules)
            if again is None or (again != told and window.start_ns - _EVENTS_REACH_NS < self._events_since_ns):
                unknown |= _METAL
            else:
                told = again
        fuels = None if self._weighed is None else fuels_of(self._weighed.plant, self._potline, window, sums)
        if fuels != said.fuels:
            unknown |= _FUELS  # amounts may have been told since: then the windows are stated again at the next start
        sure: Uncertainties | None = None
        name = said.stated_with or (digests[0] if len(digests) == 1 else "")
        if said.not_configured is not None:
            parameters = self._parameters(name) if name else None
            bridged = self._bridged(window, sums)
            if parameters is None or bridged is None:
                unknown |= _UNCERTAINTY
            else:
                factors = () if said.fuels is None else said.fuels.factors
                sure = uncertainties(
                    sums, parameters, told.metal, length_s=window.length_s, at_edges=bridged, fuels=factors
                )
        of = Interval(self._potline, window, sums, 1, told.metal, sure, told.findings, said.fuels)
        record = entries.record(
            of, reason="", parameters=digests, stated_with=said.stated_with, metal_rules=said.metal_rules
        )
        return Made(record.body, frozenset(unknown))

    def _tonnes(self, window: Window, sums: Sums, rules: str) -> Tonnes | None:
        """Return how the metal of a window is stated; None where that is not by the rules that its entry names."""
        if self._weighed is None or not rules:
            return None
        plant, least = self._weighed.plant, self._weighed.least_coverage_pct
        potline = next((potline for potline in plant.potlines if potline.id == self._potline), None)
        if potline is None or rules_of_metal(plant, potline, least_coverage_pct=least) != rules:
            return None
        return tonnes(self._db, plant, potline, window, sums, least_coverage_pct=least)

    def _bridged(self, window: Window, sums: Sums) -> dict[str, tuple[Bridged, ...]] | None:
        """Return what of each meter was bridged over the window's edges; None where the minutes are gone."""
        meters = [meter for meter, amount in sums.meters.items() if amount.estimated_kwh > 0]
        if not meters:
            return {}
        if self._minutes_since_ns is None or window.start_ns < self._minutes_since_ns:
            return None
        return {meter: tuple(self._at_edges(window, meter)) for meter in meters}

    def _at_edges(self, window: Window, meter: str) -> Iterator[Bridged]:
        """Yield what the book of a potline tells of a meter's gaps at the edges (`collector.closing.book`)."""
        for starts in (
            range(window.start_ns, window.end_ns, MINUTE_NS),
            range(window.end_ns - MINUTE_NS, window.start_ns - 1, -MINUTE_NS),
        ):
            kwh = minutes = 0.0
            for start_ns in starts:
                sums = self._minute(start_ns)
                amount = None if sums is None else sums.meters.get(meter)
                if amount is None or amount.estimated_kwh <= 0:
                    break
                kwh, minutes = kwh + amount.estimated_kwh, minutes + 1
            if minutes:
                yield Bridged(kwh, minutes / 60)

    def _minute(self, start_ns: int) -> Sums | None:
        hour_ns = start_ns - start_ns % HOUR_NS
        if self._hour[0] != hour_ns:
            records = ledger.latest_records(self._db, self._potline, "minute", hour_ns, hour_ns + HOUR_NS)
            self._hour = hour_ns, {record.start_ns: stated(record).sums for record in records}
        return self._hour[1].get(start_ns)


def _entry(record: LedgerRecord) -> Entry[Sums]:
    said = stated(record)
    return Entry(said.sums, said.parameters)


def _in_words(known: Sums, found: Sums) -> str:
    return ", ".join(differences(known, found))
