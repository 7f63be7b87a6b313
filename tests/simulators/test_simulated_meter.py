"""Simulated meters err within their class and count their own error."""

import struct
from pathlib import Path

import pytest

from simulators.display import Display
from simulators.meter_scenario import MeterBehaviour
from simulators.physics.meter import AcMeter, DcMeter
from simulators.physics.smelter import Smelter
from simulators.profile import Register
from simulators.scenario import load_scenario
from simulators.servers.encoding import encode_counter
from simulators.servers.registers import RegisterMap

BUSY = Path(__file__).parents[2] / "simulators" / "scenarios" / "busy.toml"


def ac(seed: int, behaviour: MeterBehaviour) -> AcMeter:
    return AcMeter(seed, "feeder", behaviour, nominal_v=400.0, power_factor=0.86, rated_w=2e6)


def test_a_perfect_meter_shows_the_truth() -> None:
    meter = ac(1, MeterBehaviour(0.0, energy_start_wh=5000.0))
    for _ in range(3600):
        meter.step(600_000.0, 1.01, 49.98, 1.0)
    shown = meter.readout()
    assert shown.counters["active_energy_import"] == pytest.approx(605_000.0, rel=1e-12)
    assert shown.gauges["active_power"] == 600_000.0
    assert shown.gauges["voltage"] == pytest.approx(404.0)
    assert shown.gauges["current"] == pytest.approx(600_000 / (3**0.5 * 404 * 0.86))
    assert shown.gauges["frequency"] == 49.98
    assert shown.gauges["power_factor"] == 0.86


def test_meters_of_class_half_err_by_at_most_0_15_per_cent_and_not_all_alike() -> None:
    errors = []
    for seed in range(200):
        meter = ac(seed, MeterBehaviour(0.5, energy_start_wh=0.0))
        meter.step(3_600_000.0, 1.0, 50.0, 1.0)
        errors.append(meter.readout().counters["active_energy_import"] / 1000 - 1)
    assert max(errors) == pytest.approx(0.0015, rel=0.1)
    assert min(errors) == pytest.approx(-0.0015, rel=0.1)


def test_a_meters_counter_and_power_err_alike() -> None:
    meter = ac(7, MeterBehaviour(0.5, energy_start_wh=0.0))
    for _ in range(60):
        meter.step(600_000.0, 1.0, 50.0, 1.0)
    shown = meter.readout()
    assert shown.counters["active_energy_import"] == pytest.approx(shown.gauges["active_power"] / 60, rel=1e-12)


def test_dc_power_energy_and_charge_come_from_the_shown_voltage_and_current() -> None:
    meter = DcMeter(3, "dc", MeterBehaviour(0.2, 0.0, 0.0), nominal_a=400e3, rated_w=80e6)
    for _ in range(60):
        meter.step(161.4, 400e3, 1.0)
    shown = meter.readout()
    voltage, current = shown.gauges["line_voltage"], shown.gauges["line_current"]
    assert voltage == pytest.approx(161.4, rel=0.0006)
    assert current == pytest.approx(400e3, rel=0.0006)
    assert voltage != 161.4
    assert shown.gauges["dc_power"] == voltage * current
    assert shown.counters["dc_energy"] == pytest.approx(voltage * current / 60, rel=1e-12)
    assert shown.counters["dc_charge"] == pytest.approx(current / 60, rel=1e-12)


def test_counters_begin_after_some_years_of_use_unless_the_scenario_says_where() -> None:
    used = ac(5, MeterBehaviour(0.5)).readout().counters["active_energy_import"]
    assert 1e6 * 8766 <= used <= 1e6 * 6 * 8766  # half of 2 MW for one to six years
    assert used == int(used)
    assert ac(5, MeterBehaviour(0.5, 12.0)).readout().counters["active_energy_import"] == 12.0


