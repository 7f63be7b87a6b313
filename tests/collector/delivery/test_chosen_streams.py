"""A database that takes some streams only gets no line of another, and all of its own."""

import asyncio
import gzip
from pathlib import Path

import pytest
from hostile_server import Database, HostileServer, influx_sink, packed
from hypothesis import given
from hypothesis import strategies as st
from moved_clock import MovedClock, S
from servers import InfluxDB1

from collector.delivery.chosen_streams import ChosenStreams
from collector.delivery.sink import Delivery
from collector.instruments import Instruments
from collector.readings.outgoing import OutboxRecord
from collector.readings.point import PointTable
from collector.store.commit import Commit
from collector.store.store import Store

T = 1_772_337_600
STREAMS = ("energy_intensity", "pot")
LINES = st.builds(
    lambda stream, tags, number: f"{stream}{tags} x={number} {number}".encode(),
    st.sampled_from(["energy_intensity", "energy", "pot", "potline", "x\\ pot"]),
    st.sampled_from(["", ",pot=pot", r",a=energy_intensity\,x", r",a=pot\ pot"]),
    st.integers(0, 9),
)


def record(*lines: bytes) -> OutboxRecord:
    return OutboxRecord(7, len(lines), sum(map(len, lines)) + len(lines), packed(*lines))


@given(st.lists(LINES, min_size=1, max_size=8))
def test_exactly_the_lines_of_the_chosen_streams_are_left_in_their_order(lines: list[bytes]) -> None:
    kept = [line for line in lines if line.split(b" ")[0].split(b",")[0] in (b"energy_intensity", b"pot")]
    found = ChosenStreams(STREAMS).of(record(*lines))
    assert (gzip.decompress(found.body).splitlines() if found.body else []) == kept
    assert (found.lines, found.left_out) == (len(kept), len(lines) - len(kept))
    assert found.raw_bytes == sum(len(line) + 1 for line in kept)
    assert (found.seq, found.is_whole) == (7, True)


def test_a_damaged_record_stays_as_it_is() -> None:
    damaged = OutboxRecord(7, 3, 30, b"\x1f\x8b?", is_whole=False)
    assert ChosenStreams(STREAMS).of(damaged) is damaged


@pytest.mark.asyncio
async def test_records_of_which_nothing_is_left_are_taken_without_a_request_and_counted(tmp_path: Path) -> None:
    clock, instruments = MovedClock(), Instruments()
    database = Database(lambda line: "no" if line == b"energy_intensity kwh=9i 9" else None)
    async with (
        Store(tmp_path / "s.sqlite", PointTable([])) as store,
        HostileServer(database) as server,
        influx_sink(server.url) as sink,
    ):
        for texts in (
            ("meter kw=1 1", "meter kw=2 2"),
            ("meter kw=3 3", "energy_intensity kwh=3i 3"),
            ("potline kw=4 4",),
            ("energy_intensity kwh=9i 9", "energy_intensity kwh=5i 5", "meter kw=9 9"),
        ):
            await store.commit(Commit(clock.now_ns(), lines=[text.encode() for text in texts]))
            clock.now_s += 10
        delivery = Delivery(
            "site", sink, store, most_bytes=60, clock=clock, instruments=instruments, streams=("energy_intensity",)
        )
        while await delivery.step():
            pass
        left = (await store.outbox_state(("site",))).behind["site"].records
        dead = await store.ask(lambda db: db.execute("SELECT body FROM dead").fetchall())
    assert set(database.written) == {b"energy_intensity kwh=3i 3", b"energy_intensity kwh=5i 5"}
    assert [line for taken in server.taken for line in taken.lines if not line.startswith(b"energy")] == []
    assert (left, dead) == (0, [(b"energy_intensity kwh=9i 9",)])
    assert (instruments.delivered_total, instruments.refused_total, instruments.left_out_total) == (2, 1, 5)


@pytest.mark.asyncio
async def test_the_headquarters_influxdb_1_has_intensities_only_and_the_sites_has_all(
    tmp_path: Path, influxdb1: InfluxDB1
) -> None:
    clock = MovedClock(T)
    async with (
        Store(tmp_path / "s.sqlite", PointTable([])) as store,
        influx_sink(influxdb1.url, version=1, bucket="site", create=True) as site,
        influx_sink(influxdb1.url, version=1, bucket="headquarters", create=True) as headquarters,
    ):
        for minute in range(10):
            at_ns = (T + 60 * minute) * S
            pots = [f"pot,pot={pot} voltage_v=4.{pot} {at_ns}".encode() for pot in range(20)]
            intensity = f"energy_intensity,window=minute kwh_per_t={13000 + minute} {at_ns}".encode()
            await store.commit(Commit(clock.now_ns(), lines=[*pots, intensity]))
            clock.now_s += 60
        all_streams = Delivery("site", site, store, most_bytes=4000, clock=clock, instruments=Instruments())
        chosen = Delivery(
            "headquarters",
            headquarters,
            store,
            most_bytes=4000,
            clock=clock,
            instruments=Instruments(),
            streams=("energy_intensity",),
        )
        for delivery in (all_streams, chosen):
            while await delivery.step():
                pass
        again = await store.resend("headquarters", T * S, (T + 120) * S)
        assert again.records == 2
        while await chosen.step():
            pass
        behind = (await store.outbox_state(("site", "headquarters"))).behind
    assert [left.records for left in behind.values()] == [0, 0]

    def asked(database: str, query: str) -> list[object]:
        return [list(row.values())[-1] for row in influxdb1.query(database, query)]

    expected: list[object] = [13000 + minute for minute in range(10)]
    for database, measurements in (("headquarters", ["energy_intensity"]), ("site", ["energy_intensity", "pot"])):
        assert await asyncio.to_thread(asked, database, "SHOW MEASUREMENTS") == measurements
        assert await asyncio.to_thread(asked, database, "SELECT kwh_per_t FROM energy_intensity") == expected
    assert await asyncio.to_thread(asked, "site", "SELECT count(voltage_v) FROM pot") == [200]
