"""CO2 of self-baking anodes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.soderberg import soderberg_anode_co2_t

DRY_VERTICAL_STUD = {
    "paste_consumption": 0.52,
    "benzene_soluble_kg_per_t": 0.5,
    "binder_percent": 24.0,
    "pitch_sulphur_percent": 0.6,
    "pitch_ash_percent": 0.2,
    "pitch_hydrogen_percent": 3.3,
    "coke_sulphur_percent": 1.9,
    "coke_ash_percent": 0.2,
    "skimmed_dust_per_metal": 0.01,
}


def test_dry_paste_of_520_kg_emits_1_82_tonnes_per_tonne() -> None:
    # by hand: 0.52 - 0.0005 - 0.24*0.52*0.041 - 0.76*0.52*0.021 - 0.01 = 0.496084 t of carbon
    assert soderberg_anode_co2_t(1.0, **DRY_VERTICAL_STUD) == pytest.approx(0.496084 * 44 / 12, rel=1e-6)
    assert soderberg_anode_co2_t(1.0, **DRY_VERTICAL_STUD) == pytest.approx(1.818974666667, rel=1e-9)


def test_wet_paste_of_a_horizontal_stud_cell_emits_less_for_its_smoke_and_binder() -> None:
    wet = DRY_VERTICAL_STUD | {"benzene_soluble_kg_per_t": 4.0, "binder_percent": 27.0}
    # by hand: 0.52 - 0.004 - 0.27*0.52*0.041 - 0.73*0.52*0.021 - 0.01 = 0.492272
    assert soderberg_anode_co2_t(100_000.0, **wet) == pytest.approx(180_499.7333333, rel=1e-9)


def test_pure_carbon_without_losses_emits_all_of_it() -> None:
    pure = dict.fromkeys(DRY_VERTICAL_STUD, 0.0) | {"paste_consumption": 0.5}
    assert soderberg_anode_co2_t(3.0, **pure) == pytest.approx(5.5, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("paste_consumption", 520.0, r"0\.52 for 520 kg/t"),
        ("benzene_soluble_kg_per_t", 40.0, "give kg per t"),
        ("binder_percent", 0.24, "give percent"),
        ("pitch_sulphur_percent", 0.006, "give percent"),
        ("pitch_ash_percent", 0.002, "give percent"),
        ("pitch_hydrogen_percent", 0.033, "give percent"),
        ("coke_sulphur_percent", 0.019, "give percent"),
        ("coke_ash_percent", 0.002, "give percent"),
        ("skimmed_dust_per_metal", 10.0, r"0\.01 for 10 kg/t"),
    ],
)
def test_each_input_in_another_unit_is_refused(name: str, value: float, remedy: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} is {value:g}: .*{remedy}"):
        soderberg_anode_co2_t(1.0, **(DRY_VERTICAL_STUD | {name: value}))


@given(st.sampled_from([name for name in DRY_VERTICAL_STUD if name != "paste_consumption"]), st.floats(1.01, 2))
def test_every_loss_impurity_and_dirtier_binder_lowers_the_emission(name: str, factor: float) -> None:
    more = soderberg_anode_co2_t(1.0, **(DRY_VERTICAL_STUD | {name: DRY_VERTICAL_STUD[name] * factor}))
    # the binder is dirtier than the coke here, for its hydrogen
    assert more < soderberg_anode_co2_t(1.0, **DRY_VERTICAL_STUD)


@given(st.floats(1, 1e6), st.floats(0.01, 100))
def test_emission_scales_with_the_metal(metal_t: float, factor: float) -> None:
    one = soderberg_anode_co2_t(metal_t, **DRY_VERTICAL_STUD)
    assert soderberg_anode_co2_t(metal_t * factor, **DRY_VERTICAL_STUD) == pytest.approx(one * factor)
