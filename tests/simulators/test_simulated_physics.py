"""The physics: current, voltage, energy, metal and anode effects belong together."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulators.clock import ClockSpec
from simulators.physics.noise import Drift, stream
from simulators.physics.pot import Pots
from simulators.physics.potline import LineStep, Potline
from simulators.physics.rectifier import Rectifiers
from simulators.physics.smelter import Smelter
from simulators.physics.tapping import HEEL_KG, Tapping
from simulators.scenario import LineBehaviour, Modulation, Scenario, load_scenario

SCENARIOS = Path(__file__).parents[2] / "simulators" / "scenarios"
THREE_O_CLOCK = ClockSpec.parse("2026-11-22T03:00:00Z@1795327200*60").begin_ns
SECOND = 1_000_000_000

QUIET = LineBehaviour(
    line_current_a=400_000.0,
    current_deviation=0.0,
    modulation=(),
    pot_voltage_v=4.0,
    anode_effects_per_pot_day=0.0,
    tap_every_s=86400.0,
    current_efficiency=None,
    busbar_ohm=3.6e-6,
    rectifier_efficiency=0.985,
)

STEP_S = 4
"""Steps of long runs: what adds up in those does so in steps of a second."""


def run(scenario: Scenario, seconds: int, *, step_s: int = 1) -> tuple[Smelter, list[LineStep]]:
    smelter = Smelter(scenario, THREE_O_CLOCK, step_s * SECOND)
    return smelter, [smelter.step()["PL1"] for _ in range(seconds // step_s)]


def truth(scenario: Scenario, seconds: int, *, step_s: int = 1) -> list[dict[str, object]]:
    smelter, _ = run(scenario, seconds, step_s=step_s)
    return [*smelter.finished_minutes(), *smelter.remaining_minutes()]


def column(rows: list[dict[str, object]], name: str) -> list[float]:
    return [value for row in rows if isinstance(value := row[name], float | int)]


def test_drift_stays_within_its_deviation_whatever_the_step() -> None:
    drift = Drift(stream(1, "test"), 20_000, time_constant_s=100.0, deviation=3.0)
    for dt in (1.0, 50.0, 1000.0):
        assert np.std(drift.step(dt)) == pytest.approx(3.0, rel=0.03)


def test_a_forty_pot_line_at_400_ka_and_4_v_takes_12_860_kwh_of_dc_a_tonne() -> None:
    rows = truth(load_scenario(SCENARIOS / "steady.toml"), 3600, step_s=STEP_S)
    assert len(rows) == 60
    dc, metal = sum(column(rows, "dc_kwh")), sum(column(rows, "metal_t"))
    assert 1000 * dc / 1000 / metal == pytest.approx(12_863, rel=0.005)  # 2979.98 x (4.00 + 0.036) V / 0.935
    ac = sum(column(rows, "ac_kwh"))
    assert dc / ac == pytest.approx(0.985, abs=0.001)
    assert metal == pytest.approx(40 * 400 * 0.3355727277e-3 * 0.935, rel=0.002)  # one hour
    assert sum(column(rows, "auxiliary_kwh")) == pytest.approx(1800, rel=0.1)


def test_energy_charge_and_metal_of_the_ledger_are_those_of_the_steps() -> None:
    scenario = load_scenario(SCENARIOS / "busy.toml")
    smelter, steps = run(scenario, 1800)
    rows = [*smelter.finished_minutes(), *smelter.remaining_minutes()]
    energy = sum(step.voltage_v * step.current_a for step in steps) / 3.6e6
    charge = sum(step.current_a for step in steps) / 3.6e6
    assert sum(column(rows, "dc_kwh")) == pytest.approx(energy, rel=1e-9)
    assert sum(column(rows, "charge_kah")) == pytest.approx(charge, rel=1e-9)
    k = 26.9815384 / (3 * 96485.33212) * 3600
    for row, metal, kah in zip(rows, column(rows, "metal_t"), column(rows, "charge_kah"), strict=True):
        (efficiency,) = column([row], "current_efficiency")
        assert efficiency == pytest.approx(0.935, abs=0.002)
        assert metal == pytest.approx(k * efficiency * kah * 40 / 1000, rel=1e-9)
        meters = row["meters"]
        assert isinstance(meters, dict)
        assert meters["rectifier_1"] + meters["rectifier_2"] == pytest.approx(row["ac_kwh"], rel=1e-9)
        assert meters["fume_treatment"] + meters["compressed_air"] == pytest.approx(row["auxiliary_kwh"], rel=1e-9)
        assert meters["pl1_dc"] == pytest.approx(row["dc_kwh"], rel=1e-12)


def test_metal_that_is_made_is_in_the_pots_or_has_been_tapped() -> None:
    scenario = load_scenario(SCENARIOS / "busy.toml")
    smelter = Smelter(scenario, THREE_O_CLOCK)
    line = Potline(3, "PL1", 40, scenario.lines["PL1"], 0.935)
    before = line.tapping.metal_kg.sum()
    made = tapped = 0.0
    for second in range(0, 7200, STEP_S):
        step = line.step(THREE_O_CLOCK + second * SECOND, float(STEP_S))
        made += 40 * step.metal_kg
        tapped += sum(weighing.true_kg for weighing in step.weighings)
    assert tapped > 4000
    assert before + made - tapped == pytest.approx(line.tapping.metal_kg.sum(), rel=1e-9)
    assert smelter.time_ns == THREE_O_CLOCK


def test_emissions_are_the_plants_factors_times_the_minutes_metal_effects_and_energy() -> None:
    rows = truth(load_scenario(SCENARIOS / "busy.toml"), 7200, step_s=STEP_S)
    assert sum(column(rows, "ae_count")) > 5
    for row in rows:
        metal, effects_s, ac = (column([row], name)[0] for name in ("metal_t", "ae_s", "ac_kwh"))
        assert row["anode_t_co2e"] == pytest.approx(0.415 * metal * 0.976 * 44 / 12, rel=1e-9)
        assert row["electricity_t_co2e"] == pytest.approx(ac * 0.5306 / 1000, rel=1e-9)
        # 0.143 kg/t for each minute per cell-day; a minute of 40 cells is 40/1440 cell-days.
        cf4 = 0.143 * (effects_s / 60) / (40 / 1440) * metal
        assert row["cf4_kg"] == pytest.approx(cf4, rel=1e-9)
        assert row["c2f6_kg"] == pytest.approx(0.121 * cf4, rel=1e-9)
        assert row["pfc_t_co2e"] == pytest.approx((6630 + 0.121 * 11100) * cf4 / 1000, rel=1e-9)


def test_the_same_seed_is_the_same_truth_and_another_seed_another() -> None:
    scenario = load_scenario(SCENARIOS / "busy.toml")
    first, again = truth(scenario, 600), truth(scenario, 600)
    other = truth(replace(scenario, seed=99), 600)
    assert json.dumps(first) == json.dumps(again)
    assert json.dumps(first) != json.dumps(other)


def test_an_anode_effect_is_booked_whole_to_the_minute_of_its_start_and_its_line_waits_for_its_end() -> None:
    smelter = Smelter(load_scenario(SCENARIOS / "busy.toml"), THREE_O_CLOCK)
    expected: dict[int, list[float]] = {}
    begun: dict[int, int] = {}
    written: list[dict[str, object]] = []
    for _ in range(3600):
        step = smelter.step()["PL1"]
        for effect in step.started:
            minute = effect.start_ns // (60 * SECOND) - THREE_O_CLOCK // (60 * SECOND)
            begun[minute] = begun.get(minute, 0) + 1
        for effect in step.ended:
            minute = effect.start_ns // (60 * SECOND) - THREE_O_CLOCK // (60 * SECOND)
            expected.setdefault(minute, []).append((effect.end_ns - effect.start_ns) / 1e9)
        written += smelter.finished_minutes()
        for effect in step.active:
            minute = effect.start_ns // (60 * SECOND) - THREE_O_CLOCK // (60 * SECOND)
            assert len(written) <= minute
    written += smelter.remaining_minutes()
    assert len(written) == 60
    assert [row["minute"] for row in written[:2]] == ["2026-11-22T03:00:00Z", "2026-11-22T03:01:00Z"]
    assert column(written, "ae_count") == [begun.get(minute, 0) for minute in range(60)]
    # The last three minutes' effects may have been cut off by the end.
    durations = [sum(expected.get(minute, [])) for minute in range(57)]
    assert column(written, "ae_s")[:57] == pytest.approx(durations, abs=1e-9)
    assert max(column(written, "ae_s")) > 60


def test_anode_effects_that_run_at_the_end_are_booked_as_far_as_they_went() -> None:
    scenario = load_scenario(SCENARIOS / "busy.toml")
    smelter = Smelter(scenario, THREE_O_CLOCK)
    step = smelter.step()["PL1"]
    while not step.active:
        step = smelter.step()["PL1"]
    for _ in range(5):
        step = smelter.step()["PL1"]
    rows = [*smelter.finished_minutes(), *smelter.remaining_minutes()]
    assert sum(column(rows, "ae_count")) == 1
    assert sum(column(rows, "ae_s")) == pytest.approx((smelter.time_ns - step.active[0].start_ns) / 1e9)


def test_pots_meet_the_scenarios_mean_voltage_and_differ_from_each_other() -> None:
    pots = Pots(stream(1, "x"), 40, current_a=400_000.0, voltage_v=4.0, anode_effects_per_pot_day=0.0)
    voltages = np.mean([pots.step(400_000.0, THREE_O_CLOCK, 1.0) for _ in range(600)], axis=0)
    assert voltages.mean() == pytest.approx(4.0, abs=0.01)
    assert 0.02 < voltages.std() < 0.1


def test_anode_effects_come_as_often_as_asked_and_last_18_s_to_3_min_at_15_to_50_v() -> None:
    pots = Pots(stream(4, "x"), 400, current_a=400_000.0, voltage_v=4.0, anode_effects_per_pot_day=10.0)
    pots.warm_up(7200.0, 10.0)
    ended = []
    for second in range(14_400):
        voltages = pots.step(400_000.0, THREE_O_CLOCK + second * SECOND, 1.0)
        assert voltages.max() <= 50.0
        ended += pots.ended
    assert len(ended) == pytest.approx(400 * 10 / 6, rel=0.1)
    assert all(18.0 <= effect.duration_s <= 180.0 for effect in ended)
    assert all(15.0 <= effect.volt_seconds / effect.duration_s <= effect.max_v <= 50.0 for effect in ended)
    assert all(effect.start_ns % 1_000_000 == 0 and effect.end_ns % 1_000_000 == 0 for effect in ended)


def test_a_line_without_current_has_back_emf_but_no_energy_and_no_anode_effects() -> None:
    off = replace(QUIET, modulation=(Modulation(0.0, 3600.0, None, 0.0),), anode_effects_per_pot_day=100.0)
    step = Potline(1, "PL1", 40, off, 0.935).step(THREE_O_CLOCK, 1.0)
    assert (step.current_a, step.dc_wh, step.metal_kg) == (0.0, 0.0, 0.0)
    assert step.voltage_v == pytest.approx(40 * 1.2, abs=2.0)  # the reversible potential
    assert step.started == []


def test_modulation_follows_its_plan_on_a_ramp_and_comes_back() -> None:
    plan = replace(QUIET, modulation=(Modulation(at_s=10.0, for_s=30.0, every_s=100.0, factor=0.9),))
    line = Potline(1, "PL1", 40, plan, 0.935)
    current = [line.step(THREE_O_CLOCK + second * SECOND, 1.0).current_a for second in range(150)]
    assert current[9] == 400_000.0
    assert current[10] == pytest.approx(398_000.0)
    assert current[35] == pytest.approx(360_000.0)
    assert current[70] == pytest.approx(400_000.0)
    assert current[135] == pytest.approx(360_000.0)


def test_each_pot_is_tapped_once_in_the_interval_by_crucibles_of_two() -> None:
    tapping = Tapping(stream(1, "x"), 5, every_s=600.0, metal_kg_per_s=0.035)
    weighings = [
        weighing for second in range(600) for weighing in tapping.step(0.035, THREE_O_CLOCK + second * SECOND, 1.0)
    ]
    assert [weighing.pots for weighing in weighings] == [(0, 1), (2, 3), (4,)]
    assert [weighing.time_ns - THREE_O_CLOCK for weighing in weighings] == [99 * SECOND, 299 * SECOND, 499 * SECOND]
    for weighing in weighings:
        assert weighing.gross_kg % 5 == weighing.tare_kg % 5 == 0
        assert weighing.gross_kg - weighing.tare_kg == pytest.approx(weighing.true_kg, abs=30)
    assert tapping.metal_kg.min() > HEEL_KG - 100


def test_rectifiers_share_the_dc_power_and_lose_some_of_it() -> None:
    taken = Rectifiers(stream(1, "x"), 4, 0.985, nominal_w=64e6).ac_w(64e6)
    assert len(taken) == 4
    assert 64e6 / taken.sum() == pytest.approx(0.985, abs=0.001)
    assert np.ptp(taken) > 0
