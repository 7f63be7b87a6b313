"""CO2 of pitch volatiles and packing coke."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.anode_baking import packing_coke_co2_t, pitch_volatiles_co2_t

masses = st.floats(1, 1e6)


def test_tar_that_is_collected_does_not_burn() -> None:
    burnt = pitch_volatiles_co2_t(1000.0, hydrogen_percent=0.5, baked_anode_t=940.0, waste_tar_t=0.0)
    with_tar = pitch_volatiles_co2_t(1000.0, hydrogen_percent=0.5, baked_anode_t=940.0, waste_tar_t=5.0)
    assert burnt == pytest.approx(55 * 44 / 12, rel=1e-12)
    assert burnt - with_tar == pytest.approx(5 * 44 / 12, rel=1e-9)


def test_hydrogen_as_a_ratio_is_refused() -> None:
    # texts print 0.005 as a ratio where others print tonnes
    with pytest.raises(ValueError, match=r"hydrogen_percent is 0\.005: .*give percent"):
        pitch_volatiles_co2_t(1000.0, hydrogen_percent=0.005, baked_anode_t=940.0, waste_tar_t=0.0)


def test_a_furnace_that_fills_up_shows_a_negative_loss_and_not_zero() -> None:
    co2_t = pitch_volatiles_co2_t(1000.0, hydrogen_percent=0.5, baked_anode_t=1010.0, waste_tar_t=0.0)
    assert co2_t == pytest.approx(-15 * 44 / 12, rel=1e-12)


def test_packing_coke_in_kilograms_per_tonne_is_refused() -> None:
    with pytest.raises(ValueError, match=r"coke_per_baked_anode is 15: .*0\.015 for 15 kg/t"):
        packing_coke_co2_t(1000.0, coke_per_baked_anode=15.0, sulphur_percent=2.0, ash_percent=2.5)


@pytest.mark.parametrize(("name", "value"), [("sulphur_percent", 0.02), ("ash_percent", 0.025)])
def test_assays_of_packing_coke_as_fractions_are_refused(name: str, value: float) -> None:
    inputs = {"coke_per_baked_anode": 0.015, "sulphur_percent": 2.0, "ash_percent": 2.5} | {name: value}
    with pytest.raises(ValueError, match=rf"{name} is {value}: .*give percent"):
        packing_coke_co2_t(1000.0, **inputs)


def test_more_sulphur_and_ash_than_coke_are_refused() -> None:
    with pytest.raises(ValueError, match="sulphur_and_ash_percent is 110"):
        packing_coke_co2_t(1000.0, coke_per_baked_anode=0.015, sulphur_percent=60.0, ash_percent=50.0)


@given(masses, st.floats(0, 0.5), st.floats(0.1, 10), st.floats(0.1, 10))
def test_packing_coke_emits_less_than_pure_carbon_would(baked_t: float, pcc: float, sulphur: float, ash: float) -> None:
    co2_t = packing_coke_co2_t(baked_t, coke_per_baked_anode=pcc, sulphur_percent=sulphur, ash_percent=ash)
    assert 0 <= co2_t <= baked_t * pcc * 44 / 12


@given(masses, st.floats(0.05, 1), st.floats(0, 1), st.floats(0.1, 10))
def test_volatiles_scale_with_the_furnace(green_t: float, hydrogen: float, baked: float, factor: float) -> None:
    one = pitch_volatiles_co2_t(green_t, hydrogen_percent=hydrogen, baked_anode_t=green_t * baked, waste_tar_t=0.0)
    many = pitch_volatiles_co2_t(
        green_t * factor, hydrogen_percent=hydrogen, baked_anode_t=green_t * factor * baked, waste_tar_t=0.0
    )
    assert many == pytest.approx(one * factor, rel=1e-6, abs=1e-6 * green_t * factor)
