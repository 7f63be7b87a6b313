"""What a line, its meters and its stacks say."""

from collections.abc import Callable
from pathlib import Path

import pytest
from line_seconds import PREFIX, SECOND, START, body, step

from simulators.physics.meter import Readout
from simulators.physics.stack import StackGas
from simulators.plant import load_plant
from simulators.servers.messages import Message
from simulators.servers.messages.message import Sources
from simulators.servers.messages.meters import LineMessages, MeterMessages, StackMessages

ROOT = Path(__file__).parents[2]


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
