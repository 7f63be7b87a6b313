"""The tiered price, against the rule's text in reprints; thresholds as literals and as the shipped file has them."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from collector.domain.levels import Indicator, Limits, level_of
from collector.domain.price import (
    Bands,
    GreenRelief,
    Tier,
    band_surcharge,
    overdue_surcharge_cny,
    relieved_surcharge,
    tier_in_force,
    tier_surcharge,
)

FACTORS = Path(__file__).parents[3] / "config" / "factors"
OF_2022 = Tier(date(2022, 1, 1), threshold_kwh_per_t=13650, step_kwh_per_t=20, cny_per_kwh_per_step=0.01)
OF_2023 = Tier(date(2023, 1, 1), threshold_kwh_per_t=13450, step_kwh_per_t=20, cny_per_kwh_per_step=0.01)
OF_2025 = Tier(date(2025, 1, 1), threshold_kwh_per_t=13300, step_kwh_per_t=20, cny_per_kwh_per_step=0.01)
RELIEF = GreenRelief(from_percent=15, reduction_per_point=0.01)


@pytest.mark.parametrize(("tier", "surcharge"), [(OF_2022, 0.03), (OF_2023, 0.13), (OF_2025, 0.20)])
def test_e14_13700_kwh_per_tonne_cost_3_then_13_then_20_fen(tier: Tier, surcharge: float) -> None:
    """NDRC price 2021 No. 1239 in reprints (100ppi.com, lv178.cn)."""
    assert tier_surcharge(13700.0, tier) == pytest.approx(surcharge, rel=1e-9)


def test_e15_25_percent_of_wind_and_sun_take_a_tenth_off() -> None:
    """NDRC price 2021 No. 1239 in reprints: 1 % for each point above 15 %, from the province's weight on."""
    assert relieved_surcharge(
        0.20, non_hydro_percent=25.0, incentive_weight_percent=22.0, relief=RELIEF
    ) == pytest.approx(0.18, rel=1e-9)
    # the province demanded more
    assert relieved_surcharge(0.20, non_hydro_percent=25.0, incentive_weight_percent=27.2, relief=RELIEF) == 0.20


@pytest.mark.parametrize(
    ("kwh_per_t", "surcharge"), [(13700.0, 0.0), (13750.0, 0.02), (13800.0, 0.02), (13801.0, 0.08)]
)
def test_e16_bands_of_2014_cost_nothing_then_2_then_8_fen(kwh_per_t: float, surcharge: float) -> None:
    """Reuters, 2013-12-23 (USB9N0JK01K20131223)."""
    bands = Bands(free_to_kwh_per_t=13700, middle_to_kwh_per_t=13800, middle_cny_per_kwh=0.02, top_cny_per_kwh=0.08)
    assert band_surcharge(kwh_per_t, bands) == surcharge


def test_ninety_one_days_unpaid_cost_half_as_much_again() -> None:
    """Notice of Taiyuan carrying out No. 1239 (kchaluminum.com): 90 days, 1.5 times."""
    assert overdue_surcharge_cny(1_000_000.0, days_unpaid=90, grace_days=90, multiple=1.5) == 1_000_000
    assert overdue_surcharge_cny(1_000_000.0, days_unpaid=91, grace_days=90, multiple=1.5) == 1_500_000


def test_the_shipped_tiers_are_those_of_the_rule() -> None:
    """The file against the literals above."""
    rule = tomllib.loads((FACTORS / "power_price.toml").read_text(encoding="utf-8"))
    tiers = [Tier(**tier) for tier in rule["ndrc_2021_1239"]["tiers"]]
    assert tiers == [OF_2022, OF_2023, OF_2025]
    assert GreenRelief(**rule["ndrc_2021_1239"]["relief"]) == RELIEF
    assert rule["ndrc_2021_1239"]["overdue"] == {"grace_days": 90, "multiple": 1.5}
    assert tier_in_force(tiers, date(2024, 12, 31)).threshold_kwh_per_t == 13450
    old = rule["ndrc_2013_bands"]
    names = ("free_to_kwh_per_t", "middle_to_kwh_per_t", "middle_cny_per_kwh", "top_cny_per_kwh")
    assert Bands(**{name: old[name] for name in names}) == Bands(13700, 13800, 0.02, 0.08)


def test_the_shipped_levels_are_those_of_both_editions() -> None:
    """GB 21346-2022, table 1, in a third-party transcription; GB 21346-2013, foreword, as reprinted by szlhsb.com."""
    editions = tomllib.loads((FACTORS / "energy_levels.toml").read_text(encoding="utf-8"))
    levels = {
        (edition, indicator): Limits(Indicator(indicator), entry["level_1"], entry["level_2"], entry["level_3"])
        for edition in ("gb_21346_2022", "gb_21346_2013")
        for indicator, entry in editions[edition].items()
    }
    assert {key: (limits.level_1, limits.level_2, limits.level_3) for key, limits in levels.items()} == {
        ("gb_21346_2022", "liquid_ac"): (12950, 13000, 13350),
        ("gb_21346_2022", "liquid_comprehensive_ac"): (13250, 13350, 13700),
        ("gb_21346_2022", "ingot_comprehensive_ac"): (13300, 13400, 13750),
        ("gb_21346_2022", "ingot_comprehensive"): (1670, 1680, 1720),
        ("gb_21346_2013", "liquid_ac"): (12650, 12750, 13700),
        ("gb_21346_2013", "liquid_comprehensive_ac"): (13050, 13150, 14050),
        ("gb_21346_2013", "ingot_comprehensive_ac"): (13100, 13200, 14100),
        ("gb_21346_2013", "ingot_comprehensive"): (1660, 1680, 1760),
    }
    for (edition, indicator), limits in levels.items():
        assert editions[edition][indicator]["unit"] == limits.indicator.unit
    # the same plant, one edition later
    assert level_of(13690.0, levels["gb_21346_2013", "liquid_ac"], indicator=Indicator.LIQUID_AC) == 3
    assert level_of(13690.0, levels["gb_21346_2022", "liquid_ac"], indicator=Indicator.LIQUID_AC) == 4


@pytest.mark.parametrize("name", ["energy_levels", "power_price", "emission_limits", "renewable_targets"])
def test_no_shipped_table_is_without_source_and_mark(name: str) -> None:
    """The birth certificates of the shipped numbers."""
    tables = tomllib.loads((FACTORS / f"{name}.toml").read_text(encoding="utf-8"))
    entries = [
        entry
        for table in tables.values()
        for entry in ([table] if "source" in table else [inner for inner in table.values() if isinstance(inner, dict)])
    ]
    assert len(entries) >= len(tables)
    for entry in entries:
        assert entry["source"]
        assert entry["verified"] in {"official", "transcription"}
