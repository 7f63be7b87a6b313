"""One minute, an hour and a day of a potline, with numbers that can be checked by hand."""

import dataclasses
from typing import Any

import msgspec
import pytest
from example_plant import CONVENTIONS, example_plant

from collector.accounting import account, intensity, parameters
from collector.accounting.account import Effect, MinuteInputs, StartupEffect
from collector.accounting.integrals import Amount
from collector.accounting.intensity import Metal
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.parameters import StartingPot, parameters_at, wanted
from collector.accounting.sums import MeterSum, Pair, Sums, total
from collector.readings.pots import PotsInputs

PLANT = example_plant()
LINE = PLANT.potlines[0]
START = 1_772_337_600_000_000_000  # 2026-03-01T04:00:00Z
WANTED = wanted(PLANT, LINE, CONVENTIONS)
PARAMETERS = parameters_at(PLANT, LINE, WANTED, START)


def whole(amount: float) -> Amount:
    return Amount(amount, covered_s=60.0, estimated_s=0.0, quality=0xC0)


DC, CHARGE, RECTIFIER = whole(64_000 / 60), whole(400 / 60), whole(32_500 / 60)


def minute(
    *,
    dc_kwh: Amount = DC,
    charge_kah: Amount = CHARGE,
    rectifiers_kwh: tuple[Amount, Amount] = (RECTIFIER, RECTIFIER),
    effects: tuple[float, ...] = (90.0,),
    tapped_kg: tuple[float, ...] = (4920.0,),
) -> MinuteInputs:
    """Return a minute of 40 pots at 400 kA and 160 V: 64 MW DC, 65 MW AC, 1.8 MW of services."""
    energy = {
        "pl1_dc": dc_kwh,
        "rectifier_1": rectifiers_kwh[0],
        "rectifier_2": rectifiers_kwh[1],
        "fume_treatment": whole(20.0),
        "compressed_air": whole(10.0),
    }
    return MinuteInputs(
        start_ns=START,
        charge_kah=charge_kah,
        energy_kwh=energy,
        pots=PotsInputs(40),
        effects=tuple(Effect(duration_s) for duration_s in effects),
        tapped_kg=tapped_kg,
    )


def sums(**changes: Any) -> Sums:  # noqa: ANN401 - the arguments of minute
    return account.account_minute(minute(**changes), PARAMETERS, restated=False)


def test_a_minute_of_forty_pots_at_400_ka_makes_84_kg_of_metal() -> None:
    # 0.3355727277 kg/kAh * 0.935 * 400/60 kAh * 40 pots = 83.67 kg
    assert sums().metal_t == pytest.approx(0.0836694667, rel=1e-8)


def test_dc_and_ac_consumption_of_the_minute() -> None:
    dc = intensity.energy_intensity(sums().dc, length_s=60.0, least_coverage_pct=90.0)
    ac = intensity.energy_intensity(sums().liquid_ac, length_s=60.0, least_coverage_pct=90.0)

    assert dc is not None
    assert ac is not None
    assert dc.kwh_per_t == pytest.approx(12_748.58, abs=0.01)  # 2979.98 * 4.00 V / 0.935
    assert ac.kwh_per_t == pytest.approx(12_748.58 * 65 / 64, abs=0.01)
    assert (dc.coverage_pct, dc.estimated_pct, dc.quality) == (100.0, 0.0, 0xC0)


def test_emissions_of_the_minute() -> None:
    found = intensity.emissions_intensity(sums(), PARAMETERS, length_s=60.0, least_coverage_pct=90.0)

    assert found is not None
    metal = 0.0836694667
    assert found.anode_t_co2e == pytest.approx(metal * 0.415 * 0.976 * 44 / 12, rel=1e-8)
    assert found.electricity_t_co2e == pytest.approx((65_000 / 60 + 30) * 0.5306 / 1000, rel=1e-12)
    # 1.5 min in 40 pots * 1 min = 40/1440 cell-days: 54 AE minutes per cell-day in this one minute
    assert found.cf4_kg == pytest.approx(0.143 * 54.0 * metal, rel=1e-8)
    assert found.c2f6_kg == pytest.approx(0.121 * found.cf4_kg)
    assert found.pfc_t_co2e == pytest.approx((found.cf4_kg * 6630 + found.c2f6_kg * 11100) / 1000)
    assert found.total_t_co2e is not None
    assert found.t_co2e_per_t == pytest.approx(found.total_t_co2e / metal)


