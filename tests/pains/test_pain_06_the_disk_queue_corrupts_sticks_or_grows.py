"""A byte of the store flipped, an end cut off: the collector starts, loses what was damaged and no more, and says so.

The store is filled by a real collector during an outage of the database; another one finds it damaged, delivers what is
whole, and goes on with what comes after. What each record holds is known from the store as it was.
"""

import gzip
import random
import re
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from plant_run import START, CollectorProcess, wait_until
from pot_load import sums_in_influxdb, sums_of
from pot_plant import StoreReader, logged, pot_collector
from pot_samples import Samples, Tally, in_influxdb
from publisher import Publisher
from server_process import free_port
from servers import InfluxDB1, Mosquitto, running_mosquitto

POTS = 50
TICKS = 60
LATER_TICKS = 4
PIECE = 200
SECOND_NS = 1_000_000_000
STORE, LOG = "collector.sqlite", "collector.sqlite-wal"
STARTS = 3
"""So many it may take, as under systemd: damage may be found when it is read."""
UNUSABLE = "exit code 69"
QUIET_S = 1.5
FLIPS = 3


@dataclass(frozen=True, slots=True)
class Left:
    """What a collector left behind: its files, and the records of the outbox, each with its samples and its bytes."""

    files: Mapping[str, bytes]
    samples: Samples
    records: Mapping[int, tuple[frozenset[int], bytes]]
    clock: str

    @property
    def held(self) -> frozenset[int]:
        """All samples, as numbers in the order of publishing."""
        return frozenset().union(*(held for held, _ in self.records.values()))


def settings(url: str) -> Mapping[str, str]:
    return {
        "POTLINE_STORE__COMMIT_EVERY": "20 ms",
        "POTLINE_DELIVERY__OLD__KIND": "influxdb1",
        "POTLINE_DELIVERY__OLD__URL": url,
        "POTLINE_DELIVERY__OLD__DATABASE": "potline",
    }


def left_behind(folder: Path, broker: Mosquitto, *, orderly: bool) -> Left:
    """Fill a store while no database is there, and stop the collector in order, or kill it."""
    folder.mkdir()
    clock = f"{START}@{time.time():.3f}*60"
    nobody = f"http://127.0.0.1:{free_port()}"
    with pot_collector(folder, broker.port, pots=POTS, clock=clock, settings=settings(nobody)) as running:
        wait_until(lambda: bool(logged(running, "subscribed")), 60, running.process, running.log)
        reader = StoreReader(running.store)
        start_ns = int(reader.rows("SELECT value FROM meta WHERE key = 'accounts_since_ns'")[0][0])
        ticks = TICKS + LATER_TICKS
        samples = Samples(POTS, ticks, start_ns - ticks * SECOND_NS, SECOND_NS)
        messages = list(samples.messages())[: TICKS * POTS]
        tally = Tally(samples)

        def on_disk(count: int) -> bool:
            tally.take_lines(reader.new_lines())
            return len(samples) - tally.missing == count

        # Piece by piece, so that there are many records, however busy the machine is.
        publisher = Publisher(broker.host, broker.port)
        for begin in range(0, len(messages), PIECE):
            publisher.publish(messages[begin : begin + PIECE])
            wait_until(lambda: on_disk(publisher.sent), 60, running.process, running.log)
        if orderly:
            assert running.stop() == 0
        else:
            running.kill()
        files = {name: (folder / name).read_bytes() for name in contents(folder, running)}
        with StoreReader(running.store).as_left() as left:
            rows = left.rows("SELECT seq FROM outbox ORDER BY seq")
            bodies = {seq: left.rows(f"SELECT body FROM outbox WHERE seq = {seq}")[0][0] for (seq,) in rows}  # noqa: S608 - a number
    return Left(files, samples, {seq: (held_in(body, samples), body) for seq, body in bodies.items()}, clock)


def contents(folder: Path, running: CollectorProcess) -> list[str]:
    """Return the names of the files that make up a store."""
    ends = ("", "-wal", ".lock")
    return [running.store.name + end for end in ends if (folder / (running.store.name + end)).exists()]


