"""Lines against published ones, closure of energy, charge and mass, and what a scenario may say of a line."""

import math
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ledger_minutes import SCENARIOS, SECOND, THREE_O_CLOCK, Rows, minutes_of, scenario, total

from simulators.physics.anode_effects import AnodeEffect, LowVoltageEffect
from simulators.physics.noise import stream
from simulators.physics.pot import Pots
from simulators.physics.potline import LineStep
from simulators.physics.smelter import Smelter
from simulators.physics.tapping import Tapping, Weighing
from simulators.scenario import load_scenario
from simulators.tables import ConfigurationError

STEP_S = 6
"""Steps of long runs: what adds up in those does so in steps of a second."""
K = 26.9815384 / (3 * 96485.33212) * 3600
"""Faraday's constant of aluminium, 0.33557 kg/kAh."""


@pytest.mark.parametrize(
    ("name", "current_ka", "pot_v", "kwh_per_t", "t_per_pot_day"),
    [
        # No line of this size is published with all its figures: the middle of the usual ranges.
        ("reference-400", 400.0, 4.00, 12_800.0, 3.015),
        ("reference-500", 500.0, 3.95, 12_700.0, 3.75),
        # Hongqiao: 376 pots, 601 kA, 92.5 %, 12.50 kWh/kg, 4.5 t a pot and day; 3.88 V follow.
        ("reference-600", 601.0, 3.88, 12_500.0, 4.5),
        # Alba, potline 6: 424 pots, 465 kA, 95 %, 12.87 kWh/kg; 4.10 V and 3.558 t a pot and day follow.
        ("reference-465", 465.0, 4.10, 12_870.0, 3.558),
    ],
)
def test_reference_lines_meet_the_published_figures_within_one_percent(
    name: str, current_ka: float, pot_v: float, kwh_per_t: float, t_per_pot_day: float
) -> None:
    rows = minutes_of(name, 5400, step_s=STEP_S)
    dc, metal = total(rows, "dc_kwh"), total(rows, "metal_t")
    pots_kwh = dc - total(rows, "busbar_kwh")
    assert total(rows, "charge_kah") / 1.5 == pytest.approx(current_ka, rel=0.01)
    assert pots_kwh / total(rows, "pot_kah") == pytest.approx(pot_v, rel=0.01)
    assert dc / metal == pytest.approx(kwh_per_t, rel=0.01)
    assert metal / total(rows, "pot_days") == pytest.approx(t_per_pot_day, rel=0.01)


@dataclass
class Day:
    """What a day's steps add up to, apart from the ledger."""

    rows: Rows = field(default_factory=list)
    current_a: list[float] = field(default_factory=list)
    pots_ws: list[float] = field(default_factory=list)
    metal_kg: list[float] = field(default_factory=list)
    effects: list[AnodeEffect] = field(default_factory=list)
    low_voltage: list[LowVoltageEffect] = field(default_factory=list)
    weighings: list[Weighing] = field(default_factory=list)
    furnace_kg: list[float] = field(default_factory=list)

    def take(self, step: LineStep) -> None:
        assert step.casting is not None
        self.current_a.append(step.current_a)
        self.pots_ws.append(STEP_S * float(step.pot_voltages_v.sum()) * step.current_a)
        self.metal_kg.append(
            STEP_S * K * step.current_a / 3.6e6 * float(step.pot_efficiency[step.pots.operating].sum())
        )
        self.effects += step.ended
        self.low_voltage += step.low_voltage_ended
        self.weighings += step.weighings
        self.furnace_kg.append(step.casting.furnace_kg)


