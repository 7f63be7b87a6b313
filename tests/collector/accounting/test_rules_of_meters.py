"""Which meters are booked at all."""

import dataclasses
import math

from example_plant import example_plant

from collector.accounting.rules import accounted, rules
from collector.plant.meter import Measures
from collector.readings.quantity import Quantity

PLANT = example_plant()
FUME = PLANT.polled_meters[3]


def test_a_meter_that_is_only_monitored_is_in_no_account() -> None:
    meter = dataclasses.replace(FUME, measures=Measures.MONITORED, rated_power_kw=math.inf)
    assert accounted(FUME) == [Quantity.ACTIVE_ENERGY_IMPORT]
    assert accounted(meter) == []
    assert rules(dataclasses.replace(PLANT, meters=(meter,))) == {}
