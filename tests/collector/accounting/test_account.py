"""One minute, an hour and a day of a potline, with numbers that can be checked by hand."""

import dataclasses

import pytest
from example_plant import example_plant

from collector.accounting import account
from collector.accounting.account import MinuteInputs, Pair, Sums
from collector.accounting.integrals import Amount

PLANT = example_plant()
LINE = PLANT.potlines[0]
START = 1_772_337_600_000_000_000  # 2026-03-01T04:00:00Z
WHOLE = {"covered_s": 60.0, "estimated_s": 0.0, "quality": 0xC0}


def minute(**changes: object) -> MinuteInputs:
    """Return a minute of 40 pots at 400 kA and 160 V: 64 MW DC, 65 MW AC."""
    inputs = MinuteInputs(
        start_ns=START,
        dc_kwh=Amount(64_000 / 60, **WHOLE),  # type: ignore[arg-type]
        charge_kah=Amount(400 / 60, **WHOLE),  # type: ignore[arg-type]
        ac_kwh={"rectifier_1": Amount(32_500 / 60, **WHOLE), "rectifier_2": Amount(32_500 / 60, **WHOLE)},  # type: ignore[arg-type]
        auxiliary_kwh={"fume_treatment": Amount(20.0, **WHOLE)},  # type: ignore[arg-type]
        pots_operating=40,
        anode_effect_s=(90.0,),
        tapped_kg=(4920.0,),
    )
    return dataclasses.replace(inputs, **changes)  # type: ignore[arg-type]


def sums(**changes: object) -> Sums:
    return account.account_minute(minute(**changes), LINE, PLANT.grid_factor, restatements=0)


def test_a_minute_of_forty_pots_at_400_ka_makes_84_kg_of_metal() -> None:
    # 0.3355727277 kg/kAh * 0.935 * 400/60 kAh * 40 pots = 83.67 kg
    assert sums().metal_t == pytest.approx(0.0836694667, rel=1e-8)


def test_dc_and_ac_consumption_of_the_minute() -> None:
    dc = account.energy_intensity(sums().dc, length_s=60.0, least_coverage_pct=90.0)
    ac = account.energy_intensity(sums().ac, length_s=60.0, least_coverage_pct=90.0)

    assert dc is not None
    assert ac is not None
    assert dc.kwh_per_t == pytest.approx(12_748.58, abs=0.01)  # 2979.98 * 4.00 V / 0.935
    assert ac.kwh_per_t == pytest.approx(12_748.58 * 65 / 64, abs=0.01)
    assert (dc.coverage_pct, dc.estimated_pct, dc.quality) == (100.0, 0.0, 0xC0)


def test_emissions_of_the_minute() -> None:
    found = account.emissions_intensity(sums(), LINE, PLANT.gwp, length_s=60.0, least_coverage_pct=90.0)

    assert found is not None
    metal = 0.0836694667
    assert found.anode_t_co2e == pytest.approx(metal * 0.415 * 0.976 * 44 / 12, rel=1e-8)
    assert found.electricity_t_co2e == pytest.approx(65_000 / 60 * 0.5306 / 1000, rel=1e-12)
    # 1.5 min in 40 pots * 1 min = 40/1440 cell-days: 54 AE minutes per cell-day in this one minute
    assert found.cf4_kg == pytest.approx(0.143 * 54.0 * metal, rel=1e-8)
    assert found.c2f6_kg == pytest.approx(0.121 * found.cf4_kg)
    assert found.pfc_t_co2e == pytest.approx((found.cf4_kg * 6630 + found.c2f6_kg * 11100) / 1000)
    assert found.t_co2e_per_t == pytest.approx(found.total_t_co2e / metal)


