"""Direct emissions by the European and the Chinese rules, with literal numbers."""

import dataclasses

import msgspec
import pytest
from line_story import T0
from stated_period import RULES, basis_of, lacks, row, sums_of, with_plant

from collector.accounting.integrals import Amount as Counted
from collector.accounting.sums import Sums
from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.materials import Fuel, FuelContent, Materials, SodaAsh
from collector.readings.quantity import Quantity
from collector.reporting.cbam import cbam_statement
from collector.reporting.china_ets import china_ets_statement
from collector.reporting.direct import NoRules

TOLD = ToldAmounts("gas.csv", (Amount(T0, T0 + 7200 * 10**9, 1000.0),))
GAS = Fuel("gas", "m3", "supplier", "own", kg_co2_per_unit=2.0, amounts=TOLD)
COKE = Fuel("oil", "t", "analysis", "own", content=FuelContent(40.0, 0.02, 0.99), amounts=TOLD)
ASH = SodaAsh(0.415, "stoichiometry", "own", TOLD)


def test_the_mass_balance_takes_3_664_and_the_carbon_of_the_anodes_alone() -> None:
    statement = cbam_statement(basis_of())
    assert row(statement, "anodes of PL1").value == pytest.approx(10 * 0.415 * 0.976 * 3.664)
    # 0.143 · 0.45 min/d · 10 t of CF4, C2F6 0.121 of it, AR5
    assert row(statement, "anode effects").value == pytest.approx(0.143 * 0.45 * 10 * (6630 + 0.121 * 11100) / 1000)
    see = row(statement, "specific embedded emissions (SEE), direct")
    assert see.value == pytest.approx(0.415 * 0.976 * 3.664 + 0.143 * 0.45 * (6630 + 0.121 * 11100) / 1000)
    assert see.unit == "t CO2e/t"


def test_indirect_emissions_are_excluded_and_that_is_said() -> None:
    statement = cbam_statement(basis_of())
    assert statement.remarks[0].startswith("Indirect emissions of electricity are excluded")
    assert not [r for s in statement.sections for r in s.rows if r.unit == "MWh"]


def test_2026_has_benchmark_1_423_and_2_5_percent_in_force_with_their_marks() -> None:
    statement = cbam_statement(basis_of())
    assert row(statement, "benchmark, primary").value == 1.423
    share = row(statement, "share of the obligation in force in 2026")
    assert share.value == pytest.approx(2.5)
    assert share.source.endswith("(unverified)")


def test_fuels_and_soda_ash_are_added_by_their_own_factors() -> None:
    plant = with_plant(materials=Materials(fuels=(GAS, COKE), soda_ash=ASH))
    statement = cbam_statement(basis_of(plant=plant))
    assert row(statement, "gas").value == pytest.approx(2.0)
    assert row(statement, "oil").value == pytest.approx(1000 * 40 * 0.02 * 0.99 * 3.664)
    assert row(statement, "soda ash").value == pytest.approx(415.0)
    assert "fuels: none is configured, and none is counted" not in lacks(statement)


def test_a_fuel_that_is_told_for_half_of_the_period_is_missing_and_not_half() -> None:
    half = dataclasses.replace(GAS, amounts=ToldAmounts("gas.csv", (Amount(T0, T0 + 3600 * 10**9, 1000.0),)))
    statement = cbam_statement(basis_of(plant=with_plant(materials=Materials(fuels=(half,)))))
    assert "fuel gas: no amount is told for all of the period" in lacks(statement)
    assert not [r for s in statement.sections for r in s.rows if r.label == "gas"]


def test_a_fuel_by_a_meter_counts_what_the_meter_counted() -> None:
    metered = dataclasses.replace(GAS, amounts=None, meter="furnace")
    basis = basis_of(plant=with_plant(materials=Materials(fuels=(metered,))))
    assert "fuel gas: its meter furnace is not known for all of the period" in lacks(cbam_statement(basis))
    counted = {("furnace", Quantity.VOLUME): Counted(500.0, 7200.0, 0.0, 192)}
    assert row(cbam_statement(dataclasses.replace(basis, counted=counted)), "gas").value == pytest.approx(1.0)


def test_what_annex_iv_asks_for_and_nobody_told_is_listed() -> None:
    found = lacks(cbam_statement(basis_of()))
    assert "scrap used per tonne of unwrought aluminium [t/t]" in found
    assert "pre-consumer share of the scrap [%]" in found


def test_without_cell_days_the_ratio_is_withheld() -> None:
    sums = changed(paired_cell_days=0.0)
    statement = cbam_statement(basis_of(sums))
    see = row(statement, "specific embedded emissions (SEE), direct")
    assert see.value is None
    assert see.note == "withheld: perfluorocarbons of PL1: no cell-days are known"


def changed(**changes: float) -> Sums:
    return msgspec.structs.replace(sums_of(), **changes)


def test_the_guideline_counts_anodes_and_minutes_and_electricity_stands_beside() -> None:
    statement = china_ets_statement(basis_of(), anode_effects=None)
    anodes, effects = 10 * 0.415 * 0.976 * 44 / 12, 0.143 * 0.45 * 10 * (6630 + 0.1 * 11100) / 1000
    assert row(statement, "anodes").value == pytest.approx(anodes)
    assert row(statement, "anode effects").value == pytest.approx(effects)
    assert row(statement, "emissions of the process").value == pytest.approx(anodes + effects)
    electricity = row(statement, "electricity of the process")
    assert electricity.value == pytest.approx(132.0)
    assert electricity.note.startswith("auxiliary parameter")


def test_the_two_printed_defaults_conflict_and_none_is_taken_unasked() -> None:
    statement = china_ets_statement(basis_of(), anode_effects=None)
    assert row(statement, "default by_gases").value == pytest.approx(0.26316)
    assert row(statement, "default draft_2024").value == 0.1454
    chosen = china_ets_statement(basis_of(), anode_effects="draft_2024")
    assert row(chosen, "anode effects").value == pytest.approx(1.454)
    assert any("anode effects by a default" in remark for s in chosen.sections for remark in s.remarks)


def test_without_rules_the_file_to_add_is_named() -> None:
    empty = dataclasses.replace(basis_of(), rules=dataclasses.replace(RULES, cbam={}, china_ets={}))
    with pytest.raises(NoRules, match=r"add cbam\.toml to factors_dir"):
        cbam_statement(empty)
    with pytest.raises(NoRules, match=r"add china_ets\.toml to factors_dir"):
        china_ets_statement(empty, anode_effects=None)
