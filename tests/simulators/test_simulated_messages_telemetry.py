"""What pot controllers say of their pots: samples, and what a control cycle comes to."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from line_seconds import PREFIX, SECOND, START, body, state, step

from simulators.mqtt_scenario import BatchForm
from simulators.physics.anode_effects import AnodeEffect
from simulators.physics.potline import LineStep
from simulators.servers.messages import Message
from simulators.servers.messages.cycles import CycleStatistics
from simulators.servers.messages.message import Sources
from simulators.servers.messages.telemetry import PotTelemetry, Sampling


class Controllers:
    """Sampling and telemetry together, as a gateway has them."""

    def __init__(self, pots: int = 4, every_s: float = 4, batch: int = 1, form: BatchForm = BatchForm.COLUMNS) -> None:
        names = [str(1043 + place) for place in range(pots)]
        self.sampling = Sampling(pots, every_s=every_s, seed=1, name="PL1")
        self.telemetry = PotTelemetry(PREFIX, "PL1", names, sources=Sources(), batch=batch, form=form)

    def of(self, step: LineStep) -> list[Message]:
        return [message for samples in self.sampling.of(step) for message in self.telemetry.of(samples)]


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
