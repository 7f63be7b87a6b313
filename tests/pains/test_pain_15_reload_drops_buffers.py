"""Meters, brokers and databases are added, changed and removed while running: no sample of the others is lost."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from counting_modbus import CountingModbus
from cutting_proxy import CuttingProxy
from numbered_samples import NumberedSamples, S, numbers_in
from plant_run import wait_until
from pot_plant import StoreReader
from reloaded_plant import ReloadedCollector, broker, database, endpoint, reloaded
from servers import InfluxDB1, Mosquitto


@contextmanager
def load(place: Mosquitto, running: ReloadedCollector) -> Iterator[NumberedSamples]:
    """Publish at QoS 1 and 0 all the time."""
    wait_until(lambda: bool(running.logged("subscribed")), 60, running.process, running.log)
    ((since,),) = StoreReader(running.store).rows("SELECT value FROM meta WHERE key = 'accounts_since_ns'")
    with NumberedSamples(place.host, place.port, int(since) - 3600 * S) as samples:
        yield samples


def all_are_there(running: ReloadedCollector, samples: NumberedSamples) -> None:
    """See that every sample is there, in order and once."""
    samples.stop()
    for pot, sent in samples.sent.items():
        wait_until(lambda pot=pot, sent=sent: len(numbers_in(running, pot)) >= sent, 60)  # type: ignore[misc]
        assert numbers_in(running, pot) == list(range(sent))
    assert min(samples.sent.values()) > 500


@pytest.mark.timeout(150)
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_meters_are_added_changed_and_removed_and_no_sample_of_the_others_is_lost(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], protocol: str
) -> None:
    place = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    with CountingModbus() as one, CountingModbus() as other, CountingModbus() as third, CuttingProxy(place.port) as way:
        heard = broker(way.port, more=f'protocol = "{protocol}"')
        stays = endpoint("a", one.port, 1, 2)
        first = stays + heard + endpoint("b", other.port, 1)
        plants = {
            stays + heard + endpoint("b", other.port, 1, 2) + endpoint("c", third.port, 1): [
                "added: endpoint c",
                "added: meter b2",
                "added: meter c1",
            ],
            stays + heard + endpoint("b", other.port, 1, 2) + endpoint("c", third.port, 1, every="500 ms"): [
                "changed: meter c1"
            ],
            stays + heard + "qos = 2\n" + endpoint("c", third.port, 1, every="500 ms"): [
                "changed: broker potroom",
                "removed: endpoint b",
                "removed: meter b1",
                "removed: meter b2",
            ],
            stays + heard + 'layouts = ["smelter-v2"]\n': [],  # there is no such layout: refused, and nothing changes
            stays + heard + "qos = 1\n": [
                "changed: broker potroom",
                "removed: endpoint c",
                "removed: meter c1",
            ],
        }
        with reloaded(tmp_path, first) as running, load(place, running) as samples:
            took_s = []
            for plant, told in plants.items():
                time.sleep(1.0)
                running.write(plant)
                began = time.monotonic()
                done = running.reload()
                took_s.append(time.monotonic() - began)
                if told:
                    assert (done.returncode, done.stdout.splitlines()) == (0, told), done.stderr
                else:
                    assert done.returncode == 78
            gone = other.answered[1], other.answered[2], third.answered[1]
            time.sleep(1.0)
            assert (other.answered[1], other.answered[2], third.answered[1]) == gone
            all_are_there(running, samples)
            given_up = [running.given_up(f"a{unit}") for unit in (1, 2)]
            assert running.stop() == 0
            counts = [running.has_all(f"a{unit}", unit, one, given_up[unit - 1]) for unit in (1, 2)]
        connections = one.connections, other.connections, third.connections, way.carried
    assert connections == (1, 2, 2, 1)
    assert min(counts) > 10
    changes = [round(each["took_s"], 3) for each in running.logged("settings changed")]
    sys.stdout.write(f"readings {counts}, samples {samples.sent}, changes took {changes} s, commands {took_s} s\n")


def in_database(influxdb: InfluxDB1, meter: str) -> list[int]:
    if {"name": "potline"} not in influxdb.query("", "SHOW DATABASES"):
        return []  # the collector makes it
    rows = influxdb.query("potline", f"SELECT active_power_kw FROM meter WHERE meter = '{meter}'")  # noqa: S608 - ours
    return [int(row["active_power_kw"]) for row in rows if row["active_power_kw"] is not None]


@pytest.mark.timeout(150)
def test_databases_are_added_and_removed_and_changes_during_their_outage_lose_nothing(
    tmp_path: Path, influxdb1: InfluxDB1
) -> None:
    with CountingModbus() as one, CountingModbus() as other:
        a, b = endpoint("a", one.port, 1), endpoint("b", other.port, 1)
        with reloaded(tmp_path, a) as running:
            time.sleep(1.0)
            running.write(a, database("old", influxdb1.url))
            done = running.reload()
            assert (done.returncode, done.stdout) == (0, "added: database old\n"), done.stderr
            # It gets what was there before it, as any new one.
            wait_until(lambda: len(in_database(influxdb1, "a1")) > 20, 60)
            assert in_database(influxdb1, "a1")[:3] == [1, 2, 3]

            influxdb1.kill()
            wait_until(lambda: "waits and tries again" in running.log.read_text(encoding="utf-8"), 60)
            running.write(a + b, database("old", influxdb1.url))
            assert running.reload().stdout.splitlines() == ["added: endpoint b", "added: meter b1"]
            time.sleep(1.0)
            running.write(a, database("old", influxdb1.url))
            assert running.reload().stdout.splitlines() == ["removed: endpoint b", "removed: meter b1"]
            influxdb1.start()
            wait_until(lambda: in_database(influxdb1, "b1") == running.shown("b1"), 40)
            shown = len(running.shown("a1"))
            wait_until(lambda: len(in_database(influxdb1, "a1")) >= shown, 40)

            running.write(a)
            assert running.reload().stdout.splitlines() == ["removed: database old"]
            taken = len(in_database(influxdb1, "a1"))
            time.sleep(1.5)
            assert len(in_database(influxdb1, "a1")) == taken
            given_up = running.given_up("a1")
            assert running.stop() == 0
            of_a, of_b = in_database(influxdb1, "a1"), in_database(influxdb1, "b1")
            assert of_a == running.shown("a1")[:taken]
            assert of_b == running.shown("b1")
            assert len(of_b) > 5
            running.has_all("a1", 1, one, given_up)
        assert (one.connections, other.connections) == (1, 1)
