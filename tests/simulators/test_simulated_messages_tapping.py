"""What scales and the plant's books say of the metal."""

from dataclasses import replace

import numpy as np
from line_seconds import PREFIX, SECOND, START, WEIGHING, body, step

from simulators.mqtt_scenario import ScaleErrors
from simulators.servers.messages import Message
from simulators.servers.messages.tapping import ProductionMessages, TappingMessages, shift


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
