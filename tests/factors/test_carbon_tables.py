"""The shipped tables of carbon, perfluorocarbons and rule sets: each number has a source, and its formula takes it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from collector.domain import anode_effect, carbon, cbam_obligation, electricity, pfc, rule_sets, soderberg

FOLDER = Path(__file__).parents[2] / "config" / "factors"
MARKS = {"official", "transcription", "own", "unverified"}


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


TABLES = [
    "carbon",
    "carbon_footprint_factors",
    "cbam",
    "china_ets",
    "gwp",
    "pfc_overvoltage",
    "pfc_slope",
    "pfc_tier1",
    "product_footprint",
]


def entries(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the innermost tables that a source may stand in: those whose values are not all tables."""
    found: list[dict[str, Any]] = []
    for value in values.values():
        found += entries(value) if all(isinstance(each, dict) for each in value.values()) else [value]
    return found


@pytest.mark.parametrize("name", TABLES)
def test_every_entry_has_a_source_and_a_mark(name: str) -> None:
    found = entries(table(name))
    assert found
    for entry in found:
        assert len(entry["source"]) > 10
        assert entry["verified"] in MARKS


def test_what_was_not_seen_in_the_official_text_is_not_marked_official() -> None:
    marks = {
        entry["verified"] for name in ("china_ets", "pfc_tier1", "product_footprint") for entry in entries(table(name))
    }
    assert "official" not in marks
    assert table("cbam")["obligation"]["verified"] == "unverified"


def test_c2f6_weighs_12400_in_the_sixth_report_and_12200_in_the_fourth() -> None:
    # a public list of factors gives the fourth report's number as the sixth's
    gwp = table("gwp")
    assert (gwp["ar6"]["c2f6"], gwp["ar4"]["c2f6"]) == (12400, 12200)
    assert (gwp["ar5"]["cf4"], gwp["ar5"]["c2f6"]) == (6630, 11100)


def test_the_european_rule_set_names_the_fifth_report_as_the_regulation_prints_it_and_not_the_fourth() -> None:
    # a monitoring document gives 7390 and 12200 as the regulation's
    (rules,) = table("cbam")["rules"].values()
    named = table("gwp")[rules["gwp"]]
    assert (rules["gwp"], named["cf4"], named["c2f6"]) == ("ar5", 6630, 11100)
    assert rules["co2_per_carbon"] == 3.664


def test_slope_of_2000_and_the_second_report_give_the_rule_of_thumb_of_1075_6_kg() -> None:
    row, gwp = table("pfc_slope")["ipcc_2000"]["cwpb"], table("gwp")["sar"]
    cf4_kg = anode_effect.slope_cf4_kg(1.0, ae_minutes_per_cell_day=1.0, slope=row["slope"])
    c2f6_kg = anode_effect.ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=row["c2f6_per_cf4"])
    co2e_t = anode_effect.pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=gwp["cf4"], gwp_c2f6=gwp["c2f6"])
    assert co2e_t * 1000 == pytest.approx(1075.6, rel=1e-12)


def test_the_three_vintages_stand_side_by_side() -> None:
    slopes = {rule: rows["cwpb"]["slope"] for rule, rows in table("pfc_slope").items()}
    assert slopes == {"ipcc_2000": 0.14, "ipcc_2006": 0.143, "cbam_2025_2547": 0.143}
    assert table("pfc_slope")["cbam_2025_2547"]["swpb"]["c2f6_per_cf4"] == 0.28
    assert table("pfc_overvoltage")["cbam_2025_2547"]["swpb"]["c2f6_per_cf4"] == 0.252


def test_overvoltage_coefficients_are_for_percent() -> None:
    row = table("pfc_overvoltage")["ipcc_2006"]["cwpb"]
    cf4_kg = anode_effect.overvoltage_cf4_kg(
        1000.0,
        overvoltage_mv=5.0,
        overvoltage_coefficient=row["overvoltage_coefficient"],
        current_efficiency_percent=95.0,
    )
    assert cf4_kg == pytest.approx(61.0526, rel=1e-5)


def test_no_table_holds_a_default_of_low_voltage_emissions() -> None:
    for name in TABLES:
        for entry in entries(table(name)):
            assert not [key for key in entry if "low_voltage" in key or "lvae" in key]


