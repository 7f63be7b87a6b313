"""The statement of the product's carbon footprint, with literal numbers."""

import dataclasses
from datetime import date

import pytest
from line_story import PLANT, T0
from stated_period import basis_of, lacks, row, sums_of, with_plant

from collector.domain.soderberg import soderberg_anode_co2_t
from collector.plant.declarations import Declarations, FootprintChoices, ToldCutOff
from collector.plant.direct import Coefficient, DirectMethods, PasteAnodes
from collector.plant.factors import DatedSeries, DatedValue, EmissionFactor, FactorKind, FactorSeries
from collector.plant.materials import Materials, Stage, UpstreamFactor
from collector.plant.topology import Plant
from collector.reporting.cbam import cbam_statement
from collector.reporting.china_ets import china_ets_statement
from collector.reporting.direct import NoRules
from collector.reporting.footprint import footprint_statement


def upstream(stage: Stage, value: float, amount: float, *, km: float | None = None) -> UpstreamFactor:
    unit = "kg CO2e/t" if km is None else "kg CO2e/(t km)"
    return UpstreamFactor(stage, value, unit, amount, "declaration", "own", 0, distance_km=km)


ALL = {
    Stage.ALUMINA: upstream(Stage.ALUMINA, 1000.0, 1.92),
    Stage.ANODES: upstream(Stage.ANODES, 700.0, 0.5),
    Stage.ALF3: upstream(Stage.ALF3, 2500.0, 0.016),
    Stage.TRANSPORT: upstream(Stage.TRANSPORT, 0.01, 2.5, km=8000.0),
}


def electricity(kind: FactorKind = FactorKind.CARBON_FOOTPRINT) -> FactorSeries:
    factor = EmissionFactor("grid-life-cycle", 0.5777, 0, "table", "transcription", "kg CO2e/kWh", kind=kind)
    return FactorSeries("emissions.footprint_factor", ((0, factor),))


def plant(footprint: dict[Stage, UpstreamFactor] | None = None) -> Plant:
    materials = Materials(footprint=ALL if footprint is None else footprint)
    return with_plant(materials=materials, footprint_factor=electricity())


def test_with_all_stages_configured_the_footprint_is_their_sum_over_the_metal() -> None:
    statement = footprint_statement(basis_of(plant=plant()))
    # 90 s of anode effects in 10/3 cell-days are 0.45 min a cell-day.
    carbon, pfc = 0.415 * 0.976 * 44 / 12, 0.143 * 0.45 * (6630 + 0.121 * 11100) / 1000
    expected = 1.92 + 0.35 + 0.04 + 0.2 + carbon + pfc + 13.2 * 0.5777
    assert row(statement, "carbon footprint").value == pytest.approx(expected, rel=1e-9)
    assert row(statement, "electricity").value == pytest.approx(13.2 * 0.5777, rel=1e-9)
    assert row(statement, "transport").value == pytest.approx(0.2)
    shares = [
        r.value or 0.0 for s in statement.sections for r in s.rows if r.label.endswith("share of what was counted")
    ]
    assert sum(shares) == pytest.approx(100.0)
    assert lacks(statement) == []
    assert "1 t of primary liquid aluminium" in statement.remarks[0]


def test_with_one_stage_missing_it_is_withheld_and_only_the_lower_bound_is_told() -> None:
    known: dict[Stage, UpstreamFactor] = {stage: factor for stage, factor in ALL.items() if stage is not Stage.ALF3}
    statement = footprint_statement(basis_of(plant=plant(known)))
    assert row(statement, "carbon footprint").value is None
    assert row(statement, "sum of what was counted").value is not None
    assert lacks(statement) == ["footprint: fluorides: no amount"]


def test_electricity_without_a_footprint_factor_is_missing_and_the_grid_factor_never_stands_in() -> None:
    without = dataclasses.replace(plant(), footprint_factor=None)
    statement = footprint_statement(basis_of(plant=without))
    assert row(statement, "carbon footprint").value is None
    assert "electricity: no carbon-footprint factor is configured" in lacks(statement)
    assert all("cn-national-2023" not in r.source for s in statement.sections for r in s.rows)


def test_a_factor_that_ends_within_the_period_leaves_the_rest_without_one() -> None:
    basis = basis_of(plant=plant())
    later = dataclasses.replace(basis.lines[0].days[0], label="2026-03-02")
    window = dataclasses.replace(later.window, start_ns=T0 + 86400 * 10**9)
    days = (basis.lines[0].days[0], dataclasses.replace(later, window=window))
    ended = FactorSeries("f", ((0, dataclasses.replace(electricity().entries[0][1], valid_to_ns=T0 + 10**9)),))
    line = dataclasses.replace(basis.lines[0], days=days)
    changed = dataclasses.replace(basis, plant=dataclasses.replace(basis.plant, footprint_factor=ended), lines=(line,))
    statement = footprint_statement(changed)
    assert row(statement, "carbon footprint").value is None
    assert any("has no factor" in what for what in lacks(statement))


def test_too_little_of_the_time_withholds_it() -> None:
    statement = footprint_statement(basis_of(sums_of(covered_s=3600.0), plant=plant()))
    found = row(statement, "carbon footprint")
    assert (found.value, found.note) == (None, "withheld: less than 90 % of the time is known")


