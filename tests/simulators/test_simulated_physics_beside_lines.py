"""What feeds a line, what leaves it, and what the laboratory finds in it."""

from dataclasses import replace

import numpy as np
import pytest
from ledger_minutes import SECOND, THREE_O_CLOCK, scenario, total

from simulators.instants import DAY_NS, HOUR_NS
from simulators.physics.casthouse import MELT_LOSS, CastHouse
from simulators.physics.laboratory import Laboratory
from simulators.physics.noise import stream
from simulators.physics.operations import Outage
from simulators.physics.pot import Pots
from simulators.physics.rectifier import Feeders, Load, Rectifiers
from simulators.physics.smelter import Smelter
from simulators.physics.stack import Stack
from simulators.physics.supply import Supply
from simulators.scenario import SupplyBehaviour


def test_rectifiers_lose_by_standing_and_by_load_and_share_what_a_tripped_one_leaves() -> None:
    units = Rectifiers(stream(1, "x"), 5, 0.985, nominal_w=600e6, outages=[Outage(2, 100.0, 50.0)])
    assert units.step(1.0) >= 1.25
    taken = units.ac_w(600e6)
    assert 600e6 / taken.sum() == pytest.approx(0.985, abs=0.001)
    assert taken.sum() == pytest.approx(600e6 + units.loss_w.sum(), rel=1e-12)
    assert 300e6 / units.ac_w(300e6).sum() < 0.985
    assert 0 < units.ac_w(0.0).sum() < 0.005 * 600e6
    for _ in range(100):
        units.step(1.0)
    assert units.step(1.0) == pytest.approx(1.1)
    taken = units.ac_w(600e6)
    assert taken[2] == 0.0
    assert taken.sum() == pytest.approx(600e6 / 0.985, rel=0.003)


def test_a_line_whose_rectifiers_cannot_carry_it_runs_at_what_they_can() -> None:
    made = scenario("steady")
    line = replace(made.lines["PL1"], rectifier_units=3, rectifier_outages=(Outage(0, 60, 600), Outage(1, 60, 600)))
    smelter = Smelter(replace(made, lines={"PL1": line}), THREE_O_CLOCK)
    current = [smelter.step()["PL1"].current_a for _ in range(300)]
    assert current[30] == pytest.approx(400_000, rel=0.02)
    assert current[200] == pytest.approx(0.55 * 400_000, rel=0.02)


def test_auxiliary_machines_do_what_they_do_and_keep_their_mean() -> None:
    feeders = Feeders(stream(1, "x"), [1e6, 1e6, 1e6], [Load.FANS, Load.COMPRESSORS, Load.CRANES])
    taken = np.array([feeders.step(1.0) for _ in range(80_000)])
    assert taken.mean(axis=0) == pytest.approx([1e6, 1e6, 1e6], rel=0.08)
    fans, compressors, cranes = taken.std(axis=0) / 1e6
    assert fans < 0.06 < compressors < 0.3 < cranes


