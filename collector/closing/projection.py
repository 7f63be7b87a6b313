"""Lines of intervals encoded once more from the ledger, where their records are no longer kept.

The ledger is the source, and what a database has is a projection of it. Encoded again are the intensities of potlines
and of the plant, the pots in operation, masses from stacks, and shares of renewable electricity. What an entry does not
hold is not: energy balances and price tiers, which stand on more than their interval; rolling windows, which are not in
the ledger; single readings.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from collector.accounting.metal_basis import MetalBasis
from collector.accounting.parameters import Conventions, InForce, Parameters, wanted
from collector.accounting.plant_metal import PlantUncertainties, plant_by_weight, plant_metal
from collector.accounting.plant_parameters import plant_parameters
from collector.accounting.plant_sums import WHOLE_PLANT
from collector.accounting.shared_services import shared_by_metal, with_shared
from collector.accounting.stating import Uncertainties
from collector.accounting.windows import Window, windows_between
from collector.closing import entries
from collector.closing.book import Stated, stated
from collector.closing.entries import Interval
from collector.closing.market import market_of_potline
from collector.closing.plant_book import PlantStated, plant_stated
from collector.closing.plant_entries import plant_lines
from collector.closing.recomputing import KeptParameters
from collector.closing.renewable import StatedShare, renewable_shares
from collector.plant.limits import Boundary
from collector.plant.meter import Measures
from collector.plant.topology import Plant
from collector.store import ledger
from collector.store.commit import LedgerRecord

MOST_AT_ONCE = 200
"""Entries that are read and encoded in one transaction: it keeps a collector beside it from writing for some 70 ms."""

_WITH_SHARES = ("hour", "day", "month")
_PAGE = (
    "SELECT potline, window, start_ns, length_s, max(revision), reason, CAST(body AS BLOB), written_ns FROM ledger"
    " WHERE potline = ? AND window = ? AND start_ns > ? AND start_ns < ? GROUP BY start_ns ORDER BY start_ns LIMIT ?"
)


class _Beside(msgspec.Struct):
    """What stands in a body beside the sums."""

    expanded_relative_uncertainty: dict[str, float | None] | None = None
    not_configured: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    metal_standard_uncertainty_t: float | None = None


_beside = msgspec.json.Decoder(_Beside).decode


class ParametersOf:
    """With which parameters the emissions of an entry are stated: those that its window began with."""

    def __init__(self, db: sqlite3.Connection, plant: Plant, conventions: Conventions) -> None:
        self._kept = KeptParameters(db)
        self._in_force = {
            potline.id: InForce(plant, potline, wanted(plant, potline, conventions)) for potline in plant.potlines
        }
        row = db.execute("SELECT value FROM meta WHERE key = 'accounts_since_ns'").fetchone()
        self._since_ns = 0 if row is None else int(row[0])

    def __call__(self, potline: str, start_ns: int, entry: Stated) -> Parameters | None:
        """Return them; None where they are not kept, or the settings no longer tell which they were."""
        if len(entry.parameters) <= 1:
            return self._kept(start_ns, entry)
        in_force = self._in_force.get(potline)
        if in_force is None:
            return None
        try:
            parameters, name = in_force.at(max(start_ns, self._since_ns))
        except LookupError:  # the settings have no value for that time any more
            return None
        return parameters if name in entry.parameters else None


@dataclass(frozen=True, slots=True)
class Portion:
    """Some entries encoded again: how many, their lines, and behind which time the next ones begin [ns].

    ``last_ns`` is None after the last portion. ``unknown`` entries could not be: their parameters are not kept.
    """

    entries: int
    lines: Sequence[bytes]
    unknown: int
    last_ns: int | None


class Projection:
    """Encodes entries in force again. For one connection; what is read is what is in force at that moment.

    Parameters
    ----------
    db
        The store.
    plant, conventions, longest_gap_s, least_coverage_pct
        As for the closers: gaps up to ``longest_gap_s`` count as covered [s], and ratios are withheld below the least
        coverage [%].
    sent_ns
        Entries written from the first time to before the second are left out: their records are kept [ns].
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        plant: Plant,
        conventions: Conventions,
        *,
        longest_gap_s: float,
        least_coverage_pct: float,
        sent_ns: tuple[int, int],
    ) -> None:
        self._db = db
        self._plant = plant
        self._parameters = ParametersOf(db, plant, conventions)
        self._least = least_coverage_pct
        self._sent_ns = sent_ns
        wanted_of_plant = plant_parameters(plant, longest_gap_s=longest_gap_s).wanted
        self._has_casthouse = bool(wanted_of_plant.of(Measures.CASTHOUSE_AC))

    def places(self) -> list[tuple[str, str]]:
        """Return the potlines and windows that the ledger has; the plant as a whole has an empty name."""
        found: list[tuple[str, str]] = []
        row = self._db.execute("SELECT potline, window FROM ledger ORDER BY potline, window LIMIT 1").fetchone()
        following = "SELECT potline, window FROM ledger WHERE (potline, window) > (?, ?) ORDER BY 1, 2 LIMIT 1"
        while row is not None:
            found.append((str(row[0]), str(row[1])))
            row = self._db.execute(following, row).fetchone()
        return found

    def portion(self, potline: str, window: str, after_ns: int, end_ns: int) -> Portion:
        """Encode the next entries of a potline's windows that begin behind a time and before another [ns]."""
        rows = self._db.execute(_PAGE, (potline, window, after_ns, end_ns, MOST_AT_ONCE)).fetchall()
        lines: list[bytes] = []
        count = unknown = 0
        for *told, written_ns in rows:
            if self._sent_ns[0] <= written_ns < self._sent_ns[1]:
                continue
            record = LedgerRecord(*told)
            made = self._of_plant(record) if potline == WHOLE_PLANT else self._of_potline(record)
            if made is None:
                unknown += 1
            else:
                count += 1
                lines += made
        return Portion(count, lines, unknown, rows[-1][2] if len(rows) == MOST_AT_ONCE else None)

    def _interval(self, record: LedgerRecord) -> tuple[Interval, Parameters] | None:
        entry, beside = stated(record), _beside(record.body)
        parameters = self._parameters(record.potline, record.start_ns, entry)
        if parameters is None:
            return None
        sure = None
        if (found := beside.expanded_relative_uncertainty) is not None:
            energies = {name: value for name, value in found.items() if name != "t_co2e_per_t"}
            sure = Uncertainties(energies, found.get("t_co2e_per_t"), beside.not_configured, {})
        window = _window(record)
        return (
            Interval(
                record.potline, window, entry.sums, record.revision, entry.metal, sure, beside.findings, entry.fuels
            ),
            parameters,
        )

    def _of_potline(self, record: LedgerRecord) -> list[bytes] | None:
        found = self._interval(record)
        return None if found is None else entries.lines(*found, least_coverage_pct=self._least)

    def _of_plant(self, record: LedgerRecord) -> list[bytes]:
        entry, window = plant_stated(record), _window(record)
        basis, sure, shares = MetalBasis.FARADAY, None, list[StatedShare]()
        if window.name != "minute":
            basis = plant_metal(entry.sums, entry.metal).basis
            shares = self._shares(window, entry)
        if (relative := _beside(record.body)).expanded_relative_uncertainty is not None:
            told = relative.expanded_relative_uncertainty
            sure = PlantUncertainties(
                relative.metal_standard_uncertainty_t,
                told.get(Boundary.LIQUID_COMPREHENSIVE_AC.value),
                told.get(Boundary.INGOT_COMPREHENSIVE_AC.value),
                relative.not_configured,
            )
        lines = plant_lines(
            window,
            plant_by_weight(entry.sums, entry.metal),
            shares,
            plant=self._plant.id,
            has_casthouse=self._has_casthouse,
            revision=record.revision,
            least_coverage_pct=self._least,
            basis=basis,
            sure=sure,
        )
        return lines if window.name == "minute" else [*lines, *self._of_potlines(window, entry)]

    def _shares(self, window: Window, entry: PlantStated) -> list[StatedShare]:
        if window.name not in _WITH_SHARES:
            return []
        hours = [(window, entry.sums.load)]
        if window.name != "hour":
            records = ledger.latest_records(self._db, WHOLE_PLANT, "hour", window.start_ns, window.end_ns)
            known = {record.start_ns: plant_stated(record).sums.load for record in records}
            within = windows_between("hour", window.start_ns, window.end_ns, self._plant.calendar)
            hours = [(hour, known[hour.start_ns]) for hour in within if hour.start_ns in known]
        return renewable_shares(window, entry.sums.load, hours, self._plant, least_coverage_pct=self._least)

    def _of_potlines(self, window: Window, entry: PlantStated) -> list[bytes]:
        """Return what follows for potlines: emissions with electricity by the market, and services shared by metal."""
        found: list[bytes | None] = []
        shared, least = shared_by_metal(self._plant), self._least
        for potline in self._plant.potlines:
            records = ledger.latest_records(self._db, potline.id, window.name, window.start_ns, window.start_ns + 1)
            told = self._interval(records[0]) if records else None
            if told is None:
                continue
            interval, parameters = told
            energy = interval.sums.comprehensive
            bought = market_of_potline(window, energy.energy_kwh, entry.sums, self._plant)
            if bought.co2_t is not None:
                found.append(entries.emissions(interval, parameters, least_coverage_pct=least, market_t=bought.co2_t))
            if shared:
                pair = with_shared(energy, potline.id, shared, entry.sums, window.length_s)
                found.append(entries.comprehensive(interval, parameters.plant, pair, least_coverage_pct=least))
        return [line for line in found if line is not None]


def _window(record: LedgerRecord) -> Window:
    return Window(record.window, record.start_ns, record.start_ns + record.length_s * 1_000_000_000)
