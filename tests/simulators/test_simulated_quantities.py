"""What simulated meters show beyond what they measure: it fits together, and every quantity has a value."""

import math

import pytest

from simulators.meter_scenario import MeterBehaviour
from simulators.physics.derived import completed, value_of
from simulators.physics.meter import AcMeter, Readout
from simulators.physics.monitored import MonitoredMeter
from simulators.quantities import COUNTERS, QUANTITIES

NOON = 1_795_348_800.0  # 2026-11-22 12:00 UTC


def feeder() -> Readout:
    meter = AcMeter(1, "m", MeterBehaviour(0.0, 123_456_789.0), nominal_v=400.0, power_factor=0.8, rated_w=100_000.0)
    meter.step(60_000.0, 1.0, 50.0, 1.0)
    return meter.readout(NOON)


def shown(*names: str) -> list[float]:
    readout = feeder()
    return [value_of(readout, name) for name in names]


def test_voltages_are_those_of_a_star() -> None:
    assert shown("voltage", "voltage_ln") == [400.0, pytest.approx(230.940)]
    assert shown("voltage_l1n", "voltage_l2n", "voltage_l3n") == pytest.approx([231.402, 230.940, 230.478], abs=1e-3)
    assert shown("voltage_l1l2", "voltage_l2l3", "voltage_l3l1") == pytest.approx([400.4, 399.6, 400.0])


def test_each_phase_has_a_third_of_the_power_and_its_own_voltage_and_current() -> None:
    assert sum(shown("active_power_l1", "active_power_l2", "active_power_l3")) == pytest.approx(60_000)
    for phase in ("l1", "l2", "l3"):
        voltage, current, factor, power = shown(
            f"voltage_{phase}n", f"current_{phase}", f"power_factor_{phase}", f"active_power_{phase}"
        )
        assert voltage * current * factor == pytest.approx(power)
    assert shown("current_l1")[0] < shown("current_l2")[0] < shown("current_l3")[0]


def test_reactive_and_apparent_power_follow_from_the_power_factor() -> None:
    # 60 kW at 0.8 are 45 kvar and 75 kVA.
    assert shown("reactive_power", "apparent_power", "reactive_power_l2") == pytest.approx([45_000, 75_000, 15_000])


def test_tariffs_add_up_to_the_total_and_only_one_of_them_runs() -> None:
    before: tuple[float, float] | None = None
    for total in range(100_000_000, 130_000_000, 1_000_000):
        readout = Readout({}, {"active_energy_import": float(total)})
        now = (value_of(readout, "active_energy_import_t1"), value_of(readout, "active_energy_import_t2"))
        assert sum(now) == total
        if before:
            assert sorted((now[0] - before[0], now[1] - before[1])) == [0.0, 1_000_000.0]
        before = now


def test_energies_of_every_kind_fit_together() -> None:
    imported, exported, total, net, third = shown(
        *(f"active_energy_{way}" for way in ("import", "export", "total", "net", "import_l3"))
    )
    assert imported == pytest.approx(123_456_805.67)
    assert (exported, total, net) == (12_000_000.0, imported + exported, imported - exported)
    assert third == pytest.approx(imported / 3)
    assert shown("reactive_energy_import") == [pytest.approx(imported * 0.75)]
    assert shown("apparent_energy_total") == [pytest.approx(imported / 0.8 + 12_000_000)]


def test_reactive_energy_does_not_jump_when_the_power_factor_tells_its_quadrant() -> None:
    readout = feeder()
    coded = readout.but({**readout.gauges, "power_factor": 1.2}, readout.counters)
    assert value_of(coded, "reactive_energy_import") == pytest.approx(value_of(readout, "reactive_energy_import"))


def test_volume_is_the_integral_of_the_flow() -> None:
    step = 60.0
    volumes = [value_of(Readout({}, {}, time_s=NOON + place * step), "volume") for place in range(2)]
    flow = value_of(Readout({}, {}, time_s=NOON + step / 2), "flow")
    assert volumes[1] - volumes[0] == pytest.approx(flow / 60, rel=1e-6)


def test_every_quantity_of_the_catalogue_has_a_value() -> None:
    readout = MonitoredMeter(1, "m", MeterBehaviour(0.5), rated_w=1e6, begin_s=NOON).readout(NOON + 60)
    nothing = {name for name in QUANTITIES if value_of(readout, name) == 0.0}
    assert nothing == {"reverse_flow", "reverse_velocity"}
    assert all(math.isfinite(value_of(readout, name)) for name in QUANTITIES)
    assert all(value_of(readout, name) >= 0 for name in COUNTERS)


def test_what_nets_out_is_no_counter() -> None:
    assert {name for name in QUANTITIES if name.endswith("_net")} & COUNTERS == set()
    assert {"active_energy_import_t2", "reactive_energy_sum", "dc_charge_total", "volume"} <= COUNTERS


def test_counters_that_follow_others_are_written_out_only_when_named() -> None:
    readout = completed(feeder(), ["active_energy_import_t1", "current_l1"])
    assert "active_energy_import_t1" not in readout.counters
    assert readout.gauges["current_l1"] == pytest.approx(108.253 / 1.002, rel=1e-4)
    assert "active_energy_import_t1" in completed(feeder(), [], ["active_energy_import_t1"]).counters


def test_a_monitored_meter_counts_what_it_shows() -> None:
    meter = MonitoredMeter(3, "m", MeterBehaviour(0.0, 0.0, 0.0), rated_w=200_000.0, begin_s=NOON)
    powers = [meter.readout(NOON + second).gauges["active_power"] for second in range(3600)]
    assert 94_000 < min(powers) < 96_000
    assert 104_000 < max(powers) < 106_000
    after = meter.readout(NOON + 3600).counters
    assert after["active_energy_import"] == pytest.approx(sum(powers) / 3600, rel=1e-4)
    assert after["dc_charge"] == pytest.approx(after["active_energy_import"] / 600)
    # The same time shows the same, whatever was asked before.
    assert meter.readout(NOON + 7).gauges["active_power"] == powers[7]
