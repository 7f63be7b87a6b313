"""Anode effects and weighings that Sparkplug nodes tell as the last one of each."""

import pytest
from sparkplug_talk import NOON_MS, VOLTAGE, Host, Spec, Talker

from collector.acquisition.mqtt.message import Cause
from collector.readings.event import AnodeEffect, AnodeEffectKind, EffectCounters, Event, Weighing
from simulators.servers.sparkplug_wire import DataType, Value

ID = ("Pot/AE/LastId", 10, DataType.STRING, "")
START = ("Pot/AE/LastStart", 11, DataType.DATETIME, "")
DURATION = ("Pot/AE/LastDuration", 12, DataType.DOUBLE, "s")
V_MAX = ("Pot/AE/LastVMax", 13, DataType.FLOAT, "V")
OVERVOLTAGE = ("Pot/AE/LastOvervoltage", 14, DataType.DOUBLE, "mV.day")
COUNT = ("Pot/AE/Count", 15, DataType.UINT64, "")
SECONDS = ("Pot/AE/Seconds", 16, DataType.DOUBLE, "s")
TAP_ID = ("Pot/Tap/LastId", 20, DataType.STRING, "")
TAP_KG = ("Pot/Tap/LastKg", 21, DataType.DOUBLE, "kg")
NEVER: dict[Spec, Value | None] = {
    VOLTAGE: 4.2,
    **dict.fromkeys((ID, START, DURATION, V_MAX, OVERVOLTAGE, TAP_ID, TAP_KG)),
    COUNT: 100,
    SECONDS: 8000.0,
}


def effect(number: int, **changes: Value) -> dict[Spec, Value | None]:
    """Return what is told of the n-th anode effect since noon."""
    told: dict[str, Value] = {
        "id": f"AE-{number}",
        "start": NOON_MS + number * 60_000,
        "duration": 108.6,
        "v_max": 38.5,
        "overvoltage": 26.0,
    }
    told |= changes
    return dict(zip((ID, START, DURATION, V_MAX, OVERVOLTAGE), told.values(), strict=True))


def counters(count: int, seconds: float) -> dict[Spec, Value | None]:
    return {COUNT: count, SECONDS: seconds}


def born(host: Host, node: Talker, values: dict[Spec, Value | None] | None = None, pot: str = "1001") -> None:
    host.hear(node.nbirth(), node.dbirth(pot, NEVER | (values or {})))


def later(host: Host, node: Talker, ms: int = 1000) -> None:
    host.now_ms += ms
    node.now_ms += ms


def effects(host: Host) -> list[AnodeEffect]:
    return [event for event in host.events if isinstance(event, AnodeEffect)]


def beside_counters(host: Host) -> list[Event]:
    """Return what is told beside the counters."""
    return [event for event in host.events if not isinstance(event, EffectCounters)]


def test_the_last_metrics_together_are_an_anode_effect() -> None:
    host, node = Host(), Talker()
    born(host, node)
    later(host, node, 200_000)
    host.hear(node.ddata("1001", effect(1)))
    assert beside_counters(host) == [
        AnodeEffect(
            id="AE-1",
            rank=2 << 48,
            potline="PL1",
            pot="1001",
            kind=AnodeEffectKind.HVAE,
            time_ns=(NOON_MS + 60_000) * 1_000_000,
            duration_s=108.6,
            max_v=38.5,
            overvoltage_v_s=26.0 * 86.4,
            corrected=False,
        )
    ]
    assert host.refused == []


def test_a_birth_that_repeats_it_is_no_other_one() -> None:
    host, node = Host(), Talker()
    born(host, node)
    host.hear(node.ddata("1001", effect(1)))
    for _ in range(3):
        later(host, node)
        born(host, node, effect(1))
    assert len(effects(host)) == 1


def test_one_that_was_told_while_nobody_listened_is_learnt_from_the_birth() -> None:
    host, node = Host(), Talker()
    born(host, node, effect(1))
    assert [event.id for event in effects(host)] == ["AE-1"]


def test_the_same_one_has_the_same_rank_from_a_birth_and_from_data_so_the_store_takes_it_once() -> None:
    first, second, node = Host(), Host(), Talker()
    born(first, node, effect(1))
    later(second, node)
    born(second, node)
    second.hear(node.ddata("1001", effect(1)))
    assert effects(first) == effects(second)


