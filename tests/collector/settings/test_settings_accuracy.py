"""How sure meters and weighings are, what stacks and plant meters measure, and how their energy is shared."""

# ruff: noqa: E501 - whole lines, as a person reads them

import math

import pytest
from settings_folder import PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.allocation import Allocation
from collector.plant.contracts import Technology
from collector.plant.meter import GasConditions, Measures
from collector.settings.part import of_class

P = "config/plants/p.toml"
RATED = 'rated_power = "60 MW"'
HOUSE = (
    '[meters.house]\nmeasures = "casthouse_ac"\nprofile = "ac"\nendpoint = "gate-way"\nunit = 7\nrated_power = "4 MW"\n'
)
STACK = '[meters.cems]\nmeasures = "stack"\nstack = "GTC-1"\nprofile = "cems"\nendpoint = "gate-way"\nunit = 8\n'
CEMS = """\
title = "CEMS"
vendor = "Maker"
models = ["M1"]
confidence = "design"
sources = ["manual"]
[modbus]
function = 4
word_order = "msw_first"
[registers]
hf = { address = 0, type = "f32", unit = "mg/m3" }
flow = { address = 2, type = "f32", unit = "m3/h" }
"""
SECOND_LINE = """\
[potlines.PL2]
name = "Potline 2"
pots = ["2001..2004"]
technology = "cwpb"
current_efficiency = [{ value = "93 %", valid_from = 2024-01-01, source = "balance", uncertainty = "1 %" }]
net_anode_consumption = [{ value = "0.42 t/t", valid_from = 2024-01-01, source = "report", standard_uncertainty = "2 %" }]
anode_sulphur = "2 %"
anode_ash = "0.4 %"
weighing_uncertainty = "0.3 %"
"""


def test_classes_are_rectangular_and_count_in_quadrature(settings_folder: SettingsFolder) -> None:
    """0.2/sqrt 3 = 0.11547 %; three of them in quadrature are 0.2 %."""
    settings_folder.change(PLANT, RATED, f'{RATED}\nclass = "0.2S"\nct_class = "0.2"\nvt_class = "0.2"')
    meter = next(meter for meter in settings_folder.load().plant.meters if meter.id == "ac")
    assert meter.accuracy.meter == pytest.approx(0.0011547005)
    assert meter.relative_standard_uncertainty == pytest.approx(0.002)


def test_an_uncertainty_is_expanded_and_a_standard_one_is_not(settings_folder: SettingsFolder) -> None:
    settings_folder.change(PLANT, RATED, f'{RATED}\nuncertainty = "0.3 %"')
    settings_folder.change(PLANT, 'rated_power = "80 MW"', 'rated_power = "80 MW"\nstandard_uncertainty = "0.3 %"')
    meters = {meter.id: meter for meter in settings_folder.load().plant.meters}
    assert meters["ac"].relative_standard_uncertainty == pytest.approx(0.0015)
    assert meters["dc"].relative_standard_uncertainty == pytest.approx(0.003)


def test_what_is_not_configured_is_not_assumed(settings_folder: SettingsFolder) -> None:
    plant = settings_folder.load().plant
    assert [meter.relative_standard_uncertainty for meter in plant.meters] == [None, None]
    [potline] = plant.potlines
    assert potline.current_efficiency.values[0].relative_standard_uncertainty is None
    assert potline.weighing_relative_standard_uncertainty is None


def test_values_and_weighings_of_a_potline_may_say_how_sure_they_are(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, SECOND_LINE)
    potline = settings_folder.load().plant.potline("PL2")
    assert potline.current_efficiency.values[0].relative_standard_uncertainty == 0.005
    assert potline.net_anode_consumption is not None
    assert potline.net_anode_consumption.values[0].relative_standard_uncertainty == 0.02
    assert potline.weighing_relative_standard_uncertainty == pytest.approx(0.0015)


def test_another_rule_for_classes_can_be_put_in() -> None:
    assert of_class(0.5) == pytest.approx(0.005 / math.sqrt(3))
    assert of_class(0.5, lambda largest: largest / 2) == 0.0025
    assert of_class(None) is None


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ('class = "0,2S"', [f"{P}:38 meters.ac.class: '0,2S' is no accuracy class; write it as on the plate, like \"0.2S\" or \"0.5\""]),
        ("class = 0.2", [f'{P}:38 meters.ac.class: 0.2 is no accuracy class; write it as on the plate, like "0.2S" or "0.5"']),
        ('ct_class = "50"', [f"{P}:38 meters.ac.ct_class: a class of 50 is not possible; classes go from 0.01 to 10"]),
        ('class = "0.2S"\nuncertainty = "0.3 %"', [f"{P}:38 meters.ac.class: class and an uncertainty of the whole exclude each other; keep one: the uncertainty is that of the meter with its transformers"]),
        ('standard_uncertainty = "0.2 %"\nuncertainty = "0.3 %"', [f"{P}:38 meters.ac.standard_uncertainty: uncertainty and standard_uncertainty exclude each other; keep one: the first is twice the second"]),
        ('stack = "GTC-1"', [f"{P}:38 meters.ac.stack: belongs to a meter that measures stack; remove it"]),
        ('conditions = "duct"', [f"{P}:38 meters.ac.conditions: belongs to a meter that measures stack; remove it"]),
        ('technology = "wind"', [f"{P}:38 meters.ac.technology: belongs to a meter that measures generation; remove it"]),
        ('allocate = "by_metal"', [f"{P}:38 meters.ac.allocate: belongs to a meter of services, desulphurisation or casthouse that has no potline; remove it"]),
        ('allocate = "by_weight"', [f"{P}:38 meters.ac.allocate: 'by_weight' is no way to share; write \"by_metal\", or shares like {{ PL1 = \"60 %\", PL2 = \"40 %\" }}"]),
    ],
)  # fmt: skip
def test_what_does_not_go_with_a_meter_is_told(settings_folder: SettingsFolder, new: str, told: list[str]) -> None:
    settings_folder.change(PLANT, RATED, f"{RATED}\n{new}")
    assert settings_folder.problems() == told