def held_in(body: bytes, samples: Samples) -> frozenset[int]:
    """Return which samples a record holds."""
    tally = Tally(samples)
    tally.take_lines(gzip.decompress(body))
    return frozenset(np.flatnonzero(tally.found).tolist())


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """Return what a collector leaves that is stopped in order: one file."""
    folder = tmp_path_factory.mktemp("stopped")
    with running_mosquitto(folder / "broker", max_inflight_messages=0, max_queued_messages=0) as broker:
        return left_behind(folder / "store", broker, orderly=True)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """Return what a killed collector leaves: most of it stands in the write-ahead log."""
    folder = tmp_path_factory.mktemp("killed")
    with running_mosquitto(folder / "broker", max_inflight_messages=0, max_queued_messages=0) as broker:
        return left_behind(folder / "store", broker, orderly=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the database holds in the end, of what stood in the store and of what came later, and what was said."""

    lost: frozenset[int]
    later_missing: int
    counted: int
    """Records that were told as lost: kept as dead letters, or not found any more."""
    said: str


def outcome(folder: Path, left: Left, broker: Mosquitto, influxdb: InfluxDB1, damaged: Mapping[str, bytes]) -> Outcome:
    """Start a collector on damaged files, now with a database, publish some more, and see what comes of it."""
    folder.mkdir()
    for name, content in {**left.files, **damaged}.items():
        (folder / name).write_bytes(content)
    influxdb.query("", "DROP DATABASE potline")
    influxdb.create_database("potline")
    later = list(left.samples.messages())[TICKS * POTS :]
    said = ""
    for _ in range(STARTS):
        try:
            with pot_collector(
                folder, broker.port, pots=POTS, clock=left.clock, settings=settings(influxdb.url)
            ) as running:
                wait_until(lambda: bool(logged(running, "subscribed")), 60, running.process, running.log)
                Publisher(broker.host, broker.port).publish(later)
                found = settled(influxdb, left.samples, running)
                said += running.log.read_text(encoding="utf-8")
                assert running.stop() == 0
        except AssertionError as exc:
            said += str(exc)
            if UNUSABLE not in str(exc):
                raise
        else:
            there = frozenset(np.flatnonzero(found.found).tolist())
            assert (found.strange, found.altered, found.again) == (0, 0, 0)
            counted = StoreReader(folder / STORE).rows("SELECT count(*) FROM dead WHERE source = 'store'")[0][0]
            counted += sum(map(int, re.findall(r"lost records of the outbox: (\d+)", said)))
            return Outcome(left.held - there, len(later) - len(there - left.held), counted, said)
    raise AssertionError(f"it does not start, {STARTS} times:\n{said}")


def settled(influxdb: InfluxDB1, samples: Samples, running: CollectorProcess) -> Tally:
    """Wait until all is in the database, or nothing more has come for a while although the latest is there."""
    last = len(samples) - 1
    tally, moved, missing = in_influxdb(influxdb, samples), time.monotonic(), -1

    def is_settled() -> bool:
        nonlocal tally, moved, missing
        tally = in_influxdb(influxdb, samples)
        if tally.missing != missing:
            missing, moved = tally.missing, time.monotonic()
        return not missing or (tally.highest == last and time.monotonic() > moved + QUIET_S)

    wait_until(is_settled, 30, running.process, running.log)
    return tally


def flipped(content: bytes, at: int, draw: random.Random) -> bytes:
    """Return a file with one byte changed."""
    return content[:at] + bytes([content[at] ^ draw.randrange(1, 256)]) + content[at + 1 :]


def places(content: bytes, left: Left, draw: random.Random, count: int) -> Iterator[int]:
    """Return where to flip a byte: first in the middle of a record that lies in one piece, then anywhere."""
    whole = [body for _, body in left.records.values() if body in content]
    yield content.rindex(draw.choice(whole)) + 200
    for _ in range(count - 1):
        yield draw.randrange(len(content))


def costs_one_record_at_most(outcome: Outcome, left: Left) -> bool:
    """Tell whether what was lost stood in one record."""
    return not outcome.lost or any(outcome.lost <= held for held, _ in left.records.values())


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", [STORE, LOG])
def test_a_byte_flipped_anywhere_in_the_store_or_its_log_costs_at_most_its_record_and_is_told(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], influxdb1: InfluxDB1, stopped: Left, killed: Left, name: str
) -> None:
    left = {STORE: stopped, LOG: killed}[name]
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    content, draw = left.files[name], random.Random(6)
    assert len(left.records) >= TICKS * POTS // PIECE
    for number, at in enumerate(places(content, left, draw, FLIPS)):
        found = outcome(tmp_path / f"{number}", left, broker, influxdb1, {name: flipped(content, at, draw)})
        assert costs_one_record_at_most(found, left), (at, len(found.lost), found.said)
        assert found.later_missing == 0, (at, found.said)
        if number == 0 or found.lost:
            assert "damaged" in found.said, (at, found.said)
        if found.lost:
            assert found.counted == 1, (at, found.said)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", [STORE, LOG])
def test_an_end_cut_off_the_store_or_its_log_costs_what_stood_there_and_the_queue_goes_on(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], influxdb1: InfluxDB1, stopped: Left, killed: Left, name: str
) -> None:
    left = {STORE: stopped, LOG: killed}[name]
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    content = left.files[name]
    begins = sorted(content.index(body) for _, body in left.records.values() if body in content)
    cut = content[: begins[len(begins) // 2] + 77]
    found = outcome(tmp_path / "cut", left, broker, influxdb1, {name: cut})
    kept = cut if name == STORE else left.files[STORE] + cut
    must = {number for held, body in left.records.values() if body in kept for number in held}
    # A commit that the cut goes through did not happen, though its record may stand before the cut.
    largest = max(len(held) for held, _ in left.records.values()) if name == LOG else 0
    assert 0 < len(must) < len(left.held)
    assert len(found.lost & must) <= largest, (len(found.lost), len(must), found.said)
    assert found.later_missing == 0, found.said


@pytest.mark.timeout(120)
def test_a_disk_that_takes_no_more_costs_nothing_and_all_of_20_000_samples_arrive_when_there_is_room_again(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], influxdb1: InfluxDB1
) -> None:
    """No file of the collector may grow beyond some size: what is not on disk is not acknowledged, and comes again."""
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    clock = f"{START}@{time.time():.3f}*60"
    url = influxdb1.url
    influxdb1.kill()
    with pot_collector(tmp_path, broker.port, pots=POTS, clock=clock, settings=settings(url)) as running:
        wait_until(lambda: bool(logged(running, "subscribed")), 60, running.process, running.log)
        start_ns = int(StoreReader(running.store).rows("SELECT value FROM meta WHERE key = 'accounts_since_ns'")[0][0])
        samples = Samples(POTS, 400, start_ns - 400 * SECOND_NS, SECOND_NS)
        assert running.process is not None
        _, most = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
        largest = max(file.stat().st_size for file in tmp_path.glob(f"{STORE}*"))
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (largest + 50_000, most))
        Publisher(broker.host, broker.port).publish(samples.messages())
        wait_until(lambda: "check the disk" in running.log.read_text(encoding="utf-8"), 60)
        time.sleep(1.0)
        on_disk = Tally(samples)
        running.kill()
        with StoreReader(running.store).as_left() as left:
            on_disk.take_lines(left.new_lines())
        assert on_disk.missing > 0
        influxdb1.start()
        influxdb1.create_database("potline")
        running.start()
        wait_until(lambda: in_influxdb(influxdb1, samples).missing == 0, 40, running.process, running.log)
        assert running.stop() == 0
    assert sums_in_influxdb(influxdb1) == sums_of(samples)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("place", [0, 3, 12])
def test_a_byte_flipped_in_the_words_that_a_record_begins_with_costs_that_record_and_holds_up_no_other(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], influxdb1: InfluxDB1, stopped: Left, place: int
) -> None:
    """Of gzip's own head, the flags, and the mark of our field: none of them may make a record look like an old one."""
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    content = stopped.files[STORE]
    _, body = next(record for record in stopped.records.values() if record[0] and record[1] in content)
    damaged = flipped(content, content.rindex(body) + place, random.Random(6))
    found = outcome(tmp_path / "head", stopped, broker, influxdb1, {STORE: damaged})
    assert costs_one_record_at_most(found, stopped), (len(found.lost), found.said)
    assert found.later_missing == 0, found.said
    assert found.counted == bool(found.lost), found.said
