"""A plant that is changed while Sparkplug nodes are heard: who did not change needs no birth again."""

from dataclasses import replace

from sparkplug_births import VOLTS, born, later
from sparkplug_talk import MS, VOLTAGE, Host, Talker

from collector.plant.topology import Plant


def without_pot(plant: Plant, pot: str) -> Plant:
    line = plant.potlines[0]
    fewer = replace(line, pots=tuple(each for each in line.pots if each != pot))
    return replace(plant, potlines=(fewer, *plant.potlines[1:])).after(plant)


def take_up(host: Host, plant: Plant) -> None:
    host.reader.take_up(plant, {}, host.now_ms * MS)
    host.plant = plant


def test_pots_that_did_not_change_go_on_without_a_birth_and_the_others_wait_for_one() -> None:
    host, node = Host(allow_rebirth=True), Talker()
    whole = host.plant
    born(host, node, "1001", "1002")
    take_up(host, without_pot(whole, "1002"))
    later(host, node)
    host.hear(node.ddata("1001", {VOLTAGE: 4.1}), node.ddata("1002", {VOLTAGE: 4.2}))
    assert host.values(VOLTS) == [4.0, 4.1]
    assert host.refused == []

    take_up(host, replace(whole, points_before=host.plant.points))
    later(host, node)
    host.hear(node.ddata("1001", {VOLTAGE: 4.3}), node.ddata("1002", {VOLTAGE: 4.4}))
    assert host.values(VOLTS) == [4.0, 4.1, 4.3]
    assert host.values(VOLTS, "1002") == [4.0]
    asked = [each.topic for each in host.published]
    assert asked == ["spBv1.0/example/NCMD/PL1-S1"] * len(asked)
    assert asked
    later(host, node)
    born(host, node, "1001", "1002", volts=4.5)
    assert host.values(VOLTS, "1002") == [4.0, 4.5]


def test_where_nobody_changed_no_birth_is_asked_for() -> None:
    host, node = Host(allow_rebirth=True), Talker()
    born(host, node, "1001")
    take_up(host, host.plant.after(host.plant))
    later(host, node)
    host.hear(node.ddata("1001", {VOLTAGE: 4.1}))
    assert host.wait(20_000) == []
    assert host.values(VOLTS)[:2] == [4.0, 4.1]
