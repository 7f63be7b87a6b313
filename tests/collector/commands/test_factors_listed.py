"""What 'potline factors' shows: every number with its source and mark, and what is missing for which statement."""

import dataclasses
import json
from datetime import date
from zoneinfo import ZoneInfo

from click.testing import CliRunner
from example_plant import CONFIG, example_plant

from collector.cli import main
from collector.commands.factors import Report, lines, report
from collector.plant.accuracy import Accuracy
from collector.plant.days import midnight_ns
from collector.plant.factors import EmissionFactor, FactorKind, FactorSeries, HourlyFactors
from collector.plant.materials import Fuel, FuelContent, Materials, Stage, UpstreamFactor
from collector.plant.meter import HeardMeter, Measures
from collector.readings.quantity import Quantity

PLANT = example_plant()
NOON = midnight_ns(date(2026, 3, 1), ZoneInfo("Asia/Shanghai")) + 12 * 3_600_000_000_000
ALUMINA = UpstreamFactor(Stage.ALUMINA, 1200.0, "kg CO2e/t", 1.93, "a letter", "unverified", 0)


def lacks(told: Report) -> list[tuple[str, str, str]]:
    return [(each.statement, each.what, each.remedy) for each in told.missing]


def test_each_number_stands_with_value_mark_and_source() -> None:
    told = report(PLANT, NOON)
    numbers = {each.key: (each.value, each.unit, each.valid_from, each.verified) for each in told.in_force}
    assert numbers["emissions.grid_factor"] == (0.5306, "kg CO2/kWh", "2023-01-01", "transcription")
    assert numbers["gwp.cf4"] == (6630.0, "t CO2e/t", "", "official")
    assert numbers["potlines.PL1.slope"] == (0.143, "kg CF4/t per AE min/cell-day", "", "official")
    assert numbers["potlines.PL1.current_efficiency"] == (93.5, "%", "2024-01-01", "")
    assert all(each.source and each.version for each in told.in_force)


def test_what_the_footprint_lacks_is_told_by_name() -> None:
    told = lacks(report(PLANT, NOON))
    assert ("GB/T 44905 footprint", "alumina factor missing", "add [footprint.alumina]") in told
    assert ("GB/T 44905 footprint", "footprint factor missing", "add footprint_factor in [emissions]") in told
    plant = dataclasses.replace(PLANT, materials=Materials(footprint={Stage.ALUMINA: ALUMINA}))
    assert [what for _, what, _ in lacks(report(plant, NOON)) if "alumina" in what] == []
    ended = dataclasses.replace(ALUMINA, valid_to_ns=1)
    plant = dataclasses.replace(PLANT, materials=Materials(footprint={Stage.ALUMINA: ended}))
    where = "correct valid_from or valid_to in [footprint.alumina]"
    assert ("GB/T 44905 footprint", "alumina factor is not valid then", where) in lacks(report(plant, NOON))


def test_what_nobody_vouches_for_is_told_apart() -> None:
    plant = dataclasses.replace(PLANT, materials=Materials(footprint={Stage.ALUMINA: ALUMINA}))
    told = report(plant, NOON)
    assert [each.key for each in told.unverified] == ["footprint.alumina"]
    shown = list(lines(told, 120))
    assert shown[shown.index("unverified, nobody vouches for 1 number:") + 1] == "  footprint.alumina"
    assert not any(line.startswith("unverified") for line in lines(report(PLANT, NOON), 120))


def test_a_time_without_a_factor_is_told_and_none_is_shown() -> None:
    told = report(PLANT, midnight_ns(date(2022, 6, 1), PLANT.time_zone))
    assert "emissions.grid_factor" not in {each.key for each in told.in_force}
    what = "emissions.grid_factor: no factor is in force on 2022-05-31 16:00 UTC"
    assert ("location-based electricity", what, "name the one of that time, with its valid_from") in lacks(told)
    assert "kWh/t and t CO2e/t" in {each.statement for each in told.missing}


