"""The difference between two configurations: what starts, what ends, what goes on, and what people are told."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_settings import plant_of

from collector.changes import Changes, changes
from collector.settings import Configuration

ENDPOINT = '[endpoints.{0}]\ntransport = "modbus_tcp"\nhost = "10.0.0.{1}"\n'
METER = '[meters.{0}]\nmeasures = "{3}"\nprofile = "eastron-sdm630"\nendpoint = "{1}"\nunit = {2}\n'
BROKER = '[brokers.{0}]\nhost = "{1}"\nsite = "s"\nclient_id = "c-{0}"\n'
HEARD = '[meters.{0}]\nmeasures = "monitored"\nbroker = "{1}"\naddress = "{0}"\nquantities = ["active_power"]\n'
DATABASE = '[delivery.{0}]\nkind = "influxdb1"\nurl = "http://{1}:8086"\ndatabase = "p"\n'

TWO = ENDPOINT.format("a", 1) + ENDPOINT.format("b", 2)
METERS = METER.format("a1", "a", 1, "monitored") + METER.format("b1", "b", 1, "monitored")
MQTT = BROKER.format("x", "x1") + BROKER.format("y", "y1")
OLD = TWO + METERS + MQTT
DATABASES = DATABASE.format("one", "h1") + DATABASE.format("two", "h2")


def between(folder: Path, old: str, new: str, *, before: str = DATABASES, after: str = DATABASES) -> Changes:
    """Return what differs between two plant files, and two sets of databases."""
    (folder / "old").mkdir()
    (folder / "new").mkdir()
    one, other = plant_of(folder / "old", old, before), plant_of(folder / "new", new, after)
    return changes(one, replace(other, store=one.store))


def test_nothing_differs_between_a_configuration_and_itself_read_again(tmp_path: Path) -> None:
    found = between(tmp_path, OLD, OLD)
    assert found == Changes()
    assert not found.is_something


def test_a_meter_behind_another_endpoint_interrupts_nobody(tmp_path: Path) -> None:
    more = ENDPOINT.format("c", 3) + METER.format("c1", "c", 1, "monitored")
    found = between(tmp_path, OLD, OLD + more)
    assert [sorted(found.started), sorted(found.stopped), sorted(found.reread)] == [["modbus:c"], [], []]
    assert (found.added, found.changed, found.removed) == (("endpoint c", "meter c1"), (), ())
    assert [sorted(found.delivered), sorted(found.ended), found.line, found.log] == [[], [], True, False]


def test_of_endpoints_only_the_one_that_changed_begins_again(tmp_path: Path) -> None:
    found = between(tmp_path, OLD, OLD.replace("10.0.0.2", "10.0.0.9"))
    assert [sorted(found.started), sorted(found.stopped)] == [["modbus:b"], ["modbus:b"]]
    assert found.changed == ("endpoint b",)


def test_an_endpoint_that_gains_or_loses_a_meter_begins_again(tmp_path: Path) -> None:
    found = between(tmp_path, OLD, OLD + METER.format("b2", "b", 2, "monitored"))
    assert [sorted(found.started), sorted(found.stopped)] == [["modbus:b"], ["modbus:b"]]
    assert found.added == ("meter b2",)


def test_an_endpoint_that_is_gone_ends(tmp_path: Path) -> None:
    new = ENDPOINT.format("a", 1) + METER.format("a1", "a", 1, "monitored") + MQTT
    found = between(tmp_path, OLD, new)
    assert [sorted(found.started), sorted(found.stopped)] == [[], ["modbus:b"]]
    assert found.removed == ("endpoint b", "meter b1")


@pytest.mark.parametrize("more", ['uncertainty = "0.5 %"\n', 'rated_power = "500 kW"\n'])
def test_what_only_the_accounts_know_of_a_meter_interrupts_no_polling(tmp_path: Path, more: str) -> None:
    found = between(tmp_path, OLD, OLD.replace('endpoint = "b"\nunit = 1\n', f'endpoint = "b"\nunit = 1\n{more}'))
    assert [sorted(found.started), sorted(found.stopped)] == [[], []]
    assert (found.changed, found.line) == (("meter b1",), True)


def test_a_broker_keeps_its_connection_where_only_what_it_tells_of_differs(tmp_path: Path) -> None:
    found = between(tmp_path, OLD, OLD.replace('"c-x"\n', '"c-x"\nqos = 0\n') + HEARD.format("m1", "y"))
    assert [sorted(found.started), sorted(found.stopped), sorted(found.reread)] == [[], [], ["mqtt:x", "mqtt:y"]]
    assert (found.added, found.changed) == (("meter m1",), ("broker x",))


def test_other_pots_are_read_on_the_connections_that_stand(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    one = plant_of(tmp_path / "old", OLD, DATABASES)
    line = one.plant.potlines[0]
    plant = replace(one.plant, potlines=(replace(line, pots=(*line.pots, "1041")),))
    found = changes(one, replace(one, plant=plant))
    assert [sorted(found.started), sorted(found.stopped), sorted(found.reread)] == [[], [], ["mqtt:x", "mqtt:y"]]
    assert found.changed == ("potline PL1",)


@pytest.mark.parametrize("key", ['host = "x1"', 'client_id = "c-x"'])
def test_a_broker_elsewhere_or_as_somebody_else_is_connected_to_anew(tmp_path: Path, key: str) -> None:
    found = between(tmp_path, OLD, OLD.replace(key, key.replace('"', '"z', 1)))
    assert [sorted(found.started), sorted(found.stopped), sorted(found.reread)] == [["mqtt:x"], ["mqtt:x"], []]


def test_a_meter_that_is_polled_now_ends_the_session_of_the_broker_that_told_of_it(tmp_path: Path) -> None:
    found = between(tmp_path, OLD + HEARD.format("m1", "y"), OLD + METER.format("m1", "b", 7, "monitored"))
    assert [sorted(found.started), sorted(found.stopped)] == [["modbus:b", "mqtt:y"], ["modbus:b", "mqtt:y"]]


def test_databases_begin_and_end_one_by_one(tmp_path: Path) -> None:
    after = DATABASE.format("two", "elsewhere") + DATABASE.format("three", "h3")
    found = between(tmp_path, OLD, OLD, after=after)
    assert [sorted(found.delivered), sorted(found.ended)] == [["three", "two"], ["one", "two"]]
    assert [sorted(found.started), sorted(found.stopped)] == [[], []]
    assert (found.added, found.changed, found.removed) == (("database three",), ("database two",), ("database one",))


def test_the_log_alone_touches_nothing_else(tmp_path: Path) -> None:
    found = between(tmp_path, OLD, OLD, after=DATABASES + '[log]\nlevel = "debug"\n')
    assert found == Changes(log=True, changed=("settings of log",))


def test_accounts_are_told_apart(tmp_path: Path) -> None:
    found = between(tmp_path, OLD, OLD, after=DATABASES + '[accounting]\ngrace = "20 s"\n')
    assert found == Changes(line=True, changed=("settings of accounting",))


def test_what_cannot_change_while_running_stops_all_other_changes(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    one = plant_of(tmp_path / "old", OLD, DATABASES)

    def elsewhere(configuration: Configuration) -> Configuration:
        store = replace(configuration.store, path=Path("/elsewhere.sqlite"))
        return replace(configuration, store=store, page=replace(configuration.page, port=1), targets=())

    found = changes(one, elsewhere(one))
    assert len(found.refused) == 2
    assert found == Changes(refused=found.refused)
    assert found.refused[0].startswith(f"[store] path: cannot change from {one.store.path} to /elsewhere.sqlite while")
    assert found.refused[1].startswith("[page] listen: cannot change from 127.0.0.1:8080 to 127.0.0.1:1 while")
