"""Direct emissions by the European and the Chinese rules, with literal numbers."""

import dataclasses
import math

import msgspec
import pytest
from line_story import PLANT, T0
from stated_period import RULES, basis_of, lacks, row, sums_of, with_plant

from collector.accounting.integrals import Amount as Counted
from collector.accounting.sums import Sums
from collector.plant.accuracy import Accuracy
from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.declarations import CbamDeclaration, ChinaEtsChoices, Declarations, Made, ToldPrecursor
from collector.plant.direct import Coefficient, DirectMethods, LowVoltage
from collector.plant.factors import DatedSeries
from collector.plant.materials import Fuel, FuelContent, Materials, SodaAsh
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity
from collector.reporting.basis import Basis
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


def sure_plant(*, materials: Materials | None = None, declared: Declarations | None = None, **line: object) -> Plant:
    """Return the example plant with the uncertainty of everything that has a setting for it: 1 %, and slope 3 %."""
    first = PLANT.potlines[0]

    def one_percent(series: DatedSeries | None) -> DatedSeries:
        assert series is not None
        values = tuple(dataclasses.replace(one, relative_standard_uncertainty=0.01) for one in series.values)
        return dataclasses.replace(series, values=values)

    potline = dataclasses.replace(
        first,
        current_efficiency=one_percent(first.current_efficiency),
        net_anode_consumption=one_percent(first.net_anode_consumption),
        **line,  # type: ignore[arg-type]
    )
    meters = tuple(
        dataclasses.replace(meter, accuracy=Accuracy(whole=0.001)) if meter.potline else meter for meter in PLANT.meters
    )
    return with_plant(
        potlines=(potline,), meters=meters, materials=materials or Materials(), declared=declared or Declarations()
    )


def sure_basis(plant: Plant) -> Basis:
    basis = basis_of(plant=plant)
    slopes = {
        name: {
            technology: dataclasses.replace(slope, relative_standard_uncertainty=0.03)
            for technology, slope in rows.items()
        }
        for name, rows in basis.rules.slopes.items()
    }
    return dataclasses.replace(basis, rules=dataclasses.replace(basis.rules, slopes=slopes))


def test_every_number_of_both_data_sheets_has_unit_coverage_and_uncertainty_or_says_why_not() -> None:
    for plant in (PLANT, sure_plant(materials=Materials(fuels=(GAS,), soda_ash=ASH))):
        basis = sure_basis(plant) if plant is not PLANT else basis_of()
        for statement in (cbam_statement(basis), china_ets_statement(basis, anode_effects=None)):
            for section in statement.sections:
                for each in section.rows:
                    assert each.unit, each.label
                    assert each.expanded_95 is not None or each.uncertainty, each.label
                    assert each.coverage_pct is not None or each.uncertainty.startswith("prescribed"), each.label


def test_the_metal_cancels_out_of_emissions_per_tonne_and_the_slope_does_not() -> None:
    statement = cbam_statement(sure_basis(sure_plant()))
    carbon, gases = 0.415 * 0.976 * 3.664, 0.143 * 0.45 * (6630 + 0.121 * 11100) / 1000
    found = row(statement, "specific embedded emissions (SEE), direct")
    assert found.expanded_95 == pytest.approx(2 * math.hypot(0.01 * carbon, 0.03 * gases), rel=1e-6)
    whole = row(statement, "direct emissions")
    metal = math.hypot(0.01, 0.001)
    expected = 20 * math.hypot(metal * (carbon + gases), 0.01 * carbon, 0.03 * gases)
    assert whole.expanded_95 == pytest.approx(expected, rel=1e-6)


def test_without_an_uncertainty_of_the_slope_it_is_named_and_the_sum_has_none() -> None:
    statement = cbam_statement(basis_of(plant=sure_plant()))
    assert row(statement, "anode effects").uncertainty == "not configured: slope cwpb"
    assert row(statement, "direct emissions").expanded_95 is None
    assert row(statement, "anodes of PL1").expanded_95 is not None


def test_fuel_of_a_month_in_two_hours_is_spread_and_marked_as_estimated() -> None:
    month = ToldAmounts("gas.csv", (Amount(T0 - 22 * 3600 * 10**9, T0 + 2 * 3600 * 10**9, 12_000.0),))
    spread = dataclasses.replace(
        GAS, amounts=month, relative_standard_uncertainty=0.03, amount_relative_standard_uncertainty=0.04
    )
    found = row(cbam_statement(basis_of(plant=with_plant(materials=Materials(fuels=(spread,))))), "gas")
    assert found.is_estimated
    assert found.value == pytest.approx(2.0)
    assert found.estimated_pct == pytest.approx(100.0)
    assert found.expanded_95 == pytest.approx(2 * 0.05 * 2.0)
    assert "spread evenly over the time" in found.note


