"""What is said of anode effects and of all that is done to pots."""

import numpy as np
import pytest
from line_seconds import PREFIX, SECOND, START, WEIGHING, body, state, step

from simulators.mqtt_scenario import Corrections
from simulators.physics.anode_effects import AnodeEffect, LowVoltageEffect
from simulators.physics.operations import PotEvent
from simulators.servers.messages.events import (
    Addition,
    AnodeChange,
    AnodeEffectMessages,
    Beam,
    ControlMode,
    Feed,
    Operation,
    OperationMessages,
    PotOperations,
    Restart,
    Shutdown,
)
from simulators.servers.messages.message import Sources


def effect_messages(corrected: float = 0.0, update_every_s: float = 30) -> AnodeEffectMessages:
    return AnodeEffectMessages(
        PREFIX,
        "PL1",
        ["1043", "1044"],
        ["potctl-PL1-S1", "potctl-PL1-S1"],
        sources=Sources(),
        update_every_s=update_every_s,
        corrections=Corrections(corrected, 3600.0),
        seed=1,
    )


def test_an_anode_effect_is_told_at_its_start_and_at_its_end_under_one_id() -> None:
    says = effect_messages()
    effect = AnodeEffect(1, START + 402_000_000, START + 109_002_000_000, 25.0, 4.2)
    (first,) = says.of(step(0, [4.2, 20.0], started=[effect], active=[effect]))
    assert first.topic == "smelter/v1/example/potline/PL1/pot/1044/event/ae"
    start = body(first)
    assert (start["id"], start["phase"], start["kind"]) == ("AE-PL1-1044-20261122T030000.402Z", "start", "ae")
    assert (start["pot"], start["start"]) == ("1044", "2026-11-22T03:00:00.402Z")
    assert "duration_s" not in start
    assert "end" not in start
    effect.max_v = 38.7
    updates = [
        body(message) for second in range(1, 100) for message in says.of(step(second, [4.2, 30], active=[effect]))
    ]
    assert [(told["phase"], told["id"], told["lasted_s"]) for told in updates] == [
        ("update", start["id"], seconds) for seconds in (30.598, 60.598, 90.598)
    ]
    effect.volt_seconds = 24.9 * 108.6
    (last,) = says.of(step(108, [4.2, 4.3], ended=[effect]))
    end = body(last)
    assert (end["id"], end["phase"]) == (start["id"], "end")
    assert (end["end"], end["duration_s"]) == ("2026-11-22T03:01:49.002Z", 108.6)
    assert (end["v_max"], end["v_avg"]) == (38.7, 24.9)
    assert end["overvoltage_mv_day"] == 26.02  # (24.9 - 4.2) V x 108.6 s / 86400 s
    assert [told["seq"] for told in (start, *updates, end)] == [1, 2, 3, 4, 5]


def test_a_wrong_end_is_corrected_to_the_truth_under_the_same_id() -> None:
    says = effect_messages(corrected=1.0, update_every_s=0)
    effect = AnodeEffect(0, START, START + 60 * SECOND, 25.0, 4.2, max_v=30.0, volt_seconds=25.0 * 60)
    (wrong,) = says.of(step(59, [4.2, 4.2], ended=[effect]))
    assert (body(wrong)["phase"], body(wrong)["duration_s"]) == ("end", 72.0)
    assert says.of(step(60 + 3598, [4.2, 4.2])) == []
    (right,) = says.of(step(60 + 3599, [4.2, 4.2]))
    told = body(right)
    assert (told["id"], told["phase"], told["duration_s"]) == (body(wrong)["id"], "correct", 60.0)
    assert told["reason"]
    assert told["seq"] > body(wrong)["seq"]