def test_an_hour_that_is_not_known_is_shown_as_estimated() -> None:
    hours = HourlyFactors("grid.csv", (NOON,), (0.4,), ("operator",))
    plant = dataclasses.replace(PLANT, grid_factor=dataclasses.replace(PLANT.grid_factor, hourly=hours))
    known, unknown = report(plant, NOON).in_force[0], report(plant, NOON + 3_600_000_000_000).in_force[0]
    assert (known.id, known.value, known.source, known.estimated) == ("grid.csv", 0.4, "operator", False)
    assert (unknown.id, unknown.value, unknown.estimated) == ("cn-national-2023", 0.5306, True)
    assert "estimated" in next(line for line in lines(report(plant, NOON + 3_600_000_000_000), 120) if "0.5306" in line)


def test_what_is_sure_is_told_and_what_is_not_configured_is_named() -> None:
    sure = [dataclasses.replace(meter, accuracy=Accuracy(0.001)) for meter in PLANT.meters]
    told = lacks(report(PLANT, NOON))
    wanted = "not configured of pl1_dc, rectifier_1, rectifier_2 and 2 more"
    assert wanted in [what for _, what, _ in told]
    after = lacks(report(dataclasses.replace(PLANT, meters=tuple(sure)), NOON))
    assert not any("pl1_dc" in what for _, what, _ in after)
    factor = EmissionFactor("f", 0.5, 0, "s", "own", relative_standard_uncertainty=0.025)
    plant = dataclasses.replace(PLANT, grid_factor=FactorSeries("emissions.grid_factor", ((0, factor),)))
    assert "5 % (k = 2)" in next(line for line in lines(report(plant, NOON), 120) if "grid_factor" in line)


def test_a_stack_without_flow_makes_no_masses() -> None:
    gas = HeardMeter("cems", Measures.STACK, None, 10.0, 0.0, "potroom", "C", (Quantity.HF,), stack="GTC-1")
    plant = dataclasses.replace(PLANT, meters=(gas,))
    remedy = 'add a meter with stack = "GTC-1" that has it'
    assert ("masses of pollutants", "stack GTC-1 has no flow", remedy) in lacks(report(plant, NOON))


def test_fuels_stand_with_their_factor_or_their_content() -> None:
    by_content = Fuel("diesel", "t", "analysis", "own", content=FuelContent(43.0, 0.02, 0.98))
    by_factor = Fuel("gas", "m3", "supplier", "own", kg_co2_per_unit=2.0)
    plant = dataclasses.replace(PLANT, materials=Materials(fuels=(by_content, by_factor)))
    numbers = {each.key: (each.value, each.unit) for each in report(plant, NOON).in_force}
    assert numbers["fuels.gas"] == (2.0, "kg CO2/m3")
    assert numbers["fuels.diesel.oxidation"] == (98.0, "%")
    assert not any(what == "no fuel is configured" for _, what, _ in lacks(report(plant, NOON)))


def test_a_footprint_factor_keeps_its_unit() -> None:
    factor = EmissionFactor("fp", 0.58, 0, "s", "own", "kg CO2e/kWh", kind=FactorKind.CARBON_FOOTPRINT)
    plant = dataclasses.replace(PLANT, footprint_factor=FactorSeries("emissions.footprint_factor", ((0, factor),)))
    numbers = {each.key: (each.value, each.unit) for each in report(plant, NOON).in_force}
    assert numbers["emissions.footprint_factor"] == (0.58, "kg CO2e/kWh")


def test_the_command_lists_prints_json_and_refuses_what_is_no_day() -> None:
    run = CliRunner().invoke
    shown = run(main, ["factors", "--config", str(CONFIG), "--at", "2026-03-01"])
    assert shown.exit_code == 0
    assert shown.output.startswith("plant example, 2026-03-01\n")
    assert "GB/T 44905 footprint: alumina factor missing: add [footprint.alumina]" in shown.output
    told = json.loads(run(main, ["factors", "--config", str(CONFIG), "--json"]).output)
    assert {"key", "value", "unit", "source", "verified", "version"} <= set(told["factors"][0])
    assert {"statement", "what", "remedy"} == set(told["missing"][0])
    wrong = run(main, ["factors", "--config", str(CONFIG), "--at", "soon"])
    assert wrong.exit_code == 2
    assert "soon is no day; write it like 2026-03-01" in wrong.output
