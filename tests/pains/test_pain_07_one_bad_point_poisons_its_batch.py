"""A refused line is found by bisection and kept with the database's reason; every other line is written."""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from plant_run import START, CollectorProcess, wait_until
from pot_load import sums_in_influxdb, sums_of
from pot_plant import StoreReader, logged, pot_collector
from pot_samples import FIRST_POT, Samples, in_influxdb, rfc3339
from publisher import Message, Publisher
from scripted_influxdb import ScriptedInfluxDB
from servers import InfluxDB1, Mosquitto

POTS = 100
TICKS = 40
SAMPLES = 4000
SECOND_NS = 1_000_000_000
MOST_REQUESTS = 120
"""Halving 4000 lines takes 12 steps of 2 writes; three lines in one record or three, each tried whole before."""


def settings(url: str) -> Mapping[str, str]:
    return {
        "POTLINE_STORE__COMMIT_EVERY": "1 s",
        "POTLINE_DELIVERY__OLD__KIND": "influxdb1",
        "POTLINE_DELIVERY__OLD__URL": url,
        "POTLINE_DELIVERY__OLD__DATABASE": "potline",
    }


def samples_of(running: CollectorProcess) -> Samples:
    """Return samples of the time just before the collector began."""
    wait_until(lambda: bool(logged(running, "subscribed")), 60, running.process, running.log)
    start_ns = int(StoreReader(running.store).rows("SELECT value FROM meta WHERE key = 'accounts_since_ns'")[0][0])
    return Samples(POTS, TICKS, start_ns - TICKS * SECOND_NS, SECOND_NS)


def dead(running: CollectorProcess) -> list[tuple[bytes, str]]:
    """Return the lines that were refused, with the database's words."""
    return StoreReader(running.store).rows("SELECT body, reason FROM dead WHERE source = 'delivery' ORDER BY seq")


def hot(samples: Samples, place: int) -> Message:
    """Return a message of a pot between two ticks that tells a bath temperature beside the voltage."""
    stamp = rfc3339(samples.start_ns + 20 * SECOND_NS + SECOND_NS // 2).encode()
    topic = b"smelter/v1/example/potline/PL1/pot/%d/telemetry" % (FIRST_POT + place)
    return topic, b'{"v":1,"ts":"%b","q":"good","m":{"pot_voltage_v":4.1,"bath_temp_c":961.5}}' % stamp


def written(influxdb: InfluxDB1, samples: Samples) -> bool:
    """Tell whether every sample is there, and nothing else."""
    return in_influxdb(influxdb, samples).missing == 0


@pytest.mark.timeout(90)
def test_one_line_of_a_field_type_conflict_is_kept_with_influxdbs_reason_and_the_other_4000_are_written(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], influxdb1: InfluxDB1
) -> None:
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    influxdb1.create_database("potline")
    clock = f"{START}@{time.time():.3f}*60"
    with pot_collector(tmp_path, broker.port, pots=POTS, clock=clock, settings=settings(influxdb1.url)) as running:
        samples = samples_of(running)
        # Somebody has written that field as a text before, in the same shard.
        influxdb1.write("potline", f'pot,pot=9999 bath_temperature_c="high" {samples.start_ns}')
        messages = list(samples.messages())
        messages.insert(2040, hot(samples, 40))
        report = Publisher(broker.host, broker.port).publish(messages)
        assert report.messages == SAMPLES + 1
        wait_until(lambda: written(influxdb1, samples), 30, running.process, running.log)
        wait_until(lambda: bool(dead(running)), 30, running.process, running.log)
        said = logged(running, "database refused lines")
        assert running.stop() == 0
    assert sums_in_influxdb(influxdb1) == sums_of(samples)
    [(line, reason)] = dead(running)
    assert re.fullmatch(
        rb"pot,plant=example,pot=1041,potline=PL1 bath_temperature_c=961.5,voltage_v=4.1,quality=192i \d+"
        rb"|pot,plant=example,pot=1041,potline=PL1 voltage_v=4.1,bath_temperature_c=961.5,quality=192i \d+",
        line,
    ), line
    assert "field type conflict" in reason
    assert "bath_temperature_c" in reason
    assert [(entry["level"], entry["lines"]) for entry in said] == [("error", 1)]


@pytest.mark.timeout(90)
@pytest.mark.parametrize("status", [400, 422])
def test_three_refused_lines_among_4000_are_found_in_few_requests_and_what_comes_later_is_written_too(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], influxdb1: InfluxDB1, status: int
) -> None:
    """With 400 the lines beside a refused one are written, as InfluxDB 1 does, with 422 none is, as InfluxDB 2 does."""
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    influxdb1.create_database("potline")
    clock = f"{START}@{time.time():.3f}*60"
    places = [(7, 3), (7, 4), (31, 99)]
    with (
        ScriptedInfluxDB(influxdb1) as scripted,
        pot_collector(tmp_path, broker.port, pots=POTS, clock=clock, settings=settings(scripted.url)) as running,
    ):
        samples = samples_of(running)
        ends = {
            b"pot=%d,potline=PL1" % (FIRST_POT + place): b" %d" % (samples.start_ns + tick * samples.step_ns)
            for tick, place in places
        }

        def refuses(line: bytes) -> int | None:
            return status if any(pot in line and line.endswith(end) for pot, end in ends.items()) else None

        scripted.refuses = refuses
        messages = list(samples.messages())
        Publisher(broker.host, broker.port).publish(messages[:3500])
        wait_until(lambda: len(dead(running)) == 3, 30, running.process, running.log)
        requests = scripted.played[str(status)] + scripted.passed
        Publisher(broker.host, broker.port).publish(messages[3500:])
        missing = len(places)
        wait_until(lambda: in_influxdb(influxdb1, samples).missing == missing, 30, running.process, running.log)
        assert running.stop() == 0
    assert sums_in_influxdb(influxdb1) == sums_of(samples, without=places)
    assert requests <= MOST_REQUESTS
    letters = dead(running)
    assert {line.split(b",")[2] for line, _ in letters} == {b"pot=1004", b"pot=1005", b"pot=1100"}
    assert all(reason.startswith(f"{status}: ") and "told to refuse" in reason for _, reason in letters)
