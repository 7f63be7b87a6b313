"""Meters that speak over MQTT: in place of an endpoint they have a broker, an address and quantities."""

# ruff: noqa: E501 - whole lines, as a person reads them

import math

import pytest
from settings_folder import LAYOUT, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.accounting.rules import rules
from collector.plant.meter import HeardMeter, Measures
from collector.readings.quantity import Quantity

FEEDER = """
[meters.feeder]
measures = "auxiliary_ac"
broker = "potroom"
address = "MV-07"
quantities = ["active_power", "active_energy_import"]
rated_power = "5 MW"
every = "10s"
"""
LINE = """
[[messages]]
topic = "smelter/v1/{site}/potline/{potline}/line"
tells = "readings"
[messages.values]
line_current = { path = "m.i", unit = "kA" }
line_voltage = { path = "m.u", unit = "V" }
"""
AT = "config/plants/p.toml"


def test_a_meter_that_speaks_has_the_points_of_its_quantities(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, FEEDER)
    plant = settings_folder.load().plant
    (meter,) = plant.heard_meters
    assert meter == HeardMeter(
        "feeder",
        Measures.AUXILIARY_AC,
        None,
        10.0,
        5000.0,
        "potroom",
        "MV-07",
        (Quantity.ACTIVE_POWER, Quantity.ACTIVE_ENERGY_IMPORT),
    )
    assert [meter.id for meter in plant.polled_meters] == ["dc", "ac"]
    assert set(plant.points.of("feeder")) == {Quantity.ACTIVE_POWER, Quantity.ACTIVE_ENERGY_IMPORT}
    assert [layout.name for layout in plant.layouts_of(plant.brokers[0])] == ["smelter-v1"]


def test_its_counter_is_booked_as_one_whose_steps_nobody_knows(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, FEEDER)
    plant = settings_folder.load().plant
    rule = rules(plant)[plant.points.place("feeder", Quantity.ACTIVE_ENERGY_IMPORT)]
    assert rule.modulus is None
    assert rule.most_per_s == pytest.approx(5000 * 1.2 / 3600)
    assert rule.slack == pytest.approx(5000 * 1.2 / 60)


def test_its_counter_wraps_where_the_plant_file_says(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, FEEDER + 'wraps_at = { active_energy_import = "4294.967296 MWh" }\n')
    plant = settings_folder.load().plant
    rule = rules(plant)[plant.points.place("feeder", Quantity.ACTIVE_ENERGY_IMPORT)]
    assert rule.modulus == pytest.approx(4294967.296, rel=1e-15)


def test_the_address_is_the_meters_own_name_unless_it_is_given(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, FEEDER.replace('address = "MV-07"\n', "").replace("[meters.feeder]", "[meters.MV-09]"))
    assert settings_folder.load().plant.heard_meters[0].address == "MV-09"


def test_a_line_may_be_heard_and_then_yields_power_too(settings_folder: SettingsFolder) -> None:
    text = (settings_folder.path / PLANT).read_text(encoding="utf-8")
    polled = text[text.index("[meters.dc]") : text.index("[meters.ac]")]
    heard = '[meters.dc]\nmeasures = "line_dc"\npotline = "PL1"\nbroker = "potroom"\naddress = "PL1"\nquantities = ["line_current", "line_voltage"]\nrated_power = "80 MW"\n'
    settings_folder.change(PLANT, polled, heard)
    settings_folder.add(LAYOUT, LINE)
    plant = settings_folder.load().plant
    assert set(plant.points.of("dc")) == {Quantity.LINE_CURRENT, Quantity.LINE_VOLTAGE, Quantity.DC_POWER}
    assert plant.line_meter(plant.potlines[0]) == plant.heard_meters[0]


def test_many_are_made_of_one_table(settings_folder: SettingsFolder) -> None:
    many = FEEDER.replace("[meters.feeder]", '[meters."feeder_{n}"]\nfor = "01..40"').replace("MV-07", "MV-{n}")
    settings_folder.add(PLANT, many)
    meters = settings_folder.load().plant.heard_meters
    assert [(meter.id, meter.address) for meter in (meters[0], meters[39])] == [
        ("feeder_01", "MV-01"),
        ("feeder_40", "MV-40"),
    ]


