"""Pots as physics: what their voltage is made of, what alumina does to it, and what follows from that."""

import time

import numpy as np
import pytest

from simulators.physics.alumina import Alumina
from simulators.physics.noise import stream
from simulators.physics.operations import Outage
from simulators.physics.pot import Pots
from simulators.physics.voltage import BACK_EMF_V, PotVoltage, alumina_shape_v

START = 1_795_316_400 * 1_000_000_000
SECOND = 1_000_000_000
LINE_A = 400_000.0


def pots(
    count: int = 40,
    *,
    effects: float = 0.0,
    low_voltage: float = 0.0,
    anode_change_every_s: float | None = None,
    outages: tuple[Outage, ...] = (),
) -> Pots:
    made = Pots(
        stream(1, "pots"),
        count,
        current_a=LINE_A,
        voltage_v=4.0,
        anode_effects_per_pot_day=effects,
        low_voltage_effects_per_pot_day=low_voltage,
        anode_change_every_s=anode_change_every_s,
        outages=outages,
    )
    made.warm_up(3600.0, 10.0)
    return made


@pytest.mark.parametrize(
    ("alumina_pct", "millivolts"),
    [
        (1.9, 381),
        (2.0, 199),
        (2.2, 90),
        (2.5, 37),
        (3.0, 8),
        (3.5, 0),
        (4.0, 1),
        (4.5, 5),
        (5.0, 13),
        (6.0, 35),
        (7.0, 61),
    ],
)
def test_alumina_moves_the_voltage_as_the_table_says(alumina_pct: float, millivolts: float) -> None:
    bath = {"temperature_c": np.array([957.0]), "distance_cm": np.array([4.0])}
    voltage = PotVoltage(LINE_A, np.ones(1), np.ones(1))
    lowest = voltage.components(LINE_A, alumina_pct=np.array([3.5]), **bath).total
    found = voltage.components(LINE_A, alumina_pct=np.array([alumina_pct]), **bath).total
    assert 1000 * float((found - lowest)[0]) == pytest.approx(millivolts, abs=0.01)


def test_the_voltage_falls_steadily_down_to_its_minimum_and_rises_steadily_beyond() -> None:
    shape = alumina_shape_v(np.arange(1.6, 7.0, 0.01))
    minimum = int(np.argmin(shape))
    assert 3.5 <= 1.6 + 0.01 * minimum <= 4.0
    assert (np.diff(shape[: minimum + 1]) <= 1e-12).all()
    assert (np.diff(shape[minimum:]) >= -1e-12).all()
    assert shape.min() > -0.001


def test_the_parts_of_the_voltage_are_of_the_usual_size_and_add_up() -> None:
    voltage = PotVoltage(LINE_A, np.ones(1), np.ones(1))
    distance_cm = voltage.distance_cm(np.array([4.0]))
    parts = voltage.components(
        LINE_A, temperature_c=np.array([957.0]), alumina_pct=np.array([3.5]), distance_cm=distance_cm
    )
    assert 3.5 <= distance_cm[0] <= 5.0
    assert parts.total[0] == pytest.approx(4.0, abs=1e-9)
    for part, low, high in (
        (parts.reversible, 1.20, 1.23),
        (parts.anode_overvoltage, 0.45, 0.6),
        (parts.cathode_overvoltage, 0.03, 0.1),
        (parts.bath, 1.2, 1.5),
        (parts.bubbles, 0.15, 0.25),
        (parts.anode, 0.25, 0.35),
        (parts.cathode, 0.20, 0.33),
    ):
        assert low <= part[0] <= high


def test_the_tangent_of_voltage_over_current_meets_the_axis_at_1_65_volts() -> None:
    made = pots(400)
    above, below = (made.components(LINE_A * factor).total.mean() for factor in (1.02, 0.98))
    slope = (above - below) / (0.04 * LINE_A)
    assert made.components(LINE_A).total.mean() - slope * LINE_A == pytest.approx(BACK_EMF_V, abs=0.05)