def test_a_correction_under_the_same_id_has_a_higher_rank() -> None:
    host, node = Host(), Talker()
    born(host, node)
    host.hear(node.ddata("1001", effect(1)))
    later(host, node)
    host.hear(node.ddata("1001", {DURATION: 90.0}))
    first, second = effects(host)
    assert (second.id, second.duration_s, second.max_v, second.corrected) == ("AE-1", 90.0, 38.5, True)
    assert second.rank > first.rank


def test_what_stayed_the_same_from_the_one_before_may_be_left_out() -> None:
    host, node = Host(), Talker()
    born(host, node)
    host.hear(node.ddata("1001", effect(1)))
    host.hear(node.ddata("1001", {ID: "AE-2", START: NOON_MS - 5000, V_MAX: 30.0}))
    assert [(e.id, e.time_ns // 1_000_000, e.duration_s, e.max_v) for e in effects(host)] == [
        ("AE-1", NOON_MS + 60_000, 108.6, 38.5),
        ("AE-2", NOON_MS - 5000, 108.6, 30.0),
    ]


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({ID: "AE-2"}, Cause.MISSING),
        ({ID: "AE-2", START: NOON_MS, DURATION: None}, Cause.MISSING),
        (effect(2, start=5), Cause.IMPOSSIBLE_TIME),
        (effect(2, start=NOON_MS + 90_000_000), Cause.IMPOSSIBLE_TIME),
        (effect(2, duration=-1.0), Cause.IMPOSSIBLE_TIME),
        (effect(2, duration=90_000.0), Cause.IMPOSSIBLE_TIME),
        (effect(2, id="x" * 300), Cause.WRONG_TYPE),
        (effect(2, duration=float("nan")), Cause.NOT_A_NUMBER),
    ],
)
def test_one_that_cannot_be_is_refused_and_does_not_change_what_is_known(
    told: dict[Spec, Value | None], cause: Cause
) -> None:
    host, node = Host(), Talker()
    born(host, node)
    host.hear(node.ddata("1001", told | {VOLTAGE: 4.5}))
    assert cause in host.causes()
    assert beside_counters(host) == []
    assert host.rows[-1][2] == 4.5
    host.hear(node.ddata("1001", effect(3)))
    assert [event.id for event in effects(host)] == ["AE-3"]


def test_stored_ones_are_told_each_by_itself_and_the_present_one_stays() -> None:
    host, node = Host(), Talker()
    born(host, node, effect(9))
    host.hear(
        node.ddata("1001", effect(1), at_ms=NOON_MS - 7000, historical=True),
        node.ddata("1001", effect(2, duration=20.0), at_ms=NOON_MS - 3000, historical=True),
        node.ddata("1001", {V_MAX: 40.0}),
    )
    assert [(e.id, e.duration_s, e.max_v) for e in effects(host)] == [
        ("AE-9", 108.6, 38.5),
        ("AE-1", 108.6, 38.5),
        ("AE-2", 20.0, 38.5),
        ("AE-9", 108.6, 40.0),
    ]


def test_an_effect_of_a_pot_that_moved_to_another_node_is_the_same() -> None:
    host, node, other = Host(), Talker("PL1-S1"), Talker("PL1-S2")
    born(host, node, effect(1))
    born(host, other, effect(1))
    assert len(effects(host)) == 1


# --- Counters ---------------------------------------------------------------------------------------------------------


def test_effects_that_were_never_told_are_found_by_the_counters() -> None:
    host, node = Host(), Talker()
    born(host, node, counters(100, 8000.0))
    host.hear(node.ddata("1001", {VOLTAGE: 4.2}))
    host.hear(node.ddata("1001", effect(1, duration=100.0) | counters(101, 8100.0)))
    later(host, node)
    born(host, node, effect(4, duration=50.0) | counters(104, 8250.0))
    assert host.refused == []
    later(host, node)
    host.hear(node.ddata("1001", {VOLTAGE: 4.2}))
    (found,) = host.refused
    assert found.problem.cause is Cause.MISSING
    assert str(found.problem) == "pot 1001 counts 2 anode effects more than it has told, of together 100.0 s"
    host.hear(node.ddata("1001", {VOLTAGE: 4.3}))
    assert len(host.refused) == 1