def test_meters_of_the_whole_plant_belong_to_no_potline(settings_folder: SettingsFolder) -> None:
    sun = HOUSE.replace("house", "sun").replace("castsun_ac", 'generation"\ntechnology = "solar').replace("= 7", "= 9")
    incomer = HOUSE.replace("meters.house", "meters.grid").replace("casthouse_ac", "incomer_ac").replace("= 7", "= 10")
    settings_folder.add(PLANT, HOUSE + sun + incomer)
    plant = settings_folder.load().plant
    assert [meter.id for meter in plant.plant_meters(Measures.CASTHOUSE_AC)] == ["house"]
    assert [meter.id for meter in plant.plant_meters(Measures.INCOMER_AC)] == ["grid"]
    assert [meter.technology for meter in plant.plant_meters(Measures.GENERATION)] == [Technology.SOLAR]


@pytest.mark.parametrize(
    ("allocate", "means"),
    [
        ('"by_metal"', Allocation()),
        ('{ PL1 = "60 %", PL2 = "40 %" }', Allocation((("PL1", 0.6), ("PL2", 0.4)))),
    ],
)
def test_what_serves_two_potlines_says_how_it_is_shared(
    settings_folder: SettingsFolder, allocate: str, means: Allocation
) -> None:
    settings_folder.add(PLANT, f"{SECOND_LINE}{HOUSE}allocate = {allocate}\n")
    [house] = settings_folder.load().plant.plant_meters(Measures.CASTHOUSE_AC)
    assert house.allocation == means


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", '51 meters.house.allocate: is missing, and this casthouse_ac serves 2 potlines; add allocate = "by_metal", or shares like { PL1 = "60 %", PL2 = "40 %" }'),
        ('allocate = { PL1 = "60 %", PL2 = "30 %" }\n', "57 meters.house.allocate: the shares add up to 90 %; give shares of 100 % together"),
        ('allocate = { PL1 = "60 %", PL3 = "40 %" }\n', "57 meters.house.allocate.PL3: there is no potline 'PL3'; one of: PL1, PL2"),
        ('potline = "PL2"\nallocate = "by_metal"\n', "58 meters.house.allocate: belongs to a meter of services, desulphurisation or casthouse that has no potline; remove it"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_sharing_is_told(settings_folder: SettingsFolder, more: str, told: str) -> None:
    settings_folder.add(PLANT, f"{SECOND_LINE}{HOUSE}{more}")
    assert settings_folder.problems() == [f"{P}:{told}"]


def test_pots_that_are_started_belong_to_a_potline(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, HOUSE.replace("casthouse_ac", "startup_ac"))
    assert settings_folder.problems() == [
        f"{P}:42 meters.house.potline: is missing, and startup_ac belongs to a potline; add it"
    ]


def test_a_stack_is_measured_by_several_meters_and_each_quantity_by_one(settings_folder: SettingsFolder) -> None:
    settings_folder.write("profiles/cems.toml", CEMS)
    settings_folder.write("profiles/flow.toml", CEMS.replace("hf", "so2").replace("flow = {", "volume = {").replace("m3/h", "m3"))  # fmt: skip
    settings_folder.add(PLANT, STACK + STACK.replace("meters.cems", "meters.other").replace("unit = 8", "unit = 9"))
    assert settings_folder.problems() == [
        f'{P}:50 meters.other.stack: flow of stack GTC-1 is measured by cems already; give one of them measures = "monitored"',
        f'{P}:50 meters.other.stack: hf of stack GTC-1 is measured by cems already; give one of them measures = "monitored"',
    ]
    settings_folder.change(PLANT, '[meters.other]\nmeasures = "stack"\nstack = "GTC-1"\nprofile = "cems"', '[meters.other]\nmeasures = "stack"\nstack = "GTC-1"\nprofile = "flow"')  # fmt: skip
    plant = settings_folder.load().plant
    assert plant.stacks == ("GTC-1",)
    assert [meter.id for meter in plant.stack_meters("GTC-1")] == ["cems", "other"]


def test_a_stack_meter_says_what_its_values_refer_to(settings_folder: SettingsFolder) -> None:
    settings_folder.write("profiles/cems.toml", CEMS)
    settings_folder.add(PLANT, STACK + 'conditions = "normal_dry"\n')
    [meter] = settings_folder.load().plant.stack_meters("GTC-1")
    assert meter.conditions is GasConditions.NORMAL_DRY
    settings_folder.change(PLANT, 'conditions = "normal_dry"', "")
    [meter] = settings_folder.load().plant.stack_meters("GTC-1")
    assert meter.conditions is None


def test_a_stack_has_a_name_and_something_to_measure(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, STACK.replace('stack = "GTC-1"\n', "").replace('"cems"', '"ac"'))
    listed = "hf, so2, dust, no, no2, nox, nh3, co, flow, o2, h2o, gas_temperature, gas_pressure"
    assert settings_folder.problems() == [
        f'{P}:42 meters.cems.stack: is missing; add it, like stack = "GTC-1"',
        f"{P}:43 meters.cems.measures: it has nothing that is booked of a stack; one of: {listed}",
    ]
