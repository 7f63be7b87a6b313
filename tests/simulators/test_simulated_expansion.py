"""Plant files of the simulator: many meters from one table, transports, and meters that are only monitored."""

from datetime import date
from pathlib import Path

import pytest

from simulators.factors import load_factors
from simulators.plant import Measures, load_plant
from simulators.serving import Transport, read_endpoints
from simulators.tables import ConfigurationError, Table

HEAD = """
[plant]
id = "p"
[emissions]
method = "ipcc_2006"
gwp = "ar5"
grid_factor = "cn-national-2023"
[potlines.PL1]
pots = ["1001..1010"]
technology = "cwpb"
current_efficiency = [{ value = "93 %", valid_from = 2024-01-01, source = "x" }]
net_anode_consumption = [{ value = "0.4 t/t", valid_from = 2024-01-01, source = "x" }]
anode_sulphur = "2 %"
anode_ash = "0.4 %"
[endpoints.gateway]
transport = "modbus_tcp"
host = "127.0.0.1"
"""
FEEDER = """
measures = "monitored"
profile = "eastron-sdm630"
endpoint = "gateway"
"""


def plant_file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "plant.toml"
    file.write_text(HEAD + text, encoding="utf-8")
    return file


def test_one_table_makes_a_meter_for_each_number(tmp_path: Path) -> None:
    text = f'[meters."feeder_{{n}}"]\nfor = "1..200"\nunit = "{{n+1}}"{FEEDER}also = ["voltage_l*"]'
    meters = load_plant(plant_file(tmp_path, text)).meters
    assert len(meters) == 200
    assert meters["feeder_1"].unit == 2
    assert meters["feeder_200"].unit == 201
    assert meters["feeder_200"].also == ("voltage_l*",)


def test_ranges_keep_their_leading_zeros_and_may_stand_in_a_list(tmp_path: Path) -> None:
    text = f'[meters."F{{n}}"]\nfor = ["099..101", "120"]\nunit = "{{n - 98}}"\nbase = "{{n}}"{FEEDER}'
    meters = load_plant(plant_file(tmp_path, text)).meters
    assert {name: meter.unit for name, meter in meters.items()} == {"F099": 1, "F100": 2, "F101": 3, "F120": 22}
    assert meters["F099"].base == 99


def test_each_row_of_a_sheet_makes_a_meter(tmp_path: Path) -> None:
    (tmp_path / "feeders.csv").write_text(
        "\ufeffname,unit,power,ct\ncranes,7,250 kW,80\n\nfans, 9 ,1 MW,400\n", encoding="utf-8"
    )
    text = (
        '[meters."{name}_feeder"]\nfrom_csv = "feeders.csv"\nunit = "{unit}"\nrated_power = "{power}"'
        f'{FEEDER}constants = {{ ct = "{{ct}}" }}\npotline = "PL1"'
    )
    meters = load_plant(plant_file(tmp_path, text)).meters
    cranes, fans = meters["cranes_feeder"], meters["fans_feeder"]
    assert (cranes.unit, cranes.rated_power, cranes.constants) == (7, 250_000.0, {"ct": 80.0})
    assert (fans.unit, fans.rated_power, fans.constants) == (9, 1_000_000.0, {"ct": 400.0})
    assert fans.potline == "PL1"


def test_a_monitored_meter_needs_neither_potline_nor_rating(tmp_path: Path) -> None:
    (meter,) = load_plant(plant_file(tmp_path, f"[meters.workshop]{FEEDER}")).meters.values()
    assert (meter.measures, meter.potline, meter.rated_power, meter.unit) == (Measures.MONITORED, "", 200_000.0, 1)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[meters."f_{m}"]\nfor = "1..2"', "meters.f_{m}: says {m}, and there is no such thing; use one of n"),
        ('[meters.f]\nfor = "1..2"', "meters.f: makes 'f', which is there already"),
        ('[meters."f_{n}"]\nfor = "2..1"', "meters.f_{n}.for: has the range '2..1'; write the lower number first"),
        ('[meters."f_{n-1}"]\nfor = "a"', "meters.f_{n-1}: counts on from 'a' in {n-1}; write a whole number there"),
        ('[meters."f_{n}"]\nfor = "1"\nfrom_csv = "x"', "meters.f_{n}.for: stands beside from_csv; keep one of them"),
        ('[meters."f_{n}"]\nfrom_csv = "nowhere.csv"', "meters.f_{n}.from_csv: names "),
        ('[meters."f_{n}"]\nfor = "1..2"\nunit = "{n}x"', "meters.f_1.unit: is '1x', not a whole number"),
        ("[meters.f]\nunit = '3'", "meters.f.unit: is '3', not a whole number"),
    ],
)
def test_a_table_that_makes_no_meters_says_why(tmp_path: Path, text: str, complaint: str) -> None:
    file = plant_file(tmp_path, text + FEEDER)
    with pytest.raises(ConfigurationError) as caught:
        load_plant(file)
    assert str(caught.value).startswith(f"{file}: {complaint}")