def test_only_a_monitored_one_needs_no_rated_power(settings_folder: SettingsFolder) -> None:
    unrated = FEEDER.replace('rated_power = "5 MW"\n', "")
    settings_folder.add(PLANT, unrated.replace("auxiliary_ac", "monitored"))
    assert settings_folder.load().plant.heard_meters[0].rated_power_kw == math.inf


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('broker = "potroom"', 'broker = "potrom"', "45 meters.feeder.broker: there is no broker 'potrom'; one of: potroom"),
        ('quantities = ["active_power", "active_energy_import"]\n', "", '43 meters.feeder.quantities: is missing; say what is taken, like quantities = ["active_power"]'),
        ('"active_power", ', '"active_powr", ', "47 meters.feeder.quantities[0]: 'active_powr' is no quantity; did you mean 'active_power'?"),
        ('"active_power", ', '"pot_voltage", ', "47 meters.feeder.quantities[0]: pot_voltage belongs to a pot, and not to a meter; remove it"),
        ('"active_power", ', '"frequency", ', "47 meters.feeder.quantities[0]: smelter-v1 has no frequency of a meter with the address 'MV-07'; it has active_energy_import, active_power"),
        ('"MV-07"', '"PL1/MV-07"', "47 meters.feeder.quantities[0]: smelter-v1 has no active_power of a meter with the address 'PL1/MV-07'; it stands in smelter/v1/{site}/meter/{meter}/telemetry; give the address that such a topic has"),
        (', "active_energy_import"', "", "47 meters.feeder.quantities: active_energy_import is missing, which auxiliary_ac needs; add it, or choose another 'measures'"),
        ('rated_power = "5 MW"\n', "", '43 meters.feeder.rated_power: is missing, and it bounds what auxiliary_ac may book; add it, like "60 MW"'),
        ("address =", 'profile = "ac"\naddress =', "46 meters.feeder.profile: belongs to a meter with an endpoint, and this one has a broker; remove it"),
        ("address =", "unit = 5\naddress =", "46 meters.feeder.unit: belongs to a meter with an endpoint, and this one has a broker; remove it"),
        ("auxiliary_ac", "rectifier_ac", "43 meters.feeder.potline: is missing, and rectifier_ac belongs to a potline; add it"),
        ('broker = "potroom"\n', "", "45 meters.feeder.address: belongs to a meter with a broker, and this one has none; remove it"),
        ("address =", 'wraps_at = { active_power = "5 kW" }\naddress =', "46 meters.feeder.wraps_at.active_power: is no counter of this meter; one of: active_energy_import"),
        ("address =", 'wraps_at = { active_energy_import = "5 kW" }\naddress =', "46 meters.feeder.wraps_at.active_energy_import: 'kW' measures power, and energy is needed here; one of: Wh, kWh, MWh, GWh"),
        ("address =", 'wraps_at = { active_energy_import = "-1 kWh" }\naddress =', "46 meters.feeder.wraps_at.active_energy_import: a counter does not wrap at -1 kWh; give the value after its last one"),
        ('broker = "potroom"', "broker = 5", "45 meters.feeder.broker: 5 is no text; write it in quotation marks"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_remedy(
    settings_folder: SettingsFolder, old: str, new: str, told: str
) -> None:
    assert FEEDER.count(old) == 1
    settings_folder.add(PLANT, FEEDER.replace(old, new))
    assert f"{AT}:{told}" in settings_folder.problems()


def test_two_meters_cannot_have_one_address(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, FEEDER + FEEDER.replace("meters.feeder", "meters.again"))
    assert settings_folder.problems() == [
        f"{AT}:54 meters.again.address: 'MV-07' at potroom is feeder already; two meters cannot be one device"
    ]


def test_what_sparkplug_tells_is_not_known_beforehand(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, '[brokers.potroom.sparkplug]\ngroups = ["north"]\n')
    settings_folder.add(PLANT, FEEDER.replace('"active_power"', '"frequency"'))
    assert settings_folder.problems() == []


def test_a_meter_with_neither_endpoint_nor_broker_is_told_of_both(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, '[meters.x]\nmeasures = "monitored"\n')
    assert settings_folder.problems() == [
        f"{AT}:42 meters.x.{key}: is missing; add it, or a broker if this meter speaks over MQTT"
        for key in ("endpoint", "profile", "unit")
    ]
