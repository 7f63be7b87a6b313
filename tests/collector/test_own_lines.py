"""What a collector writes of itself: collectors of one plant do not write over each other."""

import pytest

from collector.beginning import instance
from collector.instruments import Instruments
from collector.own_lines import own_lines
from collector.plant.division import Part
from collector.store.filling import Alert

FULL = Alert("outbox_filling", "warning", "firing", 81.0, 80.0, "the outbox uses 81 %")


@pytest.mark.parametrize(("part", "is_named"), [(None, False), (Part("a", ("PL1",)), True)])
def test_an_outbox_that_fills_is_an_alert_of_its_own_for_each_collector_of_a_plant(
    part: Part | None, *, is_named: bool
) -> None:
    tags = {"plant": "north", "instance": instance(part)}
    collector, alert = own_lines(tags, Instruments(), {}, 0, FULL, 1_000_000_000)
    assert instance(part).endswith("/a") is is_named
    assert f"instance={instance(part)}".encode() in collector
    assert (b",instance=" in alert.partition(b" ")[0]) is is_named