def test_a_ratio_over_an_hour_is_sum_over_sum_not_a_mean_of_ratios() -> None:
    # Half the hour at full current, half at three quarters with the same voltage per pot but worse efficiency.
    full = sums()
    low = sums(dc_kwh=whole(50_000 / 60), charge_kah=whole(300 / 60))
    hour = total([full] * 30 + [low] * 30)

    found = intensity.energy_intensity(hour.dc, length_s=3600.0, least_coverage_pct=90.0)

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
    assert found.liquid_ac.minutes == 1


def test_a_ratio_with_too_little_coverage_is_withheld_and_its_parts_are_not() -> None:
    hour = total([sums()] * 53)

    found = intensity.energy_intensity(hour.dc, length_s=3600.0, least_coverage_pct=90.0)

    assert found is not None
    assert found.kwh_per_t is None
    assert found.coverage_pct == pytest.approx(100 * 53 / 60)
    assert found.energy_kwh == pytest.approx(53 * 64_000 / 60)


def test_nothing_known_is_no_figure_at_all() -> None:
    assert intensity.energy_intensity(Pair(), length_s=60.0, least_coverage_pct=90.0) is None
    assert intensity.emissions_intensity(Sums(), PARAMETERS, length_s=60.0, least_coverage_pct=90.0) is None


def test_estimated_minutes_count_as_known_and_are_shown_as_estimated() -> None:
    bridged = Amount(64_000 / 60, covered_s=0.0, estimated_s=60.0, quality=0xC0)
    found = intensity.energy_intensity(sums(dc_kwh=bridged).dc, length_s=60.0, least_coverage_pct=90.0)

    assert found is not None
    assert found.kwh_per_t is not None
    assert (found.coverage_pct, found.estimated_pct) == (0.0, 100.0)


def test_a_line_that_stands_makes_no_metal_and_states_no_ratio() -> None:
    still = sums(
        dc_kwh=whole(-0.02),
        charge_kah=whole(-0.001),
        effects=(),
    )
    found = intensity.energy_intensity(still.dc, length_s=60.0, least_coverage_pct=90.0)

    assert still.metal_t == 0.0
    assert found is not None
    assert found.kwh_per_t is None
    emitted = intensity.emissions_intensity(still, PARAMETERS, length_s=60.0, least_coverage_pct=90.0)
    assert emitted is not None
    assert emitted.t_co2e_per_t is None


def test_a_silent_feeder_keeps_the_minute_out_of_the_ac_ratio() -> None:
    nothing = Amount(0.0, 0.0, 0.0, 0xC0)
    found = sums(rectifiers_kwh=(whole(32_500 / 60), nothing))

    assert found.liquid_ac == Pair()
    assert found.comprehensive == Pair()
    assert found.dc.minutes == 1


def test_the_quality_of_a_figure_is_the_worst_of_its_inputs() -> None:
    worse = Amount(400 / 60, covered_s=60.0, estimated_s=0.0, quality=0x54)

    assert sums(charge_kah=worse).dc.quality == 0x54


def test_before_the_first_current_efficiency_is_in_force_nothing_is_assumed() -> None:
    with pytest.raises(LookupError, match="no value is in force on 2020-01-01"):
        parameters_at(PLANT, LINE, WANTED, 1_577_836_800_000_000_000)


