"""kWh/t by boundary: which part enters where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.boundaries import (
    ingot_comprehensive_ac_kwh,
    ingot_comprehensive_ac_kwh_per_t,
    ingot_comprehensive_kgce_per_t,
    liquid_ac_kwh,
    liquid_ac_kwh_per_t,
    liquid_comprehensive_ac_kwh,
    liquid_comprehensive_ac_kwh_per_t,
)

energies = st.floats(0, 1e9)
masses = st.floats(0.1, 1e6)


def test_start_up_and_idle_busbars_leave_liquid_ac_and_stay_in_the_comprehensive_figure() -> None:
    liquid = liquid_ac_kwh_per_t(
        131_000_000.0, startup_kwh=600_000.0, busbar_loss_kwh=400_000.0, liquid_metal_t=10_000.0
    )
    comprehensive = liquid_comprehensive_ac_kwh_per_t(
        131_000_000.0,
        potroom_services_kwh=2_800_000.0,
        line_losses_kwh=200_000.0,
        desulphurisation_kwh=500_000.0,
        liquid_metal_t=10_000.0,
    )
    assert liquid == 13_000
    assert comprehensive == 13_450


def test_power_of_desulphurisation_is_left_out_by_zero() -> None:
    parts = {"potroom_services_kwh": 2_800_000.0, "line_losses_kwh": 200_000.0}
    with_it = liquid_comprehensive_ac_kwh(131_000_000.0, **parts, desulphurisation_kwh=500_000.0)
    without = liquid_comprehensive_ac_kwh(131_000_000.0, **parts, desulphurisation_kwh=0.0)
    assert with_it - without == 500_000


def test_ingots_carry_the_energy_of_metal_that_burned_in_the_cast_house() -> None:
    kwh_per_t = ingot_comprehensive_ac_kwh_per_t(
        13_350.0, liquid_cast_t=10_000.0, casting_kwh=400_000.0, ingot_t=9_950.0
    )
    assert kwh_per_t == pytest.approx((133_500_000 + 400_000) / 9_950, rel=1e-12)


def test_metal_sold_liquid_takes_its_energy_along() -> None:
    assert ingot_comprehensive_ac_kwh(13_350.0, liquid_cast_t=4_000.0, casting_kwh=200_000.0) == 53_600_000


def test_13350_kwh_are_1641_kilograms_of_standard_coal() -> None:
    kgce = ingot_comprehensive_kgce_per_t(13_350_000.0, kgce_per_kwh=0.1229, fuels_kgce=0.0, ingot_t=1000.0)
    assert kgce == pytest.approx(1640.715, rel=1e-12)
    # what the limit of 1680 kgce/t leaves for fuels
    with_fuels = ingot_comprehensive_kgce_per_t(13_350_000.0, kgce_per_kwh=0.1229, fuels_kgce=39_285.0, ingot_t=1000.0)
    assert with_fuels == pytest.approx(1680.0, rel=1e-12)


def test_a_part_greater_than_its_whole_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"startup_and_busbar_loss_kwh is 110: must be zero or more and at most the who"
    ):
        liquid_ac_kwh(100.0, startup_kwh=60.0, busbar_loss_kwh=50.0)


def test_a_line_that_only_starts_pots_has_no_liquid_ac_energy() -> None:
    assert liquid_ac_kwh(100.0, startup_kwh=60.0, busbar_loss_kwh=40.0) == 0
    # 0.1 + 0.2 is 0.30000000000000004
    assert liquid_ac_kwh(0.3, startup_kwh=0.1, busbar_loss_kwh=0.2) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("name", ["rectifier_ac_kwh", "startup_kwh", "busbar_loss_kwh"])
def test_liquid_ac_refuses_each_negative_part(name: str) -> None:
    parts = {"rectifier_ac_kwh": 100.0, "startup_kwh": 1.0, "busbar_loss_kwh": 1.0} | {name: -1.0}
    with pytest.raises(ValueError, match=f"{name} is -1"):
        liquid_ac_kwh(**parts)


@pytest.mark.parametrize(
    "name", ["rectifier_ac_kwh", "potroom_services_kwh", "line_losses_kwh", "desulphurisation_kwh"]
)
def test_comprehensive_figure_refuses_each_negative_part(name: str) -> None:
    names = ("rectifier_ac_kwh", "potroom_services_kwh", "line_losses_kwh", "desulphurisation_kwh")
    with pytest.raises(ValueError, match=f"{name} is -1"):
        liquid_comprehensive_ac_kwh(**(dict.fromkeys(names, 1.0) | {name: -1.0}))


def test_without_metal_every_figure_is_withheld() -> None:
    with pytest.raises(ValueError, match=r"liquid_metal_t is 0: .*withhold"):
        liquid_ac_kwh_per_t(100.0, startup_kwh=0.0, busbar_loss_kwh=0.0, liquid_metal_t=0.0)
    with pytest.raises(ValueError, match=r"liquid_metal_t is 0: .*withhold"):
        liquid_comprehensive_ac_kwh_per_t(
            100.0, potroom_services_kwh=0.0, line_losses_kwh=0.0, desulphurisation_kwh=0.0, liquid_metal_t=0.0
        )
    with pytest.raises(ValueError, match=r"ingot_t is 0: .*withhold"):
        ingot_comprehensive_ac_kwh_per_t(13_000.0, liquid_cast_t=1.0, casting_kwh=0.0, ingot_t=0.0)
    with pytest.raises(ValueError, match=r"ingot_t is 0: .*withhold"):
        ingot_comprehensive_kgce_per_t(1.0, kgce_per_kwh=0.1229, fuels_kgce=0.0, ingot_t=0.0)


def test_coal_equivalent_per_ten_thousand_kilowatt_hours_is_refused() -> None:
    with pytest.raises(ValueError, match=r"kgce_per_kwh is 1\.229: .*0\.1229"):
        ingot_comprehensive_kgce_per_t(1.0, kgce_per_kwh=1.229, fuels_kgce=0.0, ingot_t=1.0)


@given(energies, energies, energies, energies, masses)
def test_each_boundary_holds_the_one_before(
    rectifier: float, services: float, losses: float, casting: float, metal_t: float
) -> None:
    liquid = liquid_ac_kwh_per_t(rectifier, startup_kwh=rectifier / 10, busbar_loss_kwh=0.0, liquid_metal_t=metal_t)
    comprehensive = liquid_comprehensive_ac_kwh_per_t(
        rectifier,
        potroom_services_kwh=services,
        line_losses_kwh=losses,
        desulphurisation_kwh=0.0,
        liquid_metal_t=metal_t,
    )
    ingot = ingot_comprehensive_ac_kwh_per_t(comprehensive, liquid_cast_t=metal_t, casting_kwh=casting, ingot_t=metal_t)
    assert liquid <= comprehensive
    assert comprehensive <= ingot * (1 + 1e-12)
    assert ingot == pytest.approx((rectifier + services + losses + casting) / metal_t)
