"""What is inside the kWh/t of lines and plant: services by metal, casting and ingots; what is missing is listed."""

import dataclasses

import pytest
from line_story import PLANT, T0
from stated_period import HOUR_S, basis_of, lacks, row, sums_of, with_plant

from collector.accounting.plant_sums import EnergySum, PlantSums
from collector.accounting.sums import MeterSum, Sums
from collector.plant.allocation import Allocation
from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.casthouse import Casthouse
from collector.plant.materials import Fuel, FuelContent, Materials
from collector.plant.meter import HeardMeter, Measures
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.energy import energy_statement

FIRST = PLANT.potlines[0]
SECOND = dataclasses.replace(FIRST, id="PL2", name="Potline 2", pots=tuple(f"2{pot}" for pot in FIRST.pots))
WHOLE = 2 * HOUR_S


def meter(id_: str, measures: Measures, by: Allocation | None = None) -> HeardMeter:
    told = (Quantity.ACTIVE_ENERGY_IMPORT,)
    return HeardMeter(id_, measures, None, 10.0, 90_000.0, "potroom", id_, told, allocation=by)


def two_lines(plant: Plant, of_plant: PlantSums | None, second: Sums | None = None) -> Basis:
    """Return two hours of two lines: 132 MWh over 10 t, and as much again unless told otherwise."""
    one = basis_of(plant=plant)
    sums = sums_of() if second is None else second
    other = LineBasis(SECOND, sums, (dataclasses.replace(one.lines[0].segments[0], sums=sums),))
    return dataclasses.replace(one, lines=(one.lines[0], other), of_plant=of_plant)


def of_plant(*, air_kwh: float = 0.0, casting_kwh: float = 0.0, covered_s: float = WHOLE) -> PlantSums:
    return PlantSums(
        minutes=120,
        energy={
            "auxiliary_ac": EnergySum(120, air_kwh, 0.0, covered_s, 0.0, 192),
            "casthouse_ac": EnergySum(120, casting_kwh, 0.0, covered_s, 0.0, 192),
        },
        meters={"air": MeterSum(air_kwh), "casthouse": MeterSum(casting_kwh)},
        metal_t={"PL1": 10.0, "PL2": 10.0},
    )


def shared(by: Allocation | None) -> Plant:
    return with_plant(potlines=(FIRST, SECOND), meters=(*PLANT.meters, meter("air", Measures.AUXILIARY_AC, by)))


def test_2000_kwh_of_air_shared_by_metal_are_100_kwh_per_t_in_both_lines_and_in_the_plant() -> None:
    statement = energy_statement(two_lines(shared(Allocation()), of_plant(air_kwh=2000.0)))
    found = {where: row(statement, "liquid_comprehensive_ac", where=where).value for where in ("PL1", "PL2", "plant")}
    assert found == {"PL1": 13_300.0, "PL2": 13_300.0, "plant": 13_300.0}
    assert row(statement, "gb_21346_2022: level of liquid_comprehensive_ac", where="plant").value == 2


def test_air_that_nobody_shares_is_in_the_plant_alone_and_that_is_listed() -> None:
    statement = energy_statement(two_lines(shared(None), of_plant(air_kwh=2000.0)))
    assert row(statement, "liquid_comprehensive_ac", where="PL1").value == 13_200.0
    assert row(statement, "liquid_comprehensive_ac", where="plant").value == 13_300.0
    assert "liquid_comprehensive_ac of single potlines: air serves several, and is in none of them" in lacks(statement)


def test_shared_air_of_which_a_quarter_is_not_known_withholds_the_comprehensive_figure() -> None:
    statement = energy_statement(two_lines(shared(Allocation()), of_plant(air_kwh=1500.0, covered_s=0.75 * WHOLE)))
    comprehensive = row(statement, "liquid_comprehensive_ac", where="PL1")
    assert comprehensive.value is None
    assert comprehensive.coverage_pct == pytest.approx(75.0)
    assert row(statement, "liquid_ac", where="PL1").value == 12_936.0


def test_shared_air_that_the_ledger_does_not_have_is_no_zero() -> None:
    statement = energy_statement(two_lines(shared(Allocation()), None))
    assert row(statement, "liquid_comprehensive_ac", where="PL1").value is None
    assert [text for text in lacks(statement) if text.endswith("are not in the ledger of the period")]


