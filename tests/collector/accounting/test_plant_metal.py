"""Metal of several potlines together, and how well it is known."""

import dataclasses
import math

import pytest
from line_story import PLANT, T0

from collector.accounting.intensity import FARADAY, Metal, WeighedTonnes
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.parameters import Conventions, parameters_at, wanted
from collector.accounting.plant_metal import (
    LineAccount,
    plant_by_weight,
    plant_metal,
    plant_uncertainties,
    stated_together,
)
from collector.accounting.plant_sums import MassSum, PlantSums
from collector.accounting.sums import MeterSum, Pair, Sums
from collector.plant.accuracy import Accuracy
from collector.plant.topology import Plant
from collector.readings.event import EffectOrigin

SUMS = PlantSums(
    minutes=1440,
    metal_t={"PL1": 100.0, "PL2": 300.0},
    masses={"GTC-1": {"hf": MassSum(1440, 40.0, 40.0, 400.0)}},
    liquid=Pair(1440, 5_200_000.0, 400.0),
    ingot=Pair(1440, 5_400_000.0, 380.0),
)


def reconciled(faraday_t: float, t: float, growth_u_t: float = 0.0) -> Metal:
    return Metal(MetalBasis.RECONCILED, t / faraday_t, WeighedTonnes(t, 40, 0.002, 0.0, growth_u_t))


def test_98_and_306_tonnes_by_weight_are_404_of_the_plant_in_kwh_per_t_and_kg_per_t() -> None:
    metal = {"PL1": reconciled(100, 98), "PL2": reconciled(300, 306)}
    found = plant_by_weight(SUMS, metal)
    assert found.metal_t == pytest.approx({"PL1": 98.0, "PL2": 306.0})
    assert found.liquid.metal_t == pytest.approx(404.0)
    assert found.ingot.metal_t == pytest.approx(380.0 * 1.01)
    assert found.masses["GTC-1"]["hf"].metal_t == pytest.approx(404.0)
    assert (found.liquid.energy_kwh, found.masses["GTC-1"]["hf"].mass_kg) == (5_200_000.0, 40.0)


def test_a_potline_that_weighs_nothing_makes_the_plants_metal_faraday_and_says_how_much_of_it() -> None:
    whole = plant_metal(SUMS, {"PL2": reconciled(300, 306)})
    assert whole.t == pytest.approx(406.0)
    assert whole.basis is MetalBasis.FARADAY
    assert whole.words == "reconciled 75.4 %, Faraday 24.6 %"
    assert stated_together(whole).scale == pytest.approx(406 / 400)
    assert stated_together(plant_metal(PlantSums(), {})) is FARADAY


def sure_plant() -> Plant:
    meters = tuple(dataclasses.replace(meter, accuracy=Accuracy(whole=0.001)) for meter in PLANT.meters)
    return dataclasses.replace(PLANT, meters=meters)


def account(metal: Metal) -> LineAccount:
    plant = sure_plant()
    potline = plant.potlines[0]
    what = wanted(plant, potline, Conventions(60.0, 60.0, EffectOrigin.CONTROLLER))
    sums = Sums(meters={"rectifier_1": MeterSum(1_300_000.0)})
    return LineAccount(sums, parameters_at(plant, potline, what, T0), metal)


def test_the_error_of_the_scale_adds_up_over_potlines_and_those_of_the_pots_metal_as_squares() -> None:
    lines = [account(reconciled(100, 98, 0.3)), account(reconciled(300, 306, 0.4))]
    found = plant_uncertainties(SUMS, lines, services=(), casthouse=(), length_s=86400.0)
    standard_t = math.hypot(0.002 * 404, 0.5)
    assert found.metal_standard_t == pytest.approx(standard_t, rel=1e-6)
    # One meter in both accounts is one error of 0.1 %, not two.
    assert found.liquid == pytest.approx(2 * math.hypot(standard_t / 404, 0.001), rel=1e-4)
    assert found.missing == ()


def test_metal_of_which_a_part_is_not_reconciled_has_no_uncertainty() -> None:
    tapped = Metal(MetalBasis.TAPPED, 1.0, WeighedTonnes(300.0, 40, 0.002, None, None))
    for other in (FARADAY, tapped):
        lines = [account(reconciled(100, 98)), account(other)]
        found = plant_uncertainties(SUMS, lines, services=(), casthouse=(), length_s=86400.0)
        assert (found.metal_standard_t, found.liquid) == (None, None)
