"""Contracts and certificates of a day in March, for tests."""

from datetime import UTC, date, datetime

from plantwide_story import PLANT

from collector.accounting.windows import day_window, windows_between
from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.contracts import Certificates, Contract, Technology

CALENDAR = PLANT.calendar
DAY = day_window(date(2026, 3, 1), CALENDAR)
HOURS = list(windows_between("hour", DAY.start_ns, DAY.end_ns, CALENDAR))
MARCH = (
    int(datetime(2026, 2, 28, 16, tzinfo=UTC).timestamp()) * 10**9,
    int(datetime(2026, 3, 31, 16, tzinfo=UTC).timestamp()) * 10**9,
)


def contract(name: str, technology: Technology, **amount: object) -> Contract:
    return Contract(name, technology, 0.0, "contract", MARCH[0], **amount)  # type: ignore[arg-type]


def certified(mwh: float, technology: Technology = Technology.WIND) -> Certificates:
    return Certificates("GEC-1", technology, ToldAmounts("gec.csv", (Amount(*MARCH, mwh),)))