@pytest.mark.parametrize(
    ("operation", "kind", "facts"),
    [
        (Feed(2, 1, 1.8, "under"), "feed", {"feeder": 2, "shots": 1, "kg": 1.8, "mode": "under", "trigger": "timer"}),
        (
            AnodeChange("A12", 212.0, "CB-77120", "scheduled", 14),
            "anode",
            {"position": "A12", "action": "change", "butt_kg": 212.0, "new_anode_id": "CB-77120", "stall_no": 14},
        ),
        (Beam(-1.5, "tapping"), "beam", {"move_mm": -1.5, "cause": "tapping"}),
        (Addition("AlF3", 15.0, "op7"), "addition", {"material": "AlF3", "kg": 15.0, "operator": "op7"}),
        (ControlMode("auto", "manual", 4.25), "control_mode", {"from": "auto", "to": "manual", "target_v": 4.25}),
        (Restart("relining"), "restart", {"cause": "relining"}),
        (Shutdown("tapout"), "shutdown", {"cause": "tapout"}),
    ],
)
def test_each_operation_has_its_topic_and_its_facts(operation: Operation, kind: str, facts: dict[str, object]) -> None:
    message = OperationMessages(PREFIX, "PL1", ["0042"]).message(0, START, operation)
    assert message.topic == f"{PREFIX}/pot/0042/event/{kind}"
    told = body(message)
    assert (told["v"], told["kind"], told["pot"], told["ts"]) == (1, kind, "0042", "2026-11-22T03:00:00.000Z")
    assert told["id"].endswith("-PL1-0042-20261122T030000.000Z")
    assert told | facts == told


def test_a_low_voltage_effect_is_told_at_its_start_and_at_its_end_as_such() -> None:
    says = effect_messages()
    low = LowVoltageEffect(0, START, START + 100 * SECOND, 0.6)
    (first,) = says.of(step(0, [4.8, 4.2], low_voltage=[low]))
    assert first.topic == f"{PREFIX}/pot/1043/event/ae"
    start = body(first)
    assert (start["id"], start["kind"], start["phase"]) == ("LVAE-PL1-1043-20261122T030000.000Z", "lvae", "start")
    assert says.of(step(50, [4.8, 4.2], low_voltage=[low])) == []
    (last,) = says.of(step(99, [4.8, 4.2], low_voltage_ended=[low]))
    end = body(last)
    assert (end["id"], end["phase"], end["duration_s"], end["v_max"]) == (start["id"], "end", 100.0, 4.8)
    assert end["overvoltage_mv_day"] == 0.69  # 0.6 V x 100 s / 86.4


def test_an_anode_effect_that_a_pole_ended_says_so() -> None:
    effect = AnodeEffect(0, START, START + 60 * SECOND, 25.0, 4.2, 30.0, 25.0 * 60, extinguish="rod")
    (last,) = effect_messages().of(step(59, [4.2, 4.2], ended=[effect]))
    assert body(last)["extinguish"] == "rod"


def test_what_is_done_to_pots_is_found_in_the_steps() -> None:
    says = PotOperations()
    assert says.of(step(0, [4.2] * 4, weighings=[WEIGHING])) == []
    moved = state(4, beam_mm=np.array([190.0, 200.01, 203.0, 350.0]))
    raised = PotEvent("beam_raise", 3, START + 2 * SECOND)
    found = says.of(step(1, [4.2] * 4, pots=moved, events=[raised]))
    assert found == [(0, Beam(-10.0, "tapping")), (2, Beam(3.0, "resistance")), (3, Beam(150.0, "manual"))]
    time_ns = START + 3 * SECOND
    events = [
        PotEvent("anode", 0, time_ns, {"stall": 12.0, "butt_kg": 211.5}),
        PotEvent("shutdown", 1, time_ns),
        PotEvent("restart", 2, time_ns),
    ]
    assert says.of(step(2, [4.2] * 4, pots=moved, events=events)) == [
        (0, AnodeChange("A12", 211.5, "CB-000112-20261122", "scheduled", 12)),
        (1, Shutdown("relining")),
        (1, ControlMode("auto", "off", 0.0)),
        (2, Restart("relining")),
        (2, ControlMode("off", "auto", 4.2)),
    ]