@cache
def a_day() -> Day:
    """Run the example plant through a day of modulation, a line stop, a rectifier trip and a pot bridged out."""
    made = replace(scenario("modulation-and-line-stop"), seed=8)
    line = replace(made.lines["PL1"], anode_effects_per_pot_day=3.0, low_voltage_effects_per_pot_day=3.0)
    smelter = Smelter(replace(made, lines={"PL1": line}), THREE_O_CLOCK, STEP_S * SECOND)
    day = Day()
    step = smelter.step()["PL1"]
    day.take(step)
    for _ in range(86_400 // STEP_S - 1):
        step = smelter.step()["PL1"]
        day.take(step)
        day.rows += smelter.finished_minutes()
    day.effects += step.active
    day.low_voltage += step.low_voltage
    day.rows += smelter.remaining_minutes()
    return day


@pytest.mark.timeout(240)
def test_over_a_day_energy_charge_and_metal_close() -> None:
    day = a_day()
    rows = day.rows
    assert len(rows) == 1440
    assert total(rows, "seconds") == 86_400
    # AC = DC + losses, for the day and for each minute.
    assert total(rows, "ac_kwh") == pytest.approx(total(rows, "dc_kwh") + total(rows, "rectifier_loss_kwh"), rel=1e-9)
    for row in rows:
        assert total([row], "ac_kwh") == pytest.approx(
            total([row], "dc_kwh") + total([row], "rectifier_loss_kwh"), rel=1e-9
        )
    # Pots + busbars = line.
    pots_kwh = math.fsum(cell for row in rows if isinstance(cells := row["pot_kwh"], list) for cell in cells)
    assert pots_kwh + total(rows, "busbar_kwh") == pytest.approx(total(rows, "dc_kwh"), rel=1e-9)
    assert pots_kwh == pytest.approx(math.fsum(day.pots_ws) / 3.6e6, rel=1e-9)
    # Charge is the current's integral, metal is Faraday's law times the current efficiency.
    assert total(rows, "charge_kah") == pytest.approx(STEP_S * math.fsum(day.current_a) / 3.6e6, rel=1e-9)
    assert total(rows, "metal_t") == pytest.approx(math.fsum(day.metal_kg) / 1000, rel=1e-9)
    for row in rows:
        if (efficiency := row["current_efficiency"]) is not None:
            assert isinstance(efficiency, float)
            assert total([row], "metal_t") == pytest.approx(K * efficiency * total([row], "pot_kah") / 1000, rel=1e-9)
    # What was tapped is cast, lost, or in the furnace.
    gained_t = (day.furnace_kg[-1] - day.furnace_kg[0]) / 1000
    assert total(rows, "tapped_t") == pytest.approx(
        total(rows, "cast_t") + total(rows, "melt_loss_t") + gained_t, rel=1e-9
    )
    # All electricity comes from the grid.
    assert total(rows, "grid_kwh") == pytest.approx(
        total(rows, "ac_kwh") + total(rows, "auxiliary_kwh") + total(rows, "casting_kwh"), rel=1e-9
    )


@pytest.mark.timeout(240)
def test_a_day_of_modulation_is_what_the_scenario_says() -> None:
    day = a_day()
    rows, current = day.rows, np.repeat(day.current_a, STEP_S) / 340_000.0  # by the second
    assert current[1000] == pytest.approx(1.0, abs=0.02)
    assert current[40 * 60] == pytest.approx(0.75, abs=0.02)
    assert current[100 * 60] == pytest.approx(1.25, abs=0.02)
    # The stop: a ramp of 200 s, then nothing for the rest of the hour.
    assert (current[154 * 60 : 210 * 60] == 0.0).all()
    assert current[220 * 60] == pytest.approx(1.0, abs=0.02)
    assert total(rows[154:210], "dc_kwh") == 0.0
    assert total(rows[154:210], "ac_kwh") > 0.0  # the transformers stand under voltage
    assert total(rows[154:210], "ae_count") == 0
    # One rectifier unit carries the line while the other is out of use.
    assert current[270 * 60] == pytest.approx(1.0, abs=0.02)
    meters = rows[270]["meters"]
    assert isinstance(meters, dict)
    assert meters["rectifier_2"] == 0.0
    assert meters["rectifier_1"] == pytest.approx(rows[270]["ac_kwh"], rel=1e-9)
    # One pot is out of the line for three hours.
    assert total(rows, "pot_days") == pytest.approx(40 - 3 / 24, abs=1e-6)
    # Gases go with the pot-days that were there.
    for row in rows:
        if row["ae_count"] and total([row], "metal_t") > 0:
            per_pot_day = total([row], "metal_t") / total([row], "pot_days")
            cf4 = 0.143 * total([row], "ae_s") / 60 * per_pot_day
            assert row["cf4_kg"] == pytest.approx(cf4, rel=1e-9)


@pytest.mark.timeout(240)
def test_the_ledger_books_overvoltage_and_low_voltage_effects() -> None:
    day = a_day()
    rows = day.rows
    assert total(rows, "ae_count") == len(day.effects) > 50
    assert total(rows, "ae_s") == pytest.approx(math.fsum(effect.duration_s for effect in day.effects), rel=1e-9)
    overvoltage = math.fsum(effect.overvoltage_vs for effect in day.effects)
    assert total(rows, "ae_overvoltage_vs") == pytest.approx(overvoltage, rel=1e-9)
    assert total(rows, "lvae_count") == len(day.low_voltage) > 50
    assert total(rows, "lvae_s") == pytest.approx(sum(effect.duration_s for effect in day.low_voltage), rel=0.05)


@pytest.mark.timeout(240)
def test_weighings_are_within_the_scale_and_its_error() -> None:
    weighings = a_day().weighings
    assert len(weighings) == 20
    shown = np.array([weighing.gross_kg - weighing.tare_kg for weighing in weighings])
    true = np.array([weighing.true_kg for weighing in weighings])
    assert shown == pytest.approx(true, abs=20)
    tapping = Tapping(stream(3, "x"), 2, every_s=600.0, metal_kg_per_s=5.0, scale_error=0.05)
    (weighing,) = (found for second in range(600) for found in tapping.step(5.0, second * SECOND, 1.0))
    assert 0.95 < (weighing.gross_kg - weighing.tare_kg) / weighing.true_kg < 1.05


def test_current_efficiency_wanders_as_far_as_it_is_told_and_keeps_its_mean() -> None:
    line = Pots(
        stream(5, "x"),
        4,
        current_a=400_000.0,
        voltage_v=4.0,
        anode_effects_per_pot_day=0.0,
        current_efficiency=0.94,
        efficiency_deviation=0.01,
    )
    means = []
    for hour in range(60 * 24):
        line.step(400_000.0, hour * 3600 * SECOND, 60.0)
        line._wander.step(3600.0)
        means.append(line.efficiency.mean())
    assert np.mean(means) == pytest.approx(0.94, abs=0.006)
    assert 0.005 < np.std(means) < 0.015


def test_ten_steps_a_second_tell_the_same_of_a_quarter_of_an_hour() -> None:
    smelter = Smelter(scenario("steady"), THREE_O_CLOCK, step_ns=SECOND // 10)
    for _ in range(9000):
        step = smelter.step()["PL1"]
        assert step.end_ns - step.time_ns == SECOND // 10
    rows = [*smelter.finished_minutes(), *smelter.remaining_minutes()]
    slow = minutes_of("steady", 900)
    assert len(rows) == len(slow) == 15
    for name in ("dc_kwh", "charge_kah", "metal_t", "ac_kwh"):
        assert total(rows, name) == pytest.approx(total(slow, name), rel=0.01)
    assert total(rows, "seconds") == pytest.approx(900, rel=1e-9)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"1007", at = "5h"', '"1007", at = 5', "potlines.PL1.pot_outages[0].at: is 5, not a text with a unit"),
        ('pot = "1007"', 'pot = "9007"', "potlines.PL1.pot_outages[0].pot: is '9007', not a pot of this potline"),
        ("unit = 2", "unit = 0", "potlines.PL1.rectifier_outages[0].unit: is 0, out of 1 to 20"),
        ('"compressors"', '"compressor"', "feeder_loads.compressed_air: is 'compressor'; use one of fans, compressors"),
        ('compressed_air = "comp', 'air = "comp', "feeder_loads.air: is not an auxiliary_ac meter of the plant file"),
        ('"35 %"', '"96 %"', "grid.renewable_share: is 0.96, out of 0 to 0.95"),
        ("renewable_swing", "sun", "grid.sun: is not a key that is known here"),
        ("[grid]", '[captive]\npower = "-1 MW"\n[grid]', "captive.power: is -1e+06, out of 0"),
        ("pot_voltage_v = 4.00", "pot_voltage_v = 2.9", "potlines.PL1.pot_voltage_v: is 2.9, out of 3.3 to 6"),
        ('tap_every = "24h"', 'tap_evry = "24h"', "potlines.PL1.tap_evry: is not a key that is known here"),
        (
            'tap_every = "24h"',
            'feeder_blocks = [{ pot = "1001", at = "1h", for = "2h" }]',
            "potlines.PL1.feeder_blocks[0].for: is not a key that is known here",
        ),
    ],
)
def test_a_wrong_line_says_where_and_what_to_do(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    text = (SCENARIOS / "modulation-and-line-stop.toml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "wrong.toml"
    config = str(SCENARIOS.parents[1] / "config")
    file.write_text(text.replace(old, new, 1).replace("../../config", config), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_scenario(file)
    assert str(caught.value).startswith(f"{file}: {complaint}")
