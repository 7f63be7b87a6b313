"""Which meters are booked at all."""

import dataclasses
import math

from example_plant import CONVENTIONS, example_plant

from collector.accounting.parameters import Role, wanted
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


def test_the_dc_meter_behind_a_rectifier_group_is_booked_by_its_counter_of_energy_alone() -> None:
    behind = dataclasses.replace(PLANT.polled_meters[0], id="behind", measures=Measures.MONITORED, potline=None)
    line = dataclasses.replace(PLANT.potlines[0], group_dc=("behind",))
    plant = dataclasses.replace(PLANT, meters=(*PLANT.meters, behind), potlines=(line,))
    more = {plant.points[place].name for place in rules(plant)} - {PLANT.points[place].name for place in rules(PLANT)}
    assert more == {plant.points[plant.points.place("behind", Quantity.DC_ENERGY)].name}
    [role] = [place for place in wanted(plant, line, CONVENTIONS).meters if place.meter == "behind"]
    assert (role.role, role.energy.factor) == (Role.GROUP_DC, 1.0)