def test_effects_that_are_told_after_the_birth_as_stored_are_not_missed() -> None:
    host, node = Host(), Talker()
    born(host, node, counters(100, 8000.0))
    host.hear(node.ddata("1001", {VOLTAGE: 4.2}))
    later(host, node, 300_000)
    born(host, node, effect(3) | counters(103, 8325.8))
    host.hear(
        node.ddata("1001", effect(1), at_ms=NOON_MS + 200_000, historical=True),
        node.ddata("1001", effect(2), at_ms=NOON_MS + 250_000, historical=True),
        node.ddata("1001", effect(3), at_ms=NOON_MS + 290_000, historical=True),
        node.ddata("1001", {VOLTAGE: 4.2}),
    )
    assert len(effects(host)) == 3
    assert host.refused == []


def test_counters_that_begin_again_are_nothing_missed() -> None:
    host, node = Host(), Talker()
    for count in (100, 0, 0):
        later(host, node)
        born(host, node, counters(count, 80.0 * count))
        host.hear(node.ddata("1001", {VOLTAGE: 4.2}))
    assert host.refused == []


# --- Weighings --------------------------------------------------------------------------------------------------------


def test_metal_tapped_is_a_weighing_of_the_pot_and_pots_of_one_crucible_do_not_replace_each_other() -> None:
    host, node = Host(), Talker()
    host.hear(node.nbirth(), node.dbirth("1001", NEVER), node.dbirth("1002", NEVER))
    for pot in ("1001", "1002", "1001"):
        host.hear(node.ddata(pot, {TAP_ID: "W-K1-7", TAP_KG: 2455.0}))
    later(host, node)
    host.hear(node.nbirth(), node.dbirth("1001", NEVER | {TAP_ID: "W-K1-7", TAP_KG: 2455.0}))
    assert beside_counters(host) == [
        Weighing(
            id=f"W-K1-7/{pot}",
            rank=0,
            potline="PL1",
            pots=(pot,),
            time_ns=NOON_MS * 1_000_000,
            net_kg=2455.0,
            refused=None,
        )
        for pot in ("1001", "1002")
    ]


def test_a_weight_is_converted_corrected_and_refused_where_it_is_negative() -> None:
    host, node = Host(), Talker()
    in_tonnes = ("Pot/Tap/LastKg", 21, DataType.DOUBLE, "t")
    host.hear(node.nbirth(), node.dbirth("1001", {TAP_ID: None, in_tonnes: None}))
    host.hear(node.ddata("1001", {TAP_ID: "W", in_tonnes: 2.4}))
    later(host, node)
    host.hear(node.ddata("1001", {in_tonnes: -2.5}))
    first, second = beside_counters(host)
    assert isinstance(first, Weighing)
    assert isinstance(second, Weighing)
    assert first.net_kg == pytest.approx(2400.0)
    assert first.refused is None
    assert second.net_kg == pytest.approx(-2500.0)
    assert second.refused == "the net weight is negative"
    assert second.rank > first.rank


def test_a_field_of_a_wrong_type_is_told_at_the_birth() -> None:
    host, node = Host(), Talker()
    number = ("Pot/AE/LastId", 10, DataType.INT64, "")
    host.hear(node.nbirth(), node.dbirth("1001", {number: 5, VOLTAGE: 4.2}))
    assert host.causes() == [Cause.WRONG_TYPE]
    assert beside_counters(host) == []


def test_a_unit_that_a_part_of_an_event_cannot_have_is_told_at_the_birth() -> None:
    host, node = Host(), Talker()
    host.hear(node.nbirth(), node.dbirth("1001", {("Pot/AE/LastDuration", 12, DataType.DOUBLE, "V"): 5.0}))
    assert host.causes() == [Cause.WRONG_UNIT]
    assert "'V' is no unit for it; one of: ms, s, min" in str(host.refused[0].problem)


def test_an_id_that_is_no_text_in_utf_8_is_refused() -> None:
    host, node = Host(), Talker()
    born(host, node)
    said = node.ddata("1001", effect(1, id="AE-Q"))
    said.payload = said.payload.replace(b"AE-Q", b"AE-\xff")
    host.hear(said)
    assert host.causes() == [Cause.NOT_UTF8]
    assert beside_counters(host) == []


def test_counters_are_told_when_they_change_with_their_time() -> None:
    host, node = Host(), Talker()
    born(host, node)
    later(host, node)
    host.hear(node.ddata("1001", counters(100, 8000.0)))
    later(host, node)
    host.hear(node.ddata("1001", counters(101, 8108.6)))
    counts = [event for event in host.events if isinstance(event, EffectCounters)]
    assert [(each.pot, each.count, each.seconds) for each in counts] == [("1001", 100, 8000.0), ("1001", 101, 8108.6)]
    assert counts[1].time_ns - counts[0].time_ns == 2_000_000_000
