"""Days of a line of 40 pots at 400 kA, as five feeders, a DC meter behind each, the line's own and its pots tell."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from example_plant import CONVENTIONS
from feeding_line import BUSBAR_V, CLASSES, EFFICIENCY, LINE_CLASSES, RULES
from line_story import PLANT
from numpy.typing import NDArray

from collector.accounting.booking import Booking
from collector.accounting.production import PotWatch
from collector.accounting.rules import rules
from collector.closing.closer import Closer
from collector.instruments import Instruments
from collector.plant.balance import BalanceRules
from collector.plant.meter import Measures
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store.commit import Commit
from collector.store.store import Store

DAY0 = 1_767_196_800_000_000_000
"""Midnight in Shanghai, 2026-01-01."""
GROUPS = range(1, 6)
QUIET_DAYS = 4
BALANCE: BalanceRules = replace(
    RULES, reference_days=QUIET_DAYS, dc_meters=tuple((f"feeder-{k}", f"dc-{k}") for k in GROUPS)
)
_HOUR = 60
Error = Callable[[str, int], float]
"""By what part a meter, or "pots", shows too much in a minute after the beginning."""


def metered_plant() -> Plant:
    """Return a plant whose line is fed by five groups, each with a DC meter of its own."""
    known = {meter.id: meter for meter in PLANT.meters}
    feeders = [replace(known["rectifier_1"], id=f"feeder-{k}", accuracy=CLASSES) for k in GROUPS]
    behind = [
        replace(known["pl1_dc"], id=f"dc-{k}", measures=Measures.MONITORED, potline=None, accuracy=LINE_CLASSES)
        for k in GROUPS
    ]
    line = replace(PLANT.potlines[0], group_dc=tuple(f"dc-{k}" for k in GROUPS))
    meters = (replace(known["pl1_dc"], accuracy=LINE_CLASSES), *feeders, *behind)
    return replace(PLANT, meters=meters, potlines=(line,))


def right(meter: str, minute: int) -> float:
    """Return the error of a meter that tells the truth."""
    del meter, minute
    return 0.0


class MeteredLine:
    """Tells hours of the line to a booking, and its closer closes them. One can be opened where another ended."""

    def __init__(self, store: Store, *, minute: int = -_HOUR) -> None:
        """``minute``: where it begins; by default an hour before the accounts do: so their first minute is whole."""
        self.plant = metered_plant()
        self._store = store
        self._minute = minute
        self._pots = PotWatch(self.plant)
        self._shown: dict[str, float] = {}

    async def open(self) -> None:
        """Go on where the store ends."""
        self._booked = rules(self.plant)
        last = await self._store.last_cells(self._booked)
        self._shown = {self.plant.points[place].name: cell.at(None).last for place, cell in last.items()}
        self._booking = Booking(self._booked, last, await self._store.last_traces(last), longest_gap_s=60.0)
        await self._store.meta("accounts_since_ns", str(DAY0))
        self._closer = Closer(
            self.plant,
            self._store,
            grace_s=60.0,
            conventions=CONVENTIONS,
            least_coverage_pct=90.0,
            pots=self._pots,
            instruments=Instruments(),
            balances={"PL1": BALANCE},
        )
        await self._closer.open(DAY0 - MINUTE_NS)

    async def hours(self, count: int, *, error: Error = right, silent: Sequence[str] = ()) -> None:
        """Tell some hours, and close them."""
        for _ in range(count):
            batch = self._hour(error, silent)
            now_ns = DAY0 + self._minute * MINUTE_NS
            for part in range(6):  # an hour comes in no one piece
                here = (batch.time_ns - batch.time_ns.min()) // (10 * MINUTE_NS) == part
                self._pots.take(batch.select(np.flatnonzero(here)))
            assert not len(self._booking.book(batch, now_ns, not_before_ns=0))
            changes = self._booking.take()
            await self._store.commit(Commit(now_ns, cells=changes.cells, traces=changes.traces))
            while (closed := await self._closer.step(now_ns)) is not None:
                await self._store.commit(closed.commit(now_ns))

    def _hour(self, error: Error, silent: Sequence[str]) -> ReadingBatch:
        """Return the readings of the next hour: each minute one of a meter, half a minute later one of a pot."""
        first = self._minute
        day, minutes = first // 1440, np.arange(first, first + _HOUR)
        rng = np.random.default_rng([7, first + _HOUR])
        load = 1 + np.random.default_rng([8, day + 1]).normal(0, 0.002, len(GROUPS))
        share = load / load.sum()
        ka = 400.0 * (1 + rng.normal(0, 0.003, _HOUR))
        volts = 170.0 * (1 + rng.normal(0, 0.003, _HOUR))
        parts: list[ReadingBatch] = []

        def wrong(name: str) -> NDArray[np.float64]:
            return np.array([1 + error(name, int(minute)) for minute in minutes])

        def tell(meter: str, quantity: Quantity, value: NDArray[np.float64], *, offset_ns: int = 0) -> None:
            place = self.plant.points.place(meter, quantity)
            time_ns = DAY0 + minutes * MINUTE_NS + offset_ns
            good = np.full(len(value), int(Quality.GOOD), np.uint8)
            if meter not in silent:
                parts.append(ReadingBatch(np.full(len(value), place, np.int32), time_ns, value, good))

        def count(meter: str, quantity: Quantity, gained: NDArray[np.float64]) -> None:
            name = self.plant.points[self.plant.points.place(meter, quantity)].name
            shown = self._shown.get(name, 1000.0) + np.cumsum(gained)
            self._shown[name] = float(shown[-1])
            tell(meter, quantity, shown)

        # What a counter shows at a minute's beginning, it has gained in the minute before.
        dc_kwh = ka * volts / 60
        count("pl1_dc", Quantity.DC_ENERGY, dc_kwh)
        count("pl1_dc", Quantity.DC_CHARGE, ka / 60)
        tell("pl1_dc", Quantity.LINE_CURRENT, ka)
        for place, k in enumerate(GROUPS):
            of_group = dc_kwh * share[place]
            count(f"feeder-{k}", Quantity.ACTIVE_ENERGY_IMPORT, of_group / EFFICIENCY * wrong(f"feeder-{k}"))
            count(f"dc-{k}", Quantity.DC_ENERGY, of_group * wrong(f"dc-{k}"))
        each_v = (170.0 - BUSBAR_V) / 40 * wrong("pots")
        for pot in self.plant.potlines[0].pots:
            tell(f"pot:{pot}", Quantity.POT_VOLTAGE, each_v, offset_ns=30 * 10**9)
        self._minute += _HOUR
        return ReadingBatch.joined(parts)
