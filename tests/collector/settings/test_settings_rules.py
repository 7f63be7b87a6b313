"""The files of rules: what they give, and what is wrong with each, with file, line and remedy."""

# ruff: noqa: E501 - whole lines, as a person reads them

import shutil
from datetime import date
from pathlib import Path

import pytest
from settings_folder import SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.domain.levels import Indicator
from collector.domain.rule_sets import DefaultGases, DefaultPerMetal
from collector.settings.rule_files import RuleFiles

SHIPPED = Path(__file__).parents[3] / "config" / "factors"


@pytest.fixture(name="factors")
def factors_(tmp_path: Path) -> Path:
    """Return a copy of the files that are shipped."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "factors"))


def problems(folder: Path) -> list[str]:
    files = RuleFiles(folder)
    files.tables()
    return [str(problem).replace(f"{folder}/", "") for problem in files.problems]


def spoil(folder: Path, name: str, old: str, new: str) -> list[str]:
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return problems(folder)


def test_the_shipped_files_give_their_numbers_each_with_source_and_mark() -> None:
    files = RuleFiles(SHIPPED)
    tables = files.tables()
    assert files.problems == []
    level = tables.energy_levels["gb_21346_2022"][Indicator.LIQUID_AC]
    assert (level.value.level_1, level.value.level_3, level.verified) == (12_950, 13_350, "transcription")
    assert level.holds_on(date(2024, 1, 1))
    assert not level.holds_on(date(2023, 12, 31))
    price = tables.stepped_prices["ndrc_2021_1239"].value
    assert [tier.threshold_kwh_per_t for tier in price.tiers] == [13_650, 13_450, 13_300]
    assert price.relief is not None
    assert price.overdue is not None
    assert (price.relief.from_percent, price.overdue.multiple) == (15, 1.5)
    assert tables.banded_prices["ndrc_2013_bands"].value.bands.top_cny_per_kwh == 0.08
    assert tables.cbam["cbam_2025_2547"].value.co2_per_carbon == 3.664
    assert (tables.cbam["cbam_2025_2547"].value.rules.gwp_cf4, tables.cbam_benchmarks["2026"].value.primary) == (
        6630,
        1.423,
    )
    assert tables.cbam_shares is not None
    assert (tables.cbam_shares.value[2026], tables.cbam_shares.value[2034]) == (0.025, 1.0)
    assert isinstance(tables.anode_effect_defaults["by_gases"].value, DefaultGases)
    assert isinstance(tables.anode_effect_defaults["draft_2024"].value, DefaultPerMetal)
    assert tables.overvoltage["ipcc_2006"].value["swpb"].overvoltage_coefficient == 3.65
    assert tables.pfc_tier1["ipcc_2006"].value["vss"].cf4_kg_per_t == 0.8
    assert tables.soderberg["40_cfr_98"].value.benzene_soluble_kg_per_t_hss == 4.0
    assert tables.kgce_per_kwh is not None
    assert tables.kgce_per_kwh.value == 0.1229
    assert not tables.emission_limits["henan_draft"].value.is_law
    assert tables.slopes["cbam_2025_2547"]["pfpb_m"].slope == 0.104


def test_a_file_that_is_not_there_gives_nothing_and_is_no_problem(settings_folder: SettingsFolder) -> None:
    rules = settings_folder.load().rules
    assert (rules.energy_levels, rules.cbam, rules.kgce_per_kwh) == ({}, {}, None)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (
            "energy_levels.toml",
            "level_1 = 12950",
            "level_1 = 13950",
            "energy_levels.toml:7 gb_21346_2022.liquid_ac: limits are 13950, 13000, 13350: must rise from level 1 to level 3; give the advanced limit first and the mandatory one last",
        ),
        (
            "energy_levels.toml",
            'boundary = "liquid_ac"',
            'boundary = "liquid_comprehensive_ac"',
            'energy_levels.toml:7 gb_21346_2022.liquid_ac: liquid_ac has boundary liquid_comprehensive_ac in kWh/t; write boundary = "liquid_ac" and unit = "kWh/t"',
        ),
        (
            "power_price.toml",
            "cny_per_kwh_per_step = 0.01",
            "cny_per_kwh_per_step = 10",
            "power_price.toml:7 ndrc_2021_1239: cny_per_kwh_per_step is 10: must be from 0 to 1; give CNY, 0.01 for one fen",
        ),
        (
            "power_price.toml",
            'kind = "steps"',
            'kind = "stairs"',
            'power_price.toml:8 ndrc_2021_1239.kind: says no kind of price; write kind = "steps" or "bands"',
        ),
        (
            "emission_limits.toml",
            "limit = 3.0",
            "limit = 0",
            "emission_limits.toml:19 gb_25465_2010.limits[0].limit: 0 is not possible; give a number above zero",
        ),
        (
            "cbam.toml",
            'gwp = "ar5"',
            'gwp = "ar9"',
            "cbam.toml:8 rules.cbam_2025_2547.gwp: gwp.toml has no set of warming potentials 'ar9' that can be used; add it there, or name another",
        ),
        (
            "china_ets.toml",
            "co2e_t_per_t = 0.1454",
            "co2e_t_per_t = 0.1454\ncf4_kg_per_t = 0.03",
            "china_ets.toml:24 anode_effect_defaults.draft_2024: a default of anode effects is both gases, or their CO2 equivalent; give cf4_kg_per_t and c2f6_kg_per_t, or co2e_t_per_t alone",
        ),
        (
            "pfc_tier1.toml",
            "cf4_kg_per_t = 0.4,",
            "cf4 = 0.4,",
            "pfc_tier1.toml:8 ipcc_2006.cwpb.cf4: is not a setting; one of: cf4_kg_per_t, c2f6_kg_per_t",
        ),
        (
            "product_footprint.toml",
            "cut_off_item_percent = 1.0",
            "cut_off_item_percent = 101",
            "product_footprint.toml:10 gb_t_44905_2024.cut_off_item_percent: 101 is not possible; give percent, 0 to 100",
        ),
        (
            "carbon.toml",
            'source = "40 CFR 98, table F-2"\n',
            "",
            "carbon.toml:13 prebake.40_cfr_98.source: is missing; add it",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_a_remedy(
    factors: Path, name: str, old: str, new: str, told: str
) -> None:
    assert told in spoil(factors, name, old, new)


def test_a_broken_file_does_not_hide_what_is_wrong_with_another(factors: Path) -> None:
    (factors / "carbon.toml").write_text("[tier1\n", encoding="utf-8")
    found = spoil(factors, "product_footprint.toml", "cut_off_item_percent = 1.0", "cut_off_item_percent = -1")
    assert len(found) == 2
    assert found[0].startswith("carbon.toml:1: is not valid TOML")
