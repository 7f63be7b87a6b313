"""The energy balance from the readings on: booked, kept, closed, and the meter named within a day of plant time."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio
from closed_day import lines
from line_story import sums_of
from metered_line import DAY0, QUIET_DAYS, Error, MeteredLine, metered_plant

from collector.store.store import Store

HOUR_NS = 3_600_000_000_000
FAULT = QUIET_DAYS * 1440 + 6 * 60
"""The minute in which something begins to be wrong: six hours into the day after the quiet ones."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def quiet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """Four quiet days of the line in a store."""
    # The loop lasts as long as the file's tests, and so do its threads: one, which is there before the first test.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    await asyncio.to_thread(int)
    path = tmp_path_factory.mktemp("quiet") / "s.sqlite"
    async with Store(path, metered_plant().points) as store:
        line = MeteredLine(store)
        await line.open()
        await line.hours(1 + QUIET_DAYS * 24 + 1)
    yield path


async def suspects(store: Store, window: str) -> list[tuple[int, str]]:
    """Return each suspect with the hours from the fault to the end of the window that names it."""
    length_ns = HOUR_NS * (24 if window == "day" else 1)
    found = []
    for line in await lines(store, f"energy_balance,plant=example,potline=PL1,window={window}"):
        _, told, start = line.split(" ")
        name = told.split('suspect="')[1].split('"')[0]
        if name:
            found.append(((int(start) + length_ns - DAY0 - FAULT * 60 * 10**9) // HOUR_NS, name))
    return found


def off_by(meter: str, relative: float) -> Error:
    return lambda name, minute: relative if name == meter and minute >= FAULT else 0.0


def pots_that_drift(name: str, minute: int) -> float:
    """Let the sum of the pot voltages rise by 2 % in half a day."""
    return 0.02 * min(1.0, max(0, minute - FAULT) / 720) if name == "pots" else 0.0


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("error", "wrong"),
    [
        (off_by("feeder-3", 0.02), "feeder-3"),
        (off_by("dc-2", -0.02), "dc-2"),
        (pots_that_drift, "pots"),
    ],
)
async def test_a_meter_that_goes_2_percent_wrong_is_named_within_a_day_of_plant_time(
    quiet: Path, tmp_path: Path, error: Error, wrong: str
) -> None:
    path = tmp_path / "s.sqlite"
    shutil.copyfile(quiet, path)
    async with Store(path, metered_plant().points) as store:
        assert await suspects(store, "hour") == []
        line = MeteredLine(store, minute=QUIET_DAYS * 1440 + 60)
        await line.open()
        await line.hours(12, error=error)
        line = MeteredLine(store, minute=QUIET_DAYS * 1440 + 13 * 60)  # after a restart
        await line.open()
        await line.hours(17, error=error)
        alerts = await lines(store, "alert,plant=example,potline=PL1,rule=energy_balance,severity=warning")
        hours, days = await suspects(store, "hour"), await suspects(store, "day")
    assert {name for _, name in hours} == {wrong}
    assert 0 < hours[0][0] <= 24
    assert days == [(18, wrong)]
    assert [alert.count('state="firing"') for alert in alerts] == [1] * len(alerts)
    assert [f"{wrong} does not fit" in alert for alert in alerts] == [False] * (len(alerts) - 1) + [True]
    assert len(alerts) <= 2


@pytest.mark.asyncio(loop_scope="module")
async def test_a_dc_meter_behind_a_group_is_kept_and_in_no_sum_of_the_line(quiet: Path) -> None:
    async with Store(quiet, metered_plant().points) as store:
        [record, *_] = await store.latest_records("PL1", "day", DAY0, DAY0 + 1)
    sums = sums_of(record)
    assert sums.meters["dc-1"].kwh == pytest.approx(sums.dc_kwh / 5, rel=0.01)
    assert sums.meters["dc-1"].minutes == sums.minutes == 1440
    assert sums.dc.energy_kwh == pytest.approx(400 * 170 * 24, rel=0.002)
    assert sums.ac_kwh == pytest.approx(sum(sums.meters[f"feeder-{k}"].kwh for k in range(1, 6)))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_dc_meter_that_falls_silent_is_not_blamed_and_its_feeder_counts_with_the_efficiency(
    quiet: Path, tmp_path: Path
) -> None:
    path = tmp_path / "s.sqlite"
    shutil.copyfile(quiet, path)
    async with Store(path, metered_plant().points) as store:
        line = MeteredLine(store, minute=QUIET_DAYS * 1440 + 60)
        await line.open()
        await line.hours(24, silent=["dc-4"])
        assert await suspects(store, "hour") == []
        assert await suspects(store, "day") == []
