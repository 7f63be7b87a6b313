"""What the tests of simulated register maps share: a map written for the test, filled from literal values."""

from collections.abc import Mapping
from pathlib import Path

from simulators.physics.meter import Rated, Readout
from simulators.profile import Profile, load_profile
from simulators.servers.information import Setup
from simulators.servers.registers import MeterImage, RegisterMap

HEAD = 'title = "Test meter"\nvendor = "Acme"\nmodels = ["M1"]\nfirmware = "2.4"\n'

READOUT = Readout(
    {
        "voltage": 400.0,
        "current": 100.0,
        "active_power": 60_000.0,
        "power_factor": 0.8,
        "frequency": 50.0,
        "ct_ratio": 1.0,
        "vt_ratio": 1.0,
    },
    {"active_energy_import": 123_456_000.0},
    time_s=1_795_316_400.0,
    rated=Rated(power_w=100_000.0, voltage_v=400.0, current_a=150.0),
)


def written(tmp_path: Path, text: str, modbus: str = "function = 3") -> Profile:
    """Read a map of these registers."""
    file = tmp_path / "meter.toml"
    file.write_text(f"{HEAD}[modbus]\n{modbus}\n{text}\n", encoding="utf-8")
    return load_profile(file)


def image(profile: Profile, setup: Setup | None = None, readout: Readout = READOUT, serial: int = 4711) -> MeterImage:
    return RegisterMap(profile, setup, serial).image(readout)


def words(shown: MeterImage, address: int, count: int = 1, function: int | None = None) -> str:
    content = shown.read(address, count, function)
    return "not there" if content is None else content.hex().upper()


def with_gauges(values: Mapping[str, float]) -> Readout:
    return READOUT.but({**READOUT.gauges, **values}, READOUT.counters)
