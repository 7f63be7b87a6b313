"""A minute of the plant: what may be divided, what is withheld, what is shared; and that sums are additive."""

import dataclasses
import math
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plantwide_story import PLANT

from collector.accounting.integrals import NOTHING, Amount
from collector.accounting.plant_account import PlantInputs, account_plant_minute, allocated_kwh
from collector.accounting.plant_parameters import digest, encoded, is_anything, plant_parameters
from collector.accounting.plant_sums import EnergySum, LoadSum, MassSum, PlantSums, plant_total
from collector.accounting.sums import MeterSum, Pair, Sums
from collector.plant.allocation import Allocation
from collector.plant.meter import HeardMeter, Measures
from collector.readings.quantity import Quantity

PARAMETERS = plant_parameters(PLANT, longest_gap_s=60.0)
KWH = {"casthouse": 15.0, "cranes": 5.0, "scrubber": 2.0, "intake": 1200.0, "roof": 100.0}
LINE = Sums(minutes=1, metal_t=0.08, dc=Pair(1, 1000.0, 0.08), comprehensive=Pair(1, 1040.0, 0.08, 60.0, 0.0, 0.0, 192))


def whole(amount: float) -> Amount:
    return Amount(amount, 60.0, 0.0, 192)


def inputs(**changed: Amount) -> PlantInputs:
    """Return a minute's inputs: HF 0.02 kg and SO2 1.25 kg; ``changed`` replaces amounts by their names."""
    energy = {meter: changed.get(meter, whole(kwh)) for meter, kwh in KWH.items()}
    masses = (changed.get("hf", whole(0.02)), changed.get("so2", whole(1.25)))
    return PlantInputs(0, energy, masses, {"PL1": LINE})


def account(told: PlantInputs) -> PlantSums:
    return account_plant_minute(told, PARAMETERS, restated=False)


def test_energy_up_to_ingots_is_that_of_the_lines_of_shared_services_and_of_the_casthouse() -> None:
    sums = account(inputs())
    assert (sums.liquid.energy_kwh, sums.liquid.metal_t) == (1040.0, 0.08)
    assert (sums.ingot.energy_kwh, sums.ingot.metal_t) == (1055.0, 0.08)


def test_desulphurisation_is_booked_and_in_no_energy_that_is_divided() -> None:
    sums = account(inputs())
    assert sums.energy["desulphurisation_ac"].kwh == 2.0
    assert sums.liquid.energy_kwh == account(inputs(scrubber=NOTHING)).liquid.energy_kwh


@pytest.mark.parametrize(
    ("silent", "liquid", "ingot", "load"),
    [
        ("casthouse", 1, 0, 1),
        ("intake", 1, 1, 0),
        ("roof", 1, 1, 0),
        ("scrubber", 1, 1, 1),
    ],
)
def test_a_minute_of_which_something_is_missing_is_not_divided(silent: str, liquid: int, ingot: int, load: int) -> None:
    sums = account(inputs(**{silent: Amount(3.0, 30.0, 0.0, 192)}))
    assert (sums.liquid.minutes, sums.ingot.minutes, sums.load.minutes) == (liquid, ingot, load)
    assert sums.meters[silent].kwh == 3.0


def test_without_a_line_nothing_stands_below_and_masses_are_known_all_the_same() -> None:
    sums = account(dataclasses.replace(inputs(), lines={}))
    assert (sums.liquid.minutes, sums.metal_t) == (0, {})
    assert sums.masses["GTC-1"]["so2"] == MassSum(known_kg=1.25)


def test_what_was_bridged_over_a_gap_is_marked_as_estimated() -> None:
    sums = account(inputs(casthouse=Amount(15.0, 20.0, 40.0, 64)))
    assert sums.energy["casthouse_ac"] == EnergySum(1, 15.0, 10.0, 20.0, 40.0, 64)
    assert (sums.ingot.estimated_s, sums.ingot.estimated_kwh, sums.ingot.quality) == (40.0, 10.0, 64)


def test_of_a_plant_without_incomers_the_load_is_what_its_lines_take() -> None:
    plant = dataclasses.replace(PLANT, meters=tuple(each for each in PLANT.meters if each.id != "intake"))
    parameters = plant_parameters(plant, longest_gap_s=60.0)
    load = account_plant_minute(inputs(), parameters, restated=False).load
    assert (load.kwh, load.own_renewable_kwh) == (1040.0, 100.0)


def meter(id_: str, measures: Measures, *, potline: str | None = None, by: Allocation | None = None) -> HeardMeter:
    told = (Quantity.ACTIVE_ENERGY_IMPORT,)
    return HeardMeter(id_, measures, potline, 10.0, 900.0, "potroom", id_, told, allocation=by)


