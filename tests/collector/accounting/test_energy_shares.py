"""What of its energies is in which kWh/t of a potline: start-up, idle busbars, losses, services that lines share."""

import dataclasses

import pytest
from plantwide_story import PLANT

from collector.accounting.account import MinuteInputs, account_minute
from collector.accounting.integrals import Amount
from collector.accounting.parameters import Conventions, Parameters, Wanted, parameters_at, wanted
from collector.accounting.parts_of_meters import share_of
from collector.accounting.plant_account import PlantInputs, account_plant_minute
from collector.accounting.plant_parameters import plant_parameters
from collector.accounting.sums import Sums
from collector.plant.allocation import Allocation
from collector.plant.factors import DatedSeries, DatedValue
from collector.plant.meter import HeardMeter, Measures
from collector.plant.topology import Plant
from collector.readings.event import EffectOrigin
from collector.readings.pots import PotsInputs
from collector.readings.quantity import Quantity

CONVENTIONS = Conventions(60.0, 60.0, EffectOrigin.CONTROLLER)
FIRST = PLANT.potlines[0]
SECOND = dataclasses.replace(FIRST, id="PL2", name="Potline 2", pots=tuple(f"2{pot}" for pot in FIRST.pots))


def meter(id_: str, measures: Measures, potline: str | None, by: Allocation | None = None) -> HeardMeter:
    told = (Quantity.ACTIVE_ENERGY_IMPORT,)
    return HeardMeter(id_, measures, potline, 10.0, 90_000.0, "potroom", id_, told, allocation=by)


def line_meters() -> tuple[HeardMeter, ...]:
    """Return meters of the current of both lines, and of their rectifiers."""
    current = (Quantity.LINE_CURRENT, Quantity.DC_ENERGY, Quantity.DC_CHARGE)
    return tuple(
        each
        for line in ("PL1", "PL2")
        for each in (
            HeardMeter(f"{line}_dc", Measures.LINE_DC, line, 10.0, 90_000.0, "potroom", f"{line}_dc", current),
            meter(f"{line}_ac", Measures.RECTIFIER_AC, line),
        )
    )


def plant_of(*meters: HeardMeter, **of_the_first: object) -> Plant:
    first = dataclasses.replace(FIRST, **of_the_first)  # type: ignore[arg-type]
    return dataclasses.replace(PLANT, potlines=(first, SECOND), meters=(*line_meters(), *meters))


def whole(amount: float) -> Amount:
    return Amount(amount, 60.0, 0.0, 192)


def minute(plant: Plant, potline: str, energies: dict[str, float]) -> tuple[Sums, Parameters]:
    line = plant.potline(potline)
    what: Wanted = wanted(plant, line, CONVENTIONS)
    parameters = parameters_at(plant, line, what, 1_772_000_000_000_000_000)
    amounts = {place.meter: whole(energies[place.meter]) for place in what.meters}
    inputs = MinuteInputs(0, whole(6.0), amounts, PotsInputs(40))
    return account_minute(inputs, parameters, restated=False), parameters


ENERGIES = {
    "PL1_dc": 950.0,
    "PL1_ac": 1000.0,
    "PL2_dc": 570.0,
    "PL2_ac": 600.0,
    "start": 30.0,
    "air": 50.0,
    "fans": 8.0,
}


def test_30_kwh_of_pots_that_are_started_are_not_in_liquid_ac_and_are_in_comprehensive() -> None:
    sums, _ = minute(plant_of(meter("start", Measures.STARTUP_AC, "PL1")), "PL1", ENERGIES)
    assert sums.startup_kwh == 30.0
    assert sums.liquid_ac.energy_kwh == 970.0
    assert sums.comprehensive.energy_kwh == sums.ac_kwh == 1000.0
    assert sums.meters["start"].kwh == 30.0


def test_a_silent_meter_of_start_up_withholds_liquid_ac_alone() -> None:
    plant = plant_of(meter("start", Measures.STARTUP_AC, "PL1"))
    what = wanted(plant, plant.potlines[0], CONVENTIONS)
    parameters = parameters_at(plant, plant.potlines[0], what, 1_772_000_000_000_000_000)
    amounts = {place.meter: whole(ENERGIES[place.meter]) for place in what.meters} | {
        "start": Amount(3.0, 20.0, 0.0, 192)
    }
    sums = account_minute(MinuteInputs(0, whole(6.0), amounts, PotsInputs(40)), parameters, restated=False)
    assert (sums.dc.minutes, sums.liquid_ac.minutes, sums.comprehensive.minutes) == (1, 0, 1)


def test_one_percent_of_idle_busbars_is_taken_off_and_half_a_percent_of_losses_is_added() -> None:
    def always(share: float) -> DatedSeries:
        return DatedSeries("share", (DatedValue(share, 0, "measured"),))

    fans = meter("fans", Measures.AUXILIARY_AC, "PL1")
    plant = plant_of(fans, idle_busbar_share=always(0.01), line_loss_share=always(0.005))
    sums, parameters = minute(plant, "PL1", ENERGIES)
    assert sums.liquid_ac.energy_kwh == pytest.approx(990.0)
    assert sums.comprehensive.energy_kwh == pytest.approx(1008.0 * 1.005)
    assert sums.idle_busbar_kwh == pytest.approx(10.0)
    assert sums.line_loss_kwh == pytest.approx(5.04)
    assert parameters.line_losses is not None
    assert parameters.line_losses.source == "measured"
    assert minute(plant, "PL2", ENERGIES)[0].line_loss_kwh == 0.0


def test_compressed_air_is_in_two_lines_with_fixed_shares_and_in_the_plant_once() -> None:
    air = meter("air", Measures.AUXILIARY_AC, None, Allocation((("PL1", 0.6), ("PL2", 0.4))))
    plant = plant_of(air)
    lines = {line: minute(plant, line, ENERGIES)[0] for line in ("PL1", "PL2")}
    assert lines["PL1"].comprehensive.energy_kwh == 1030.0
    assert lines["PL2"].comprehensive.energy_kwh == 620.0
    assert lines["PL1"].meters["air"].kwh == 30.0
    parameters = plant_parameters(plant, longest_gap_s=60.0)
    sums = account_plant_minute(PlantInputs(0, {"air": whole(50.0)}, (), lines), parameters, restated=False)
    assert sums.liquid.energy_kwh == 1650.0
    assert sums.meters["air"].kwh == 50.0


@pytest.mark.parametrize("by", [Allocation(), None])
def test_what_the_metal_shares_or_nobody_does_stands_with_the_plant(by: Allocation | None) -> None:
    air = meter("air", Measures.AUXILIARY_AC, None, by)
    plant = plant_of(air)
    assert [share_of(plant, line, air) for line in plant.potlines] == [None, None]
    lines = {line: minute(plant, line, ENERGIES)[0] for line in ("PL1", "PL2")}
    parameters = plant_parameters(plant, longest_gap_s=60.0)
    sums = account_plant_minute(PlantInputs(0, {"air": whole(50.0)}, (), lines), parameters, restated=False)
    assert sum(line.comprehensive.energy_kwh for line in lines.values()) == 1600.0
    assert sums.liquid.energy_kwh == 1650.0


def test_the_only_potline_has_all_of_a_service_that_has_no_potline() -> None:
    air = meter("air", Measures.AUXILIARY_AC, None)
    plant = dataclasses.replace(PLANT, meters=(*line_meters()[:2], air))
    assert minute(plant, "PL1", ENERGIES)[0].comprehensive.energy_kwh == 1050.0