def test_a_warmer_bath_and_a_shorter_distance_take_less_voltage() -> None:
    voltage = PotVoltage(LINE_A, np.ones(3), np.ones(3))
    parts = voltage.components(
        LINE_A,
        temperature_c=np.array([957.0, 967.0, 957.0]),
        alumina_pct=np.full(3, 3.0),
        distance_cm=np.array([4.0, 4.0, 3.9]),
    )
    usual, warm, near = parts.total
    assert -0.03 < warm - usual < -0.01
    assert -0.04 < near - usual < -0.03


def test_alumina_that_is_fed_is_dissolved_lies_in_the_pot_or_has_become_metal() -> None:
    alumina = Alumina(stream(1, "x"), 10, nominal_a=LINE_A, nominal_kg_per_s=0.066)
    before = alumina.contained_kg.copy()
    fed = np.ones(10, dtype=np.bool_)
    given = np.zeros(10)
    for _ in range(3600):
        given += alumina.step(np.full(10, 0.066), 1.0, fed, 1.0)
    assert given.min() > 100
    assert alumina.contained_kg == pytest.approx(before + given - 3600 * 0.066, rel=1e-9)


def test_feeding_swings_between_70_and_140_percent_and_keeps_the_alumina_between_2_and_4_percent() -> None:
    line = pots(100)
    before = line.alumina.shots.copy()
    over = []
    for second in range(0, 43_200, 5):
        line.step(LINE_A, START + second * SECOND, 5.0)
        over.append(line.alumina.overfeeding)
        if second % 600 == 0:
            assert line.alumina.percent.min() > 2.0
            assert line.alumina.percent.max() < 4.6
    switched = np.count_nonzero(np.diff(np.array(over), axis=0), axis=0)
    assert 8 <= switched.mean() <= 20  # in half a day
    # 0.0660 kg/s in shots of 1.8 kg.
    assert (line.alumina.shots - before).mean() == pytest.approx(43_200 * 0.0660 / 1.8, rel=0.03)


def test_a_blocked_feeder_becomes_an_anode_effect_and_feeding_and_quenching_end_it() -> None:
    line = pots()
    for pot in range(10):
        line.block(pot)
    before = line.alumina.percent[:10].copy()
    begun: dict[int, int] = {}
    ended = []
    for second in range(5400):
        voltage = line.step(LINE_A, START + second * SECOND, 1.0)
        for effect in line.started:
            assert line.alumina.percent[effect.pot] < 2.0
            begun[effect.pot] = second
        for effect in line.active:
            if effect not in line.started:
                assert 15.0 <= voltage[effect.pot] <= 50.0
        ended += line.ended
    assert set(begun) == set(range(10))
    # Nothing fed, the pot eats 2.97 % in an hour: the fuller it was, the longer it lasts.
    expected = (before - 1.85) / 2.97 * 3600
    assert np.array([begun[pot] for pot in range(10)]) == pytest.approx(expected + 120, abs=360)
    assert len(ended) == 10
    assert all(18.0 <= effect.duration_s <= 180.0 for effect in ended)
    assert not line.alumina.blocked.any()
    assert line.alumina.percent[:10].min() > 2.0


@pytest.mark.parametrize("per_pot_day", [1.0, 4.0])
def test_the_asked_number_of_anode_effects_arises(per_pot_day: float) -> None:
    line = Pots(stream(3, "x"), 400, current_a=LINE_A, voltage_v=4.0, anode_effects_per_pot_day=per_pot_day)
    line.warm_up(10_800.0, 10.0)
    ended = []
    for second in range(0, 43_200, 5):
        line.step(LINE_A, START + second * SECOND, 5.0)
        ended += line.ended
    assert len(ended) == pytest.approx(200 * per_pot_day, rel=0.2)
    durations = np.array([effect.duration_s for effect in ended])
    assert 60 < durations.mean() < 120
    assert sum(effect.extinguish == "rod" for effect in ended) < 0.2 * len(ended)
    # Volt seconds over what the pot should have: some 20 V for a minute and a half.
    assert 800 < np.mean([effect.overvoltage_vs for effect in ended]) < 3000


