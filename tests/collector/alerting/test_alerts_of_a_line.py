"""Alerts through the line and the store: told once each, over restarts, with what was pending and what fires."""

import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from alert_rules import above
from example_plant import ClockByHand, joined, open_line, raw
from line_story import PLANT, T0, S, events, lines_of

from collector.accounting.windows import Window
from collector.acquisition.source import Arrival
from collector.alerting.lines import Line, read
from collector.closing.suspecting import Suspicions
from collector.pipeline import Line as StraightLine
from collector.plant.alerts import AlertRule, Severity
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

RULE = above(
    8.0, 6.0, name="pot_voltage", stream="pot", field="voltage_v", unit="V", for_s=60.0, severity=Severity.CRITICAL
)


def pot(t_s: float, value_v: float, pot: str = "1007") -> ReadingBatch:
    place = PLANT.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE)
    return ReadingBatch.of([(place, T0 + round(t_s * S), value_v, int(Quality.GOOD))])


class Plant:
    """A store, and the lines that follow each other on it, as the processes of a collector do."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = ClockByHand(T0 - S)

    @asynccontextmanager
    async def running(self, *rules: AlertRule) -> AsyncIterator[StraightLine]:
        async with Store(self.path, PLANT.points) as store:
            yield await open_line(PLANT, store, self.clock, alerts=rules)

    async def tell(self, line: StraightLine, *told: tuple[float, float]) -> None:
        for t_s, value_v in told:
            self.clock.ns = T0 + round(t_s * S)
            await line.step([joined([pot(t_s, value_v)])])

    async def told(self) -> list[Line]:
        async with Store(self.path, PLANT.points) as store:
            return [read(line) for line in await lines_of(store) if line.startswith(b"alert,")]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return Plant(tmp_path / "s.sqlite")


def states(lines: Sequence[Line]) -> list[tuple[float, str]]:
    return [((line.time_ns - T0) / S, str(line.fields["state"])) for line in lines]


async def test_an_alert_is_a_line_of_the_stream_with_what_identifies_it(plant: Plant) -> None:
    async with plant.running(RULE) as line:
        await plant.tell(line, (0, 9.0), (30, 9.0), (60, 9.5), (90, 9.0))
        [firing] = line.alerts.firing()
    assert await plant.told() == [
        Line(
            "alert",
            {"plant": "example", "potline": "PL1", "pot": "1007", "rule": "pot_voltage", "severity": "critical"},
            {
                "state": "firing",
                "value": 9.5,
                "limit": 8.0,
                "text": "voltage_v of 1007.PL1 is above 8 V for 60 s: 9.5 V",
                "firing": 1,
            },
            T0 + 60 * S,
        )
    ]
    assert firing == {
        "rule": "pot_voltage",
        "severity": "critical",
        "state": "firing",
        "tags": {"plant": "example", "potline": "PL1", "pot": "1007"},
        "value": 9.5,
        "limit": 8.0,
        "text": "voltage_v of 1007.PL1 is above 8 V for 60 s: 9.5 V",
        "since": "2026-03-01T04:01:00Z",
        "time": "2026-03-01T04:01:00Z",
    }


async def test_what_was_pending_goes_on_after_a_restart(plant: Plant) -> None:
    async with plant.running(RULE) as line:
        await plant.tell(line, (0, 9.0), (30, 9.0))
    async with plant.running(RULE) as line:
        await plant.tell(line, (59, 9.0), (60, 9.0))
    assert states(await plant.told()) == [(60, "firing")]


async def test_what_fires_is_told_once_and_resolved_after_a_restart(plant: Plant) -> None:
    async with plant.running(RULE) as line:
        await plant.tell(line, (0, 9.0), (60, 9.0))
    async with plant.running(RULE) as line:
        assert [alert["rule"] for alert in line.alerts.firing()] == ["pot_voltage"]
        await plant.tell(line, (70, 9.0), (80, 7.0), (90, 6.0), (100, 6.0))
        assert line.alerts.firing() == []
    async with plant.running(RULE) as line:
        await plant.tell(line, (110, 6.0))
    assert states(await plant.told()) == [(60, "firing"), (90, "resolved")]


async def test_readings_that_come_late_do_not_turn_an_alert_back(plant: Plant) -> None:
    async with plant.running(RULE) as line:
        await plant.tell(line, (0, 9.0), (60, 9.0))
        await line.step([joined([pot(30, 4.0), pot(59, 4.0)])])
        await line.step([Arrival(ReadingBatch.of(()), past=pot(61, 4.0))])
    async with plant.running(RULE) as line:  # a broker sends again what was not acknowledged
        await line.step([joined([pot(30, 4.0)])])
    assert states(await plant.told()) == [(60, "firing")]


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ((), "the rule was removed"),
        ((replace(RULE, limit=8.5),), "the rule was changed"),
        ((replace(RULE, where={"pot": ("1001",)}),), "the rule was changed"),
    ],
)
async def test_a_rule_that_is_removed_or_changed_resolves_its_alert(
    plant: Plant, rules: tuple[AlertRule, ...], why: str
) -> None:
    async with plant.running(RULE) as line:
        await plant.tell(line, (0, 9.0), (60, 9.0))
    for _ in range(2):
        async with plant.running(*rules) as line:
            plant.clock.ns = T0 + 70 * S
            await line.step([])
            assert line.alerts.firing() == []
    told = await plant.told()
    assert states(told) == [(60, "firing"), (70, "resolved")]
    assert told[1].fields["text"] == f"no longer judged: {why}"


async def test_a_rule_whose_text_is_changed_goes_on(plant: Plant) -> None:
    async with plant.running(RULE) as line:
        await plant.tell(line, (0, 9.0), (60, 9.0))
    async with plant.running(replace(RULE, text="pot {pot}: {value} of {limit} {unit}")) as line:
        await plant.tell(line, (70, 9.0), (80, 5.0), (90, 9.0), (150, 9.0))
    told = await plant.told()
    assert states(told) == [(60, "firing"), (80, "resolved"), (150, "firing")]
    assert told[2].fields["text"] == "pot 1007: 9 of 8 V"


async def test_two_transitions_in_one_batch_are_two_lines(plant: Plant) -> None:
    async with plant.running(replace(RULE, for_s=0.0)) as line:
        plant.clock.ns = T0 + S
        await line.step([joined([pot(0, 9.0), pot(1, 5.0)])])
        assert line.alerts.firing() == []
    assert states(await plant.told()) == [(0, "firing"), (1, "resolved")]


async def test_a_silent_meter_fires_though_nothing_arrives_and_gaps_are_no_sign_of_life(plant: Plant) -> None:
    silent = above(0.0, side=None, name="silent", silent_for_s=600.0, where={"meter": ("rectifier_1",)})
    gap = PLANT.points.place("rectifier_1", Quantity.ACTIVE_POWER)
    async with plant.running(silent) as line:
        plant.clock.ns = T0
        await line.step([joined([raw(PLANT, "rectifier_1", T0, {Quantity.ACTIVE_POWER: 30_000.0})])])
        for t_s in (300, 599, 600, 601):
            plant.clock.ns = T0 + t_s * S
            time_ns = plant.clock.ns
            await line.step([Arrival(ReadingBatch.gap([gap], time_ns=time_ns, quality=Quality.BAD_COMM_FAILURE))])
    async with plant.running(silent) as line:
        plant.clock.ns = T0 + 700 * S
        await line.step([joined([raw(PLANT, "rectifier_1", T0 + 700 * S, {Quantity.ACTIVE_POWER: 30_000.0})])])
    told = await plant.told()
    assert states(told) == [(600, "firing"), (700, "resolved")]
    assert [told[0].fields[key] for key in ("value", "limit")] == [600.0, 600.0]
    assert told[0].fields["text"] == "active_power_kw of rectifier_1.PL1: nothing usable came for 600 s"


async def test_a_clock_that_is_set_by_an_hour_makes_no_meter_silent(plant: Plant) -> None:
    silent = above(0.0, side=None, name="silent", silent_for_s=600.0)
    async with plant.running(silent) as line:
        await plant.tell(line, (0, 4.3))
        plant.clock.set_by_s = 3600.0
        plant.clock.ns = T0 + 5 * S
        await line.step([])
    assert await plant.told() == []


async def test_the_collectors_own_alerts_stand_in_the_same_list(plant: Plant) -> None:
    hour = Window("hour", T0, T0 + 3600 * S)
    suspicions = Suspicions("example", "PL1", limit=0.01, kept="")
    async with plant.running() as line:
        await line._commit_closed(Commit(T0, lines=suspicions.take(hour, (("rectifier_1",),), 0.001)))
        [firing] = line.alerts.firing()
        assert {key: firing[key] for key in ("rule", "severity", "tags", "limit", "since")} == {
            "rule": "energy_balance",
            "severity": "warning",
            "tags": {"plant": "example", "potline": "PL1"},
            "limit": 0.01,
            "since": "2026-03-01T05:00:00Z",
        }
    async with plant.running() as line:
        assert [alert["rule"] for alert in line.alerts.firing()] == ["energy_balance"]
        later = Window("hour", T0 + 3600 * S, T0 + 7200 * S)
        await line._commit_closed(Commit(T0, lines=suspicions.take(later, (), 0.5)))
        assert line.alerts.firing() == []
    assert states(await plant.told()) == [(3600, "firing"), (7200, "resolved")]


async def test_an_hour_that_closes_fires_in_the_commit_that_states_it(plant: Plant) -> None:
    rule = above(0.0, name="pots", stream="potline", field="pots_operating", unit="")
    async with plant.running(rule) as line:
        for t_s in range(0, 140, 10):
            plant.clock.ns = T0 + t_s * S
            await line.step([joined([pot(t_s, 4.3)])])
        assert [alert["value"] for alert in line.alerts.firing()] == [40.0]
    async with Store(plant.path, PLANT.points) as store:
        records = await store.pending("nobody", most_bytes=1 << 30)
    bodies = [gzip.decompress(record.body) for record in records]
    [with_alert] = [body for body in bodies if b"alert," in body]
    assert b"pots_operating=" in with_alert


class Crash(Exception):
    """The process ends here."""


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_at_any_commit_tells_each_transition_once(
    plant: Plant,
    monkeypatch: pytest.MonkeyPatch,
    after: bool,  # noqa: FBT001
) -> None:
    story = [(t_s, 9.0 if 20 <= t_s < 200 or t_s >= 300 else 4.3) for t_s in range(0, 400, 5)]
    commit, left = Store.commit, 0

    async def crashing(store: Store, told: Commit) -> None:
        nonlocal left
        left += 1
        if left % 7 == 0:
            if after:
                await commit(store, told)
            raise Crash
        await commit(store, told)

    monkeypatch.setattr(Store, "commit", crashing)
    place = 0
    while place < len(story):
        try:
            async with plant.running(RULE) as line:
                while place < len(story):
                    await plant.tell(line, story[place])  # what was not acknowledged is sent again
                    place += 1
        except Crash:
            continue
    monkeypatch.setattr(Store, "commit", commit)
    assert states(await plant.told()) == [(80, "firing"), (200, "resolved"), (360, "firing")]


async def test_without_a_rule_nothing_is_committed_for_alerts(plant: Plant) -> None:
    async with plant.running() as line:
        judged = line.alerts.judge(pot(0, 99.0), [b"collector,plant=example readings_total=1i 5"])
        await line.step([events()])
    assert (judged.lines, judged.remembered) == ([], {})