def test_services_of_the_potroom_are_in_the_comprehensive_consumption_and_not_in_the_liquid_one() -> None:
    found = sums()

    assert found.comprehensive.energy_kwh - found.liquid_ac.energy_kwh == pytest.approx(30.0)
    assert found.comprehensive.metal_t == found.liquid_ac.metal_t


def test_sums_do_not_depend_on_the_order_of_their_parts() -> None:
    parts = [sums(), sums(effects=(1.1, 2.2)), sums(tapped_kg=(0.1,)), sums(dc_kwh=whole(1e-3))] * 7

    assert total(parts) == total(parts[::-1]) == total(parts[3:] + parts[:3])


def test_each_meter_is_added_up_under_its_name_with_the_part_that_was_bridged() -> None:
    bridged = Amount(30.0, covered_s=40.0, estimated_s=20.0, quality=0xC0)
    found = total([sums(rectifiers_kwh=(bridged, whole(5.0)))] * 3).meters

    assert found["rectifier_1"] == MeterSum(90.0, 30.0)
    assert found["rectifier_2"] == MeterSum(15.0, 0.0)
    assert set(found) == {"pl1_dc", "rectifier_1", "rectifier_2", "fume_treatment", "compressed_air"}


def test_a_minute_with_the_same_inputs_has_the_same_digest_and_another_one_with_others() -> None:
    assert minute().digest() == minute().digest()
    assert minute().digest() != minute(effects=(90.1,)).digest()


def test_parameters_are_kept_under_a_digest_of_their_content() -> None:
    again = parameters.decoded(parameters.encoded(PARAMETERS))

    assert again == PARAMETERS
    assert parameters.digest(again) == parameters.digest(PARAMETERS)
    dearer = msgspec.structs.replace(PARAMETERS, gwp_cf4=7380.0)
    assert parameters.digest(dearer) != parameters.digest(PARAMETERS)


def test_tonnes_that_were_weighed_scale_the_whole_interval() -> None:
    weighed = Metal(MetalBasis.RECONCILED, 0.98)
    day = total([sums()] * 1440)
    live = intensity.energy_intensity(day.dc, length_s=86400.0, least_coverage_pct=90.0)
    closed = intensity.energy_intensity(day.dc, length_s=86400.0, least_coverage_pct=90.0, metal=weighed)

    assert live is not None
    assert closed is not None
    assert live.kwh_per_t is not None
    assert closed.kwh_per_t == pytest.approx(live.kwh_per_t / 0.98)
    assert closed.basis is MetalBasis.RECONCILED


def test_anode_effects_of_a_pot_in_start_up_are_in_no_slope_and_its_cell_days_in_no_frequency() -> None:
    starting = (StartingPot("1007", START - 1, START + 1), StartingPot("1008", START + 1, START + 2))
    apart = msgspec.structs.replace(PARAMETERS, wanted=msgspec.structs.replace(WANTED, startups=starting))
    inputs = dataclasses.replace(minute(), effects=(Effect(90.0, 900.0), StartupEffect(1800.0, 20_000.0)))
    found = account.account_minute(inputs, apart, restated=False)
    assert (found.anode_effects, found.anode_effect_s, found.overvoltage_v_s) == (1, 90.0, 900.0)
    assert (found.startup_effects, found.startup_effect_s) == (1, 1800.0)
    assert found.cell_days == pytest.approx(40 / 1440)
    assert found.startup_cell_days == pytest.approx(1 / 1440)
    assert found.paired_cell_days == pytest.approx(39 / 1440)
    assert found.paired_anode_effect_s == 90.0
    assert found.metal_t == sums().metal_t
    two = total([found, found])
    assert (two.startup_effects, two.startup_effect_s) == (2, 3600.0)
    assert two.startup_cell_days == pytest.approx(2 / 1440)


def test_without_start_ups_parameters_and_inputs_are_told_as_they_always_were() -> None:
    assert b"startups" not in parameters.encoded(PARAMETERS)
    assert b"in_startup" not in msgspec.msgpack.encode(minute())