def test_what_serves_several_potlines_is_shared_by_metal_or_fixed_shares_and_adds_up() -> None:
    meters = (
        meter("casthouse", Measures.CASTHOUSE_AC, by=Allocation()),
        meter("fans", Measures.AUXILIARY_AC, by=Allocation((("PL1", 0.4), ("PL2", 0.6)))),
        meter("cranes", Measures.AUXILIARY_AC, by=Allocation()),
        meter("scrubber", Measures.DESULPHURISATION_AC, potline="PL2"),
        meter("intake", Measures.INCOMER_AC),
    )
    energies = {"casthouse": 800.0, "fans": 100.0, "cranes": 40.0, "scrubber": 8.0, "intake": 50_000.0}
    sums = PlantSums(metal_t={"PL1": 3.0, "PL2": 1.0}, meters={name: MeterSum(kwh) for name, kwh in energies.items()})
    assert allocated_kwh(sums, meters) == {
        "PL1": {"auxiliary_ac": 70.0, "casthouse_ac": 600.0},
        "PL2": {"auxiliary_ac": 70.0, "casthouse_ac": 200.0, "desulphurisation_ac": 8.0},
    }
    without_metal = allocated_kwh(msgspec.structs.replace(sums, metal_t={}), meters)
    assert without_metal[""] == {"auxiliary_ac": 40.0, "casthouse_ac": 800.0}
    assert without_metal["PL1"] == {"auxiliary_ac": 40.0}


def test_the_one_potline_of_a_plant_has_all_of_it() -> None:
    assert allocated_kwh(account(inputs()), PLANT.meters) == {
        "PL1": {"auxiliary_ac": 5.0, "casthouse_ac": 15.0, "desulphurisation_ac": 2.0}
    }


def test_parameters_come_back_as_they_were_kept_and_a_contract_changes_their_digest() -> None:
    assert msgspec.json.decode(encoded(PARAMETERS), type=type(PARAMETERS)) == PARAMETERS
    assert is_anything(PARAMETERS)
    bare = dataclasses.replace(PLANT, meters=tuple(each for each in PLANT.meters if each.potline == "PL1"))
    assert not is_anything(plant_parameters(bare, longest_gap_s=60.0))
    assert digest(PARAMETERS) != digest(plant_parameters(PLANT, longest_gap_s=61.0))


amounts = st.floats(0.0, 1e6)
pairs = st.builds(Pair, st.integers(0, 1), amounts, amounts, amounts, amounts, amounts, st.integers(64, 192))
names = st.sampled_from(["a", "b", "c"])
minutes = st.builds(
    PlantSums,
    minutes=st.just(1),
    energy=st.dictionaries(
        names, st.builds(EnergySum, st.integers(0, 1), amounts, amounts, amounts, amounts, st.integers(64, 192))
    ),
    meters=st.dictionaries(names, st.builds(MeterSum, amounts, amounts)),
    metal_t=st.dictionaries(names, amounts),
    masses=st.dictionaries(
        names, st.dictionaries(names, st.builds(MassSum, st.integers(0, 1), amounts, amounts, amounts))
    ),
    load=st.builds(LoadSum, st.integers(0, 1), amounts, amounts, amounts, amounts, st.integers(64, 192)),
    liquid=pairs,
    ingot=pairs,
    restated=st.integers(0, 1),
)


@given(st.lists(minutes, min_size=2, max_size=8), st.randoms())
def test_sums_do_not_depend_on_the_order_and_every_field_is_the_sum_of_its_parts(
    parts: list[PlantSums], random: Random
) -> None:
    whole_sum = plant_total(parts)
    shuffled = random.sample(parts, len(parts))
    assert plant_total(shuffled) == whole_sum
    assert whole_sum.minutes == len(parts)
    assert whole_sum.load.kwh == math.fsum(part.load.kwh for part in parts)
    for name in "abc":
        known = [part.masses.get("a", {}).get(name, MassSum()).mass_kg for part in parts]
        assert whole_sum.masses.get("a", {}).get(name, MassSum()).mass_kg == math.fsum(known)
        assert whole_sum.energy.get(name, EnergySum()).minutes == sum(
            part.energy.get(name, EnergySum()).minutes for part in parts
        )


@given(st.lists(minutes, min_size=3, max_size=8), st.integers(1, 7))
def test_sums_of_sums_are_those_of_all_but_for_rounding(parts: list[PlantSums], cut: int) -> None:
    at_once = plant_total(parts)
    in_steps = plant_total([part for part in (plant_total(parts[:cut]), plant_total(parts[cut:])) if part.minutes])
    assert in_steps.minutes == at_once.minutes
    assert in_steps.liquid.energy_kwh == pytest.approx(at_once.liquid.energy_kwh, rel=1e-12)
    assert {name: each.quality for name, each in in_steps.energy.items()} == {
        name: each.quality for name, each in at_once.energy.items()
    }