def test_tier_1_and_carbon_footprint_factors_are_taken_by_their_formulas() -> None:
    rows = {key: row for key, row in table("pfc_tier1")["ipcc_2006"].items() if isinstance(row, dict)}
    assert set(rows) == {"cwpb", "swpb", "vss", "hss"}
    for row in rows.values():
        assert pfc.default_gas_kg(1.0, gas_kg_per_t=row["c2f6_kg_per_t"]) < pfc.default_gas_kg(
            1.0, gas_kg_per_t=row["cf4_kg_per_t"]
        )
    for entry in table("carbon_footprint_factors").values():
        assert entry["kind"] == electricity.FactorKind.CARBON_FOOTPRINT.value
        assert electricity.footprint_electricity_co2e_t(1000.0, footprint_factor=entry["value"]) > 0.5


def test_defaults_of_carbon_are_taken_by_their_formulas() -> None:
    values = table("carbon")
    prebake, paste = values["prebake"]["40_cfr_98"], values["soderberg"]["40_cfr_98"]
    co2_t = carbon.prebake_anode_co2_t(
        1.0,
        net_anode_consumption=0.42,
        sulphur_percent=prebake["sulphur_percent"],
        ash_percent=prebake["ash_percent"],
    )
    assert co2_t == pytest.approx(1.50304, rel=1e-12)
    soderberg_t = soderberg.soderberg_anode_co2_t(
        1.0,
        paste_consumption=0.52,
        benzene_soluble_kg_per_t=paste["benzene_soluble_kg_per_t_vss"],
        binder_percent=paste["binder_percent_dry"],
        **{key: value for key, value in paste.items() if key.startswith(("pitch_", "coke_", "skimmed_"))},
    )
    assert soderberg_t == pytest.approx(1.818974666667, rel=1e-9)
    for factor in (values["tier1"]["ipcc_2006"]["prebake"], values["tier1"]["ipcc_2006"]["soderberg"]):
        assert carbon.tier1_anode_co2_t(1.0, co2_per_metal=factor) == factor
    for carbonate in values["carbonates"].values():
        assert carbon.carbonate_co2_t(1.0, co2_per_carbonate=carbonate["co2_per_carbonate"]) > 0.4


def test_chinese_table_offers_two_conflicting_defaults_and_presets_none() -> None:
    values = table("china_ets")
    rules = rule_sets.ChinaEtsRules(
        "cets_ag_04_01_v01_2024",
        gwp_cf4=6630,
        gwp_c2f6=11100,
        **{
            key: value
            for key, value in values["rules"]["cets_ag_04_01_v01_2024"].items()
            if key not in ("source", "verified", "gwp")
        },
    )
    defaults = values["anode_effect_defaults"]
    assert set(defaults) == {"by_gases", "draft_2024"}
    by_gases, draft = defaults["by_gases"], defaults["draft_2024"]
    choices: list[rule_sets.AnodeEffectActivity] = [
        rule_sets.DefaultGases(by_gases["cf4_kg_per_t"], by_gases["c2f6_kg_per_t"], by_gases["source"]),
        rule_sets.DefaultPerMetal(draft["co2e_t_per_t"], draft["source"]),
    ]
    answers = [
        rule_sets.china_ets_process(
            1.0, rules=rules, fuels=[], anodes=rule_sets.NetAnodes(0.0), anode_effects=choice, auxiliary_kwh=0.0
        ).co2e_t
        for choice in choices
    ]
    assert answers == pytest.approx([0.26316, 0.1454], rel=1e-9)


def test_obligation_grows_from_2_5_percent_in_2026_to_all_in_2034() -> None:
    values = table("cbam")
    shares = {int(year): share for year, share in values["obligation"]["share_percent"].items()}
    assert list(shares) == list(range(2026, 2035))
    assert list(shares.values()) == sorted(shares.values())
    free = cbam_obligation.free_allocation_t_per_t(
        values["benchmarks"]["2026"]["primary"], obligation_share=shares[2026] / 100, correction_factor=1.0
    )
    assert free == pytest.approx(1.387425, rel=1e-12)
    assert shares[2034] == 100
    assert values["rules"]["cbam_2025_2547"]["co2_per_carbon"] == carbon.MASS_BALANCE_CO2_PER_CARBON
