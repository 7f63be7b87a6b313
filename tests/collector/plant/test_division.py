"""How a plant is divided: what the collector of a part asks, hears and judges, and what it leaves to others."""

from dataclasses import replace

import pytest
from example_plant import example_plant

from collector.accounting.integrals import Amount
from collector.accounting.parameters import Conventions, wanted
from collector.accounting.parts_of_meters import share_of
from collector.accounting.plant_account import PlantInputs, account_plant_minute
from collector.accounting.plant_parameters import is_anything, plant_parameters
from collector.accounting.shared_services import shared_by_metal
from collector.plant.allocation import Allocation
from collector.plant.division import Part, divided
from collector.plant.limits import SPECIFIC, Limit
from collector.plant.meter import Broker, HeardMeter, Measures
from collector.plant.topology import Plant
from collector.readings.event import EffectOrigin
from collector.readings.quantity import Quantity

FIXED = Allocation((("PL1", 0.6), ("PL2", 0.4)))
BY_METAL = Allocation()
AGREED = Conventions(longest_gap_s=60.0, same_within_s=60.0, precedence=EffectOrigin.CONTROLLER)


def heard(name: str, measures: Measures, potline: str | None, allocation: Allocation | None = None) -> HeardMeter:
    told = (
        (Quantity.LINE_CURRENT, Quantity.DC_POWER) if measures is Measures.LINE_DC else (Quantity.ACTIVE_ENERGY_IMPORT,)
    )
    return HeardMeter(name, measures, potline, 10.0, 1000.0, "potroom", name, told, allocation=allocation)


def two_lines(allocation: Allocation | None = FIXED) -> Plant:
    """Return a plant of two potlines with a service that both share, an incomer, and two limits."""
    one = example_plant()
    first = one.potlines[0]
    second = replace(first, id="PL2", name="Potline 2", pots=("2001", "2002"))
    meters = (
        heard("dc1", Measures.LINE_DC, "PL1"),
        heard("ac1", Measures.RECTIFIER_AC, "PL1"),
        heard("dc2", Measures.LINE_DC, "PL2"),
        heard("ac2", Measures.RECTIFIER_AC, "PL2"),
        heard("air", Measures.AUXILIARY_AC, None, allocation),
        heard("intake", Measures.INCOMER_AC, None),
    )
    voltage = Limit("own", Quantity.POT_VOLTAGE, "V", 3600.0, 0, "own", most=5.0, potline="PL2")
    fluoride = Limit("hf", Quantity.HF, SPECIFIC, 86400.0, 0, "permit", most=0.3)
    return replace(one, potlines=(first, second), meters=meters, endpoints=(), limits=(voltage, fluoride))


def names(plant: Plant) -> list[str]:
    return [meter.id for meter in plant.meters]


def test_each_collector_has_the_meters_of_its_lines_and_the_services_that_have_a_share_in_them() -> None:
    whole = two_lines()
    a, b = divided(whole, Part("a", ("PL1",), shared=True)), divided(whole, Part("b", ("PL2",)))
    assert names(a) == ["dc1", "ac1", "air", "intake"]
    assert names(b) == ["dc2", "ac2", "air"]
    assert [potline.id for potline in b.potlines] == ["PL2"]
    assert b.potline_of_pot == {"2001": "PL2", "2002": "PL2"}
    assert b.elsewhere.addresses == {("potroom", name) for name in ("dc1", "ac1", "intake")}


def test_the_account_of_a_line_is_made_of_the_same_whoever_has_it() -> None:
    whole = two_lines()
    for line in whole.potlines:
        part = divided(whole, Part("x", (line.id,)))
        assert wanted(part, part.potlines[0], AGREED) == wanted(whole, line, AGREED)
    alone = divided(whole, Part("b", ("PL2",)))
    air = next(meter for meter in alone.meters if meter.id == "air")
    assert share_of(alone, alone.potlines[0], air) == 0.4  # and not all of it, though this collector has one line only


def test_a_service_without_shares_belongs_to_no_line_also_where_a_collector_has_one_line_only() -> None:
    whole = two_lines(allocation=None)
    part = divided(whole, Part("a", ("PL1",), shared=True))
    air = next(meter for meter in part.meters if meter.id == "air")
    assert share_of(whole, whole.potlines[0], air) is None
    assert share_of(part, part.potlines[0], air) is None


def test_services_that_the_metal_shares_withhold_the_comprehensive_energy_where_a_line_is_elsewhere() -> None:
    whole = two_lines(BY_METAL)
    for part in (Part("a", ("PL1",), shared=True), Part("b", ("PL2",))):
        alone = divided(whole, part)
        assert wanted(alone, alone.potlines[0], AGREED).shares_by_metal
        assert shared_by_metal(alone) == []
    assert [meter.id for meter in shared_by_metal(whole)] == ["air"]


def test_the_whole_plant_in_one_part_is_the_plant() -> None:
    whole = two_lines(BY_METAL)
    part = divided(whole, Part("all", ("PL1", "PL2"), shared=True))
    assert names(part) == names(whole)
    assert plant_parameters(part, longest_gap_s=60.0) == plant_parameters(whole, longest_gap_s=60.0)
    assert not part.elsewhere.services_by_metal


def test_what_stands_on_all_lines_is_not_stated_by_one_that_has_not_all_of_them() -> None:
    part = divided(two_lines(), Part("a", ("PL1",), shared=True))
    parameters = plant_parameters(part, longest_gap_s=60.0)
    assert is_anything(parameters)
    assert parameters.wanted.elsewhere == ("PL2",)
    energies = {meter.meter: Amount(100.0, 60.0, 0.0, 0xC0) for meter in parameters.wanted.meters}
    sums = account_plant_minute(PlantInputs(0, energies, (), {}), parameters, restated=False)
    assert sums.liquid.minutes == 0
    assert (sums.load.minutes, sums.load.kwh) == (1, 100.0)  # the incomer tells it without the lines


def test_limits_are_judged_once() -> None:
    whole = two_lines()
    assert [limit.name for limit in divided(whole, Part("a", ("PL1",), shared=True)).limits] == ["hf"]
    assert [limit.name for limit in divided(whole, Part("b", ("PL2",))).limits] == ["own"]


def test_no_two_collectors_have_one_session_or_one_status_topic() -> None:
    broker = Broker("potroom", "127.0.0.1", 1883, "5", "s", "north", 3600.0, 2000, None, None)
    topics = []
    for topic in ("potline/north/status", "potline/status", ""):
        whole = replace(two_lines(), brokers=(replace(broker, status_topic=topic, share="g"),))
        found = [divided(whole, Part(name, (line,))).brokers[0] for name, line in (("a", "PL1"), ("b", "PL2"))]
        assert [each.client_id for each in found] == ["north-a", "north-b"]
        assert [each.share for each in found] == ["g-a", "g-b"]
        topics += [each.status_topic for each in found]
    assert topics[:2] == ["potline/north-a/status", "potline/north-b/status"]
    assert topics[2:] == ["potline/status/a", "potline/status/b", "", ""]


@pytest.mark.parametrize("potlines", [(), ("PL1", "PL3")])
def test_a_part_without_potlines_or_with_unknown_ones_is_refused(potlines: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="give potlines that it has"):
        divided(two_lines(), Part("a", potlines))