def test_an_unverified_factor_is_named_beside_each_number_that_it_entered() -> None:
    doubtful = dataclasses.replace(GAS, verified="unverified")
    statement = cbam_statement(basis_of(plant=with_plant(materials=Materials(fuels=(doubtful,)))))
    for label in ("gas", "direct emissions", "specific embedded emissions (SEE), direct"):
        assert "stands on unverified: fuel gas (factor or amount)" in row(statement, label).note, label
    assert "unverified" not in row(statement, "anodes of PL1").note
    china = china_ets_statement(basis_of(), anode_effects="draft_2024")
    assert "stands on unverified: default of the anode effects" in row(china, "emissions of the process").note


def test_low_voltage_cf4_is_in_with_its_source_or_it_is_said_that_none_is() -> None:
    assert "low-voltage emissions of PL1: no factor is configured, and none is counted" in lacks(
        cbam_statement(basis_of())
    )
    low = LowVoltage(Coefficient(0.012, "campaign of 2025", "own", 0.1), "cbam_2025_2547")
    plant = sure_plant(direct=DirectMethods(low_voltage=low))
    found = row(cbam_statement(basis_of(plant=plant)), "anode effects")
    slope_kg = 0.143 * 0.45 * 10
    assert found.value == pytest.approx(((slope_kg + 0.12) * 6630 + 0.121 * slope_kg * 11100) / 1000)
    assert found.note == "with 0.12 kg CF4 of low voltage: campaign of 2025"


def test_low_voltage_of_another_edition_is_not_added_to_this_rule_set() -> None:
    low = LowVoltage(Coefficient(0.012, "campaign", "own"), "ipcc_2006")
    statement = cbam_statement(basis_of(plant=sure_plant(direct=DirectMethods(low_voltage=low))))
    assert row(statement, "anode effects").note == ""
    assert any(
        "their factor is added to ipcc_2006, and this statement goes by cbam_2025_2547" in x for x in lacks(statement)
    )


def declared(default_share: float = 1.0) -> Declarations:
    consumed = ToldAmounts("ingot.csv", (Amount(T0, T0 + 7200 * 10**9, 2.0),))
    bought = ToldPrecursor(
        "ingot", Made.BOUGHT, consumed, Coefficient(3.0, "supplier", "own", 0.05), default_share, 0.01
    )
    goods = ToldAmounts("goods.csv", (Amount(T0, T0 + 7200 * 10**9, 11.5),))
    return Declarations(cbam=CbamDeclaration(goods, 0.005, (bought,), precursors_complete=True))


def test_two_tonnes_of_a_precursor_add_six_tonnes_over_the_goods_that_were_told() -> None:
    statement = cbam_statement(sure_basis(sure_plant(declared=declared())))
    own = row(statement, "direct emissions").value
    assert own is not None
    found = row(statement, "specific embedded emissions (SEE), direct")
    assert found.value == pytest.approx((own + 6.0) / 11.5)
    assert found.expanded_95 is not None
    assert row(statement, "activity level").value == 11.5
    assert row(statement, "share of default values in the precursors' emissions").value == pytest.approx(100.0)
    assert not any(what.startswith("precursors") for what in lacks(statement))


def test_a_precursor_that_is_not_told_for_the_period_withholds_the_ratio() -> None:
    known = declared()
    other = ToldAmounts("ingot.csv", (Amount(T0 - 7200 * 10**9, T0, 2.0),))
    untold = dataclasses.replace(known.cbam.precursors[0], consumed=other)
    cbam = dataclasses.replace(known.cbam, precursors=(untold,))
    statement = cbam_statement(basis_of(plant=sure_plant(declared=dataclasses.replace(known, cbam=cbam))))
    found = row(statement, "specific embedded emissions (SEE), direct")
    assert (found.value, found.note) == (None, "withheld: precursor ingot: no mass is told for all of the period")


def test_a_default_per_tonne_has_no_place_in_the_mass_balance() -> None:
    tier1 = DirectMethods(anode_default=Coefficient(1.6, "table", "transcription"))
    statement = cbam_statement(basis_of(plant=sure_plant(direct=tier1)))
    assert row(statement, "specific embedded emissions (SEE), direct").value is None
    assert "anodes of PL1: a default per tonne of metal has no place in the mass balance" in lacks(statement)


def test_the_guideline_takes_its_own_loss_off_gross_anodes_that_are_told() -> None:
    gross = ToldAmounts("gross.csv", (Amount(T0, T0 + 7200 * 10**9, 5.0),))
    choices = Declarations(china_ets=ChinaEtsChoices(gross_anodes=gross))
    found = row(china_ets_statement(basis_of(plant=with_plant(declared=choices)), anode_effects=None), "anodes")
    assert found.value == pytest.approx(5.0 * (1 - 0.1518) * 0.976 * 44 / 12)


def test_a_fuel_outside_the_boundary_is_left_out_and_told() -> None:
    left_out = Declarations(left_out={"cbam": frozenset({"gas"})})
    plant = with_plant(materials=Materials(fuels=(GAS,)), declared=left_out)
    statement = cbam_statement(basis_of(plant=plant))
    assert "fuel gas is outside the boundary of this statement, by the plant's choice" in lacks(statement)
    assert row(china_ets_statement(basis_of(plant=plant), anode_effects=None), "fuel gas").value == pytest.approx(2.0)


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