@pytest.mark.parametrize(
    ("written", "transport", "baud"),
    [
        ('"modbus_tcp"', Transport.TCP, None),
        ('"rtu_over_tcp"', Transport.RTU_OVER_TCP, None),
        ('"ascii_over_tcp"', Transport.ASCII_OVER_TCP, None),
        ('"modbus_rtu"\ndevice = "/dev/ttyS0"\nbaud = 38400\nparity = "even"', Transport.RTU_PTY, 38_400),
        ('"modbus_ascii"\ndevice = "/dev/ttyS1"', Transport.ASCII_PTY, 19_200),
    ],
)
def test_an_endpoint_is_served_as_the_plant_file_says(
    tmp_path: Path, written: str, transport: Transport, baud: int | None
) -> None:
    plant = load_plant(plant_file(tmp_path, f"[endpoints.line]\ntransport = {written}"))
    served = read_endpoints(Table(tmp_path / "scenario.toml", {}), plant)["line"]
    assert (served.transport, served.timing.baud) == (transport, baud)
    assert served.transport.in_plant_file == plant.endpoints["line"].transport
    assert served.transport.terminal == ("device" in written)


def test_the_scenario_has_the_last_word_about_a_transport_under_either_name(tmp_path: Path) -> None:
    plant = load_plant(plant_file(tmp_path, '[endpoints.line]\ntransport = "modbus_rtu"\ndevice = "/dev/ttyS0"'))
    for name, transport in (("modbus_tcp", Transport.TCP), ("tcp", Transport.TCP), ("ascii_pty", Transport.ASCII_PTY)):
        scenario = Table(tmp_path / "scenario.toml", {"endpoints": {"line": {"transport": name}}})
        assert read_endpoints(scenario, plant)["line"].transport is transport


def test_tls_needs_a_certificate_and_a_serial_line_a_device(tmp_path: Path) -> None:
    plant = load_plant(plant_file(tmp_path, '[endpoints.line]\ntransport = "modbus_tls"'))
    assert plant.endpoints["line"].port == 802
    with pytest.raises(ConfigurationError, match=r"endpoints\.line\.certificate: is missing; add it"):
        read_endpoints(Table(tmp_path / "scenario.toml", {}), plant)
    with pytest.raises(ConfigurationError, match=r"endpoints\.line\.device: is missing; add it"):
        load_plant(plant_file(tmp_path, '[endpoints.line]\ntransport = "modbus_rtu"'))


def test_a_list_of_grid_factors_is_read_with_its_days(tmp_path: Path) -> None:
    named = {2023: "cn-national-2023", 2022: "cn-national-2022"}
    rows = ", ".join(f'{{ factor = "{id_}", valid_from = {year}-01-01 }}' for year, id_ in named.items())
    file = tmp_path / "plant.toml"
    file.write_text(HEAD.replace('"cn-national-2023"', f"[{rows}]"), encoding="utf-8")
    plant = load_plant(file)
    folder = Path(__file__).parents[2] / "config" / "factors"
    of = [load_factors(folder, plant, plant.potlines["PL1"], date(year, 6, 1)).grid for year in (2022, 2026)]
    assert of == [0.5366, 0.5306]
    file.write_text(HEAD.replace('"cn-national-2023"', "[]"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"emissions\.grid_factor: names no factor"):
        load_plant(file)