def test_a_ratio_over_an_hour_is_sum_over_sum_not_a_mean_of_ratios() -> None:
    # Half the hour at full current, half at three quarters with the same voltage per pot but worse efficiency.
    full = sums()
    low = sums(dc_kwh=Amount(50_000 / 60, **WHOLE), charge_kah=Amount(300 / 60, **WHOLE))  # type: ignore[arg-type]
    hour = account.total([full] * 30 + [low] * 30)

    found = account.energy_intensity(hour.dc, length_s=3600.0, least_coverage_pct=90.0)

    assert found is not None
    assert found.kwh_per_t is not None
    mean_of_ratios = (full.dc.energy_kwh / full.metal_t + low.dc.energy_kwh / low.metal_t) / 2
    assert found.kwh_per_t == pytest.approx((64_000 + 50_000) / 2 / (60 * (full.metal_t + low.metal_t) / 2), rel=1e-9)
    assert found.kwh_per_t - mean_of_ratios == pytest.approx(-37.94, abs=0.01)


def test_a_minute_with_half_its_energy_unknown_is_kept_out_of_the_ratio_but_not_out_of_the_energy() -> None:
    half = Amount(500.0, covered_s=30.0, estimated_s=0.0, quality=0xC0)
    found = sums(dc_kwh=half)

    assert found.dc == Pair()
    assert found.dc_kwh == 500.0
    assert found.ac.minutes == 1


def test_a_ratio_with_too_little_coverage_is_withheld_and_its_parts_are_not() -> None:
    hour = account.total([sums()] * 53)

    found = account.energy_intensity(hour.dc, length_s=3600.0, least_coverage_pct=90.0)

    assert found is not None
    assert found.kwh_per_t is None
    assert found.coverage_pct == pytest.approx(100 * 53 / 60)
    assert found.energy_kwh == pytest.approx(53 * 64_000 / 60)


def test_nothing_known_is_no_figure_at_all() -> None:
    assert account.energy_intensity(Pair(), length_s=60.0, least_coverage_pct=90.0) is None
    assert account.emissions_intensity(Sums(), LINE, PLANT.gwp, length_s=60.0, least_coverage_pct=90.0) is None


def test_estimated_minutes_count_as_known_and_are_shown_as_estimated() -> None:
    bridged = Amount(64_000 / 60, covered_s=0.0, estimated_s=60.0, quality=0xC0)
    found = account.energy_intensity(sums(dc_kwh=bridged).dc, length_s=60.0, least_coverage_pct=90.0)

    assert found is not None
    assert found.kwh_per_t is not None
    assert (found.coverage_pct, found.estimated_pct) == (0.0, 100.0)


def test_a_line_that_stands_makes_no_metal_and_states_no_ratio() -> None:
    still = sums(
        dc_kwh=Amount(-0.02, **WHOLE),  # type: ignore[arg-type]
        charge_kah=Amount(-0.001, **WHOLE),  # type: ignore[arg-type]
        anode_effect_s=(),
    )
    found = account.energy_intensity(still.dc, length_s=60.0, least_coverage_pct=90.0)

    assert still.metal_t == 0.0
    assert found is not None
    assert found.kwh_per_t is None
    emitted = account.emissions_intensity(still, LINE, PLANT.gwp, length_s=60.0, least_coverage_pct=90.0)
    assert emitted is not None
    assert emitted.t_co2e_per_t is None


def test_a_silent_feeder_keeps_the_minute_out_of_the_ac_ratio() -> None:
    nothing = Amount(0.0, 0.0, 0.0, 0xC0)
    one = Amount(32_500 / 60, **WHOLE)  # type: ignore[arg-type]

    assert sums(ac_kwh={"rectifier_1": one, "rectifier_2": nothing}).ac == Pair()


def test_the_quality_of_a_figure_is_the_worst_of_its_inputs() -> None:
    worse = Amount(400 / 60, covered_s=60.0, estimated_s=0.0, quality=0x54)

    assert sums(charge_kah=worse).dc.quality == 0x54


def test_before_the_first_current_efficiency_is_in_force_nothing_is_assumed() -> None:
    with pytest.raises(LookupError, match="no value is in force on 2020-01-01"):
        sums(start_ns=1_577_836_800_000_000_000)


def test_adding_up_in_one_order_gives_the_same_bits() -> None:
    parts = [sums(), sums(anode_effect_s=(1.1, 2.2)), sums(tapped_kg=(0.1,))]

    assert account.total(parts) == account.total(parts)
    assert account.total([account.total(parts[:2]), parts[2]]) == account.total(parts)
