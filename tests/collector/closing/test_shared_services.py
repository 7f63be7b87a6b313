"""Services that the metal shares, from readings to the streams: in each potline's comprehensive energy, and once."""

from dataclasses import replace
from pathlib import Path

import pytest
from example_plant import ClockByHand, joined, open_line, raw
from line_story import T0, S, lines_of
from plantwide_story import PLANT as ONE_LINE
from plantwide_story import fields_of, plant_entries, whole

from collector.plant.allocation import Allocation
from collector.plant.meter import HeardMeter, Measures
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.quantity import Quantity
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

FIRST = ONE_LINE.potlines[0]
SECOND = replace(FIRST, id="PL2", name="Potline 2", pots=tuple(f"2{pot}" for pot in FIRST.pots))
CURRENT = (Quantity.LINE_CURRENT, Quantity.LINE_VOLTAGE, Quantity.DC_ENERGY, Quantity.DC_CHARGE)


def heard(id_: str, measures: Measures, quantities: tuple[Quantity, ...]) -> HeardMeter:
    return HeardMeter(id_, measures, "PL2", 5.0, 90_000.0, "potroom", id_, quantities)


def two_lines() -> Plant:
    """Return the plant with a second line of half the current, and cranes that the metal shares."""
    shared = tuple(
        replace(meter, allocation=Allocation())
        if meter.measures in {Measures.AUXILIARY_AC, Measures.CASTHOUSE_AC, Measures.DESULPHURISATION_AC}
        and meter.potline is None
        else meter
        for meter in ONE_LINE.meters
    )
    own = (
        heard("pl2_dc", Measures.LINE_DC, CURRENT),
        heard("pl2_ac", Measures.RECTIFIER_AC, (Quantity.ACTIVE_ENERGY_IMPORT,)),
    )
    return replace(ONE_LINE, potlines=(FIRST, SECOND), meters=(*shared, *own))


PLANT = two_lines()


def second_line(t_s: float) -> list[ReadingBatch]:
    """Return what the meters of the second line show: 200 kA, 31 MW of DC, 32 MW of AC."""
    now, hours = T0 + round(t_s * S), t_s / 3600
    return [
        raw(
            PLANT,
            "pl2_dc",
            now,
            {
                Quantity.LINE_CURRENT: 200.0,
                Quantity.LINE_VOLTAGE: 155.0,
                Quantity.DC_ENERGY: 1e6 + 31_000 * hours,
                Quantity.DC_CHARGE: 1e4 + 200 * hours,
            },
        ),
        raw(PLANT, "pl2_ac", now, {Quantity.ACTIVE_ENERGY_IMPORT: 1e6 + 32_000 * hours}),
    ]


async def test_cranes_of_300_kwh_an_hour_are_200_and_100_in_lines_of_400_and_200_ka(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 3661, 30):
            clock.ns = T0 + t * S
            await line.step([joined([*whole(t, PLANT), *second_line(t)])])
        lines = await lines_of(store)
        hours = await plant_entries(store, "hour")
    (sums,) = (sums for _, sums in hours.values())

    def energy(potline: str, boundary: str) -> float:
        series = f"energy_intensity,boundary={boundary},plant=example{potline},window=hour"
        return float(fields_of(lines, series)["energy_kwh"])

    comprehensive = "liquid_comprehensive_ac"
    assert energy(",potline=PL2", "liquid_ac") == pytest.approx(32_000)
    assert energy(",potline=PL2", comprehensive) == pytest.approx(32_000 + 100)
    assert energy(",potline=PL1", comprehensive) == pytest.approx(energy(",potline=PL1", "liquid_ac") + 1800 + 200)
    both = energy(",potline=PL1", comprehensive) + energy(",potline=PL2", comprehensive)
    assert both == pytest.approx(energy("", comprehensive))
    assert sums.liquid.energy_kwh == pytest.approx(both)
    # Without the services it is not told of a minute: that would be another figure under the same name.
    assert not [each for each in lines if b"potline=PL2,window=minute" in each and comprehensive.encode() in each]
