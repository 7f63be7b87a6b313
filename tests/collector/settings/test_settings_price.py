"""Which price rule a plant names, and what is refused about it."""

# ruff: noqa: E501 - whole messages, as a person reads them

import shutil
from pathlib import Path

import pytest
from price_rules import PRICE_RULES
from settings_folder import PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

P = "config/plants/p.toml"
PRICE = '[price]\nregion = "Shandong"\nrule = "tiers"\n'
SHIPPED = Path(__file__).parents[3] / "config" / "factors" / "power_price.toml"


def priced(folder: SettingsFolder, text: str) -> list[str]:
    folder.write("factors/power_price.toml", PRICE_RULES)
    folder.add(PLANT, text)
    return folder.problems()


def test_the_shipped_rule_of_steps_is_named_and_has_its_threshold_of_13300(settings_folder: SettingsFolder) -> None:
    shutil.copy(SHIPPED, settings_folder.path / "factors")
    settings_folder.add(PLANT, PRICE.replace("tiers", "ndrc_2021_1239"))
    configuration = settings_folder.load()
    assert configuration.plant.price_region is not None
    rule = configuration.rules.stepped_prices[configuration.plant.price_region.rule]
    assert [tier.threshold_kwh_per_t for tier in rule.value.tiers] == [13650, 13450, 13300]


def test_without_the_section_there_is_no_price(settings_folder: SettingsFolder) -> None:
    assert priced(settings_folder, "") == []
    assert settings_folder.load().plant.price_region is None


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('rule = "tiers"\n', "", "42 price.rule: is missing; add it"),
        ('"tiers"', '"tears"', "44 price.rule: 'tears' does not stand in power_price.toml, or is wrong there; one of: ingots, tiers"),
        ('"tiers"', '"ingots"', "44 price.rule: ingots is put on ingot_comprehensive_ac, which no potline has of its own; name a rule on liquid metal"),
        ('"tiers"\n', '"tiers"\nnon_hydro_share = [{ value = "0.16 %", valid_from = 2026-01-01, source = "x" }]\n', "45 price.non_hydro_share[0].value: a share of 0.16 % is hardly one of a province or a plant; write percent: 15 % and not 0.15 %"),
    ],
)  # fmt: skip
def test_what_cannot_price_a_month_is_said(settings_folder: SettingsFolder, old: str, new: str, what: str) -> None:
    assert priced(settings_folder, PRICE.replace(old, new)) == [f"{P}:{what}"]


def test_a_rule_is_not_looked_for_where_there_is_no_file(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, PRICE)
    assert settings_folder.problems() == [
        f"{P}:44 price.rule: 'tiers' does not stand in power_price.toml, or is wrong there; one of: there is none"
    ]


def test_a_tier_that_the_formula_refuses_is_told_with_its_place(settings_folder: SettingsFolder) -> None:
    settings_folder.write(
        "factors/power_price.toml",
        PRICE_RULES.replace(
            "threshold_kwh_per_t = 13300\nstep_kwh_per_t = 20", "threshold_kwh_per_t = 13300\nstep_kwh_per_t = 0"
        ),
    )
    problems = settings_folder.problems()
    assert len(problems) == 1
    assert problems[0].startswith("config/factors/power_price.toml:10 tiers.tiers[0].step_kwh_per_t: ")


def test_a_rule_of_bands_prices_statements_and_no_running_month(settings_folder: SettingsFolder) -> None:
    assert priced(settings_folder, PRICE.replace("tiers", "bands")) == []
    configuration = settings_folder.load()
    assert configuration.plant.price_region is not None
    assert configuration.plant.price_region.rule in configuration.rules.banded_prices
