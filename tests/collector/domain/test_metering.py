"""What classes, samples, gaps and scales leave uncertain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.metering import (
    ACCURACY_CLASSES,
    bridged_gap,
    class_relative,
    metering_relative,
    phase_displacement_relative,
    sampled_integral,
    weighed_mass,
)


def test_class_0_2s_is_a_standard_uncertainty_of_0_115_percent() -> None:
    assert class_relative(ACCURACY_CLASSES["0.2S"]) == pytest.approx(0.00115470, rel=1e-5)


def test_meter_0_2s_with_transformers_of_0_2_knows_energy_to_0_2_percent() -> None:
    standard = metering_relative(0.2, current_transformer_percent=0.2, voltage_transformer_percent=0.2)
    assert standard == pytest.approx(0.002)


def test_directly_connected_meter_has_its_class_only() -> None:
    standard = metering_relative(0.5, current_transformer_percent=0.0, voltage_transformer_percent=0.0)
    assert standard == class_relative(0.5)


def test_letters_of_a_class_do_not_change_its_limit_at_rated_load() -> None:
    assert ACCURACY_CLASSES["0.5S"] == ACCURACY_CLASSES["0.5"] == 0.5
    with pytest.raises(KeyError):
        ACCURACY_CLASSES["5P20"]


def test_limit_that_is_surely_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r"limit_percent is 200: .*Remedy: give the limit of error in percent"):
        class_relative(200.0)


def test_ten_minutes_at_a_power_factor_of_0_95_leave_0_055_percent() -> None:
    # 10 minutes are 2.909 mrad; tan(acos(0.95)) = 0.3287; over the root of 3
    assert phase_displacement_relative(10.0, power_factor=0.95) == pytest.approx(0.000552, rel=1e-3)


def test_phase_displacement_does_nothing_at_unity_power_factor() -> None:
    assert phase_displacement_relative(60.0, power_factor=1.0) == 0.0


def test_phase_displacement_is_what_turned_currents_measure() -> None:
    angle = np.arccos(0.9)
    turned = np.random.default_rng(1).uniform(-1, 1, 100_000) * np.radians(30 / 60)
    wrong = np.cos(angle + turned) / np.cos(angle) - 1
    assert phase_displacement_relative(30.0, power_factor=0.9) == pytest.approx(wrong.std(), rel=0.01)


def test_sixty_steps_of_1_2_kw_at_a_minute_leave_45_watt_hours() -> None:
    assert sampled_integral(1.2, step_h=1 / 60, steps=60.0) == pytest.approx(0.0447214, rel=1e-5)


def test_rule_of_sampling_holds_for_power_that_jumps_anywhere_between_two_samples() -> None:
    # A load that switches once within each step, at any time in it: the rule's own worst shape.
    rng = np.random.default_rng(2)
    levels = rng.normal(0, 100, (20_000, 31))
    place = rng.uniform(0, 1, (20_000, 30))
    truth = np.sum(levels[:, :-1] * place + levels[:, 1:] * (1 - place), axis=1)
    drawn_straight = np.sum((levels[:, :-1] + levels[:, 1:]) / 2, axis=1)
    step_rms = float(np.sqrt(np.mean(np.diff(levels, axis=1) ** 2)))
    told = sampled_integral(step_rms, step_h=1.0, steps=30.0)
    assert told == pytest.approx((drawn_straight - truth).std(), rel=0.02)


def test_gap_bridged_at_half_of_rated_power_is_uncertain_by_half_of_it() -> None:
    assert bridged_gap(500.0, rated_power_kw=1000.0, gap_h=1.0) == pytest.approx(500 / np.sqrt(3))


def test_gap_bridged_at_nine_tenths_of_rated_power_may_have_held_nothing() -> None:
    assert bridged_gap(900.0, rated_power_kw=1000.0, gap_h=1.0) == pytest.approx(900 / np.sqrt(3))
    assert bridged_gap(100.0, rated_power_kw=1000.0, gap_h=1.0) == pytest.approx(900 / np.sqrt(3))


def test_gap_of_full_rated_power_is_bridged_and_more_is_refused() -> None:
    assert bridged_gap(0.1 + 0.2, rated_power_kw=0.3, gap_h=1.0) == pytest.approx(0.3 / np.sqrt(3))
    with pytest.raises(ValueError, match=r"energy_that_rated_power_leaves_kwh is -100.*Remedy: raise rated_power"):
        bridged_gap(1100.0, rated_power_kw=1000.0, gap_h=1.0)


def test_one_gap_of_several_that_holds_too_much_is_named() -> None:
    with pytest.raises(ValueError, match=r"energy_that_rated_power_leaves_kwh\[1\] is -1"):
        bridged_gap(np.array([1.0, 2.0]), rated_power_kw=1.0, gap_h=1.0)


@given(st.floats(0, 1), st.floats(1, 1e5), st.floats(0.01, 100))
def test_uncertainty_of_a_gap_lies_between_half_and_all_of_what_it_may_hold(
    share: float, power: float, hours: float
) -> None:
    most = power * hours
    told = bridged_gap(share * most, rated_power_kw=power, gap_h=hours) * np.sqrt(3)
    assert most / 2 * (1 - 1e-9) <= told <= most * (1 + 1e-9)


def test_hundred_tappings_of_5_t_on_a_scale_of_0_1_percent_and_10_kg_are_known_to_0_5_t() -> None:
    standard = weighed_mass(500.0, scale_relative=0.001, weighings=100.0, resolution_t=0.01)
    # calibration 0.5 t; rounding of 200 readings sqrt(200) * 0.01 / sqrt(12) = 0.041 t
    assert standard == pytest.approx(0.501664, rel=1e-5)


def test_many_tappings_average_out_the_display_and_not_the_calibration() -> None:
    month = weighed_mass(150_000.0, scale_relative=0.001, weighings=30_000.0, resolution_t=0.01)
    one = weighed_mass(5.0, scale_relative=0.001, weighings=1.0, resolution_t=0.01)
    assert one / 5.0 == pytest.approx(0.001291, rel=1e-3)
    assert month / 150_000 == pytest.approx(0.0010000111, rel=1e-6)


def test_tappings_weighed_full_and_empty_scatter_as_told() -> None:
    rng = np.random.default_rng(3)
    full = rng.uniform(8, 12, (20_000, 25))
    empty = rng.uniform(3, 5, (20_000, 25))
    scale = 1 + rng.normal(0, 0.0005, (20_000, 1))
    shown = np.round(full * scale, 2) - np.round(empty * scale, 2)
    errors = shown.sum(axis=1) - (full - empty).sum(axis=1)
    told = weighed_mass(
        float((full - empty).sum(axis=1).mean()), scale_relative=0.0005, weighings=25.0, resolution_t=0.01
    )
    assert told == pytest.approx(errors.std(), rel=0.02)