def test_metal_of_which_the_parameters_are_not_kept_withholds_it() -> None:
    basis = basis_of(plant=plant())
    line = basis.lines[0]
    lost = dataclasses.replace(line, segments=(dataclasses.replace(line.segments[0], parameters=None),))
    statement = footprint_statement(dataclasses.replace(basis, lines=(lost,)))
    assert row(statement, "carbon footprint").value is None
    assert "anodes of 10.0 t of metal of PL1: the parameters of that time are not kept" in lacks(statement)


def test_it_says_which_uncertainties_are_not_configured_and_states_it_when_all_are() -> None:
    statement = footprint_statement(basis_of(plant=plant()))
    found = row(statement, "carbon footprint")
    assert found.expanded_95 is None
    assert found.uncertainty.startswith(
        "not configured: current efficiency of PL1, electricity of PL1 (meters), factor "
    )
    assert row(statement, "alumina, emissions").uncertainty.startswith(
        "not configured: current efficiency of PL1, foot"
    )


def test_before_the_rule_is_in_force_there_is_no_statement_by_it() -> None:
    basis = dataclasses.replace(basis_of(plant=plant()), day=date(2024, 3, 1))
    with pytest.raises(NoRules, match="no rule holds on 2024-03-01; there is gb_t_44905_2024 from 2025-05-01"):
        footprint_statement(basis)


CASTING = {**ALL, Stage.CASTING: upstream(Stage.CASTING, 60.0, 1.0)}
LOSS = Coefficient(0.01, "casthouse", "unverified", 0.1)


def ingot(loss: Coefficient | None, *cut_offs: ToldCutOff, stages: dict[Stage, UpstreamFactor] | None = None) -> Plant:
    declared = Declarations(footprint=FootprintChoices(True, loss, cut_offs))
    return dataclasses.replace(plant(CASTING if stages is None else stages), declared=declared)


def test_remelt_ingot_has_casting_in_it_and_is_divided_by_what_casting_leaves() -> None:
    liquid = row(footprint_statement(basis_of(plant=plant(CASTING))), "sum of what was counted").value
    assert liquid is not None
    statement = footprint_statement(basis_of(plant=ingot(LOSS)))
    found = row(statement, "carbon footprint")
    assert found.value == pytest.approx((liquid + 0.06) / 0.99)
    assert found.note == "stands on unverified: melt loss"
    assert statement.remarks[0] == "Declared unit: 1 t of remelt ingot."


def test_an_ingot_of_which_nobody_tells_the_melt_loss_has_no_footprint() -> None:
    statement = footprint_statement(basis_of(plant=ingot(None)))
    assert row(statement, "carbon footprint").value is None
    assert "remelt ingot: nobody tells what casting loses of the liquid metal" in lacks(statement)


def test_a_cut_off_of_0_3_percent_stands_in_for_a_stage_and_one_of_1_percent_is_refused() -> None:
    known: dict[Stage, UpstreamFactor] = {stage: factor for stage, factor in CASTING.items() if stage is not Stage.ALF3}
    small = ToldCutOff("fluorides", "fluorides", 0.3, "purchases")
    statement = footprint_statement(basis_of(plant=ingot(LOSS, small, stages=known)))
    assert row(statement, "carbon footprint").value is not None
    assert row(statement, "fluorides (fluorides)").note == "purchases"
    large = basis_of(plant=ingot(LOSS, dataclasses.replace(small, share_percent=1.0), stages=known))
    with pytest.raises(ValueError, match="count it"):
        footprint_statement(large)


def test_every_number_has_unit_coverage_and_uncertainty_or_says_why_not() -> None:
    statement = footprint_statement(basis_of(plant=ingot(LOSS)))
    for section in statement.sections:
        for each in section.rows:
            assert each.unit, each.label
            assert each.expanded_95 is not None or each.uncertainty, each.label


def test_a_soderberg_line_states_the_carbon_of_its_paste_in_all_three_statements() -> None:
    consumption = DatedSeries("paste", (DatedValue(0.52, 0, "paste plant", 0.01),))
    paste = PasteAnodes(consumption, 0.5, 24.0, 0.6, 0.2, 3.3, 1.9, 0.2, 0.01, "40 CFR 98", "transcription")
    line = dataclasses.replace(PLANT.potlines[0], net_anode_consumption=None, direct=DirectMethods(paste=paste))
    basis = basis_of(plant=dataclasses.replace(plant(), potlines=(line,)))
    made = dataclasses.replace(basis.lines[0], potline=line)
    carbon = soderberg_anode_co2_t(
        10.0,
        paste_consumption=0.52,
        benzene_soluble_kg_per_t=0.5,
        binder_percent=24.0,
        pitch_sulphur_percent=0.6,
        pitch_ash_percent=0.2,
        pitch_hydrogen_percent=3.3,
        coke_sulphur_percent=1.9,
        coke_ash_percent=0.2,
        skimmed_dust_per_metal=0.01,
    )
    assert made.segments[0].parameters is not None
    assert row(cbam_statement(basis), "anodes of PL1").value == pytest.approx(carbon * 3.664 * 12 / 44)
    assert row(china_ets_statement(basis, anode_effects=None), "anodes").value == pytest.approx(carbon)
    source = row(footprint_statement(basis), "anodes of PL1").source
    assert source == "paste: paste plant; 40 CFR 98"