def test_low_voltage_anode_effects_pass_no_threshold() -> None:
    line = pots(200, low_voltage=20.0)
    ended = []
    highest = 0.0
    for second in range(0, 7200, 2):
        highest = max(highest, float(line.step(LINE_A, START + second * SECOND, 2.0).max()))
        ended += line.low_voltage_ended
        assert not line.started
    assert 100 < len(ended) < 400
    assert 4.5 < highest < 8.0
    assert all(60 <= effect.duration_s <= 1200 for effect in ended)


def test_an_anode_change_makes_a_pot_noisy_and_a_little_higher() -> None:
    line = pots(200, anode_change_every_s=115_200.0)
    quiet = line.operations.noise_factor() < 1.1
    changed = []
    for second in range(3600):
        line.step(LINE_A, START + second * SECOND, 1.0)
        changed += [event.pot for event in line.events if event.kind == "anode"]
    assert len(changed) == pytest.approx(200 / 32, abs=6)
    assert quiet.any()
    assert line.operations.noise_factor()[changed].min() > 2.0
    assert line.operations.extra_v()[changed].min() > 0.03


def test_a_pot_that_is_shut_down_is_bridged_and_comes_back_higher() -> None:
    line = pots(outages=(Outage(7, 600.0, 1200.0),))
    voltages = []
    seen = {}
    for second in range(2400):
        voltages.append(float(line.step(LINE_A, START + second * SECOND, 1.0)[7]))
        for event in line.events:
            seen[event.kind] = second
        if second == 1000:
            assert line.metal_kg[7] == 0.0
            assert not line.operating[7]
            assert line.operating.sum() == 39
    assert (seen["shutdown"], seen["restart"]) == (599, 1799)
    assert 0.0 < voltages[1000] < 0.1
    assert voltages[2300] - voltages[500] == pytest.approx(1.0, abs=0.2)


def test_less_current_cools_the_pots_slowly_and_they_come_back() -> None:
    line = pots()
    before = line.temperature_c.mean()
    for second in range(0, 7200, 10):
        line.step(0.75 * LINE_A, START + second * SECOND, 10.0)
    cold = line.temperature_c.mean()
    assert -12.0 < cold - before < -4.0
    for second in range(7200, 80_000, 10):
        line.step(LINE_A, START + second * SECOND, 10.0)
    assert line.temperature_c.mean() == pytest.approx(before, abs=1.5)


def test_without_current_nothing_is_fed_made_or_burnt() -> None:
    line = pots(effects=50.0)
    voltage = line.step(0.0, START, 1.0)
    before = line.alumina.shots.copy(), line.alumina.contained_kg.copy()
    for second in range(1, 3600):
        voltage = line.step(0.0, START + second * SECOND, 1.0)
        assert not line.started
        assert line.metal_kg.sum() == 0.0
    assert line.alumina.shots.tolist() == before[0].tolist()
    assert line.alumina.contained_kg == pytest.approx(before[1], rel=1e-9)
    assert 1.1 < voltage.min() < voltage.max() < 1.3
    assert line.active == []


def test_four_hundred_pots_step_in_well_under_a_millisecond() -> None:
    line = pots(400, effects=0.1, low_voltage=0.1, anode_change_every_s=115_200.0)
    fastest = float("inf")
    for burst in range(20):
        before = time.perf_counter()
        for second in range(50):
            line.step(LINE_A, START + (burst * 50 + second) * SECOND, 1.0)
        fastest = min(fastest, (time.perf_counter() - before) / 50)
    assert fastest < 0.001