def casting(liquid_t: float = 20.0, ingots_t: float = 19.8) -> Plant:
    def told(amount: float) -> ToldAmounts:
        return ToldAmounts("ingots.csv", (Amount(T0, T0 + round(WHOLE * 1e9), amount),))

    house = Casthouse(told(liquid_t), told(ingots_t), "books")
    by = Allocation((("PL1", 0.75), ("PL2", 0.25)))
    meters = (*PLANT.meters, meter("casthouse", Measures.CASTHOUSE_AC, by))
    return with_plant(potlines=(FIRST, SECOND), meters=meters, casthouse=house)


def test_ingots_carry_the_liquid_metal_that_was_cast_and_each_lines_share_of_casting() -> None:
    statement = energy_statement(two_lines(casting(), of_plant(casting_kwh=1000.0)))
    ingot = "ingot_comprehensive_ac"
    assert row(statement, ingot, where="plant").value == pytest.approx((264_000 + 1000) / 19.8)
    assert row(statement, ingot, where="PL1").value == pytest.approx((132_000 + 750) / 9.9)
    assert row(statement, ingot, where="PL2").value == pytest.approx((132_000 + 250) / 9.9)
    assert row(statement, f"gb_21346_2022: level of {ingot}", where="plant").value == 2
    assert not [text for text in lacks(statement) if text.startswith(ingot)]


def test_metal_sold_liquid_takes_its_energy_along() -> None:
    statement = energy_statement(two_lines(casting(10.0, 9.9), of_plant(casting_kwh=1000.0)))
    value = row(statement, "ingot_comprehensive_ac", where="plant").value
    assert value == pytest.approx((13_200 * 10 + 1000) / 9.9)


def test_without_books_of_the_casthouse_no_ingots_are_assumed() -> None:
    plant = dataclasses.replace(casting(), casthouse=None)
    statement = energy_statement(two_lines(plant, of_plant(casting_kwh=1000.0)))
    assert not [r for s in statement.sections for r in s.rows if r.label == "ingot_comprehensive_ac"]
    told = "ingot_comprehensive_ac: nobody tells the liquid metal that was cast, and the ingots"
    assert told in lacks(statement)


def test_what_is_not_configured_of_a_boundary_is_listed_and_not_assumed() -> None:
    assert {
        "liquid_ac of PL1: energy of pots that are started is not measured apart, and is in it",
        "liquid_ac of PL1: losses of busbars around pots that are cut out are in it",
        "liquid_comprehensive_ac of PL1: losses before the meters are not in it",
        "ingot_comprehensive_ac: the energy of casting is not measured",
    } <= set(lacks(energy_statement(basis_of())))


def burning(*fuels: Fuel) -> Basis:
    plant = casting()
    house = dataclasses.replace(plant.casthouse, fuels=("diesel",))  # type: ignore[type-var]
    plant = dataclasses.replace(plant, casthouse=house, materials=Materials(fuels=fuels))
    return two_lines(plant, of_plant(casting_kwh=1000.0))


def test_265_mwh_and_2_t_of_diesel_are_1790_kgce_for_a_tonne_of_ingots() -> None:
    told = ToldAmounts("diesel.csv", (Amount(T0, T0 + round(WHOLE * 1e9), 2.0),))
    diesel = Fuel("diesel", "t", "analysis", "own", content=FuelContent(43.0, 0.0202, 0.98), amounts=told)
    statement = energy_statement(burning(diesel))
    found = row(statement, "ingot_comprehensive")
    # 2 t of 43 GJ/t over 29.3076 MJ/kgce are 2,934.4 kgce.
    assert found.value == pytest.approx((265_000 * 0.1229 + 2934.4) / 19.8, rel=1e-5)
    assert (found.unit, found.where) == ("kgce/t", "plant")
    assert row(statement, "gb_21346_2022: level of ingot_comprehensive").note.startswith("above all levels")


def test_a_fuel_whose_heat_is_not_told_withholds_the_coal_equivalent() -> None:
    told = ToldAmounts("diesel.csv", (Amount(T0, T0 + round(WHOLE * 1e9), 2.0),))
    statement = energy_statement(burning(Fuel("diesel", "t", "analysis", "own", kg_co2_per_unit=3.1, amounts=told)))
    assert not [r for s in statement.sections for r in s.rows if r.label == "ingot_comprehensive"]
    assert "ingot_comprehensive: the heat of fuel diesel is not told" in lacks(statement)
