"""What pot controllers and the scale say, message by message."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from simulators.physics.pot import AnodeEffect
from simulators.physics.potline import LineStep
from simulators.physics.tapping import Weighing
from simulators.servers.messages import Message, PotMessages

SECOND = 1_000_000_000
START = 1_795_316_400 * SECOND  # 2026-11-22T03:00:00Z


def controllers(pots: int = 4, every_s: int = 4) -> PotMessages:
    names = [str(1043 + place) for place in range(pots)]
    return PotMessages("example", "PL1", names, crane="K1", every_s=every_s, seed=1)


def step(
    second: int,
    voltages: list[float],
    current_a: float = 361_720.0,
    *,
    started: Sequence[AnodeEffect] = (),
    active: Sequence[AnodeEffect] = (),
    ended: Sequence[AnodeEffect] = (),
    weighings: Sequence[Weighing] = (),
) -> LineStep:
    return LineStep(
        time_ns=START + second * SECOND,
        end_ns=START + (second + 1) * SECOND,
        current_a=current_a,
        voltage_v=sum(voltages),
        dc_w=0.0,
        dc_wh=0.0,
        charge_ah=current_a / 3600,
        metal_kg=0.03,
        pot_voltages_v=np.array(voltages),
        started=list(started),
        active=list(active),
        ended=list(ended),
        weighings=list(weighings),
    )


def body(message: Message) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(message.payload)
    return decoded


def test_a_pot_tells_its_means_since_its_last_message() -> None:
    says = controllers(pots=1, every_s=4)
    assert [len(list(says.of(step(second, [4.2 + 0.01 * second])))) for second in range(4)] == [0, 0, 0, 1]
    for second in range(4, 7):
        assert list(says.of(step(second, [4.213 + (0.01 if second % 2 else -0.01)]))) == []
    (message,) = says.of(step(7, [4.213 + 0.01]))
    assert message.topic == "smelter/v1/example/potline/PL1/pot/1043/telemetry"
    told = body(message)
    assert told["ts"] == "2026-11-22T03:00:08.000Z"
    assert (told["v"], told["src"], told["seq"], told["q"], told["hist"]) == (1, "potctl-PL1-S1", 2, "good", False)
    measured = told["m"]
    assert measured["pot_voltage_v"] == 4.213
    assert measured["line_current_ka"] == 361.72
    assert measured["resistance_uohm"] == pytest.approx(7.0856, abs=1e-4)
    assert measured["noise_mv"] == 10.0
    assert measured["ae_active"] is False
    assert measured["feed_state"] in {"underfeed", "overfeed"}


def test_pots_take_turns_over_the_interval_and_each_speaks_once() -> None:
    says = controllers(pots=40, every_s=10)
    spoken: Counter[str] = Counter()
    for second in range(10):
        topics = [message.topic.split("/")[6] for message in says.of(step(second, [4.0] * 40))]
        assert len(topics) == 4
        spoken.update(topics)
    assert set(spoken.values()) == {1}


def test_sequence_numbers_count_up_for_each_controller() -> None:
    says = controllers(pots=40, every_s=10)
    seen: dict[str, list[int]] = {}
    for second in range(20):
        for message in says.of(step(second, [4.0] * 40)):
            seen.setdefault(body(message)["src"], []).append(body(message)["seq"])
    assert seen == {"potctl-PL1-S1": list(range(1, 41)), "potctl-PL1-S2": list(range(1, 41))}


def test_without_current_there_is_no_resistance() -> None:
    (message,) = controllers(pots=1, every_s=1).of(step(0, [1.65], current_a=0.0))
    assert "resistance_uohm" not in body(message)["m"]


def test_an_anode_effect_is_told_at_its_start_and_at_its_end_under_one_id() -> None:
    says = controllers(pots=2, every_s=60)
    effect = AnodeEffect(1, START + 402_000_000, START + 109_002_000_000, 25.0, 4.2)
    (first,) = says.of(step(0, [4.2, 20.0], started=[effect], active=[effect]))
    assert first.topic == "smelter/v1/example/potline/PL1/pot/1044/event/ae"
    start = body(first)
    assert (start["id"], start["phase"], start["kind"]) == ("AE-PL1-1044-20261122T030000.402Z", "start", "ae")
    assert (start["pot"], start["start"]) == ("1044", "2026-11-22T03:00:00.402Z")
    assert "duration_s" not in start
    assert "end" not in start
    effect.max_v, effect.volt_seconds = 38.7, 24.9 * 108.6
    (last,) = says.of(step(108, [4.2, 4.3], ended=[effect]))
    end = body(last)
    assert (end["id"], end["phase"]) == (start["id"], "end")
    assert (end["end"], end["duration_s"]) == ("2026-11-22T03:01:49.002Z", 108.6)
    assert (end["v_max"], end["v_avg"]) == (38.7, 24.9)
    assert end["overvoltage_mv_day"] == 26.02  # (24.9 - 4.2) V x 108.6 s / 86400 s


def test_telemetry_tells_of_a_running_anode_effect() -> None:
    says = controllers(pots=2, every_s=1)
    effect = AnodeEffect(1, START, START + 60 * SECOND, 25.0, 4.2)
    measured = [body(message)["m"] for message in says.of(step(0, [4.2, 25.0], active=[effect]))]
    assert [entry["ae_active"] for entry in measured] == [False, True]
    assert measured[1]["feed_state"] == "overfeed"


def test_a_weighing_names_its_pots_and_its_tare() -> None:
    weighing = Weighing(START + 60 * SECOND, START - 660 * SECOND, 7, (0, 1), 4921.3, 12280, 7360)
    (message,) = controllers(every_s=3600).of(step(59, [4.2] * 4, weighings=[weighing]))
    assert message.topic == "smelter/v1/example/crane/K1/weighing"
    assert body(message) == {
        "v": 1,
        "id": "W-K1-20261122-030100",
        "src": "scale-K1",
        "ts": "2026-11-22T03:01:00.000Z",
        "crucible": "CR-07",
        "order_id": "TO-20261122-030100",
        "pots": ["1043", "1044"],
        "gross_kg": 12280,
        "tare_kg": 7360,
        "net_kg": 4920,
        "stable": True,
        "in_motion": False,
        "zeroed_at": "2026-11-22T02:49:00.000Z",
        "resolution_kg": 5,
        "manual": False,
        "void": False,
    }


def test_alumina_shots_are_counted_in_step_with_the_metal() -> None:
    says = controllers(pots=1, every_s=8400)  # one whole cycle of underfeed and overfeed
    told = [
        body(message)["m"]["al2o3_shots_total"]
        for second in range(8400 * 3)
        for message in says.of(step(second, [4.2]))
    ]
    assert told[2] - told[1] == pytest.approx(8400 * 0.03 * 1.93 / 1.8, abs=2)
