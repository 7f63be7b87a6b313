"""What pot controllers, scales, the laboratory and the plant's books say, message by message."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simulators.mqtt_scenario import BatchForm, Corrections, ScaleErrors
from simulators.physics.anode_effects import AnodeEffect, LowVoltageEffect
from simulators.physics.laboratory import LabReport
from simulators.physics.meter import Readout
from simulators.physics.operations import PotEvent
from simulators.physics.pot import PotState
from simulators.physics.potline import LineStep
from simulators.physics.stack import StackGas
from simulators.physics.tapping import Weighing
from simulators.plant import load_plant
from simulators.servers.messages import Message
from simulators.servers.messages.cycles import CycleStatistics
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
from simulators.servers.messages.laboratory import LaboratoryMessages
from simulators.servers.messages.message import Sources
from simulators.servers.messages.meters import LineMessages, MeterMessages, StackMessages
from simulators.servers.messages.tapping import ProductionMessages, TappingMessages, shift
from simulators.servers.messages.telemetry import PotTelemetry, Sampling

ROOT = Path(__file__).parents[2]
SECOND = 1_000_000_000
START = 1_795_316_400 * SECOND  # 2026-11-22T03:00:00Z
PREFIX = "smelter/v1/example/potline/PL1"


class Controllers:
    """Sampling and telemetry together, as a gateway has them."""

    def __init__(self, pots: int = 4, every_s: float = 4, batch: int = 1, form: BatchForm = BatchForm.COLUMNS) -> None:
        names = [str(1043 + place) for place in range(pots)]
        self.sampling = Sampling(pots, every_s=every_s, seed=1, name="PL1")
        self.telemetry = PotTelemetry(PREFIX, "PL1", names, sources=Sources(), batch=batch, form=form)

    def of(self, step: LineStep) -> list[Message]:
        return [message for samples in self.sampling.of(step) for message in self.telemetry.of(samples)]


def state(count: int, **different: NDArray[Any]) -> PotState:
    """Pots that run quietly, but for what is different."""
    quiet = PotState(
        operating=np.ones(count, dtype=np.bool_),
        alumina_pct=np.full(count, 2.6),
        temperature_c=np.full(count, 960.0),
        distance_cm=np.full(count, 4.5),
        beam_mm=np.full(count, 200.0),
        overfeeding=np.zeros(count, dtype=np.bool_),
        shots=np.full(count, 1000.0),
        target_v=np.full(count, 4.2),
    )
    return replace(quiet, **different)


def step(
    second: int,
    voltages: list[float],
    current_a: float = 361_720.0,
    *,
    started: Sequence[AnodeEffect] = (),
    active: Sequence[AnodeEffect] = (),
    ended: Sequence[AnodeEffect] = (),
    weighings: Sequence[Weighing] = (),
    low_voltage: Sequence[LowVoltageEffect] = (),
    low_voltage_ended: Sequence[LowVoltageEffect] = (),
    events: Sequence[PotEvent] = (),
    made_kg: float = 0.03,
    pots: PotState | None = None,
) -> LineStep:
    return LineStep(
        time_ns=START + second * SECOND,
        end_ns=START + (second + 1) * SECOND,
        current_a=current_a,
        voltage_v=sum(voltages),
        dc_w=sum(voltages) * current_a,
        dc_wh=sum(voltages) * current_a / 3600,
        charge_ah=current_a / 3600,
        metal_kg=0.03,
        pot_voltages_v=np.array(voltages),
        started=list(started),
        active=list(active),
        ended=list(ended),
        weighings=list(weighings),
        pots=pots or state(len(voltages)),
        pot_metal_kg=np.full(len(voltages), made_kg),
        low_voltage=list(low_voltage),
        low_voltage_ended=list(low_voltage_ended),
        events=list(events),
    )


def body(message: Message) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(message.payload)
    return decoded


# --- Telemetry --------------------------------------------------------------------------------------------------------


def test_a_pot_tells_its_means_since_its_last_message() -> None:
    says = Controllers(pots=1, every_s=4)
    assert [len(says.of(step(second, [4.2 + 0.01 * second]))) for second in range(4)] == [0, 0, 0, 1]
    for second in range(4, 7):
        assert says.of(step(second, [4.213 + (0.01 if second % 2 else -0.01)])) == []
    (message,) = says.of(step(7, [4.213 + 0.01]))
    assert message.topic == "smelter/v1/example/potline/PL1/pot/1043/telemetry"
    told = body(message)
    assert told["ts"] == "2026-11-22T03:00:08.000Z"
    assert (told["v"], told["src"], told["seq"], told["q"], told["hist"]) == (1, "potctl-PL1-S1", 2, "good", False)
    assert told["clk"] == "sync"
    measured = told["m"]
    assert measured["pot_voltage_v"] == 4.213
    assert measured["line_current_ka"] == 361.72
    assert measured["resistance_uohm"] == pytest.approx(7.0856, abs=1e-4)
    assert measured["noise_mv"] == 10.0
    assert measured["ae_active"] is False
    assert measured["control"] == "auto"
    assert measured["feed_state"] in {"underfeed", "overfeed"}


def test_pots_take_turns_over_the_interval_and_each_speaks_once() -> None:
    says = Controllers(pots=40, every_s=10)
    spoken: Counter[str] = Counter()
    for second in range(10):
        topics = [message.topic.split("/")[6] for message in says.of(step(second, [4.0] * 40))]
        assert len(topics) == 4
        spoken.update(topics)
    assert set(spoken.values()) == {1}


def test_sequence_numbers_count_up_for_each_controller() -> None:
    says = Controllers(pots=40, every_s=10)
    seen: dict[str, list[int]] = {}
    for second in range(20):
        for message in says.of(step(second, [4.0] * 40)):
            seen.setdefault(body(message)["src"], []).append(body(message)["seq"])
    assert seen == {"potctl-PL1-S1": list(range(1, 41)), "potctl-PL1-S2": list(range(1, 41))}


def test_without_current_there_is_no_resistance() -> None:
    (message,) = Controllers(pots=1, every_s=1).of(step(0, [1.65], current_a=0.0))
    assert "resistance_uohm" not in body(message)["m"]


def test_ten_samples_a_second_have_their_own_times_and_the_mean_of_the_second() -> None:
    messages = Controllers(pots=2, every_s=0.1).of(step(0, [4.2, 4.3]))
    told = [body(message) for message in messages if "/1044/" in message.topic]
    assert [entry["ts"][17:] for entry in told] == [f"00.{tenth}00Z" for tenth in range(1, 10)] + ["01.000Z"]
    voltages = [entry["m"]["pot_voltage_v"] for entry in told]
    assert len(set(voltages)) > 5
    assert sum(voltages) / 10 == pytest.approx(4.3, abs=1e-4)


def test_a_batch_of_columns_has_a_list_a_quantity_and_a_time_a_sample() -> None:
    says = Controllers(pots=2, every_s=0.1, batch=10)
    first = [body(message) for message in says.of(step(0, [4.2, 4.3]))]
    # The second pot begins with half a batch, so that not all batches come at once.
    assert [len(told["t"]) for told in first] == [5, 10]
    (told,) = [body(m) for m in says.of(step(1, [4.2, 4.3], current_a=0.0)) if "/1043/" in m.topic]
    assert (told["v"], told["src"], told["seq"], told["q"]) == (1, "potctl-PL1-S1", 4, "good")
    assert told["t"] == [f"2026-11-22T03:00:01.{tenth}00Z" for tenth in range(1, 10)] + ["2026-11-22T03:00:02.000Z"]
    assert sum(told["pot_voltage_v"]) / 10 == pytest.approx(4.2, abs=1e-4)
    assert told["resistance_uohm"] == [None] * 10
    assert {len(column) for name, column in told.items() if isinstance(column, list)} == {10}


def test_a_batch_of_samples_repeats_the_single_messages() -> None:
    single = Controllers(pots=1, every_s=1)
    batched = Controllers(pots=1, every_s=1, batch=3, form=BatchForm.SAMPLES)
    singles: list[dict[str, Any]] = []
    batches: list[dict[str, Any]] = []
    for second in range(3):
        current_a = 0.0 if second == 1 else 361_720.0
        singles += [body(message) for message in single.of(step(second, [4.2 + second], current_a))]
        batches += [body(message) for message in batched.of(step(second, [4.2 + second], current_a))]
    (batch,) = batches
    assert batch["samples"] == [{"ts": told["ts"], "m": told["m"]} for told in singles]


def test_telemetry_tells_of_a_running_anode_effect() -> None:
    says = Controllers(pots=2, every_s=1)
    effect = AnodeEffect(1, START, START + 60 * SECOND, 25.0, 4.2)
    measured = [body(message)["m"] for message in says.of(step(0, [4.2, 25.0], active=[effect]))]
    assert [entry["ae_active"] for entry in measured] == [False, True]
    assert measured[1]["feed_state"] == "overfeed"


def test_telemetry_tells_what_the_pots_are_like() -> None:
    now = state(
        3,
        shots=np.array([700_001.0, 5.0, 6.0]),
        overfeeding=np.array([False, True, False]),
        operating=np.array([True, True, False]),
        beam_mm=np.array([123.46, 200.0, 60.0]),
        temperature_c=np.array([958.74, 961.0, 700.0]),
    )
    single = [body(message)["m"] for message in Controllers(pots=3, every_s=1).of(step(0, [4.2, 4.2, 0.1], pots=now))]
    assert [told["feed_state"] for told in single] == ["underfeed", "overfeed", "off"]
    assert [told["control"] for told in single] == ["auto", "auto", "off"]
    told = single[0]
    assert (told["al2o3_shots_total"], told["anode_beam_mm"], told["bath_temp_c"]) == (700_001, 123.5, 958.7)


# --- Control cycles ---------------------------------------------------------------------------------------------------


def test_a_control_cycle_closes_with_the_energy_of_its_voltage_and_current() -> None:
    cycles = CycleStatistics(PREFIX, ["0042"], ["potctl-PL1-S1"], sources=Sources(), period_s=300)
    effect = AnodeEffect(0, START + 10_500_000_000, START + 30 * SECOND, 25.0, 4.2)
    messages: list[Message] = []
    for second in range(300):
        messages += cycles.of(
            step(
                second,
                [4.208 + (0.01 if second % 2 else -0.01)],
                361_600.0,
                started=[effect] if second == 10 else [],
                active=[effect] if 10 <= second < 29 else [],
                ended=[effect] if second == 29 else [],
                pots=state(1, shots=np.array([1000.0 + second // 30])),
            )
        )
    (message,) = messages
    assert message.topic == "smelter/v1/example/potline/PL1/pot/0042/cycle"
    told = body(message)
    assert (told["ts"], told["period_s"]) == ("2026-11-22T03:05:00.000Z", 300)
    measured = told["m"]
    # 4.208 V x 361,600 A x 300 s / 3.6e6 J/kWh
    assert measured["energy_kwh"] == 126.801
    assert (measured["pot_voltage_avg_v"], measured["pot_voltage_std_v"]) == (4.208, 0.01)
    assert (measured["pot_voltage_max_v"], measured["line_current_avg_ka"]) == (4.218, 361.6)
    assert (measured["ae_count"], measured["ae_seconds"]) == (1, 19.5)
    assert (measured["shots"], measured["alumina_kg"]) == (9, 16.2)
    assert cycles.of(step(300, [4.2])) == []


# --- Events -----------------------------------------------------------------------------------------------------------


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


# --- Tapping ----------------------------------------------------------------------------------------------------------

WEIGHING = Weighing(START + 60 * SECOND, START - 660 * SECOND, 7, (0, 1), 4921.3, 12280, 7360)


def tapping(void: float = 0.0, corrected: float = 0.0) -> TappingMessages:
    errors = ScaleErrors(void, corrected, 3600.0)
    return TappingMessages("example", "PL1", ["1043", "1044"], crane="K1", errors=errors, seed=1)


def test_a_weighing_names_its_pots_and_its_tare() -> None:
    taps, (message,), (booked,) = tapping().of(step(59, [4.2] * 2, weighings=[WEIGHING]))
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
    assert [(tap.topic, body(tap)["target_kg"]) for tap in taps] == [
        (f"{PREFIX}/pot/{pot}/event/tap", 2450) for pot in ("1043", "1044")
    ]
    assert body(taps[0])["order_id"] == body(message)["order_id"]
    assert body(taps[0])["ts_start"] < body(taps[0])["ts_end"] < body(message)["ts"]
    told = body(booked)
    assert booked.topic == "smelter/v1/example/mes/metal_tapped"
    assert (told["kind"], told["shift"], told["line"], told["net_kg"]) == ("metal_tapped", "2026-11-22N", "PL1", 4920)
    assert told["weighing_id"] == body(message)["id"]
    assert sum(pot["kg"] for pot in told["pots"]) == 4920


def test_a_crucible_is_shared_out_by_what_its_pots_have_made() -> None:
    says = tapping()
    says.of(replace(step(0, [4.2] * 2), pot_metal_kg=np.array([3.0, 1.0])))
    _, _, (booked,) = says.of(step(59, [4.2] * 2, weighings=[WEIGHING], made_kg=0.0))
    assert [pot["kg"] for pot in body(booked)["pots"]] == [3690, 1230]


def test_a_void_weighing_comes_again_under_another_id() -> None:
    says = tapping(void=0.5, corrected=0.0)
    rest: list[Message] = []
    for second in range(59, 4000, 60):
        weighing = replace(WEIGHING, time_ns=START + (second + 1) * SECOND)
        rest += says.of(step(second, [4.2] * 2, weighings=[weighing] if second < 1800 else []))[1]
    void = [body(message) for message in rest if body(message)["void"]]
    good = [body(message) for message in rest if not body(message)["void"]]
    assert len(void) > 5
    assert not any(told["stable"] for told in void)
    assert len(good) == 30
    assert {told["net_kg"] for told in good} == {4920}


def test_a_corrected_weighing_comes_again_with_a_higher_revision() -> None:
    says = tapping(corrected=1.0)
    _, (wrong,), _ = says.of(step(59, [4.2] * 2, weighings=[WEIGHING]))
    assert (body(wrong)["rev"], body(wrong)["net_kg"]) == (1, 5120)
    _, (right,), _ = says.of(step(59 + 3600, [4.2] * 2))
    assert (body(right)["rev"], body(right)["net_kg"], body(right)["id"]) == (2, 4920, body(wrong)["id"])


def test_a_day_is_reported_in_the_morning_and_again_when_the_inventory_is_known() -> None:
    says = ProductionMessages("example", "PL1")
    hours_left = 21
    assert says.of(step(0, [4.2] * 2, weighings=[WEIGHING])) == []
    assert says.of(step(hours_left * 3600, [4.2] * 2)) == []
    (first,) = says.of(step((hours_left + 6) * 3600, [4.2] * 2))
    assert first.topic == "smelter/v1/example/mes/production"
    told = body(first)
    assert (told["id"], told["day"], told["rev"]) == ("MES-DAY-2026-11-22-PL1", "2026-11-22", 1)
    assert (told["metal_net_t"], told["status"]) == (4.92, "preliminary")
    assert {body(message)["rev"] for message in says.of(step((hours_left + 71) * 3600, [4.2] * 2))} == {1}
    finals = [body(message) for message in says.of(step((hours_left + 73) * 3600, [4.2] * 2))]
    (final,) = [told for told in finals if told["status"] == "final" and told["day"] == "2026-11-22"]
    assert (final["id"], final["rev"], final["metal_net_t"]) == (told["id"], 2, 0.0)


def test_shifts_begin_at_midnight_eight_and_sixteen() -> None:
    names = [shift(START + hour * 3600 * SECOND) for hour in (0, 5, 13, 21)]
    assert names == ["2026-11-22N", "2026-11-22D", "2026-11-22E", "2026-11-23N"]


# --- Laboratory -------------------------------------------------------------------------------------------------------


def test_a_report_is_named_by_its_sample_and_a_correction_has_the_next_revision() -> None:
    laboratory = LaboratoryMessages(PREFIX, "PL1", ["0042", "0043"])
    values = {"bath_temp_c": 961.5, "excess_alf3_pct": 11.2}
    first = LabReport(START + 5 * 3600 * SECOND, START, 0, "bath", 1, 7, values)
    message = laboratory.message(first)
    assert message.topic == f"{PREFIX}/pot/0042/sample/bath"
    told = body(message)
    assert told["id"] == "BATH-PL1-0042-20261122-0300"
    assert (told["sampled_at"], told["reported_at"]) == ("2026-11-22T03:00:00.000Z", "2026-11-22T08:00:00.000Z")
    assert (told["rev"], told["m"], told["q"]) == (1, values, "manual")
    later = replace(first, reported_ns=START + 9 * 3600 * SECOND, revision=2, values=values | {"excess_alf3_pct": 12.0})
    again = body(laboratory.message(later))
    assert (again["id"], again["rev"], again["m"]["excess_alf3_pct"]) == (told["id"], 2, 12.0)
    metal = body(laboratory.message(replace(first, kind="metal", values={"fe_ppm": 800.0})))
    assert (metal["id"], metal["method"]) == ("METAL-PL1-0042-20261122-0300", "lab_oes")


# --- Line, meters, stacks ---------------------------------------------------------------------------------------------


@pytest.fixture
def readouts() -> dict[str, Readout]:
    ac = Readout(
        {"voltage": 33_000.0, "current": 600.0, "active_power": 33e6, "power_factor": 0.96, "frequency": 50.01},
        {"active_energy_import": 128_450_123_400.0},
    )
    dc = Readout({}, {"dc_energy": 10_483_344_200_000.0})
    names = ("rectifier_1", "rectifier_2", "fume_treatment", "compressed_air")
    return {"pl1_dc": dc} | dict.fromkeys(names, ac)


@pytest.fixture
def line(readouts: dict[str, Readout]) -> Callable[[], list[Message]]:
    meters = tuple(load_plant(ROOT / "config" / "plants" / "example.toml").meters.values())
    says = LineMessages("example", "PL1", meters, setpoint_a=400_000, sources=Sources())
    now = step(9, [4.0] * 40, 400_000.0)
    return lambda: [says.line(now, readouts), *says.rectifiers(now, readouts)]


def test_the_line_tells_current_voltage_and_power(line: Callable[[], list[Message]]) -> None:
    whole, *units = line()
    assert whole.topic == f"{PREFIX}/line"
    assert body(whole)["m"] == {
        "line_current_ka": 400.0,
        "line_voltage_v": 160.0,
        "dc_power_mw": 64.0,
        "ac_power_mw": 66.0,
        "units_in_service": 2,
        "current_setpoint_ka": 400.0,
        "dc_energy_mwh": 10_483_344.2,
    }
    assert [unit.topic for unit in units] == [f"{PREFIX}/rectifier/{number}/telemetry" for number in (1, 2)]
    assert body(units[0])["m"]["dc_current_ka"] == 200.0


def test_meters_keep_counters_apart_from_gauges(readouts: dict[str, Readout]) -> None:
    meters = tuple(load_plant(ROOT / "config" / "plants" / "example.toml").meters.values())
    messages = MeterMessages("example", meters, sources=Sources()).of(START, readouts)
    assert [message.topic for message in messages] == [
        f"smelter/v1/example/meter/{name}/telemetry"
        for name in ("rectifier_1", "rectifier_2", "fume_treatment", "compressed_air")
    ]
    told = body(messages[2])
    assert (told["meter"], told["seq"], told["m"]["p_kw"], told["m"]["pf"]) == ("fume_treatment", 1, 33_000.0, 0.96)
    assert told["m"]["q_kvar"] == 9625.0
    assert told["c"] == {"e_imp_kwh": 128_450_123.4, "e_exp_kwh": 0.0}


def gas(hf_mg_nm3: float, hours: float) -> StackGas:
    nm3 = 2e6 * hours
    return StackGas(
        flow_nm3h=2e6,
        flow_m3h=2.7e6,
        temperature_c=85.0,
        pressure_kpa=101.1,
        moisture=0.012,
        hf_mg_nm3=hf_mg_nm3,
        so2_mg_nm3=120.0,
        dust_mg_nm3=2.5,
        hf_kg=hf_mg_nm3 * nm3 * 1e-6,
        so2_kg=120.0 * nm3 * 1e-6,
        dust_kg=2.5 * nm3 * 1e-6,
    )


def test_a_stack_tells_the_means_of_its_gas() -> None:
    says = StackMessages("example", "GTC-1")
    assert says.of(START) == []
    says.count(gas(0.5, 30 / 3600), 30)
    says.count(gas(0.9, 30 / 3600), 30)
    (message,) = says.of(START + 60 * SECOND)
    assert message.topic == "smelter/v1/example/cems/GTC-1/telemetry"
    told = body(message)
    assert (told["q"], told["state"], told["avg_s"]) == ("good", "measuring", 60)
    assert told["m"] == {
        "hf_mg_nm3": 0.7,
        "so2_mg_nm3": 120.0,
        "dust_mg_nm3": 2.5,
        "flow_nm3_h": 2_000_000,
        "temp_c": 85.0,
        "pressure_kpa": 101.1,
        "h2o_pct": 1.2,
    }
    assert says.of(START + 120 * SECOND) == []


def test_a_stack_holds_its_values_while_it_is_calibrated() -> None:
    says = StackMessages("example", "GTC-1")
    midnight = START + 21 * 3600 * SECOND
    told = []
    for minute in range(-1, 17):
        says.count(gas(0.5 + 0.01 * minute, 1 / 60), 60)
        told += [body(message) for message in says.of(midnight + minute * 60 * SECOND)]
    assert [entry["q"] for entry in told] == ["good"] + ["hold"] * 15 + ["good"] * 2
    assert all(entry["m"] == told[0]["m"] for entry in told[1:16])
    assert told[16]["m"] != told[0]["m"]
    assert (told[5]["state"], told[5]["avg_s"]) == ("calibration", 60)