def test_the_grids_mix_follows_the_sun_and_keeps_its_factor() -> None:
    behaviour = SupplyBehaviour(renewable_share=0.3, renewable_swing=0.2, utc_offset_h=8.0)
    supply = Supply(7, behaviour, 0.5306)
    mixes = [supply.mix(THREE_O_CLOCK // DAY_NS * DAY_NS + hour * HOUR_NS) for hour in range(24 * 30)]
    shares, factors = (
        np.array(values) for values in zip(*((mix.renewable_share, mix.factor) for mix in mixes), strict=True)
    )
    assert shares.mean() == pytest.approx(0.3, abs=0.01)
    assert factors.mean() == pytest.approx(0.5306, rel=0.02)
    noon, night = shares[4::24].mean(), shares[16::24].mean()  # 12 and 24 h at UTC+8
    assert noon - night == pytest.approx(0.2, abs=0.04)
    again = Supply(7, behaviour, 0.5306)
    assert again.mix(THREE_O_CLOCK + 5 * HOUR_NS) == supply.mix(THREE_O_CLOCK + 5 * HOUR_NS)
    assert Supply(7, SupplyBehaviour(), 0.5306).mix(THREE_O_CLOCK).factor == 0.5306


def test_a_power_station_of_its_own_carries_what_it_can() -> None:
    made = scenario("steady")
    supply = SupplyBehaviour(captive_w=20e6, captive_factor=1.0)
    smelter = Smelter(replace(made, supply=supply), THREE_O_CLOCK)
    for _ in range(600):
        smelter.step()
    rows = [*smelter.finished_minutes(), *smelter.remaining_minutes()]
    captive = total(rows, "captive_kwh")
    assert captive == pytest.approx(20_000 / 6, rel=1e-9)
    assert total(rows, "captive_t_co2e") == pytest.approx(captive / 1000, rel=1e-9)
    load = total(rows, "ac_kwh") + total(rows, "auxiliary_kwh") + total(rows, "casting_kwh")
    assert captive + total(rows, "grid_kwh") == pytest.approx(load, rel=1e-9)
    assert total(rows, "grid_t_co2e") == pytest.approx(total(rows, "grid_kwh") * 0.5306 / 1000, rel=1e-9)
    assert total(rows, "renewable_kwh") == pytest.approx(0.3 * total(rows, "grid_kwh"), rel=1e-9)


def test_the_cast_house_casts_in_batches_and_loses_a_little() -> None:
    house = CastHouse(40, batch_kg=30_000.0)
    begun_kg = house.furnace_kg
    steps = [house.step(500.0 if second % 60 == 0 else 0.0, 1.0) for second in range(20_000)]
    tapped_kg = 500.0 * 334
    assert sum(step.lost_kg for step in steps) == pytest.approx(MELT_LOSS * tapped_kg)
    cast_kg = sum(step.cast_kg for step in steps)
    assert begun_kg + tapped_kg * (1 - MELT_LOSS) == pytest.approx(cast_kg + steps[-1].furnace_kg, rel=1e-9)
    assert {step.cast_kg > 0 for step in steps} == {True, False}
    assert max(step.power_w for step in steps) > min(step.power_w for step in steps) == 20_000.0


def test_the_stack_gives_off_the_anodes_sulphur_and_a_little_fluoride() -> None:
    stack = Stack(stream(1, "x"), 40, nominal_a=400_000.0, sulphur=0.02)
    # 0.415 t of anode a tonne: 16.3 kg of SO2 behind the hoods.
    anode_kg = 0.415 * 40 * 0.0349
    gas = [
        stack.step(anode_kg=anode_kg, effects=0, opened=0, time_ns=THREE_O_CLOCK + second * SECOND, dt_s=1.0)
        for second in range(7200)
    ]
    metal_t = 40 * 0.0349 * 7200 / 1000
    assert sum(step.so2_kg for step in gas) / metal_t == pytest.approx(16.33, rel=0.002)
    assert np.mean([step.so2_mg_nm3 for step in gas]) == pytest.approx(302, rel=0.05)
    assert 0.2 < np.mean([step.hf_mg_nm3 for step in gas]) < 1.5
    assert 1.0 < np.mean([step.dust_mg_nm3 for step in gas]) < 5.0
    assert all(70 < step.temperature_c < 100 for step in gas)
    assert gas[0].flow_nm3h == pytest.approx(40 * 6800, rel=0.1)
    assert gas[0].flow_m3h / gas[0].flow_nm3h == pytest.approx(1.33, abs=0.05)
    opened = stack.step(anode_kg=anode_kg, effects=2, opened=3, time_ns=THREE_O_CLOCK, dt_s=1.0)
    assert opened.hf_mg_nm3 > 1.5 * gas[-1].hf_mg_nm3


def test_the_laboratory_knows_hours_later_and_sometimes_better() -> None:
    line = Pots(stream(1, "x"), 40, current_a=400_000.0, voltage_v=4.0, anode_effects_per_pot_day=0.0)
    laboratory = Laboratory(stream(1, "laboratory"), 40, every_s=14_400.0)
    state = line.state(400_000.0)
    reports = []
    for minute in range(4 * 1440):
        end_ns = THREE_O_CLOCK + (minute + 1) * 60 * SECOND
        for report in laboratory.step(state, end_ns, 60.0):
            assert end_ns - 60 * SECOND < report.reported_ns <= end_ns
            reports.append(report)
    late_h = [(report.reported_ns - report.sampled_ns) / HOUR_NS for report in reports if report.revision == 1]
    assert 2.0 <= min(late_h) < max(late_h) <= 10.0
    assert {report.kind for report in reports} == {"bath", "metal"}
    corrected = [report for report in reports if report.revision == 2]
    assert corrected
    first = {(report.kind, report.number): report for report in reports if report.revision == 1}
    assert all(report.reported_ns > first[report.kind, report.number].reported_ns for report in corrected)
    assert [report.reported_ns for report in laboratory.pending] == sorted(
        report.reported_ns for report in laboratory.pending
    )
    baths = [report.values for report in reports if report.kind == "bath"]
    assert np.mean([values["al2o3_pct"] for values in baths]) == pytest.approx(state.alumina_pct.mean(), abs=0.1)
    assert np.mean([values["bath_temp_c"] for values in baths]) == pytest.approx(957, abs=2)


def test_a_smelter_tells_what_its_laboratory_has_not_said_yet() -> None:
    smelter = Smelter(scenario("steady"), THREE_O_CLOCK)
    for _ in range(7200):
        smelter.step()
    pending = smelter.pending_reports("PL1")
    assert pending
    assert all(report.sampled_ns <= smelter.time_ns < report.reported_ns for report in pending)