def test_what_the_registers_count_is_the_ledgers_energy_within_the_meters_class() -> None:
    scenario = load_scenario(BUSY)
    maps = {meter.id: RegisterMap(scenario.profiles[meter.profile]) for meter in scenario.plant.meters.values()}
    smelter = Smelter(scenario, 1_795_316_400_000_000_000)

    def registers(meter: str, address: int, count: int) -> bytes:
        content = maps[meter].image(smelter.readouts()[meter]).read(address, count)
        assert content is not None
        return content

    def counters() -> dict[str, float]:
        services = registers("fume_treatment", 52, 2)
        return {
            "pl1_dc": int.from_bytes(registers("pl1_dc", 6, 4)) / 1000,
            "rectifier_1": int.from_bytes(registers("rectifier_1", 3203, 4)) / 1000,
            "rectifier_2": int.from_bytes(registers("rectifier_2", 3203, 4)) / 1000,
            "fume_treatment": int.from_bytes(services[2:] + services[:2]) / 10,
            "compressed_air": struct.unpack(">f", registers("compressed_air", 72, 2))[0],
        }

    smelter.step()
    before = counters()
    first = smelter.readouts()["pl1_dc"]
    charge = int.from_bytes(registers("pl1_dc", 10, 4))
    for _ in range(3600):
        smelter.step()
    counted = {meter: now - before[meter] for meter, now in counters().items()}
    rows = [*smelter.finished_minutes(), *smelter.remaining_minutes()]
    truth = dict.fromkeys(counted, 0.0)
    for row in rows:
        energies = row["meters"]
        assert isinstance(energies, dict)
        for meter, energy in energies.items():
            truth[meter] += energy
    # The first second is in the ledger, not in the difference.
    share = 3600 / 3601
    assert counted["pl1_dc"] == pytest.approx(truth["pl1_dc"] * share, rel=0.0015)
    assert counted["rectifier_1"] == pytest.approx(truth["rectifier_1"] * share, rel=0.0016)
    assert counted["rectifier_2"] == pytest.approx(truth["rectifier_2"] * share, rel=0.0016)
    assert counted["fume_treatment"] == pytest.approx(truth["fume_treatment"] * share, rel=0.0016, abs=0.2)
    assert counted["compressed_air"] == pytest.approx(truth["compressed_air"] * share, rel=0.0016, abs=4)
    assert first.counters["dc_charge"] == pytest.approx(charge, abs=1)
    assert int.from_bytes(registers("pl1_dc", 10, 4)) - charge == pytest.approx(397_900, rel=0.005)


def test_a_counter_is_brought_up_to_date_only_now_and_then() -> None:
    meter = ac(1, MeterBehaviour(0.0, energy_start_wh=0.0, display=Display(refresh_s=5.0)))
    shown = []
    for _ in range(12):
        meter.step(3_600_000.0, 1.0, 50.0, 1.0)
        shown.append(meter.readout().counters["active_energy_import"])
    assert shown == pytest.approx([0] * 4 + [5000] * 5 + [10_000] * 3)


def test_secondary_values_are_those_behind_the_transformers() -> None:
    meter = ac(1, MeterBehaviour(0.0, 8_000_000.0, display=Display(ct_ratio=400.0, vt_ratio=10.0, secondary=True)))
    meter.step(600_000.0, 1.0, 50.0, 1.0)
    shown = meter.readout()
    assert shown.gauges["voltage"] == pytest.approx(40.0)
    assert shown.gauges["current"] == pytest.approx(600_000 / (3**0.5 * 400 * 0.86) / 400)
    assert shown.gauges["active_power"] == pytest.approx(150.0)
    assert shown.gauges["power_factor"] == 0.86
    assert (shown.gauges["ct_ratio"], shown.gauges["vt_ratio"]) == (400.0, 10.0)
    assert shown.counters["active_energy_import"] == pytest.approx(2000 + 600_000 / 3600 / 4000)


def test_primary_values_tell_the_ratios_and_are_not_divided() -> None:
    meter = ac(1, MeterBehaviour(0.0, 0.0, display=Display(ct_ratio=400.0)))
    meter.step(600_000.0, 1.0, 50.0, 1.0)
    assert meter.readout().gauges["active_power"] == 600_000.0
    assert meter.readout().gauges["ct_ratio"] == 400.0


def test_a_counter_has_a_resolution_and_an_end_of_its_own() -> None:
    meter = ac(1, MeterBehaviour(0.0, 999_950.0, display=Display(resolution_wh=100.0, wraps_at_wh=1_000_000.0)))
    shown = []
    for _ in range(4):
        meter.step(3600 * 40.0, 1.0, 50.0, 1.0)
        shown.append(meter.readout().counters["active_energy_import"])
    # 999,990, 1,000,030, 1,000,070 and 1,000,110 Wh in steps of 100.
    assert shown == [999_900.0, 0.0, 0.0, 100.0]


def test_a_uint32_counter_of_watt_hours_at_450_mw_wraps_after_nine_and_a_half_hours() -> None:
    of = Register("active_energy_import", 0, "u32", low_word_first=False, resolution=1.0)
    meter = AcMeter(1, "m", MeterBehaviour(0.0, 0.0), nominal_v=33e3, power_factor=0.96, rated_w=600e6)
    before = hours = 0
    while (shown := int.from_bytes(encode_counter(of, meter.readout().counters["active_energy_import"]))) >= before:
        before = shown
        meter.step(450e6, 1.0, 50.0, 360.0)
        hours += 1
    assert hours / 10 == pytest.approx(9.6, abs=0.05)
