"""The stream of the energy balance: its lines, who is named how soon, false alarms, and what is said once."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
import structlog
from feeding_line import (
    RULES,
    T0,
    FeedingLine,
    day_window,
    hour_window,
    plant_of,
    rules_of,
    steady_hour,
    with_error,
)
from line_story import PLANT
from msgspec import structs

from collector.accounting import sums as adding
from collector.accounting.sums import MeterSum, Sums
from collector.accounting.windows import HOUR_NS, Window
from collector.closing.balancing import Balancing
from collector.plant.accuracy import Accuracy
from collector.plant.balance import BalanceRules
from collector.plant.topology import Plant
from collector.store.commit import Commit
from collector.store.store import Store

SERIES = "energy_balance,plant=example,potline=PL1,window="


def balancing(
    plant: Plant, rules: BalanceRules | None = RULES, *, kept: Mapping[str, str] = MappingProxyType({})
) -> Balancing:
    return Balancing(plant, plant.potlines[0], rules, kept=kept, least_coverage_pct=90.0)


def fields(line: bytes) -> tuple[str, dict[str, str], int]:
    series, told, time = line.decode().split(" ")
    return series, dict(part.split("=") for part in told.split(",")), int(time)


class Story:
    """Hours and days of a line, as the closing tells them to its balance, and who was suspected when."""

    def __init__(self, rectifiers: int, *, group_dc: bool, seed: int) -> None:
        self.feeding = FeedingLine(rectifiers, group_dc=group_dc, seed=seed)
        plant = plant_of(rectifiers, group_dc=group_dc)
        self.balancing = balancing(plant, rules_of(rectifiers, group_dc=group_dc))
        self.hours: list[Sums] = []
        self.suspected: list[tuple[int, str, str]] = []
        """Hour after the beginning, window, suspect, where there is one."""
        self.alerts: list[bytes] = []

    def days(self, count: int, *, wrong: str = "", from_hour: int = 0) -> None:
        """Tell some days; a feeder's meter shows 2 % too much from an hour of them on."""
        hours = [hour for _ in range(count) for hour in self.feeding.day()]
        for number, hour in enumerate(hours):
            self.hours.append(with_error(hour, wrong, 0.02) if wrong and number >= from_hour else hour)
            last_day = adding.total(self.hours[-24:])
            self._tell(hour_window(len(self.hours) - 1), self.hours[-1], last_day)
            if number % 24 == 23:
                self._tell(day_window(len(self.hours) // 24 - 1), last_day, None)

    def _tell(self, window: Window, sums: Sums, last_day: Sums | None) -> None:
        line, *alerts = self.balancing.lines(window, sums, last_day=last_day)
        self.alerts += alerts
        suspect = fields(line)[1]["suspect"].strip('"')
        if suspect:
            self.suspected.append((len(self.hours), window.name, suspect))


def test_an_hour_of_68_mwh_states_its_energies_loss_and_residual() -> None:
    [line] = balancing(plant_of(2)).lines(hour_window(5), steady_hour())
    series, told, time = fields(line)
    assert (series, time) == (SERIES + "hour", T0 + 5 * HOUR_NS)
    assert float(told["ac_kwh"]) == pytest.approx(68_965.517)
    assert float(told["dc_kwh"]) == 68_000.0
    assert float(told["pots_kwh"]) == pytest.approx(64_000.0)
    assert float(told["rectifier_loss_pct"]) == pytest.approx(1.4)
    assert float(told["residual_pct"]) == pytest.approx(0.0, abs=1e-9)
    assert told["suspect"] == '""'


def test_pots_that_miss_2_of_170_volts_leave_a_residual() -> None:
    [line] = balancing(plant_of(2)).lines(hour_window(0), structs.replace(steady_hour(), pots_kwh=400 * 158.0))
    assert float(fields(line)[1]["residual_pct"]) == pytest.approx(100 * 2 / 170)


def test_without_rules_energies_and_loss_are_stated_and_what_is_missing_is_said_once() -> None:
    line = balancing(plant_of(2), None)
    with structlog.testing.capture_logs() as logs:
        [first] = line.lines(hour_window(0), steady_hour())
        line.lines(hour_window(1), steady_hour())
    told = fields(first)[1]
    assert float(told["rectifier_loss_pct"]) == pytest.approx(1.4)
    assert float(told["pots_kwh"]) == pytest.approx(64_000.0)
    assert told["suspect"] == '""'
    assert "residual_pct" not in told
    assert line.remembered == {}
    assert [entry["reason"] for entry in logs] == ["nothing is told of the line; add [potlines.PL1.balance]"]


def test_without_classes_energies_loss_and_residual_are_stated_and_what_is_missing_is_said_once() -> None:
    plant = plant_of(2)
    bare = replace(plant, meters=tuple(replace(meter, accuracy=Accuracy()) for meter in plant.meters))
    line = balancing(bare)
    wrong = with_error(steady_hour(), "feeder-1", 0.5)
    with structlog.testing.capture_logs() as logs:
        [first] = line.lines(hour_window(0), wrong)
        line.lines(hour_window(1), wrong)
    told = fields(first)[1]
    assert float(told["ac_kwh"]) == pytest.approx(1.25 * 68_965.517)
    assert float(told["residual_pct"]) == pytest.approx(0.0, abs=1e-9)
    assert told["suspect"] == '""'
    [entry] = logs
    assert entry["without_uncertainty"] == ["feeder-1", "feeder-2", "pl1_dc current", "pl1_dc voltage"]


def test_an_hour_in_which_a_feeder_was_silent_has_energies_and_no_loss() -> None:
    hour = steady_hour()
    silent = structs.replace(hour, liquid_ac=structs.replace(hour.liquid_ac, minutes=30))
    told = fields(balancing(plant_of(2)).lines(hour_window(0), silent)[0])[1]
    assert set(told) == {"ac_kwh", "dc_kwh", "pots_kwh", "suspect"}


def test_a_line_that_stands_has_a_line_without_ratios() -> None:
    hour = steady_hour()
    stands = Sums(
        minutes=60,
        dc=structs.replace(hour.dc, energy_kwh=0.0),
        liquid_ac=structs.replace(hour.liquid_ac, energy_kwh=0.0),
        meters={"feeder-1": MeterSum(0.0), "feeder-2": MeterSum(0.0)},
    )
    told = fields(balancing(plant_of(2)).lines(hour_window(0), stands)[0])[1]
    assert told == {"ac_kwh": "0.0", "dc_kwh": "0.0", "suspect": '""'}


def test_an_hour_in_which_only_transformers_take_something_is_no_fault_and_closes_nothing() -> None:
    """The line stands: 20 kWh of no load on each feeder, and a transducer that shows 0.01 kA."""
    hour = steady_hour()
    stands = structs.replace(
        hour,
        dc_kwh=0.1,
        charge_kah=0.01,
        ac_kwh=40.0,
        pots_kwh=0.0,
        pots_dc_kwh=0.0,
        meters={"feeder-1": MeterSum(20.0), "feeder-2": MeterSum(20.0)},
    )
    line = balancing(plant_of(2))
    line.lines(hour_window(0), with_error(hour, "feeder-1", 0.06))
    with structlog.testing.capture_logs() as logs:
        [told] = line.lines(hour_window(1), stands, last_day=stands)
    assert fields(told)[1]["suspect"] == '""'
    assert [entry["event"] for entry in logs if "closes" in entry["event"] or "close" in entry["event"]] == []


def test_minutes_shifts_and_windows_without_a_minute_have_no_line() -> None:
    line = balancing(plant_of(2))
    assert line.lines(Window("minute", T0, T0 + HOUR_NS // 60), steady_hour()) == []
    assert line.lines(Window("shift", T0, T0 + 8 * HOUR_NS), steady_hour()) == []
    assert line.lines(hour_window(0), Sums()) == []


@pytest.mark.parametrize("group_dc", [False, True])
@pytest.mark.parametrize("rectifiers", [2, 3, 4, 5])
def test_a_feeder_that_goes_2_percent_wrong_is_named_within_24_hours(rectifiers: int, group_dc: bool) -> None:  # noqa: FBT001 - a parameter of the test
    story = Story(rectifiers, group_dc=group_dc, seed=rectifiers)
    story.days(7)
    assert story.suspected == []
    wrong = f"feeder-{rectifiers - 1}"
    story.days(2, wrong=wrong, from_hour=10)
    after = [(hour - (7 * 24 + 10), window, suspect) for hour, window, suspect in story.suspected]
    assert {suspect for _, _, suspect in after} == {wrong}
    assert 0 < after[0][0] <= 24
    assert ("day", wrong) in {(window, suspect) for _, window, suspect in after}


@pytest.mark.parametrize(("rectifiers", "group_dc"), [(2, True), (5, False)])
def test_sixty_quiet_days_have_one_false_alarm_at_most(rectifiers: int, group_dc: bool) -> None:  # noqa: FBT001 - a parameter of the test
    story = Story(rectifiers, group_dc=group_dc, seed=11)
    story.days(67)
    began = [hour for hour, _, _ in story.suspected if hour - 1 not in {one for one, _, _ in story.suspected}]
    assert len(began) <= 1


def test_a_suspicion_is_said_when_it_begins_and_when_it_ends() -> None:
    story = Story(3, group_dc=True, seed=5)
    with structlog.testing.capture_logs() as logs:
        story.days(7)
        story.days(1, wrong="feeder-2")
        story.days(2)
    told = [(entry["event"], entry["log_level"]) for entry in logs]
    assert told == [
        ("meters are compared with their past from now on", "info"),
        ("energy balance does not close", "warning"),  # while the fault is a small part of the last 24 hours
        ("meter does not fit the energy balance", "warning"),
        ("energy balance closes again", "info"),
    ]
    states = [line.decode().split('state="')[1].split('"')[0] for line in story.alerts]
    assert states == ["firing", "firing", "resolved"]
    assert "feeder-2" in logs[1]["suspects"][0].split(" or ")
    assert (logs[2]["meter"], logs[2]["potline"]) == ("feeder-2", "PL1")


def test_what_is_stated_again_of_the_past_says_nothing_new() -> None:
    line = balancing(plant_of(2))
    line.lines(hour_window(5), steady_hour())
    with structlog.testing.capture_logs() as logs:
        [again] = line.lines(hour_window(3), structs.replace(steady_hour(), pots_kwh=400 * 130.0))
    assert fields(again)[1]["suspect"] == '"pots"'
    assert logs == []


def test_one_of_several_is_said_and_nobody_is_named() -> None:
    line = balancing(plant_of(2))
    with structlog.testing.capture_logs() as logs:
        told, alert = line.lines(hour_window(0), with_error(steady_hour(), "feeder-1", 0.06))
    assert alert.startswith(b'alert,plant=example,potline=PL1,rule=energy_balance,severity=warning state="firing"')
    assert fields(told)[1]["suspect"] == '""'
    [entry] = logs
    assert entry["event"] == "energy balance does not close"
    [group] = entry["suspects"]
    assert sorted(group.split(" or ")) == ["feeder-1", "feeder-2", "pl1_dc"]


@pytest.mark.asyncio
async def test_the_past_is_kept_in_the_store_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    feeding = FeedingLine(5, seed=3)
    days = [adding.total(feeding.day()) for _ in range(8)]
    plant, keys = plant_of(5), Balancing.keys("PL1")
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        for number, day in enumerate(days[:7]):  # a restart after each day
            line = balancing(plant, kept={key: await store.meta(key, "") for key in keys})
            line.lines(day_window(number), day)
            await store.commit(Commit(T0, remembered=line.remembered))
        line = balancing(plant, kept={key: await store.meta(key, "") for key in keys})
    told, _ = line.lines(day_window(7), with_error(days[7], "feeder-4", 0.02))
    assert fields(told)[1]["suspect"] == '"feeder-4"'
